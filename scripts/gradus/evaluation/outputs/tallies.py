"""Tallies: the accuracies of one run on one task, with intervals over problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gradus.evaluation.outputs.verdicts import Judged
from gradus.evaluation.scoring import majority, pass_at
from gradus.records import Scored
from gradus.records.vocabulary import AnswerKind
from gradus.statistics.intervals import wilson

Problems = dict[str, list[Judged]]


def by_problem(rows: Sequence[Judged]) -> Problems:
    """The outputs of each problem, in order."""
    found: Problems = {}
    for row in rows:
        found.setdefault(row.sample.id, []).append(row)
    return found


def tally(
    rows: Sequence[Judged], kind: AnswerKind, unanswered: int = 0, count_unanswered: bool = False
) -> dict[str, Any]:
    """Both accuracies with their Wilson intervals, over the problems however many outputs each has.

    ``unanswered`` problems are told, and wrong with ``count_unanswered``. With several outputs a problem: ``majority_accuracy``
    (the answer given most often, of equals the first) and ``pass_at`` k up to the fewest outputs of a problem (Chen et al. 2021).
    """
    problems = by_problem(rows)
    n = len(problems) + (unanswered if count_unanswered else 0)
    facts: dict[str, Any] = {"n": n, "outputs": len(rows)}
    for name in ("strict", "robust"):
        shares = [sum(getattr(row.grade, name) for row in mine) / len(mine) for mine in problems.values()]
        interval = wilson(round(sum(shares)), n)
        facts |= {
            f"{name}_correct": sum(getattr(row.grade, name) for row in rows),
            f"{name}_accuracy": sum(shares) / n,
            f"{name}_interval_low": interval.low,
            f"{name}_interval_high": interval.high,
        }
    facts["disagreements"] = sum(row.grade.strict != row.grade.robust for row in rows)
    facts["failures"] = dict(sorted(Counter(row.grade.failure for row in rows if row.grade.failure).items()))
    facts["problems_without_prediction"] = unanswered
    return facts | _sampled(problems, kind, n) | _given(rows)


def _sampled(problems: Problems, kind: AnswerKind, n: int) -> dict[str, Any]:
    fewest, most = (choose(map(len, problems.values())) for choose in (min, max))
    if most == 1:
        return {}
    scored = [[_scored(row) for row in mine] for mine in problems.values()]
    sizes = [2**power for power in range(fewest.bit_length()) if 2**power <= fewest]
    return {
        "samples": fewest if fewest == most else [fewest, most],
        "majority_accuracy": sum(majority(mine, kind) for mine in scored) / n,
        "pass_at": {
            str(k): sum(pass_at(len(mine), sum(row.correct for row in mine), k) for mine in scored) / n for k in sizes
        },
    }


def _scored(row: Judged) -> Scored:
    grade = row.grade
    return Scored(row.sample.id, row.sample.sample, grade.extracted, grade.robust, grade.strict, grade.failure, False)


def _given(rows: Sequence[Judged]) -> dict[str, Any]:
    """What the file's own scores say, and on how many outputs they agree with the robust verdict."""
    metrics = dict.fromkeys(name for row in rows for name in row.sample.scores)
    return {"given": {name: _of_metric(rows, name) for name in metrics}} if metrics else {}


def _of_metric(rows: Sequence[Judged], name: str) -> Mapping[str, float | int]:
    scored = [(row, value) for row in rows if (value := row.sample.score(name)) is not None]
    return {
        "outputs": len(scored),
        "mean": sum(value for _, value in scored) / len(scored),
        "agree": sum(row.grade.robust == (value >= 0.5) for row, value in scored),
    }
