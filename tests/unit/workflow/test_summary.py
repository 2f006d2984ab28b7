"""The closing lines name the command as somebody would type it, and what is to be mended where something is."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from builders import tiny_study

from gradus.study.config import load
from gradus.workflow.endings import failed_jobs
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


def test_a_job_that_was_killed_is_named_though_it_said_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = load(tiny_study())
    logs = [Path(f"results/tiny/logs/cell{number}.log") for number in range(11)]
    logs[0].parent.mkdir(parents=True)
    for log in logs[:10]:
        log.write_text("step 3\nKilled\n", encoding="utf-8")
    said = failures(study, began=0.0, failed=dict.fromkeys(logs, "train"))
    ends = "error: train ended without a word of its own (killed, out of memory or out of time?)"
    assert f"{ends}; its log ends: Killed\n  {logs[0]}\n" in said and "  and 2 more\n" in said
    assert f"{ends}\n  {logs[10]}\nMend what is named" in said and "Stopped" not in said
    logs[0].write_text("error: the disk is full\n", encoding="utf-8")
    assert "error: the disk is full\n  results/tiny/logs/cell0.log\n" in failures(study, 0.0, {logs[0]: "train"})


def test_what_a_scheduler_says_of_killed_jobs_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    logs = [Path("results/tiny/logs/a.log"), Path("results/tiny/logs/b.log")]
    reasons = {log: f"SLURM-job '{17 + n}' ended, SLURM status is: 'TIMEOUT'" for n, log in enumerate(logs)}
    said = failures(load(tiny_study()), 0.0, dict.fromkeys(logs, "train"), reasons)
    assert f"error: train: SLURM job ended, SLURM status is: 'TIMEOUT'\n  {logs[0]}\n  {logs[1]}\nMend" in said


def test_members_of_a_shared_job_fail_one_by_one() -> None:
    def job(name: str) -> SimpleNamespace:
        return SimpleNamespace(rule=SimpleNamespace(name="train"), log=[f"{name}.log"])

    scheduler = SimpleNamespace(failed=[SimpleNamespace(jobs=[job("a"), job("b")]), job("c")])
    found = failed_jobs(SimpleNamespace(scheduler=scheduler))
    assert {str(log) for log in found} == {"a.log", "b.log", "c.log"} and set(found.values()) == {"train"}
    assert failed_jobs(SimpleNamespace()) == {}
