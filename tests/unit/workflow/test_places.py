"""What stands in the way of a run's files is named before its first job."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradus.runtime.errors import UserError
from gradus.study.paths import Folder
from gradus.workflow.places import refuse_what_is_in_the_way

FILES = ["results/s/figures/a.svg", "results/s/figures/b/c.svg", "results/s/tables/t.csv"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_is_not_there_can_be_made() -> None:
    refuse_what_is_in_the_way(FILES, written=True)
    Path("results/s/figures").mkdir(parents=True)
    refuse_what_is_in_the_way(FILES, written=True)


def test_a_file_in_the_place_of_a_folder_is_named_once() -> None:
    Path("results/s").mkdir(parents=True)
    Path("results/s/figures").write_text("x")
    with pytest.raises(UserError) as refused:
        refuse_what_is_in_the_way(FILES, written=True)
    assert str(refused.value) == "results/s/figures: is a file, and a folder is needed there (move or delete it)"


def test_every_hindrance_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("results/s/tables").mkdir(parents=True)
    Path("results/s/figures").symlink_to("/nowhere/at/all")
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("tables"))
    with pytest.raises(UserError, match="link to /nowhere/at/all") as refused:
        refuse_what_is_in_the_way(FILES, written=True)
    assert "results/s/tables: cannot be written to" in str(refused.value)


def test_a_folder_in_the_place_of_a_file_is_named_and_none_in_its_own() -> None:
    """Snakemake takes it for the output: nothing to be done."""
    texts = Folder("results/s/report/texts")
    Path("results/s/tables/t.csv").mkdir(parents=True)
    Path(texts).mkdir(parents=True)
    with pytest.raises(UserError) as refused:
        refuse_what_is_in_the_way([*FILES, texts])
    assert str(refused.value) == "results/s/tables/t.csv: is a folder, and a file is needed there (move or delete it)"


def test_a_file_in_the_place_of_an_output_folder_is_named() -> None:
    weights = Folder("results/s/weights")
    Path("results/s").mkdir(parents=True)
    refuse_what_is_in_the_way([weights])
    Path(weights).write_text("x")
    with pytest.raises(UserError, match="results/s/weights: is a file, and a folder is needed there"):
        refuse_what_is_in_the_way([weights])
