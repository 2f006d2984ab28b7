"""Tallies: the accuracies of one run on one task, with intervals over problems."""

# No `from __future__ import annotations`: with it Python 3.11 takes the fields that are NotRequired for required ones.
from collections import Counter
from collections.abc import Sequence
from statistics import fmean
from typing import NotRequired, TypedDict

from gradus.evaluation.outputs.verdicts import Judged
from gradus.evaluation.scoring import majority, pass_at
from gradus.records import Scored
from gradus.records.vocabulary import AnswerKind
from gradus.statistics.intervals import wilson

Problems = dict[str, list[Judged]]


class GivenScore(TypedDict):
    """A score that the file itself has: on how many outputs, its mean, and how often it agrees with the robust verdict."""

    outputs: int
    mean: float
    agree: int


class Tally(TypedDict):
    """The accuracies of a run on a task, from 0 to 1, with their intervals and counts; ``n`` problems.

    With several outputs a problem also their number (fewest and most where they differ) and two more accuracies; ``given``
    where the file has scores of its own.
    """

    n: int
    outputs: int
    strict_correct: int
    strict_accuracy: float
    strict_interval_low: float
    strict_interval_high: float
    robust_correct: int
    robust_accuracy: float
    robust_interval_low: float
    robust_interval_high: float
    disagreements: int
    failures: dict[str, int]
    problems_without_prediction: int
    samples: NotRequired[int | list[int]]
    majority_accuracy: NotRequired[float]
    pass_at: NotRequired[dict[str, float]]
    given: NotRequired[dict[str, GivenScore]]


def by_problem(rows: Sequence[Judged]) -> Problems:
    """The outputs of each problem, in order."""
    found: Problems = {}
    for row in rows:
        found.setdefault(row.sample.id, []).append(row)
    return found


def tally(rows: Sequence[Judged], kind: AnswerKind, unanswered: int = 0, count_unanswered: bool = False) -> Tally:
    """Both accuracies with their Wilson intervals, over the problems however many outputs each has.

    ``unanswered`` problems are told, and wrong with ``count_unanswered``. With several outputs a problem: ``majority_accuracy``
    (the answer given most often, of equals the first) and ``pass_at`` k up to the fewest outputs of a problem (Chen et al. 2021).
    """
    problems = by_problem(rows)
    n = len(problems) + (unanswered if count_unanswered else 0)
    strict, robust = (
        sum(fmean(getattr(row.grade, name) for row in mine) for mine in problems.values())
        for name in ("strict", "robust")
    )
    by_strict, by_robust = wilson(round(strict), n), wilson(round(robust), n)
    found: Tally = {
        "n": n,
        "outputs": len(rows),
        "strict_correct": sum(row.grade.strict for row in rows),
        "strict_accuracy": strict / n,
        "strict_interval_low": by_strict.low,
        "strict_interval_high": by_strict.high,
        "robust_correct": sum(row.grade.robust for row in rows),
        "robust_accuracy": robust / n,
        "robust_interval_low": by_robust.low,
        "robust_interval_high": by_robust.high,
        "disagreements": sum(row.grade.strict != row.grade.robust for row in rows),
        "failures": dict(sorted(Counter(row.grade.failure for row in rows if row.grade.failure).items())),
        "problems_without_prediction": unanswered,
    }
    _add_sampled(found, problems, kind)
    given = _given(rows)
    if given:
        found["given"] = given
    return found


def _add_sampled(found: Tally, problems: Problems, kind: AnswerKind) -> None:
    """What several outputs a problem add."""
    fewest, most = (choose(map(len, problems.values())) for choose in (min, max))
    if most == 1:
        return
    n = found["n"]
    scored = [[_scored(row) for row in mine] for mine in problems.values()]
    sizes = [2**power for power in range(fewest.bit_length()) if 2**power <= fewest]
    found["samples"] = fewest if fewest == most else [fewest, most]
    found["majority_accuracy"] = sum(majority(mine, kind) for mine in scored) / n
    found["pass_at"] = {
        str(k): sum(pass_at(len(mine), sum(row.correct for row in mine), k) for mine in scored) / n for k in sizes
    }


def _scored(row: Judged) -> Scored:
    grade = row.grade
    return Scored(row.sample.id, row.sample.sample, grade.extracted, grade.robust, grade.strict, grade.failure, False)


def _given(rows: Sequence[Judged]) -> dict[str, GivenScore]:
    """What the file's own scores say, by their names."""
    metrics = dict.fromkeys(name for row in rows for name in row.sample.scores)
    return {name: _of_metric(rows, name) for name in metrics}


def _of_metric(rows: Sequence[Judged], name: str) -> GivenScore:
    scored = [(row, value) for row in rows if (value := row.sample.score(name)) is not None]
    return {
        "outputs": len(scored),
        "mean": sum(value for _, value in scored) / len(scored),
        "agree": sum(row.grade.robust == (value >= 0.5) for row, value in scored),
    }
