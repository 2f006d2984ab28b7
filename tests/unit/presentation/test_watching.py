"""The page that follows a running study: when it ends, and what does not end it."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from made_study import made_config, make_study
from running import PROJECT

from gradus.presentation.explorer.collection import collect, shown
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.grid import cells


@pytest.fixture
def so_far(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(PROJECT / "scripts"))
    return import_module("so_far")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two levels, of which one cannot be had."""
    config = made_config()
    config["experiments"] = {"granularity": {**config["experiments"]["granularity"], "seeds": [1]}}
    config["unavailable"] = ["sums/tutor/original/L1"]
    return make_study(tmp_path, config, lambda _: 0.5, lambda _: 0.75)


def test_it_ends_when_every_cell_that_can_be_had_is_scored(so_far: Any, study: Path) -> None:
    so_far.watch(study, study.parent / "so_far", 1.0)
    assert not (study.parent / "so_far").exists(), "the caller writes the last page"


def test_what_cannot_be_read_now_is_read_at_the_next_turn(
    so_far: Any, study: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    results = Results.open(study.parent)
    missing, torn = (
        results.path(paths.METRICS, cell, problems="test", decoding="greedy") for cell in cells(results.study)[:2]
    )
    last, whole = missing.read_bytes(), torn.read_bytes()
    missing.unlink()
    torn.write_bytes(b"{")
    turns = iter([(torn, whole), (missing, last)])

    def sleep(_: float) -> None:
        path, content = next(turns)
        path.write_bytes(content)

    monkeypatch.setattr(so_far.time, "sleep", sleep)
    with caplog.at_level("INFO", logger="gradus"):
        so_far.watch(study, study.parent / "so_far", 1.0)
    assert "until the next turn" in caplog.text and (study.parent / "so_far" / "explorer.html").exists()


def test_without_a_study_there_is_nothing_to_follow(so_far: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no study"):
        so_far.watch(tmp_path / "study.json", tmp_path / "so_far", 1.0)


def test_verdicts_of_an_earlier_end_are_called_that(study: Path) -> None:
    """A study that goes on after its end still has the tables of that end."""
    results = Results.open(study.parent)
    scored = [results.path(paths.METRICS, cell, problems="test", decoding="greedy") for cell in cells(results.study)]
    assert collect(results, shown(results))["since_claims"] == 0, "nothing was tested"
    claims = results.path(paths.CLAIMS)
    claims.parent.mkdir(parents=True, exist_ok=True)
    claims.write_text("claim\n", encoding="utf-8")
    assert collect(results, shown(results))["since_claims"] == 0
    scored[0].unlink()
    os.utime(scored[1], (claims.stat().st_mtime + 5,) * 2)
    assert collect(results, shown(results))["since_claims"] == 2
