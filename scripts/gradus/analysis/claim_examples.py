"""Examples of claims: made-up bodies of evidence, in which every claim meets each outcome that it can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradus.analysis.claims.catalogue import TITLES, judged_claims
from gradus.analysis.claims.primary import when_declared
from gradus.analysis.claims.statements import VERDICTS, Statement, Verdict
from gradus.analysis.evidence import DoseSeries, Evidence
from gradus.records import Supervision
from gradus.records.fits import Fit
from gradus.records.vocabulary import LEVELS, NATIVE, UNTAUGHT
from gradus.statistics.margin import MARGIN
from gradus.statistics.measurements import Measurement, Summary
from gradus.study.declaration import Primary

DATASETS = tuple(f"dataset-{n}" for n in "abcdefg")
STUDENTS = tuple(f"student-{n}" for n in range(1, 8))
_PEAK = (-0.05, 0.0, 0.05, 0.04, 0.0, -0.05)


@dataclass(frozen=True)
class _Truth:
    """``effect`` is 1 where every claim holds, -1 where its opposite does, 0 where nothing is there; ``sd`` is that of runs."""

    effect: float
    sd: float
    runs: int = 3
    formats: float = 0.0
    students: int = 7
    datasets: int = 7
    padding_helps: bool = False


# From what follows clearly to what nobody can tell.
_TRUTHS = (
    _Truth(1, 0.002, formats=0.08),
    _Truth(-1, 0.002, formats=0.002),
    _Truth(0, 0.001),
    _Truth(0, 0.001, students=1, datasets=1),
    _Truth(1, 0.002, padding_helps=True),
    _Truth(1, 0.002, students=3),
    _Truth(-1, 0.002, students=3),
    _Truth(0, 0.08, students=4, datasets=3),
    _Truth(1, 0.002, runs=1, formats=0.08),
)


def examples() -> Mapping[str, Mapping[Verdict, Statement]]:
    """By claim, a statement for each outcome that some of the bodies of evidence has."""
    found: dict[str, dict[Verdict, Statement]] = {claim: {} for claim in TITLES}
    for number, truth in enumerate(_TRUTHS):
        declared = [
            Primary("gain", _supervision(DATASETS[0], "L3"), _bare(DATASETS[0]), student, MARGIN, (1, 2, 3))
            for student in STUDENTS[:1]
        ]
        for one in judged_claims(_evidence(truth, number), {"padded-to-L5": "L5"}, declared, when_declared(0)):
            found[one.claim].setdefault(one.verdict, one)
    order = list(VERDICTS)
    return {claim: dict(sorted(each.items(), key=lambda item: order.index(item[0]))) for claim, each in found.items()}


def _supervision(dataset: str, level: str, format_: str = "original") -> Supervision:
    return Supervision(dataset, "teacher", format_, level)


def _bare(dataset: str) -> Supervision:
    return Supervision(dataset, "gold", "answer-only", "native")


def _evidence(truth: _Truth, seed: int) -> Evidence:
    rng = np.random.default_rng(seed)
    students: dict[tuple[Supervision, str], Measurement] = {}
    teachers: dict[Supervision, Measurement] = {}
    traits: dict[Supervision, dict[str, float]] = {}
    effect = truth.effect

    def measured(accuracy: float) -> Summary:
        value = float(np.clip(accuracy + rng.normal(0, truth.sd / np.sqrt(truth.runs)), 0.01, 0.99))
        return Summary(value, truth.sd if truth.runs > 1 else None, truth.runs, 500)

    for ease, dataset in enumerate(DATASETS[: truth.datasets]):
        easy = 0.02 * ease
        for index, level in enumerate(LEVELS):
            detail = 0.017 * effect * (index - 2.5) + 0.003 * rng.normal() * (effect == 0)
            own = 0.6 + easy + 2 * _PEAK[index] * abs(effect) + detail
            teachers[_supervision(dataset, level)] = Summary(own, None, 1, 5000 if truth.sd < 0.01 else 200)
            traits[_supervision(dataset, level)] = {
                "steps": index + 10 * abs(effect) * _PEAK[index] + 0.01 * rng.normal()
            }
        for rank, student in enumerate(STUDENTS[: truth.students]):
            base = 0.3 + 0.04 * rank + effect * easy
            slope = 0.004 * effect * (rank - 3)
            for index, level in enumerate(LEVELS):
                accuracy = base + effect * _PEAK[index] + slope * (index - 2.5)
                students[_supervision(dataset, level), student] = measured(accuracy)
            students[_bare(dataset), student] = measured(base - effect * (0.08 + 0.015 * rank))
            untouched = Summary(base - 0.1 * effect, truth.sd if truth.runs > 1 else None, truth.runs, 500)
            students[Supervision(dataset, "four-shot", UNTAUGHT, NATIVE), student] = untouched
            original = students[_supervision(dataset, "L3"), student].mean
            students[_supervision(dataset, "L3", "symbolic"), student] = measured(original - truth.formats)
            coarse, fine = (students[_supervision(dataset, level), student].mean for level in ("L1", "L5"))
            if (ease, rank) == (0, 0):
                other = Supervision(dataset, "other-teacher", "original", "L3")
                sd = truth.sd if truth.runs > 1 else None
                students[other, student] = Summary(original - 0.06 * effect, sd, truth.runs, 500)
            padded = fine if truth.padding_helps else coarse
            students[_supervision(dataset, "L1", "padded-to-L5"), student] = measured(padded)
    return Evidence(
        students,
        teachers,
        traits,
        doses=_doses(truth, seed),
        transferred=_transferred(truth, students),
        fits=_fits(students, truth, seed),
    )


def _transferred(
    truth: _Truth, students: Mapping[tuple[Supervision, str], Measurement]
) -> Mapping[str, Mapping[tuple[Supervision, str], Measurement]]:
    """What the first two students solve of another dataset: the first gains as much there, the second loses by it."""
    found: dict[tuple[Supervision, str], Measurement] = {}
    for rank, student in enumerate(STUDENTS[: min(2, truth.students)]):
        untaught = Supervision(DATASETS[0], "four-shot", UNTAUGHT, NATIVE)
        for supervision in (untaught, *(_supervision(DATASETS[0], level) for level in LEVELS)):
            here, base = students[supervision, student], students[untaught, student]
            lead = here.mean - base.mean
            accuracy = float(np.clip(base.mean + (lead if not rank else -lead), 0.01, 0.99))
            found[supervision, student] = Summary(accuracy, here.sd, here.runs, 500)
    return {"another-dataset": found}


def _fits(
    students: Mapping[tuple[Supervision, str], Measurement], truth: _Truth, seed: int
) -> dict[tuple[Supervision, str], Fit]:
    """Texts that are the more surprising the better they teach, where there is an effect; else by chance."""
    rng = np.random.default_rng((seed, 2))
    found: dict[tuple[Supervision, str], Fit] = {}
    alike: dict[Supervision, float] = {}
    for (supervision, student), one in students.items():
        if supervision.format == "original":
            chance = alike.setdefault(supervision, float(rng.normal(0, 0.1)))
            nats = 1.5 + 2 * truth.effect * one.mean + (chance if truth.effect == 0 else 0.0)
            found[supervision, student] = Fit(100, 10_000, nats, 0.02, 10.0, 10.0 / nats, nats, 0.02)
    return found


# Accuracies over four doses: in each direction a curve of every shape, and one that has none.
_CURVES: Mapping[float, Mapping[str, tuple[float, ...]]] = {
    1: {
        "rising": (0.3, 0.36, 0.42, 0.48),
        "saturating": (0.3, 0.4, 0.41, 0.41),
        "in a valley": (0.5, 0.4, 0.4, 0.5),
        "over a peak": (0.4, 0.5, 0.5, 0.4),
    },
    -1: {"falling": (0.5, 0.44, 0.38, 0.32), "rising": (0.3, 0.36, 0.42, 0.48)},
    0: {"flat": (0.4, 0.4, 0.4, 0.4)},
}


def _doses(truth: _Truth, seed: int) -> list[DoseSeries]:
    rng = np.random.default_rng((seed, 1))
    found = []
    for name, accuracies in _CURVES[truth.effect].items():
        measured: dict[str, Measurement] = {}
        for index, accuracy in enumerate(accuracies):
            mean = accuracy + float(rng.normal(0, truth.sd / np.sqrt(truth.runs)))
            measured[str(125 * 2**index)] = Summary(mean, truth.sd if truth.runs > 1 else None, truth.runs, 500)
        found.append(
            DoseSeries("dataset.train_size", f"dataset-a, student {name}, teacher/original/L3", DATASETS[0], measured)
        )
    return found
