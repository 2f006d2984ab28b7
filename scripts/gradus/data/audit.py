"""Audit of a dataset: what a reader must know before trusting a number made with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import NotRequired, TypedDict

from gradus.data.gradeschool.graph import Solution
from gradus.data.leaks import leaks, near_duplicates
from gradus.data.text_normalisation import normalised
from gradus.records import Problem
from gradus.runtime.errors import UserError


def audit(train: Sequence[Problem], test: Sequence[Problem]) -> dict[str, object]:
    """Counts per split, overlap of the splits, the most frequent answer and what it would score on the test split."""
    found = leaks(train, test)
    frequent, _ = Counter(problem.answer for problem in train).most_common(1)[0]
    facts: dict[str, object] = {
        "dataset": test[0].dataset,
        "source": test[0].source,
        "train": len(train),
        "test": len(test),
        "test_questions_in_train_exact": found.exact,
        "test_questions_in_train_normalised": list(found.normalised),
        "test_questions_near_train": list(found.near),
        "test_questions_templated_in_train": list(found.templated),
        "most_frequent_training_answer": frequent,
        "most_frequent_answer_accuracy": sum(problem.answer == frequent for problem in test) / len(test),
        "distinct_test_answers": len({problem.answer for problem in test}),
    }
    if all(problem.solution for problem in (*train, *test)):
        graphs = [_graphs(side) for side in (train, test)]
        structures = [{graph.structure for graph in side} for side in graphs]
        givens = [{graph.givens() for graph in side} for side in graphs]
        facts["structures"] = [len(side) for side in structures]
        facts["shared_structures"] = len(structures[0] & structures[1])
        facts["shared_number_tuples"] = len(givens[0] & givens[1])
    return facts


class LeakFacts(TypedDict):
    """Numbers of problems on both sides, and by training problem the question that is asked all the same."""

    train: int
    asked: int
    leaked: dict[str, str]
    templated_training: NotRequired[int]


def audit_others(
    train: Sequence[Problem], others: Mapping[str, Sequence[Problem]]
) -> dict[str, dict[str, dict[str, object]]]:
    """What a training split holds of the test questions of other datasets, by their names."""
    return {"test_questions_of_others": {name: asdict(leaks(train, test)) for name, test in others.items()}}


def leak_facts(train: Sequence[Problem], asked: Sequence[Problem], elsewhere: bool, allow_leakage: bool) -> LeakFacts:
    """What a training split holds of the problems that its students are asked.

    Raises UserError, unless ``allow_leakage``: for a training question that is asked itself, where both are one dataset's; and
    where they are not (``elsewhere``), if the split was made from that test: a fifth of its questions, or more, are instances
    of test questions. Single questions of another dataset are counted: nobody can take them out of it.
    """
    questions = {normalised(problem.full_text): problem.id for problem in reversed(asked)}
    leaked = {one.id: questions[text] for one in train if (text := normalised(one.full_text)) in questions}
    facts: LeakFacts = {"train": len(train), "asked": len(asked), "leaked": leaked}
    if not elsewhere:
        if leaked and not allow_leakage:
            trained, question = next(iter(leaked.items()))
            raise UserError(
                f"training question {trained!r} is also in the test split ({question!r}), the first of {len(leaked)}",
                where=f"dataset {train[0].dataset}",
                hint="remove it, or set allow_leakage: true and every table will be marked",
            )
        return facts
    found = leaks(train, asked)
    if found.made_for_the_test and not allow_leakage:
        share, (question, trained) = found.templated_training / found.train, next(iter(found.templated.items()))
        raise UserError(
            f"{found.templated_training} of the {found.train} training questions of {train[0].dataset!r} ({share:.0%}) are test "
            f"questions of {asked[0].dataset!r} with other names and numbers; {trained!r} is {question!r}, say",
            hint="take the dataset out of `transfer`, or set allow_leakage: true and every table will be marked",
        )
    return {**facts, "templated_training": found.templated_training}


def audit_development(train: Sequence[Problem], development: Sequence[Problem]) -> dict[str, object]:
    """The number of development problems, and what they share with those that are trained on."""
    asked = {normalised(problem.full_text) for problem in train}
    facts: dict[str, object] = {
        "development": len(development),
        "development_questions_in_train_normalised": [
            problem.id for problem in development if normalised(problem.full_text) in asked
        ],
        "development_questions_near_train": near_duplicates(train, development),
    }
    if all(problem.solution for problem in (*train, *development)):
        sides = [{graph.structure for graph in _graphs(side)} for side in (train, development)]
        facts["structures_shared_with_development"] = len(sides[0] & sides[1])
    return facts


def _graphs(problems: Sequence[Problem]) -> list[Solution]:
    return [Solution.from_json(problem.solution) for problem in problems if problem.solution]
