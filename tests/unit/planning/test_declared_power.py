"""The prior of a planned comparison: what the paper's runs vary."""

from pathlib import Path

import pytest

from gradus.analysis.published import Printed, read
from gradus.planning.power import prior

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def printed() -> list[Printed]:
    return read(PROJECT / "published" / "chen-2025.csv")


def test_a_dataset_of_the_paper_has_its_own_runs(printed: list[Printed]) -> None:
    noise = prior("svamp", 300, printed)
    assert 0.008 < noise.run_sd < 0.03 and "the paper's runs on svamp" in noise.source
    assert prior("gsm8k", 1319, printed).run_sd < prior("aqua", 254, printed).run_sd


def test_another_dataset_has_those_of_the_nearest_size(printed: list[Printed]) -> None:
    assert "on gsm8k" in prior("gradeschool", 1500, printed).source
    assert "on strategyqa" in prior("gradeschool", 280, printed).source
