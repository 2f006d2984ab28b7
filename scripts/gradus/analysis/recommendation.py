"""Recommendation: per student and dataset the best supervision, what cannot be told from it, and the cheapest of those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gradus.analysis.choice import Choice, choose
from gradus.analysis.claims.statements import ALPHA
from gradus.analysis.evidence import Evidence
from gradus.records import Supervision
from gradus.records.vocabulary import UNTAUGHT
from gradus.statistics.contrasts import difference
from gradus.statistics.families import not_told_from_best
from gradus.statistics.measurements import Measurement, Rows, SeedVariance


@dataclass(frozen=True)
class Cost:
    """What a supervision costs: to buy (US dollars, None if unknown; tokens that the teacher wrote, or words where nobody was
    asked), to train on and to answer with (tokens)."""

    price_usd: float | None
    teacher_tokens: float
    training_tokens: float
    answer_tokens: float


@dataclass(frozen=True)
class Recommendation:
    """``kept`` maps each supervision that may be the best to the adjusted p that speaks most against it.

    ``cheapest_loss``: the cheapest costs at most so much accuracy against any of the set (95 %, adjusted for the choice).
    ``above_baselines``: some supervision is shown to be above a blind guess and the most frequent answer; where none is, the
    highest of them recommends nothing.
    """

    dataset: str
    student: str
    choice: Choice
    accuracy: float
    kept: Mapping[Supervision, float]
    cheapest: Supervision
    cheapest_accuracy: float
    cheapest_loss: float
    cost: Cost | None
    reach: str
    n: int | None
    runs: int
    above_baselines: bool = True

    @property
    def best(self) -> Supervision:
        """The supervision that was chosen."""
        return self.choice.best


def recommendations(
    evidence: Evidence, costs: Mapping[tuple[Supervision, str], Cost] | None = None
) -> list[Recommendation]:
    """One for every student and dataset with at least two supervisions.

    With several runs of every supervision the set holds the truly best one in about 95 % of studies or more
    (docs/background/statistics.md has the simulation). With one run of any it speaks of these checkpoints alone. The cheapest
    is the lowest in price where all prices in the set are known, then in the teacher's tokens, then in the tokens of an
    answer; without costs it is the best.
    """
    found = []
    for dataset in evidence.datasets:
        for student in evidence.names:
            every = evidence.measured(dataset, student).items()
            # The base model itself is compared with, and is nothing that a student could be taught with.
            measured = {supervision: one for supervision, one in every if supervision.format != UNTAUGHT}
            if len(measured) > 1:
                found.append(_recommend(dataset, student, measured, evidence, costs or {}))
    return found


def _recommend(
    dataset: str,
    student: str,
    measured: Mapping[Supervision, Measurement],
    evidence: Evidence,
    costs: Mapping[tuple[Supervision, str], Cost],
) -> Recommendation:
    seeds = evidence.seeds(dataset, student)
    kept = not_told_from_best(measured, seeds, ALPHA)
    choice = choose(measured, evidence.developed(student))
    best = choice.best
    cheapest = best
    if all((supervision, student) in costs for supervision in kept):
        mine = {supervision: costs[supervision, student] for supervision in kept}
        priced = all(cost.price_usd is not None for cost in mine.values())

        def expense(supervision: Supervision) -> tuple[float, float, float, float]:
            cost = mine[supervision]
            return (
                (cost.price_usd or 0.0) if priced else 0.0,
                cost.teacher_tokens,
                cost.answer_tokens,
                -measured[supervision].mean,
            )

        cheapest = min(kept, key=expense)
    runs = min(one.runs for one in measured.values())
    sizes = {one.n for one in measured.values()}
    return Recommendation(
        dataset=dataset,
        student=student,
        choice=choice,
        accuracy=measured[best].mean,
        kept=dict(sorted(kept.items(), key=lambda item: -measured[item[0]].mean)),
        cheapest=cheapest,
        cheapest_accuracy=measured[cheapest].mean,
        cheapest_loss=_loss(measured, kept, cheapest, seeds),
        cost=costs.get((cheapest, student)),
        reach=_reach(measured),
        n=sizes.pop() if len(sizes) == 1 else None,
        runs=runs,
        above_baselines=any(evidence.is_above_baselines(supervision, student) for supervision in measured),
    )


def _reach(measured: Mapping[Supervision, Measurement]) -> str:
    if any(one.runs < 2 for one in measured.values()):
        return "these checkpoints"
    return "conditions" if all(isinstance(one, Rows) for one in measured.values()) else "conditions on these problems"


def _loss(
    measured: Mapping[Supervision, Measurement],
    kept: Mapping[Supervision, float],
    chosen: Supervision,
    seeds: SeedVariance,
) -> float:
    """How much better any of the set may be than the chosen one: the highest upper bound of a difference."""
    rivals = [supervision for supervision in kept if supervision != chosen]
    confidence = 1 - 2 * ALPHA / max(1, len(rivals))
    return max(
        (
            difference(measured[supervision], measured[chosen], seeds).interval(confidence).high
            for supervision in rivals
        ),
        default=0.0,
    )
