"""Claim 11: found where fit tells accuracy, not where it does not; its table and figure show what was measured."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest

from gradus.analysis import fit_prediction
from gradus.analysis.claims.catalogue import judged_claims
from gradus.analysis.claims.fits import fit_grids, fit_predicts_accuracy
from gradus.analysis.evidence import Evidence
from gradus.presentation.figure import drawn
from gradus.presentation.student_fits import fits_figure, fits_table, to_csv
from gradus.records import Supervision
from gradus.records.fits import Fit
from gradus.statistics.measurements import Measurement, Summary

LEVELS = ("L1", "L2", "L3", "L4", "L5", "L6")
ACCURACIES = (0.2, 0.3, 0.5, 0.4, 0.35, 0.25)


def place(dataset: str, level: str) -> Supervision:
    return Supervision(dataset, "teacher", "original", level)


def fit(value: float, local: float = 1.0) -> Fit:
    return Fit(100, 9000, value, 0.02, 10.0, 10.0 / value, local, 0.03)


def evidence(runs: int, datasets: int = 3, students: int = 2) -> Evidence:
    """Surprisal goes with accuracy to the order, local surprisal is the same everywhere."""
    measured: dict[tuple[Supervision, str], Measurement] = {}
    fits = {}
    for dataset in map(str, range(datasets)):
        for student in map(str, range(students)):
            for level, accuracy in zip(LEVELS, ACCURACIES, strict=True):
                key = place(dataset, level), student
                measured[key] = Summary(accuracy, 0.01 if runs > 1 else None, runs, 300)
                fits[key] = fit(accuracy + 1 + 0.1 * int(dataset))
    return Evidence(measured, fits=fits)


def test_a_score_that_tells_accuracy_is_supported_and_its_inverse_contradicted() -> None:
    found = {one.subject: one for one in judged_claims(evidence(2)) if one.claim == "fit-predicts-accuracy"}
    assert len(found) == 4
    assert found["surprisal per token before training"].verdict == "supported"
    assert found["surprisal per token before training"].estimate == pytest.approx(1.0)
    assert found["rank-surprisal ratio before training"].verdict == "contradicted"
    assert found["surprisal given two steps before training"].verdict == "too few data"
    assert "18 supervisions, too few: r = 0.5 needs about 33" in found["rank per token before training"].note


def test_one_run_gets_no_verdict_and_no_fits_no_statement() -> None:
    assert {one.verdict for one in judged_claims(evidence(1)) if one.claim == "fit-predicts-accuracy"} == {
        "one run: no verdict"
    }
    assert fit_predicts_accuracy(Evidence(evidence(2).students)) == []


def test_three_levels_of_one_dataset_can_never_decide() -> None:
    few = evidence(2, datasets=1)
    kept = {key: one for key, one in few.fits.items() if key[0].level in ("L1", "L3", "L5")}
    found = fit_predicts_accuracy(Evidence(few.students, fits=kept))[0]
    assert "3 supervisions: too few ever to decide (the smallest p is 0.333)" in found.note


def test_a_grid_has_what_every_student_learned() -> None:
    whole = evidence(2, datasets=1)
    fits = dict(whole.fits)
    del fits[place("0", "L6"), "1"]
    (grid,) = fit_grids(fits, {key: one.mean for key, one in whole.students.items()})
    assert grid.supervisions == LEVELS[:5]
    assert grid.accuracies.shape == grid.fits["rsr"].shape == (2, 5)
    for absent in ("L2", "L3", "L4", "L5"):
        fits.pop((place("0", absent), "1"))
    assert fit_grids(fits, {key: one.mean for key, one in whole.students.items()}) == []


def test_readers_of_their_own_count_for_their_student_alone() -> None:
    """Two students whose readers and accuracies are turned round agree as well as two that are alike."""
    measured = {(place("0", level), "a"): 0.1 * number for number, level in enumerate(LEVELS)}
    measured |= {(place("0", level), "b"): 0.1 * (5 - number) for number, level in enumerate(LEVELS)}
    fits = {key: fit(1 + value) for key, value in measured.items()}
    students: dict[tuple[Supervision, str], Measurement] = {
        key: Summary(value, 0.01, 2, 100) for key, value in measured.items()
    }
    assert fit_predicts_accuracy(Evidence(students, fits=fits))[0].estimate == pytest.approx(1.0)


def test_the_table_and_the_figure_have_every_pair() -> None:
    some = evidence(2, datasets=2)
    unscored = {**some.fits, (place("0", "L1"), "later"): fit(2.0)}
    shown = Evidence(some.students, fits=unscored)
    rows = list(csv.DictReader(io.StringIO(to_csv(shown))))
    assert len(rows) == 25
    assert (rows[0]["level"], rows[0]["student"], rows[0]["runs"]) == ("L1", "0", "2")
    assert math.isclose(float(rows[0]["accuracy"]), 0.2)
    assert math.isclose(float(rows[0]["rsr"]), float(rows[0]["rank"]) / float(rows[0]["surprisal"]), rel_tol=1e-3)
    assert rows[-1]["accuracy"] == ""
    assert fits_table(shown).markdown().count("\n") == 25 + 2
    picture = drawn(fits_figure(shown), "svg").decode()
    assert picture.count(">L3<") == 4
    assert "surprisal per token before training" in picture


def test_a_null_is_seldom_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_prediction, "DRAWS", 999)
    rng, called = np.random.default_rng(3), 0
    for _ in range(40):
        one = evidence(2, datasets=4)
        fits: dict[tuple[Supervision, str], Fit] = {}
        for dataset in "0123":
            drawn_fits = dict(zip(LEVELS, rng.normal(2, 0.2, 6), strict=True))
            for student in "01":
                fits |= {(place(dataset, level), student): fit(drawn_fits[level]) for level in LEVELS}
        statements = judged_claims(Evidence(one.students, fits=fits))
        called += any(one.verdict in ("supported", "contradicted") for one in statements if one.claim[:4] == "fit-")
    assert called <= 6  # about 2 expected
