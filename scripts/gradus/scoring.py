"""Scoring: predictions against gold, one row per prediction and one metric record per cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from gradus.answers import answers_equal
from gradus.errors import UserError
from gradus.judging import Question, judge
from gradus.records import Annotation, Prediction, Problem, Scored
from gradus.statistics.intervals import wilson


def score(
    problems: Sequence[Problem], train_problems: Sequence[Problem], predictions: Sequence[Prediction]
) -> tuple[list[Scored], dict[str, Any]]:
    """Rows in the order of the predictions, and the metric record.

    Raises UserError unless every problem has exactly one prediction and every prediction its problem.
    """
    by_id = {problem.id: problem for problem in problems}
    unknown = [prediction.problem_id for prediction in predictions if prediction.problem_id not in by_id]
    if unknown:
        raise UserError(f"prediction for an unknown problem {unknown[0]!r}")
    missing = sorted(set(by_id) - {prediction.problem_id for prediction in predictions})
    if missing:
        raise UserError(f"{len(missing)} problems have no prediction, the first is {missing[0]!r}")
    rows = []
    for prediction in predictions:
        problem = by_id[prediction.problem_id]
        question = Question(problem.id, problem.answer, problem.choices)
        judged = judge(prediction.text, question, problem.dataset, problem.answer_kind)
        rows.append(
            Scored(
                problem_id=prediction.problem_id,
                sample=prediction.sample,
                extracted=judged.extracted,
                correct=judged.robust,
                strict=judged.strict,
                failure=judged.failure,
                truncated=prediction.finish_reason == "length",
            )
        )
    return rows, _summary(rows, problems, train_problems, predictions)


def score_teacher(problems: Sequence[Problem], answers: Sequence[Annotation]) -> dict[str, Any]:
    """A teacher's accuracy on the problems, as a student's is told; a problem without an answer counts as wrong.

    With several samples the accuracy is their mean, and the interval that of the first sample alone.
    """
    known = {problem.id for problem in problems}
    rows = [row for row in answers if row.problem_id in known]
    first = [row for row in rows if row.sample == 0]
    correct = sum(row.verdict == "agrees" for row in first)
    interval = wilson(correct, len(problems))
    samples = 1 + max((row.sample for row in rows), default=0)
    return {
        "n": len(problems),
        "samples": samples,
        "correct": correct,
        "accuracy": sum(row.verdict == "agrees" for row in rows) / (samples * len(problems)),
        "interval_low": interval.low,
        "interval_high": interval.high,
        "unanswered": len(problems) - len({row.problem_id for row in first}),
        "verdicts": dict(sorted(Counter(row.verdict for row in rows).items())),
    }


def _summary(
    rows: list[Scored],
    problems: Sequence[Problem],
    train_problems: Sequence[Problem],
    predictions: Sequence[Prediction],
) -> dict[str, Any]:
    n = len(rows)
    correct = sum(row.correct for row in rows)
    interval = wilson(correct, n)
    frequent, _ = Counter(problem.answer for problem in train_problems).most_common(1)[0]
    baseline = sum(answers_equal(problem.answer, frequent, problem.answer_kind) for problem in problems)
    return {
        "n": n,
        "correct": correct,
        "accuracy": interval.value,
        "interval_low": interval.low,
        "interval_high": interval.high,
        "truncated": sum(row.truncated for row in rows),
        "unparsable": sum(row.extracted is None for row in rows),
        "timeouts": sum(row.failure == "timeout" for row in rows),
        "strict_correct": sum(row.strict for row in rows),
        "strict_accuracy": sum(row.strict for row in rows) / n,
        "disagreements": sum(row.strict != row.correct for row in rows),
        "mean_completion_tokens": sum(p.completion_tokens for p in predictions) / n,
        "most_frequent_answer": frequent,
        "most_frequent_answer_correct": baseline,
        "most_frequent_answer_accuracy": baseline / len(problems),
    }
