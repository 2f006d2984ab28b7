"""Statements from evidence: each claim where it is true, where it is false, and where nobody can tell."""

import csv
import io
import math
from collections.abc import Mapping

import numpy as np
import pytest

from gradus.analysis.claims.catalogue import TITLES, judged_claims
from gradus.analysis.claims.statements import Statement
from gradus.analysis.evidence import Evidence, level_series
from gradus.analysis.recommendation import Cost, recommendations
from gradus.presentation.claims import (
    recommendations_csv,
    recommendations_markdown,
    statements_csv,
    statements_markdown,
)
from gradus.records import Supervision
from gradus.statistics.measurements import Measurement, Rows, Summary
from gradus.statistics.simulation import Design, simulated_levels

BASELINE = "gold/answer-only/native"


def place(name: str, dataset: str = "svamp") -> Supervision:
    return Supervision(dataset, *name.split("/"))


def printed(
    values: Mapping[str, float], student: str = "s", sd: float = 0.01, dataset: str = "svamp"
) -> dict[tuple[Supervision, str], Measurement]:
    """Three runs each, by supervision."""
    return {(place(name, dataset), student): Summary(value, sd, 3, 300) for name, value in values.items()}


def levels(*values: float) -> dict[str, float]:
    return {f"t/original/L{number}": value for number, value in enumerate(values, 1)}


def found(evidence: Evidence, claim: str, padded: Mapping[str, str] | None = None) -> list[Statement]:
    return [one for one in judged_claims(evidence, padded) if one.claim == claim]


def verdicts(evidence: Evidence, claim: str, padded: Mapping[str, str] | None = None) -> list[str]:
    return [one.verdict for one in found(evidence, claim, padded)]


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ((0.3, 0.4, 0.5, 0.4, 0.3), "supported"),
        ((0.3, 0.4, 0.5, 0.6, 0.7), "contradicted"),
        ((0.5, 0.4, 0.3, 0.4, 0.5), "contradicted"),
        ((0.50, 0.50, 0.505, 0.50, 0.50), "undecided"),
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
        assert verdicts(evidence, "two-lines") == ["supported"]


def test_item_rows_of_several_seeds_speak_of_conditions() -> None:
    rng = np.random.default_rng(2)
    simulated = simulated_levels((0.40, 0.55, 0.40), Design(), rng)
    rows = {(place(f"t/original/L{number}"), "s"): one for number, one in enumerate(simulated, 1)}
    (one,) = found(Evidence(rows), "non-monotone")
    assert (one.verdict, one.reach, one.n, one.runs) == ("supported", "conditions", 1319, 3)
    single = {key: Rows(one.scores[:1]) for key, one in rows.items()}
    (alone,) = found(Evidence(single), "non-monotone")
    assert alone.reach == "these two checkpoints"


def test_the_mean_over_datasets_finds_what_each_hides() -> None:
    values = levels(0.48, 0.50, 0.48)
    datasets = {f"d{number}": printed(values, sd=0.015, dataset=f"d{number}") for number in range(7)}
    evidence = Evidence({key: one for mine in datasets.values() for key, one in mine.items()})
    assert set(verdicts(evidence, "non-monotone")) == {"undecided"}
    (mean,) = found(evidence, "non-monotone-mean")
    assert mean.verdict == "supported" and mean.estimate == pytest.approx(0.02)


def test_more_comparisons_ask_for_more_evidence() -> None:
    """The same peak in a family of one and in a family of many."""
    values = levels(0.47, 0.50, 0.47)
    assert verdicts(Evidence(printed(values)), "non-monotone") == ["supported"]
    many = {key: one for n in range(40) for key, one in printed(levels(0.5, 0.5, 0.5), f"flat{n}").items()}
    family = found(Evidence({**printed(values), **many}), "non-monotone")
    assert family[0].p < 0.05 < family[0].p_adjusted and family[0].verdict == "undecided"


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
    assert verdicts(three, "finer-for-stronger") == ["undecided"], "three students cannot be told from chance"


def test_a_difference_that_was_not_found_is_no_equivalence() -> None:
    def formats(other: float, sd: float) -> Evidence:
        return Evidence(printed({"t/original/L3": 0.50, "t/symbolic/L3": other, "t/least-to-most/L3": 0.50}, sd=sd))

    assert verdicts(formats(0.40, 0.01), "format-matters") == ["supported"]
    assert verdicts(formats(0.40, 0.01), "format-indifferent") == ["contradicted"]
    assert verdicts(formats(0.50, 0.004), "format-indifferent") == ["supported"]
    assert verdicts(formats(0.50, 0.004), "format-matters") == ["contradicted"]
    noisy = formats(0.51, 0.05)
    assert verdicts(noisy, "format-matters") == ["undecided"] == verdicts(noisy, "format-indifferent")


def test_teachers_within_and_over_datasets_are_told_apart() -> None:
    """Easy datasets are easy for both; within a dataset the better teacher's student is worse."""
    students: dict[tuple[Supervision, str], Measurement] = {}
    teachers: dict[Supervision, Measurement] = {}
    for hard, dataset in enumerate(("a", "b", "c")):
        for level in range(1, 6):
            key = place(f"t/original/L{level}", dataset)
            students[key, "s"] = Summary(0.8 - 0.2 * hard - 0.01 * level, 0.01, 3, 300)
            teachers[key] = Summary(0.9 - 0.2 * hard + 0.01 * level, None, 1, 300)
    evidence = Evidence(students, teachers)
    assert verdicts(evidence, "better-teacher-better-student") == ["contradicted"]
    assert verdicts(evidence, "teacher-and-student-over-datasets") == ["supported"]


def test_detail_helps_the_teacher_and_not_the_student() -> None:
    teacher = {place(f"t/original/L{level}"): Summary(0.4 + 0.1 * level, None, 1, 1000) for level in range(1, 5)}
    evidence = Evidence(printed(levels(0.5, 0.5, 0.5, 0.5)), teacher)
    assert verdicts(evidence, "teacher-gains-from-detail") == ["supported"]
    assert verdicts(evidence, "teacher-gains-more-than-student") == ["supported"]


def test_the_strong_gain_more_and_regression_to_the_mean_does_not_show_it() -> None:
    def students(gain: float, seed: int) -> Evidence:
        rng = np.random.default_rng(seed)
        made: dict[tuple[Supervision, str], Measurement] = {}
        for number in range(12):
            ability = 0.1 + 0.05 * number
            noise = rng.normal(0, 0.03, 2)
            after = ability * (1 + gain) + 0.1 + noise[0]
            made |= printed({"t/original/L3": after, BASELINE: ability + noise[1]}, f"s{number}")
        return Evidence(made)

    assert verdicts(students(0.5, 0), "matthew") == ["supported"]
    assert verdicts(students(-0.4, 0), "matthew") == ["contradicted"]
    wrong = sum(verdicts(students(0.0, seed), "matthew") != ["undecided"] for seed in range(60))
    assert wrong <= 9


def test_rationales_help() -> None:
    assert verdicts(Evidence(printed({**levels(0.3, 0.4), BASELINE: 0.1})), "rationales-help") == ["supported"]
    assert verdicts(Evidence(printed({**levels(0.3, 0.3), BASELINE: 0.5})), "rationales-help") == ["contradicted"]
    assert verdicts(Evidence(printed(levels(0.3, 0.4))), "rationales-help") == []


@pytest.mark.parametrize(
    ("padded", "fine", "sd", "verdict"),
    [(0.40, 0.50, 0.01, "supported"), (0.50, 0.50, 0.004, "contradicted"), (0.45, 0.47, 0.05, "undecided")],
)
def test_length_is_not_granularity(padded: float, fine: float, sd: float, verdict: str) -> None:
    values = {"t/original/L1": 0.40, "t/original/L5": fine, "t/padded-L5/L1": padded}
    assert verdicts(Evidence(printed(values, sd=sd)), "length-is-not-granularity", {"padded-L5": "L5"}) == [verdict]


def test_traits_are_centred_and_told_one_by_one() -> None:
    accuracy = levels(0.30, 0.34, 0.41, 0.44, 0.52, 0.55)
    keys = [place(name) for name in accuracy]
    traits = {key: {"words": 10.0 * n, "distinct_2": float((-1) ** n)} for n, key in enumerate(keys)}
    surprise = {(key, "s"): 3.0 - n / 10 for n, key in enumerate(keys)}
    family = {one.subject: one for one in found(Evidence(printed(accuracy), {}, traits, surprise), "trait")}
    assert family["words"].verdict == "supported"
    assert family["distinct_2"].verdict == "undecided"
    assert family["loss before training"].verdict == "contradicted"


def test_partial_grids_give_partial_statements() -> None:
    assert judged_claims(Evidence({})) == []
    assert judged_claims(Evidence(printed({"t/original/L1": 0.5}))) == []
    holes = Evidence({**printed(levels(0.1, 0.2, 0.3)), **printed({"t/original/L2": 0.4}, "other")})
    assert [series.student for series in level_series(holes)] == ["s"]


def test_recommendation_takes_the_cheapest_of_those_that_may_be_best() -> None:
    values = {"t/original/L1": 0.500, "t/original/L5": 0.505, "t/original/L6": 0.300}
    evidence = Evidence(printed(values))
    keys = {name: (place(name), "s") for name in values}
    prices = {"t/original/L1": 1.0, "t/original/L5": 9.0, "t/original/L6": 0.1}
    costs = {keys[name]: Cost(price, 100, 100, 10) for name, price in prices.items()}
    (one,) = recommendations(evidence, costs)
    assert (str(one.best), str(one.cheapest)) == ("svamp/t/original/L5", "svamp/t/original/L1")
    assert len(one.kept) == 2 and one.reach == "conditions"
    unpriced = {key: Cost(None, tokens, 100, 10) for key, tokens in zip(keys.values(), (50, 5, 1), strict=True)}
    assert str(recommendations(evidence, unpriced)[0].cheapest) == "svamp/t/original/L5"
    assert recommendations(evidence)[0].cheapest == one.best
    table = list(csv.DictReader(io.StringIO(recommendations_csv([one]))))
    assert table[0]["may_be_best"].split() == ["t/original/L5", "t/original/L1"]
    assert table[0]["price_usd"] == "1" and "95 %" in recommendations_markdown([one])


def test_telling_holds_every_statement() -> None:
    values = {**levels(0.3, 0.4, 0.5, 0.4, 0.3), BASELINE: 0.2}
    evidence = Evidence(printed(values), {place(name): Summary(0.9, None, 1, 300) for name in levels(0, 0, 0)})
    family = judged_claims(evidence)
    table = list(csv.DictReader(io.StringIO(statements_csv([("granularity", family)]))))
    assert [row["claim"] for row in table] == [one.claim for one in family]
    assert {row["verdict"] for row in table} <= {"supported", "contradicted", "undecided"}
    page = statements_markdown(family)
    for one in family:
        assert TITLES[one.claim] in page and one.subject in page
        assert math.isfinite(one.low) and one.low <= one.estimate <= one.high and 0 <= one.power <= 1
