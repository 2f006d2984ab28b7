"""Audit of a dataset: what a reader must know before trusting a number made with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gradus.data.leaks import leaks, near_duplicates
from gradus.data.text_normalisation import normalised
from gradus.records import Problem
from gradus.runtime.errors import UserError


def audit(train: Sequence[Problem], test: Sequence[Problem]) -> dict[str, Any]:
    """Counts per split, overlap of the splits, the most frequent answer and what it would score on the test split."""
    found = leaks(train, test)
    frequent, _ = Counter(problem.answer for problem in train).most_common(1)[0]
    facts: dict[str, Any] = {
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
        structures = [{tuple(p.solution["structure"]) for p in side if p.solution} for side in (train, test)]
        givens = [{_givens(p.solution) for p in side if p.solution} for side in (train, test)]
        facts["structures"] = [len(side) for side in structures]
        facts["shared_structures"] = len(structures[0] & structures[1])
        facts["shared_number_tuples"] = len(givens[0] & givens[1])
    return facts


def audit_others(train: Sequence[Problem], others: Mapping[str, Sequence[Problem]]) -> dict[str, Any]:
    """What a training split holds of the test questions of other datasets, by their names."""
    return {"test_questions_of_others": {name: asdict(leaks(train, test)) for name, test in others.items()}}


def leak_facts(
    train: Sequence[Problem], asked: Sequence[Problem], elsewhere: bool, allow_leakage: bool
) -> dict[str, Any]:
    """What a training split holds of the problems that its students are asked.

    Raises UserError, unless ``allow_leakage``: for a training question that is asked itself, where both are one dataset's; and
    where they are not (``elsewhere``), if the split was made from that test: a fifth of its questions, or more, are instances
    of test questions. Single questions of another dataset are counted: nobody can take them out of it.
    """
    questions = {normalised(problem.full_text): problem.id for problem in reversed(asked)}
    leaked = {one.id: questions[text] for one in train if (text := normalised(one.full_text)) in questions}
    facts: dict[str, Any] = {"train": len(train), "asked": len(asked), "leaked": leaked}
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


def audit_development(train: Sequence[Problem], development: Sequence[Problem]) -> dict[str, Any]:
    """The number of development problems, and what they share with those that are trained on."""
    asked = {normalised(problem.full_text) for problem in train}
    facts: dict[str, Any] = {
        "development": len(development),
        "development_questions_in_train_normalised": [
            problem.id for problem in development if normalised(problem.full_text) in asked
        ],
        "development_questions_near_train": near_duplicates(train, development),
    }
    if all(problem.solution for problem in (*train, *development)):
        sides = [{tuple(p.solution["structure"]) for p in side if p.solution} for side in (train, development)]
        facts["structures_shared_with_development"] = len(sides[0] & sides[1])
    return facts


def _givens(solution: dict[str, Any]) -> tuple[int, ...]:
    numbers: list[int] = []
    for step in solution["steps"]:
        numbers += [step["left"]] if step["left_step"] is None else []
        numbers += [step["right"]] if step["right_step"] is None else []
    return tuple(numbers)
