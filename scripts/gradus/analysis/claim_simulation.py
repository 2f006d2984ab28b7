"""Simulated claims: how often those about datasets, students and texts are decided where nothing is true, and where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradus.analysis.claims.fits import fit_predicts_accuracy
from gradus.analysis.claims.gains import matthew
from gradus.analysis.claims.granularity import finer_for_stronger, non_monotone_on_average
from gradus.analysis.claims.statements import Statement, judged
from gradus.analysis.claims.teachers import better_teacher_better_student
from gradus.analysis.claims.traits import traits
from gradus.analysis.evidence import Evidence
from gradus.records import Supervision
from gradus.records.fits import Fit
from gradus.statistics.measurements import Measurement, Summary

Students = dict[tuple[Supervision, str], Measurement]
DATASETS, LEVELS = 7, 6


def _supervision(level: int, dataset: int, teacher: str = "t") -> Supervision:
    return Supervision(f"d{dataset}", teacher, "original", f"L{level + 1}")


def _runs(mean: float, sd: float, rng: np.random.Generator, runs: int = 3) -> Summary:
    """The mean and sd of some runs whose true accuracy is ``mean``."""
    values = np.clip(mean + rng.normal(0, sd, runs), 0.001, 0.999)
    return Summary(float(values.mean()), float(values.std(ddof=1)), runs, 500)


def smooth_levels(rng: np.random.Generator, together: float) -> list[Statement]:
    """Claim 4: teacher and student each follow a slow walk over levels; ``together`` is how far the walks are one."""
    students: Students = {}
    teachers: dict[Supervision, Measurement] = {}
    for dataset in range(DATASETS):
        mine, shared = rng.normal(0, 0.02, (2, LEVELS)).cumsum(axis=1)
        theirs = together * shared + (1 - together) * mine
        for level in range(LEVELS):
            students[_supervision(level, dataset), "s"] = _runs(0.5 + theirs[level], 0.01, rng)
            teachers[_supervision(level, dataset)] = Summary(0.7 + shared[level], None, 1, 500)
    return better_teacher_better_student(Evidence(students, teachers))[:1]


def shared_texts(rng: np.random.Generator, effect: float) -> list[Statement]:
    """Claim 7: eight teachers at six levels, one text each for six students; accuracy and trait both grow with the level."""
    students: Students = {}
    measured: dict[Supervision, dict[str, float]] = {}
    for teacher in range(8):
        for level in range(LEVELS):
            key, shared, trait = _supervision(level, 0, f"t{teacher}"), rng.normal(0, 0.03), rng.normal()
            measured[key] = {"trait": level + trait}
            for student in range(6):
                truth = 0.4 + 0.02 * level + effect * trait + shared + rng.normal(0, 0.02)
                students[key, f"s{student}"] = _runs(truth, 0.01, rng)
    return traits(Evidence(students, {}, measured))


def students_of_strength(rng: np.random.Generator, slope: float) -> list[Statement]:
    """Claim 2: seven students on seven datasets; ``slope`` is how much more a finer level gives the strongest, per level."""
    students: Students = {}
    own = rng.normal(0, 0.003, 7)
    for student in range(7):
        for dataset in range(DATASETS):
            tilt = slope * (student - 3) / 3 + own[student] + rng.normal(0, 0.005)
            for level in range(LEVELS):
                truth = 0.3 + 0.05 * student + tilt * (level - 2.5)
                students[_supervision(level, dataset), f"s{student}"] = _runs(truth, 0.015, rng)
    return finer_for_stronger(Evidence(students))


def gains_from_the_floor(rng: np.random.Generator, slope: float) -> list[Statement]:
    """Claim 5: answer-only at the floor for all; ``slope`` is the gain per unit of strength."""
    students: Students = {}
    for student in range(7):
        ability = 0.05 * student
        for dataset in range(3):
            bare = Supervision(f"d{dataset}", "gold", "answer-only", "native")
            students[_supervision(2, dataset), f"s{student}"] = _runs(
                0.3 + slope * ability + rng.normal(0, 0.08), 0.01, rng
            )
            students[bare, f"s{student}"] = _runs(0.04, 0.01, rng)
    found = [one for one in matthew(Evidence(students)) if one.claim == "matthew"]
    return found[:1]


def peaks_over_datasets(rng: np.random.Generator, peak: float, count: int = DATASETS) -> list[Statement]:
    """Claim 1a: a step and a plateau; on each dataset the middle is better than the end by ``peak`` on average, sd 2 points."""
    students: Students = {}
    for dataset in range(count):
        lead = peak + rng.normal(0, 0.02)
        for level, truth in enumerate((0.40, 0.50 + lead, 0.50)):
            students[_supervision(level, dataset), "s"] = _runs(truth, 0.01 * (1 + dataset % 3), rng)
    return non_monotone_on_average(Evidence(students))


def fits_of_shared_texts(rng: np.random.Generator, together: float) -> list[Statement]:
    """Claim 11: six levels on four datasets, seven students that read and learn alike; ``together`` is the correlation of what
    they share of both."""
    students: Students = {}
    fits: dict[tuple[Supervision, str], Fit] = {}
    for dataset in range(4):
        learned, mine = rng.normal(0, 1, (2, LEVELS))
        read = together * learned + np.sqrt(1 - together**2) * mine
        for student in range(7):
            for level in range(LEVELS):
                key = _supervision(level, dataset), f"s{student}"
                students[key] = _runs(0.5 + 0.03 * learned[level] + rng.normal(0, 0.015), 0.01, rng)
                nats = 1.5 + 0.1 * (read[level] + 0.3 * rng.normal())
                fits[key] = Fit(100, 10_000, nats, 0.02, 10.0, 10.0 / nats, nats, 0.02)
    return fit_predicts_accuracy(Evidence(students, fits=fits))[:1]


# What is simulated, where nothing is true and where something is.
CASES: Mapping[str, tuple[Callable[[np.random.Generator, float], list[Statement]], float]] = {
    "1a, 7 datasets whose leads vary by 2 points (4 points)": (peaks_over_datasets, 0.04),
    "1a, 3 such datasets (4 points)": (lambda rng, peak: peaks_over_datasets(rng, peak, 3), 0.04),
    "2, 7 students on 7 datasets (1 point per level)": (students_of_strength, 0.01),
    "4, smooth levels on 7 datasets (half of a shared walk)": (smooth_levels, 0.5),
    "5, answer-only at the floor, 7 students (gain = strength)": (gains_from_the_floor, 1.0),
    "7, 48 texts for 6 students (2 points per sd)": (shared_texts, 0.02),
    "11, 6 levels on 4 datasets, 7 students (correlation 0.7)": (fits_of_shared_texts, 0.7),
}


def decided(case: str, studies: int, seed: int = 0) -> dict[str, float]:
    """The share of studies in which the claim is supported or contradicted where nothing is true, and supported where it is."""
    make, effect = CASES[case]
    rng = np.random.default_rng(seed)
    nothing = [judged(make(rng, 0.0))[0].verdict for _ in range(studies)]
    something = [judged(make(rng, effect))[0].verdict for _ in range(studies)]
    return {
        "decided where nothing is true": float(np.mean([v in ("supported", "contradicted") for v in nothing])),
        "supported where it is": float(np.mean([v == "supported" for v in something])),
    }
