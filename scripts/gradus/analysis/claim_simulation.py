"""Simulated claims: how often those about datasets, students and texts are decided where nothing is true, and where it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from gradus.analysis.claims.fits import fit_predicts_accuracy
from gradus.analysis.claims.formats import REWRITES, formats
from gradus.analysis.claims.gains import length_is_not_granularity, matthew, rationales_help
from gradus.analysis.claims.granularity import finer_for_stronger, non_monotone_on_average
from gradus.analysis.claims.statements import Statement, judged
from gradus.analysis.claims.teachers import (
    better_teacher_better_student,
    teacher_against_students,
    teacher_against_teacher,
)
from gradus.analysis.claims.traits import traits
from gradus.analysis.evidence import Evidence
from gradus.records import Supervision
from gradus.records.fits import Fit
from gradus.statistics.margin import MARGIN
from gradus.statistics.measurements import Measurement, Summary
from gradus.statistics.simulation import Design, simulated_levels

Students = dict[tuple[Supervision, str], Measurement]
DATASETS, LEVELS = 7, 6
SMALL = Design(problems=300, seed_sd=0.02)
LARGE = Design(runs=5)  # 1,319 problems, luck of 1 point


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


@dataclass(frozen=True)
class Texts:
    """What claim 7 is asked of: teachers that wrote for so many levels of so many datasets, and the students that read it."""

    teachers: int = 8
    levels: int = LEVELS
    datasets: int = 1
    students: int = 6


def shared_texts(rng: np.random.Generator, effect: float, texts: Texts = Texts()) -> list[Statement]:
    """Claim 7: a text is one thing for all its students, and so is what it teaches (sd 3 points) beside the trait's effect.

    Accuracy and trait both grow with the level.
    """
    students: Students = {}
    measured: dict[Supervision, dict[str, float]] = {}
    for dataset, teacher, level in np.ndindex(texts.datasets, texts.teachers, texts.levels):
        key, shared, trait = _supervision(level, dataset, f"t{teacher}"), rng.normal(0, 0.03), rng.normal()
        measured[key] = {"trait": level + trait}
        for student in range(texts.students):
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


def levels_and_answers(rng: np.random.Generator, gap: float) -> list[Statement]:
    """Rationales: three levels, each better than bare answers by ``gap``."""
    bare, *levels = simulated_levels((0.4, *[0.4 + gap] * 3), SMALL, rng)
    students: Students = {(_supervision(level, 0), "s"): one for level, one in enumerate(levels)}
    students[Supervision("d0", "gold", "answer-only", "native"), "s"] = bare
    return rationales_help(Evidence(students))


def two_teachers(rng: np.random.Generator, gap: float) -> list[Statement]:
    """Claim 4a: two teachers at three levels, of which the first is better at each by ``gap``."""
    rows = simulated_levels((*[0.4 + gap] * 3, *[0.4] * 3), SMALL, rng)
    keys = [_supervision(level, 0, teacher) for teacher in ("first", "second") for level in range(3)]
    return teacher_against_teacher(Evidence({(key, "s"): one for key, one in zip(keys, rows, strict=True)}))


def rewritten(rng: np.random.Generator, gap: float, design: Design) -> list[Statement]:
    """Claims 3a and 3b: the original and three rewrites, of which the last is better by ``gap``."""
    rows = simulated_levels((0.4, 0.4, 0.4, 0.4 + gap), design, rng)
    names = ("original", *REWRITES)
    students = {(Supervision("d", "t", name, "L3"), "s"): one for name, one in zip(names, rows, strict=True)}
    return formats(Evidence(students))


def padded_texts(rng: np.random.Generator, gap: float) -> list[Statement]:
    """Claim 6: a coarse level, the same padded to the fine one's length, and the fine one, better than both by ``gap``."""
    rows = simulated_levels((0.4, 0.4, 0.4 + gap), SMALL, rng)
    places = (("original", "L1"), ("padded-to-L5", "L1"), ("original", "L5"))
    students = {(Supervision("d", "t", *place), "s"): one for place, one in zip(places, rows, strict=True)}
    return length_is_not_granularity(Evidence(students), {"padded-to-L5": "L5"})


def teacher_over_levels(rng: np.random.Generator, slope: float) -> list[Statement]:
    """Claims 8 and 8b: a teacher asked once at each of six levels, better by ``slope`` per level; a student that stays.

    No run of the teacher has luck of its own: nothing was trained.
    """
    own = simulated_levels([0.6 + slope * level for level in range(LEVELS)], replace(SMALL, runs=1, seed_sd=0.0), rng)
    other = simulated_levels([0.4] * LEVELS, SMALL, rng)
    teachers = {_supervision(level, 0): one for level, one in enumerate(own)}
    return teacher_against_students(
        Evidence({(_supervision(level, 0), "s"): one for level, one in enumerate(other)}, teachers)
    )


# What is simulated, where nothing is true and where something is.
CASES: Mapping[str, tuple[Callable[[np.random.Generator, float], list[Statement]], float]] = {
    "rationales, 3 levels and answers alone, 3 runs, 300 problems (8 points)": (levels_and_answers, 0.08),
    "1a, 7 datasets whose leads vary by 2 points (4 points)": (peaks_over_datasets, 0.04),
    "1a, 3 such datasets (4 points)": (lambda rng, peak: peaks_over_datasets(rng, peak, 3), 0.04),
    "2, 7 students on 7 datasets (1 point per level)": (students_of_strength, 0.01),
    "3a, 3 rewrites, 3 runs, 300 problems (one is 10 points better)": (
        lambda rng, gap: rewritten(rng, gap, SMALL)[:1],
        0.10,
    ),
    "3b, the same, 5 runs, 1,319 problems; one is better by the margin (none is better)": (
        lambda rng, less: rewritten(rng, MARGIN - less, LARGE)[1:],
        MARGIN,
    ),
    "4, smooth levels on 7 datasets (half of a shared walk)": (smooth_levels, 0.5),
    "4a, two teachers at 3 levels, 3 runs, 300 problems (5 points)": (two_teachers, 0.05),
    "5, answer-only at the floor, 7 students (gain = strength)": (gains_from_the_floor, 1.0),
    "6, coarse, padded and fine, 3 runs, 300 problems (the fine one is 8 points better)": (padded_texts, 0.08),
    "7, 48 texts on 1 dataset for 6 students (2 points per sd)": (shared_texts, 0.02),
    "7, 8 texts for 2 (4 points per sd)": (partial(shared_texts, texts=Texts(2, 4, 1, 2)), 0.04),
    **{
        f"7, {name} (2 points per sd)": (partial(shared_texts, texts=texts), 0.02)
        for name, texts in {
            "24 texts on 4 datasets for 4": Texts(1, 6, 4, 4),
            "42 texts on 7 datasets for 7": Texts(1, 6, 7, 7),
            "42 texts on 7 datasets for 1": Texts(1, 6, 7, 1),
            "168 texts on 7 datasets for 7": Texts(4, 6, 7, 7),
        }.items()
    },
    "8, a teacher at 6 levels, 300 problems (2 points per level)": (
        lambda rng, slope: teacher_over_levels(rng, slope)[:1],
        0.02,
    ),
    "8b, the same beside a student of 3 runs": (lambda rng, slope: teacher_over_levels(rng, slope)[1:], 0.02),
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
