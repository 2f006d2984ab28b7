"""Folders that hold no study, no archive and no model: each message names what was meant, or what to run."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from pathlib import Path

import pytest
from made_study import made_config, make_study
from running import PROJECT

from gradus.archive.manifest import MANIFEST, read_manifest
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.students.gguf import read_header


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as caught:
        Results.open(folder)
    return str(caught.value)


def test_the_folder_that_was_meant_is_named(tmp_path: Path) -> None:
    """`holds no study (name results/STUDY of a study that has run)` was the answer to results/STUDY too."""
    for name in ("one", "two"):
        (tmp_path / "results" / name).mkdir(parents=True)
        (tmp_path / "results" / name / "study.json").write_text("{}", encoding="utf-8")
    results = tmp_path / "results"
    assert refused(results).endswith(f"holds no study itself (name one of {results}/one, {results}/two)")
    assert refused(results / "three").endswith(f"for it is no folder (there are {results}/one, {results}/two)")
    (results / "two" / "study.json").unlink()
    (results / "two" / "metrics").mkdir()
    told = "its study.json is missing (`snakemake --configfile STUDY.yaml --cores 1 results/two/study.json` writes it)"
    assert refused(results / "two").endswith(told)


def test_the_file_of_a_study_that_does_not_fit_is_named(tmp_path: Path) -> None:
    """A key of another version was told as `configuration key newkey`, of no file."""
    copy = make_study(tmp_path, made_config(), lambda _: 0.5, lambda _: 0.9)
    copy.write_text(copy.read_text(encoding="utf-8").replace("{", '{"newkey": 1, ', 1), encoding="utf-8")
    assert refused(copy.parent).startswith(f"{copy}:1: configuration key newkey: unknown key")


def test_an_archive_that_is_none_says_where_it_is(tmp_path: Path) -> None:
    archive = tmp_path / "results" / "s" / "archive"
    archive.mkdir(parents=True)
    (archive / MANIFEST).write_text("{}", encoding="utf-8")
    packed = tmp_path / "archive.zip"
    packed.write_bytes(b"PK")
    for folder, told in (
        (archive.parent, f"did you mean {archive}?"),
        (packed, "a file: unpack it, and name the folder"),
        (tmp_path / "nowhere", "`snakemake archive` writes one, into results/STUDY/archive"),
    ):
        with pytest.raises(UserError) as caught:
            read_manifest(folder)
        assert str(caught.value).endswith(f"holds no archive: manifest.json is missing ({told})")


def test_a_folder_is_no_gguf_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a folder, not a GGUF file .*needs no import"):
        read_header(tmp_path)


def test_links_that_nobody_could_check_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a study without its data and texts `explain` said nothing, and ended with status 0."""
    copy = make_study(tmp_path, made_config(), lambda _: 0.5, lambda _: 0.9)
    path = copy.parent / "metrics/sums/tutor/original/L1/small/seed1/test/greedy.json"
    monkeypatch.syspath_prepend(str(PROJECT / "scripts"))
    monkeypatch.setattr(sys, "argv", ["explain.py", str(path)])
    with caplog.at_level(logging.INFO, logger="gradus"), pytest.raises(SystemExit) as ended:
        import_module("explain").main()
    assert ended.value.code == 0 and "files are not here, and were not checked" in caplog.text
