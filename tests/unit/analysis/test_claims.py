"""Statements from evidence: each claim where it is true, where it is false, and where nobody can tell."""

import math

import numpy as np
import pytest
from made_evidence import BASELINE, found, levels, place, printed, verdicts

from gradus.analysis.claims.catalogue import judged_claims
from gradus.analysis.claims.gains import matthew
from gradus.analysis.claims.over_datasets import correlation_over_datasets
from gradus.analysis.claims.primary import when_declared
from gradus.analysis.claims.statements import from_correlation, judged
from gradus.analysis.claims.teachers import better_teacher_better_student
from gradus.analysis.claims.traits import traits as traits_claims
from gradus.analysis.evidence import Evidence, level_series
from gradus.presentation.claims import (
    meaning,
    statements_markdown,
)
from gradus.records import Supervision
from gradus.statistics.correlations import within_groups
from gradus.statistics.measurements import Measurement, Rows, Summary
from gradus.statistics.simulation import Design, simulated_levels
from gradus.study.declaration import Primary


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ((0.3, 0.4, 0.5, 0.4, 0.3), "supported"),
        ((0.3, 0.4, 0.5, 0.6, 0.7), "contradicted"),
        ((0.5, 0.4, 0.3, 0.4, 0.5), "contradicted"),
        ((0.50, 0.50, 0.505, 0.50, 0.50), "shown to be small"),
        ((0.50, 0.515, 0.52, 0.515, 0.50), "too few data"),
    ],
)
def test_granularity_is_non_monotone(values: tuple[float, ...], verdict: str) -> None:
    evidence = Evidence(printed(levels(*values)))
    (one,) = found(evidence, "non-monotone")
    assert one.verdict == verdict
    assert one.reach == "conditions on these problems"
    if verdict == "supported":
        assert "L3 comes closest" in one.statement and one.estimate == pytest.approx(0.2)
        assert 0.1 < one.low < 0.2 < one.high < 0.3
        (companion,) = found(evidence, "two-lines")
        assert companion.verdict == "described only"
        assert companion.estimate == pytest.approx(0.1), "its own slope, not the peak's height"


def test_item_rows_of_several_seeds_speak_of_conditions() -> None:
    rng = np.random.default_rng(2)
    simulated = simulated_levels((0.40, 0.55, 0.40), Design(), rng)
    rows = {(place(f"t/original/L{number}"), "s"): one for number, one in enumerate(simulated, 1)}
    (one,) = found(Evidence(rows), "non-monotone")
    assert (one.verdict, one.reach, one.n, one.runs) == ("supported", "conditions", 1319, 3)
    single = {key: Rows(one.scores[:1]) for key, one in rows.items()}
    (alone,) = found(Evidence(single), "non-monotone")
    assert (alone.verdict, alone.reach) == ("one run: no verdict", "these three checkpoints")


def test_the_mean_over_datasets_finds_what_each_hides() -> None:
    values = levels(0.48, 0.50, 0.48)
    datasets = {f"d{number}": printed(values, sd=0.015, dataset=f"d{number}") for number in range(7)}
    evidence = Evidence({key: one for mine in datasets.values() for key, one in mine.items()})
    assert set(verdicts(evidence, "non-monotone")) == {"too few data"}
    (mean,) = found(evidence, "non-monotone-mean")
    assert mean.verdict == "supported" and mean.estimate == pytest.approx(0.02)
    assert (mean.datasets, mean.i2, mean.reach) == (7, 0.0, "conditions and datasets like these")


def test_a_peak_on_some_datasets_is_none_on_datasets_like_these() -> None:
    """Two datasets have a clear peak and two a trough: the fixed mean is certain of its half point, other datasets are not."""
    peaks = [0.08, -0.03, 0.07, -0.02]
    datasets = [printed(levels(0.4, 0.4 + peak, 0.4), sd=0.004, dataset=f"d{n}") for n, peak in enumerate(peaks)]
    evidence = Evidence({key: one for mine in datasets for key, one in mine.items()})
    (mean,) = found(evidence, "non-monotone-mean")
    assert mean.verdict == "too few data" and mean.i2 is not None and mean.i2 > 0.9
    assert mean.fixed_p is not None and mean.fixed_p < 0.01 and mean.fixed_estimate == pytest.approx(0.025)
    assert mean.prediction_low is not None and mean.prediction_high is not None
    assert mean.prediction_low < -0.03 and mean.prediction_high > 0.08
    page = statements_markdown([mean])
    assert "another dataset, 95 %" in page and "I² 100 %" in page and "+2.5 (p < 0.001)" in page


def test_that_the_strong_prefer_finer_levels_must_hold_for_other_datasets_too() -> None:
    """One dataset carries the correlation of all students; five others show nothing."""

    def students(carried: int) -> Evidence:
        rng = np.random.default_rng(3)
        made: dict[tuple[Supervision, str], Measurement] = {}
        for dataset in range(6):
            for strength in range(7):
                middle = 0.2 + 0.08 * strength
                tilt = 0.04 * (strength - 3) if dataset < carried else rng.normal(0, 0.01)
                values = levels(middle - tilt, middle, middle + tilt)
                made |= printed(values, f"s{strength}", dataset=f"d{dataset}")
        return Evidence(made)

    (one,) = found(students(1), "finer-for-stronger")
    assert one.fixed_p is not None and one.fixed_p < 0.025 and one.verdict == "too few data"
    (all_,) = found(students(6), "finer-for-stronger")
    assert all_.verdict == "supported" and all_.reach == "students and datasets like these" and all_.i2 == 0.0


def test_more_comparisons_ask_for_more_evidence() -> None:
    """The same peak in a family of one and in a family of many."""
    values = levels(0.47, 0.50, 0.47)
    assert verdicts(Evidence(printed(values)), "non-monotone") == ["supported"]
    many = {key: one for n in range(40) for key, one in printed(levels(0.5, 0.5, 0.5), f"flat{n}").items()}
    family = found(Evidence({**printed(values), **many}), "non-monotone")
    assert family[0].p < 0.05 < family[0].p_adjusted and family[0].verdict == "too few data"


def test_stronger_students_prefer_finer_levels() -> None:
    def students(slope: float) -> Evidence:
        made: dict[tuple[Supervision, str], Measurement] = {}
        for strength in range(6):
            middle, tilt = 0.2 + 0.1 * strength, slope * (strength - 2.5) / 5
            made |= printed(levels(middle - tilt, middle, middle + tilt), f"s{strength}")
        return Evidence(made)

    assert verdicts(students(0.05), "finer-for-stronger") == ["supported"]
    assert verdicts(students(-0.05), "finer-for-stronger") == ["contradicted"]
    three = Evidence({key: one for key, one in students(0.05).students.items() if key[1] < "s3"})
    (few,) = found(three, "finer-for-stronger")
    assert few.verdict == "too few data" and "too few ever to decide" in few.note


def test_a_difference_that_was_not_found_is_no_equivalence() -> None:
    def formats(other: float, sd: float) -> Evidence:
        return Evidence(printed({"t/original/L3": 0.50, "t/symbolic/L3": other, "t/least-to-most/L3": 0.50}, sd=sd))

    assert verdicts(formats(0.40, 0.01), "format-matters") == ["supported"]
    assert verdicts(formats(0.40, 0.01), "format-indifferent") == ["contradicted"]
    assert verdicts(formats(0.50, 0.004), "format-indifferent") == ["supported"]
    assert verdicts(formats(0.50, 0.004), "format-matters") == ["too few data"], "3b shows it, not 3a"
    small = formats(0.485, 0.002)
    assert verdicts(small, "format-matters") == ["supported"] == verdicts(small, "format-indifferent")
    noisy = formats(0.51, 0.05)
    assert verdicts(noisy, "format-matters") == ["too few data"] == verdicts(noisy, "format-indifferent")


def test_teachers_within_and_over_datasets_are_told_apart() -> None:
    """Easy datasets are easy for both; within each dataset the better teacher's student is worse."""
    students: dict[tuple[Supervision, str], Measurement] = {}
    teachers: dict[Supervision, Measurement] = {}
    for hard in range(6):
        for level in range(1, 6):
            key = place(f"t/original/L{level}", f"d{hard}")
            students[key, "s"] = Summary(0.8 - 0.1 * hard - 0.01 * level, 0.01, 3, 300)
            teachers[key] = Summary(0.9 - 0.1 * hard + 0.01 * level, None, 1, 300)
    evidence = Evidence(students, teachers)
    assert verdicts(evidence, "better-teacher-better-student") == ["contradicted"]
    assert verdicts(evidence, "teacher-and-student-over-datasets") == ["supported"]
    few = Evidence({key: one for key, one in students.items() if key[0].dataset < "d3"}, teachers)
    (within,) = found(few, "better-teacher-better-student")
    assert within.verdict == "too few data" and "too few ever to decide" in within.note, "three datasets"


def test_detail_helps_the_teacher_and_not_the_student() -> None:
    teacher = {place(f"t/original/L{level}"): Summary(0.4 + 0.1 * level, None, 1, 1000) for level in range(1, 5)}
    evidence = Evidence(printed(levels(0.5, 0.5, 0.5, 0.5)), teacher)
    assert verdicts(evidence, "teacher-gains-from-detail") == ["supported"]
    assert verdicts(evidence, "teacher-gains-more-than-student") == ["supported"]


def test_the_strong_gain_more_and_a_floor_does_not_show_it() -> None:
    """Strength is from other datasets: answer-only at the floor for all says nothing of who gains."""

    def students(gain: float, seed: int) -> Evidence:
        rng = np.random.default_rng(seed)
        made: dict[tuple[Supervision, str], Measurement] = {}
        for number in range(7):
            ability = 0.1 + 0.05 * number
            for dataset in ("d1", "d2", "d3"):
                after = 0.35 + gain * (ability - 0.25) + rng.normal(0, 0.1 if not gain else 0.01)
                bare = 0.05 + rng.normal(0, 0.005)
                made |= printed({"t/original/L3": after, BASELINE: bare}, f"s{number}", dataset=dataset)
        return Evidence(made)

    assert (
        set(verdicts(students(0.5, 0), "matthew")) == {"supported"} == set(verdicts(students(0.5, 0), "matthew-odds"))
    )
    wrong = 0
    for seed in range(30):
        family = judged([one for one in matthew(students(0.0, seed)) if one.claim == "matthew"])
        wrong += any(one.verdict != "too few data" for one in family)
    assert wrong <= 5
    one = {key: value for key, value in students(0.5, 0).students.items() if key[0].dataset == "d1"}
    assert verdicts(Evidence(one), "matthew") == [], "one dataset has no strength from outside"
    untaught = {(place("none/untaught/native", "d1"), f"s{n}"): Summary(0.1 + 0.02 * n, 0.01, 3, 300) for n in range(7)}
    assert verdicts(Evidence({**one, **untaught}), "matthew") == ["supported"]
    turned = {key: Summary(0.4 - one_.mean, 0.01, 3, 300) for key, one_ in untaught.items()}
    assert verdicts(Evidence({**one, **turned}), "matthew") == ["contradicted"]


def test_gains_are_over_the_levels_that_all_students_have() -> None:
    """A level that the weak alone were taught, and that is bad, makes nobody's gain smaller."""
    made: dict[tuple[Supervision, str], Measurement] = {}
    for number in range(5):
        for dataset in ("d1", "d2"):
            values = {"t/original/L3": 0.4, BASELINE: 0.1 + 0.02 * number}
            made |= printed(values | ({"t/original/L1": 0.05} if number < 2 else {}), f"s{number}", dataset=dataset)
    note = found(Evidence(made), "matthew")[0].note
    assert "gains: s0 +30.0, s1 +28.0, s2 +26.0, s3 +24.0, s4 +22.0" in note


def test_rationales_help() -> None:
    assert verdicts(Evidence(printed({**levels(0.3, 0.4), BASELINE: 0.1})), "rationales-help") == ["supported"]
    assert verdicts(Evidence(printed({**levels(0.3, 0.3), BASELINE: 0.5})), "rationales-help") == ["contradicted"]
    assert verdicts(Evidence(printed(levels(0.3, 0.4))), "rationales-help") == []
    slight = Evidence(printed({**levels(0.300, 0.300), BASELINE: 0.308}, sd=0.002))
    assert verdicts(slight, "rationales-help") == ["shown to be small"], "harmful, but not beyond the margin"
    wide = Evidence(slight.students, margins={"svamp": 0.001})
    assert verdicts(wide, "rationales-help") == ["contradicted"], "the margin is the study's"


def test_one_run_gets_no_verdict_and_says_what_it_would_take() -> None:
    """A clear difference in one run, and the sd over runs below which it would hold."""
    rng = np.random.default_rng(1)
    levels_ = simulated_levels((0.15, 0.45, 0.15), Design(runs=1, problems=300), rng)
    rows: dict[tuple[Supervision, str], Measurement] = {
        (place(f"t/original/L{n}"), "s"): one for n, one in enumerate(levels_, 1)
    }
    rows[place(BASELINE), "s"] = simulated_levels((0.05,), Design(runs=1, problems=300), rng)[0]
    family = judged_claims(Evidence(rows))
    assert {one.verdict for one in family} <= {"one run: no verdict", "described only"}
    (peak,) = [one for one in family if one.claim == "non-monotone"]
    assert peak.tipping_sd is not None and 0.01 < peak.tipping_sd < 0.2
    page = statements_markdown(family)
    assert (
        "**" not in page
        and "1 rests on one run: no verdict" in page
        and "only if single runs vary by an sd below" in page
    )
    (mixed,) = found(
        Evidence(printed(levels(0.1, 0.5, 0.1)) | {(place(BASELINE), "s"): Summary(0.05, None, 1, 300)}),
        "rationales-help",
    )
    assert mixed.verdict == "one run: no verdict" and "if single runs vary like the others" in mixed.reach


def test_no_one_run_study_gets_a_verdict() -> None:
    """The review's case: a step over three levels, one run each; a peak was called supported in 10 to 20 %."""
    rng = np.random.default_rng(2)
    for _ in range(20):
        measured = simulated_levels((0.1, 0.3, 0.3), Design(runs=1, problems=254, seed_sd=0.03), rng)
        evidence = Evidence({(place(f"t/original/L{n}"), "s"): one for n, one in enumerate(measured, 1)})
        judged = judged_claims(evidence)
        assert not {one.verdict for one in judged} & {"supported", "contradicted", "shown to be small"}
        for one in (one for one in judged if one.tipping_sd is not None):
            shown = one.low > 1e-3 or one.high < -1e-3  # the interval's centre is drawn a little towards zero
            assert bool(one.tipping_sd) or not shown, "no sd is told of an interval that holds zero"
            assert one.tipping_sd == 0 or one.low > -0.005 or one.high < 0.005, (one.claim, one.low, one.high)


@pytest.mark.parametrize(
    ("padded", "fine", "sd", "verdict"),
    [(0.40, 0.50, 0.01, "supported"), (0.50, 0.50, 0.004, "contradicted"), (0.45, 0.47, 0.05, "too few data")],
)
def test_length_is_not_granularity(padded: float, fine: float, sd: float, verdict: str) -> None:
    values = {"t/original/L1": 0.40, "t/original/L5": fine, "t/padded-L5/L1": padded}
    assert verdicts(Evidence(printed(values, sd=sd)), "length-is-not-granularity", {"padded-L5": "L5"}) == [verdict]


def test_traits_are_those_of_supervisions_and_cleared_of_levels() -> None:
    """Forty supervisions; one trait drives accuracy, one only grows with the level as accuracy does, one is nothing."""
    rng = np.random.default_rng(0)
    students: dict[tuple[Supervision, str], Measurement] = {}
    traits: dict[Supervision, dict[str, float]] = {}
    for dataset in ("a", "b"):
        for teacher in range(4):
            for level in range(1, 6):
                key = place(f"t{teacher}/original/L{level}", dataset)
                drive = rng.normal()
                traits[key] = {"drive": drive, "words": 10.0 * level + rng.normal(), "nothing": rng.normal()}
                for student in range(3):
                    value = 0.4 + 0.02 * level + 0.03 * drive + rng.normal(0, 0.01)
                    students[key, f"s{student}"] = Summary(value, 0.01, 3, 300)
    family = {one.subject: one for one in found(Evidence(students, {}, traits), "trait")}
    assert family["drive"].verdict == "supported" and family["drive"].reach == "supervisions"
    assert family["words"].verdict == "too few data" and family["nothing"].verdict == "too few data"
    assert family["drive"].note.startswith("40 supervisions")
    few = {key: one for key, one in students.items() if key[0].dataset == "a" and key[0].teacher == "t0"}
    single = {one.subject: one for one in found(Evidence(few, {}, traits), "trait")}
    assert (single["drive"].low, single["drive"].high) == (-1.0, 1.0) and "too few: r = 0.5 needs" in single[
        "drive"
    ].note


def test_a_shared_text_is_no_replicate() -> None:
    """A trait that does nothing, and supervisions that differ for all students alike: 5 % are meant; it was 25 to 33 %."""
    rng = np.random.default_rng(5)
    called = 0
    for _ in range(200):
        students, traits = {}, {}
        for n in range(6):
            key, shared = place(f"t{n}/original/L3"), rng.normal(0, 0.03)
            traits[key] = {"words": rng.normal()}
            for student in range(6):
                value = 0.5 + shared + rng.normal(0, 0.03)
                students[key, f"s{student}"] = Summary(value, 0.01, 3, 300)
        (one,) = judged(traits_claims(Evidence(students, {}, traits)))
        called += one.verdict in ("supported", "contradicted")
    assert called / 200 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)


def test_smooth_levels_of_teacher_and_student_go_together_by_chance() -> None:
    """Both follow their own slow walk over six levels of seven datasets: t called it a correlation in 16 % of studies."""
    rng = np.random.default_rng(6)
    called = 0
    for _ in range(200):
        students, teachers = {}, {}
        for dataset in range(7):
            walks = np.cumsum(rng.normal(0, 0.02, (2, 6)), axis=1)
            for level in range(6):
                key = place(f"t/original/L{level + 1}", f"d{dataset}")
                students[key, "s"] = Summary(0.5 + walks[0, level], 0.01, 3, 300)
                teachers[key] = Summary(0.7 + walks[1, level], None, 1, 300)
        one = judged(better_teacher_better_student(Evidence(students, teachers)))[0]
        called += one.verdict in ("supported", "contradicted")
    assert called / 200 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)


def test_two_teachers_are_compared_over_the_levels_that_both_have() -> None:
    tutor = {"t/original/L1": 0.10, "t/original/L3": 0.40, "t/original/L5": 0.45}
    evidence = Evidence(printed({**tutor, "hasty/original/L3": 0.30}, sd=0.008))
    (one,) = found(evidence, "teacher-against-teacher")
    assert one.estimate == pytest.approx(0.10) and one.subject == "svamp, s, L3"
    assert one.statement == "t teaches more than hasty" and one.verdict == "supported"
    swapped = Evidence(printed({"hasty/original/L3": 0.30, **tutor}, sd=0.008))
    assert found(swapped, "teacher-against-teacher")[0].verdict == "contradicted"
    assert not found(Evidence(printed({"t/original/L1": 0.1, "hasty/original/L3": 0.3})), "teacher-against-teacher")


def test_partial_grids_give_partial_statements() -> None:
    assert judged_claims(Evidence({})) == []
    assert judged_claims(Evidence(printed({"t/original/L1": 0.5}))) == []
    holes = Evidence({**printed(levels(0.1, 0.2, 0.3)), **printed({"t/original/L2": 0.4}, "other")})
    assert [series.student for series in level_series(holes)] == ["s"]


def test_padding_that_reaches_the_fine_level_is_told_as_such() -> None:
    values = {"t/original/L1": 0.40, "t/original/L5": 0.50, "t/padded-L5/L1": 0.50}
    (one,) = found(Evidence(printed(values, sd=0.004)), "length-is-not-granularity", {"padded-L5": "L5"})
    assert meaning(one) == "within 3.0 points of the fine level, and above the plain coarse one", (
        "no effect beyond a margin"
    )


def test_what_a_study_declared_is_a_family_of_its_own() -> None:
    """Its adjustment is for what was declared and not for all that can be looked at."""
    values = {**levels(0.40, 0.43, 0.40), BASELINE: 0.39}
    evidence = Evidence(printed(values, sd=0.008))
    sides = {"gain": (place("t/original/L2"), place(BASELINE)), "absent": (place("t/original/L6"), place(BASELINE))}
    declared = [Primary(name, *both, "s", 0.03, (1, 2, 3)) for name, both in sides.items()]
    family = judged_claims(evidence, declared=declared, when=when_declared(0))
    assert family[0].claim == "primary" and family[0].note == "declared before the first training"
    assert family[0].verdict == "supported" and family[0].p_adjusted == pytest.approx(2 * family[0].p)
    assert [one.subject for one in family if one.claim == "primary"] == ["gain: svamp, s"]
    assert "confirms nothing" in when_declared(3) and "no record" in when_declared(None)


@pytest.mark.parametrize(
    ("r", "points", "verdict"),
    [
        (0.3, 400, "supported"),
        (-0.3, 400, "contradicted"),
        (-0.07, 4000, "shown to be small"),
        (-0.2, 100, "too few data"),
    ],
)
def test_a_correlation_is_contradicted_beyond_a_margin_alone(r: float, points: int, verdict: str) -> None:
    """At -0.07 over 4,000 points the opposite is certain, and small."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=points)
    x = (x - x.mean()) / x.std()
    noise = rng.normal(size=points)
    noise -= x * (x @ noise) / points + noise.mean()
    correlated = within_groups([0] * points, x, r * x + math.sqrt(1 - r**2) * noise / noise.std())
    assert correlated.r == pytest.approx(r, abs=0.002) and (r > 0 or points < 1000 or correlated.p_negative < 1e-4)
    (stated,) = judged([from_correlation("trait", "steps", "more is better", correlated, runs=3)])
    assert stated.verdict == verdict
    over = correlation_over_datasets(stated, [correlated] * 5, decides=True)
    (stated,) = judged([over])
    assert stated.verdict == verdict or points == 100
