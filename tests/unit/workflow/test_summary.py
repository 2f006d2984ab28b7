"""The closing lines name the command as somebody would type it, and what is to be mended where something is."""

from pathlib import Path

import pytest
from builders import tiny_study

from gradus.study.config import load
from gradus.workflow.summary import command, failures


def test_the_command_is_told_as_it_was_typed() -> None:
    assert command(["/venv/bin/snakemake", "--cores", "2", "my study.yaml"]) == "snakemake --cores 2 'my study.yaml'"
    assert command(["/x/snakemake/__main__.py", "--cores", "2"]) == "python -m snakemake --cores 2"
    assert command(["/venv/bin/snakemake"]) == "snakemake"


def test_what_failed_is_to_be_mended_and_what_was_stopped_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    study = load(tiny_study())
    assert "Stopped before the end. The same command goes on" in failures(study, began=0.0)
    log = Path("results/tiny/logs/a.log")
    log.parent.mkdir(parents=True)
    log.write_text("error: x is wrong\n", encoding="utf-8")
    said = failures(study, began=0.0)
    assert "error: x is wrong\n  results/tiny/logs/a.log\nMend what is named" in said and "Stopped" not in said
