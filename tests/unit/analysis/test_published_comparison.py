"""A study compared with the paper's printed numbers."""

import csv
import io
from dataclasses import astuple

import numpy as np
import pytest
from running import PROJECT

from gradus.analysis.evidence import Evidence
from gradus.analysis.published import Printed, read
from gradus.analysis.published_comparison import compare_with_published
from gradus.presentation.published_comparison import to_csv, to_markdown
from gradus.records import Supervision
from gradus.statistics.measurements import Measurement, Rows


@pytest.fixture(scope="module")
def printed() -> list[Printed]:
    return read(PROJECT / "published" / "chen-2025.csv")


def runs(accuracy: float, n: int, seeds: int = 3) -> Rows:
    rng = np.random.default_rng(int(1000 * accuracy) + n)
    return Rows((rng.random((seeds, n)) < accuracy).astype(float))


def study(**accuracies: float) -> dict[tuple[Supervision, str], Measurement]:
    """GSM8K cells of Gemma 2B (printed: L1 49.66, L6 53.45), by level."""
    return {
        (Supervision("gsm8k", "gpt-4o", "original", level), "gemma-2b"): runs(value, 1319)
        for level, value in accuracies.items()
    }


def test_what_agrees_and_what_does_not(printed: list[Printed]) -> None:
    pairs = compare_with_published(Evidence(study(L1=0.497, L6=0.40)), printed)
    assert [one.difference.excludes_zero for one in pairs] == [False, True]
    assert astuple(pairs[0].printed) == (pytest.approx(0.4966), pytest.approx(0.0027), 3, 1319)
    assert pairs[1].difference.estimate == pytest.approx(-0.13, abs=0.03)
    assert {one.table for one in pairs} == {"Table 10"}


def test_released_annotations_are_the_papers_and_others_have_no_counterpart(printed: list[Printed]) -> None:
    supervisions = {
        Supervision("gsm8k", "released-gpt-4o", "original", "L1"): True,
        Supervision("gsm8k", "gpt-4o", "rephrase-and-respond", "L5"): True,
        Supervision("gsm8k", "gold", "answer-only", "native"): True,
        Supervision("csqa", "human", "original", "native"): True,
        Supervision("gsm8k", "tutor", "original", "L1"): False,
        Supervision("gradeschool", "gpt-4o", "original", "L1"): False,
    }
    evidence = Evidence({(supervision, "gemma-2b"): runs(0.5, 300) for supervision in supervisions})
    found = {one.supervision for one in compare_with_published(evidence, printed)}
    assert found == {supervision for supervision, known in supervisions.items() if known}


def test_one_run_here_is_uncertain_and_says_so(printed: list[Printed]) -> None:
    key = (Supervision("svamp", "gpt-4o", "original", "L1"), "gemma-2b")
    wide, narrow = (
        compare_with_published(Evidence({key: runs(0.59, 300, seeds)}), printed)[0].difference for seeds in (1, 5)
    )
    assert wide.runs == 1 and wide.reach == "these checkpoints"
    assert wide.standard_error > 0.02 and narrow.reach == "conditions on these problems"


def test_equal_studies_differ_about_as_often_as_chance(printed: list[Printed]) -> None:
    """A study drawn from the printed means themselves, with a spread of its own."""
    rng = np.random.default_rng(3)
    cells = {}
    for one in printed:
        if one.table == "Table 10" and one.supervision.format == "original":
            noise = rng.normal(0, one.measurement.sd or 0, 3)
            chances = np.clip(one.value + noise, 0, 1)[:, None]
            cells[one.supervision, one.student] = Rows(
                (rng.random((3, one.measurement.n or 1)) < chances).astype(float)
            )
    pairs = compare_with_published(Evidence(cells), printed)
    assert len(pairs) == 294
    assert sum(one.difference.excludes_zero for one in pairs) <= 0.1 * len(pairs)


def test_a_table_of_what_is_printed_and_nothing_where_there_is_nothing(printed: list[Printed]) -> None:
    pairs = compare_with_published(Evidence(study(L1=0.497, L6=0.40)), printed)
    rows = list(csv.DictReader(io.StringIO(to_csv(pairs))))
    assert [row["differs"] for row in rows] == ["false", "true"] and rows[0]["published"] == "0.4966"
    assert "2 accuracies are printed in the paper too; 1 of 2 differ" in to_markdown(pairs)
    assert to_markdown([]) == "" and len(to_csv([]).splitlines()) == 1
