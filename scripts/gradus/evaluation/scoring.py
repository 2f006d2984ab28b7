"""Scoring: predictions against gold, one row per prediction and one metric record per cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import comb

from gradus.answers import answers_equal
from gradus.evaluation.grading import Question, compare_ahead, grade
from gradus.records import Annotation, Prediction, Problem, Scored
from gradus.records.metrics import Scores, TeacherScores
from gradus.runtime.errors import UserError
from gradus.statistics.intervals import wilson


def score(
    problems: Sequence[Problem], train_problems: Sequence[Problem], predictions: Sequence[Prediction]
) -> tuple[list[Scored], Scores]:
    """Rows in the order of the predictions, and what they come to.

    Raises UserError unless every problem has as many predictions and every prediction its problem.
    """
    by_id = {problem.id: problem for problem in problems}
    unknown = [prediction.problem_id for prediction in predictions if prediction.problem_id not in by_id]
    if unknown:
        raise UserError(f"prediction for an unknown problem {unknown[0]!r}")
    missing = sorted(set(by_id) - {prediction.problem_id for prediction in predictions})
    if missing:
        raise UserError(f"{len(missing)} problems have no prediction, the first is {missing[0]!r}")
    if len(set(Counter(prediction.problem_id for prediction in predictions).values())) > 1:
        raise UserError("some problems have more samples than others")
    questions = {problem.id: Question(problem.id, problem.answer, problem.choices) for problem in problems}
    of_expressions = (one for one in predictions if by_id[one.problem_id].answer_kind == "latex")
    compare_ahead((one.text, questions[one.problem_id]) for one in of_expressions)
    rows = []
    for prediction in predictions:
        problem, question = by_id[prediction.problem_id], questions[prediction.problem_id]
        graded = grade(prediction.text, question, problem.dataset, problem.answer_kind)
        rows.append(
            Scored(
                problem_id=prediction.problem_id,
                sample=prediction.sample,
                extracted=graded.extracted,
                correct=graded.robust,
                strict=graded.strict,
                failure=graded.failure,
                truncated=prediction.finish_reason == "length",
            )
        )
    return rows, _summary(rows, problems, train_problems, predictions)


def score_teacher(problems: Sequence[Problem], answers: Sequence[Annotation]) -> TeacherScores:
    """A teacher's accuracy on the problems, in the form of a student's; a problem without an answer counts as wrong.

    With several samples the accuracy is their mean, and the interval that of the first sample alone.
    """
    known = {problem.id for problem in problems}
    rows = [row for row in answers if row.problem_id in known]
    first = [row for row in rows if row.sample == 0]
    correct = sum(row.verdict == "agrees" for row in first)
    interval = wilson(correct, len(problems))
    samples = 1 + max((row.sample for row in rows), default=0)
    return TeacherScores(
        n=len(problems),
        samples=samples,
        correct=correct,
        accuracy=sum(row.verdict == "agrees" for row in rows) / (samples * len(problems)),
        interval_low=interval.low,
        interval_high=interval.high,
        unanswered=len(problems) - len({row.problem_id for row in first}),
        verdicts=dict(sorted(Counter(row.verdict for row in rows).items())),
    )


def _summary(
    rows: list[Scored],
    problems: Sequence[Problem],
    train_problems: Sequence[Problem],
    predictions: Sequence[Prediction],
) -> Scores:
    """Rates are shares of all texts; the interval is that of as many problems as there are, however many samples each has."""
    texts, n = len(rows), len(problems)
    samples = by_problem(rows)
    kinds = {problem.id: problem.answer_kind for problem in problems}
    is_sampled = texts > n
    correct = sum(row.correct for row in rows)
    interval = wilson(round(correct * n / texts), n)
    frequent, _ = Counter(problem.answer for problem in train_problems).most_common(1)[0]
    baseline = sum(answers_equal(problem.answer, frequent, problem.answer_kind) for problem in problems)
    return Scores(
        n=n,
        samples=texts // n,
        correct=correct,
        accuracy=correct / texts,
        interval_low=interval.low,
        interval_high=interval.high,
        truncated=sum(row.truncated for row in rows),
        unparsable=sum(row.extracted is None for row in rows),
        timeouts=sum(row.failure == "timeout" for row in rows),
        strict_correct=sum(row.strict for row in rows),
        strict_accuracy=sum(row.strict for row in rows) / texts,
        disagreements=sum(row.strict != row.correct for row in rows),
        mean_completion_tokens=sum(p.completion_tokens for p in predictions) / texts,
        most_frequent_answer=frequent,
        most_frequent_answer_correct=baseline,
        most_frequent_answer_accuracy=baseline / n,
        chance_accuracy=sum(chance(problem) for problem in problems) / n,
        majority_accuracy=majority_accuracy(samples, kinds) if is_sampled else None,
        pass_at=solved_within(samples) if is_sampled else None,
    )


def chance(problem: Problem) -> float:
    """How often a blind guess is right: among the choices, of two for a boolean, else never."""
    if problem.choices:
        return 1 / len(problem.choices)
    return 0.5 if problem.answer_kind == "boolean" else 0.0


def by_problem(rows: Sequence[Scored]) -> dict[str, list[Scored]]:
    """The samples of each problem, in order."""
    found: dict[str, list[Scored]] = {}
    for row in rows:
        found.setdefault(row.problem_id, []).append(row)
    return found


def majority_accuracy(samples: Mapping[str, Sequence[Scored]], kinds: Mapping[str, str]) -> float:
    """How often the answer given most often is right (self-consistency, Wang et al. 2023; the first of equals)."""
    return sum(majority(rows, kinds[name]) for name, rows in samples.items()) / len(samples)


def solved_within(samples: Mapping[str, Sequence[Scored]]) -> dict[str, float]:
    """The chance that one of k samples is right, for every power of two up to the samples (Chen et al. 2021, unbiased)."""
    count = len(next(iter(samples.values())))
    right = [sum(row.correct for row in rows) for rows in samples.values()]
    sizes = [2**power for power in range(count.bit_length()) if 2**power <= count]
    return {str(k): sum(pass_at(count, one, k) for one in right) / len(right) for k in sizes}


def majority(rows: Sequence[Scored], kind: str) -> bool:
    """Whether the answer that most samples give is right; answers that are equal count together."""
    groups: list[list[Scored]] = []
    for row in rows:
        if row.extracted is None:
            continue
        for group in groups:
            first = group[0].extracted
            if first is not None and (first == row.extracted or answers_equal(first, row.extracted, kind)):
                group.append(row)
                break
        else:
            groups.append([row])
    return bool(groups) and max(groups, key=len)[0].correct


def pass_at(samples: int, right: int, k: int) -> float:
    """1 - C(samples - right, k) / C(samples, k)."""
    return 1 - comb(samples - right, k) / comb(samples, k)
