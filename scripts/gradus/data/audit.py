"""Audit of a dataset: what a reader must know before trusting a number made with it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from gradus.data.text_normalisation import ngrams, normalised
from gradus.records import Problem

NEAR_WORDS = 5
NEAR_SHARE = 0.7


def audit(train: list[Problem], test: list[Problem]) -> dict[str, Any]:
    """Counts per split, overlap of the splits, the most frequent answer and what it would score on the test split."""
    train_questions = {normalised(problem.full_text) for problem in train}
    overlap = [problem.id for problem in test if normalised(problem.full_text) in train_questions]
    exact = {problem.full_text for problem in train} & {problem.full_text for problem in test}
    frequent, _ = Counter(problem.answer for problem in train).most_common(1)[0]
    facts: dict[str, Any] = {
        "dataset": test[0].dataset,
        "source": test[0].source,
        "train": len(train),
        "test": len(test),
        "test_questions_in_train_exact": len(exact),
        "test_questions_in_train_normalised": overlap,
        "test_questions_near_train": near_duplicates(train, test),
        "most_frequent_training_answer": frequent,
        "most_frequent_answer_accuracy": sum(problem.answer == frequent for problem in test) / len(test),
        "distinct_test_answers": len({problem.answer for problem in test}),
    }
    if all(problem.solution for problem in train + test):
        structures = [{tuple(p.solution["structure"]) for p in side if p.solution} for side in (train, test)]
        givens = [{_givens(p.solution) for p in side if p.solution} for side in (train, test)]
        facts["structures"] = [len(side) for side in structures]
        facts["shared_structures"] = len(structures[0] & structures[1])
        facts["shared_number_tuples"] = len(givens[0] & givens[1])
    return facts


def audit_development(train: list[Problem], development: list[Problem]) -> dict[str, Any]:
    """The number of development problems, and what they share with those that are trained on."""
    asked = {normalised(problem.full_text) for problem in train}
    facts: dict[str, Any] = {
        "development": len(development),
        "development_questions_in_train_normalised": [
            problem.id for problem in development if normalised(problem.full_text) in asked
        ],
        "development_questions_near_train": near_duplicates(train, development),
    }
    if all(problem.solution for problem in train + development):
        sides = [{tuple(p.solution["structure"]) for p in side if p.solution} for side in (train, development)]
        facts["structures_shared_with_development"] = len(sides[0] & sides[1])
    return facts


def near_duplicates(train: list[Problem], test: list[Problem]) -> list[str]:
    """Test problems that share at least 70 % of their word 5-grams with one training problem (exact copies among them)."""
    index: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, problem in enumerate(train):
        for gram in ngrams(problem.full_text, NEAR_WORDS):
            index[gram].append(number)
    near = []
    for problem in test:
        grams = ngrams(problem.full_text, NEAR_WORDS)
        shared = Counter(number for gram in grams for number in index.get(gram, ()))
        if shared and max(shared.values()) >= NEAR_SHARE * len(grams):
            near.append(problem.id)
    return near


def _givens(solution: dict[str, Any]) -> tuple[int, ...]:
    numbers: list[int] = []
    for step in solution["steps"]:
        numbers += [step["left"]] if step["left_step"] is None else []
        numbers += [step["right"]] if step["right_step"] is None else []
    return tuple(numbers)
