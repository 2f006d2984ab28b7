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


def audit_others(
    train: Sequence[Problem],
    others: Mapping[str, Sequence[Problem]],
    asked: Sequence[str] = (),
    allow_leakage: bool = False,
) -> dict[str, Any]:
    """What a training split holds of the test questions of other datasets, by their names.

    ``asked`` names those that cells taught on this split are asked. Raises UserError where it was made from such a test: a fifth
    of its questions, or more, are instances of test questions, unless ``allow_leakage``.
    """
    found = {name: leaks(train, test) for name, test in others.items()}
    for name in asked:
        one = found[name]
        if one.made_for_the_test and not allow_leakage:
            share, (question, taught) = one.templated_training / one.train, next(iter(one.templated.items()))
            raise UserError(
                f"{one.templated_training} of the {one.train} training questions of {train[0].dataset!r} ({share:.0%}) are test "
                f"questions of {name!r} with other names and numbers; {taught!r} is {question!r}, say",
                hint="take the dataset out of `transfer`, or set allow_leakage: true and every table will be marked",
            )
    return {"test_questions_of_others": {name: asdict(one) for name, one in found.items()}}


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
