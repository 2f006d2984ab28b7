"""Training sets: what one student trains on, made from annotations by declared policies, every exclusion counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gradus.audit import normalised
from gradus.errors import UserError
from gradus.records import Annotation, Example, Problem
from gradus.templates import render_completion, render_prompt


def make_training_set(
    problems: Sequence[Problem],
    test_problems: Sequence[Problem],
    annotations: Sequence[Annotation],
    policy: dict[str, str],
    allow_leakage: bool,
    count_tokens: Callable[[str], int],
    cutoff_tokens: int,
) -> tuple[list[Example], dict[str, Any]]:
    """Examples in the order of the annotations, and counts for the manifest.

    ``policy`` maps each verdict to keep, drop or answer-only. Raises UserError for an annotation of an unknown problem,
    for a leaked test question unless ``allow_leakage``, and if nothing is left.
    """
    by_id = {problem.id: problem for problem in problems}
    test_questions = {normalised(problem.question) for problem in test_problems}
    examples: list[Example] = []
    dropped: Counter[str] = Counter()
    leaked: list[str] = []
    for annotation in annotations:
        problem = by_id.get(annotation.problem_id)
        if problem is None:
            raise UserError(f"annotation of a problem that is not in the training split: {annotation.problem_id!r}")
        if normalised(problem.question) in test_questions:
            leaked.append(problem.id)
            if not allow_leakage:
                raise UserError(
                    f"training question {problem.id!r} is also in the test split",
                    hint="remove it, or set allow_leakage: true and every table will be marked",
                )
        action = policy.get(annotation.verdict, "drop")
        if action == "drop":
            dropped[annotation.verdict] += 1
            continue
        answer = problem.answer if action == "answer-only" or annotation.answer is None else annotation.answer
        source = replace(annotation, rationale="") if action == "answer-only" else annotation
        prompt, completion = render_prompt(problem), render_completion(source, answer)
        if count_tokens(prompt) + count_tokens(completion) + 1 > cutoff_tokens:
            dropped["over-long"] += 1
            continue
        examples.append(Example(problem.id, annotation.sample, prompt, completion, annotation.verdict))
    if not examples:
        raise UserError(f"no training example is left; dropped: {dict(dropped)}")
    return examples, {"dropped": dict(sorted(dropped.items())), "leaked": leaked}
