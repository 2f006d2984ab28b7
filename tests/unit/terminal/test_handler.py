"""The log handler: Snakemake's own tests of the interface, what a run shows, and a real terminal."""

from __future__ import annotations

import logging
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from running import PROJECT
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry
from snakemake_interface_logger_plugins.tests import MockOutputSettings, TestLogHandlerBase

from gradus.terminal.attach import handler_of
from gradus.terminal.handler import RunHandler
from gradus.terminal.run_state import Queue, Workload
from gradus.terminal.screen import Terminal


class TestInterface(TestLogHandlerBase):
    __test__ = True

    def get_log_handler_cls(self) -> type[RunHandler]:
        return RunHandler

    def get_log_handler_settings(self) -> Any:
        return None


def event(kind: LogEvent | None, message: str = "", level: int = logging.INFO, **facts: Any) -> logging.LogRecord:
    record = logging.LogRecord("snakemake", level, "", 0, message, (), None)
    vars(record).update(facts, event=kind)
    return record


def shown(capfd: pytest.CaptureFixture[str], *records: logging.LogRecord, where: list[str] | None = None) -> list[str]:
    settings = MockOutputSettings()
    settings.show_failed_logs = False
    handler = RunHandler(settings, None)
    handler.state.workload = Workload({"train": "students", "score": "evaluation"}, {"train": 60.0, "score": 1.0})
    handler.where = where or []
    for record in records:
        handler.emit(record)
    handler.close()
    return capfd.readouterr().err.splitlines()


def test_the_plug_in_is_found_by_its_name() -> None:
    assert LoggerPluginRegistry().is_installed("gradus")  # scripts/ is on the path of tests


def test_a_file_gets_lines_at_tenths_and_no_jobs(capfd: pytest.CaptureFixture[str]) -> None:
    records = [
        event(None, "Building DAG of jobs..."),
        event(LogEvent.RUN_INFO, stats={"train": 4, "score": 16, "total": 20}),
    ]
    for job in range(20):
        rule = "train" if job < 4 else "score"
        records.append(event(LogEvent.JOB_INFO, jobid=job, rule_name=rule, output=[]))
        records.append(event(LogEvent.JOB_FINISHED, f"Finished jobid: {job}", job_id=job))
    got = shown(capfd, *records)
    assert got[0].startswith("20 jobs, about 4 min by what this machine measured: cells trained 4, evaluation 16")
    assert [line.split("%")[0] for line in got[1:]] == [f"{tenth}0 " for tenth in range(1, 10)]
    assert got[2].startswith("20 %: 4 of 20 jobs | cells trained 4/4 | $0.00 | about ")


def test_a_failure_is_one_line_and_its_command_is_not_shown(capfd: pytest.CaptureFixture[str]) -> None:
    got = shown(
        capfd,
        event(LogEvent.RUN_INFO, stats={"train": 1, "total": 1}),
        event(LogEvent.JOB_INFO, jobid=1, rule_name="train", output=[]),
        event(LogEvent.ERROR, "RuleException:\nCalledProcessError in file x", logging.ERROR, exception="RuleException"),
        event(
            LogEvent.JOB_ERROR,
            "Error in rule train",
            logging.ERROR,
            jobid=1,
            rule_name="train",
            rule_msg=None,
            log=["a.log"],
        ),
        event(None, "Exiting because a job execution failed. Look below for error messages", logging.ERROR),
        event(LogEvent.ERROR, "WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR),
    )
    assert got[1:] == ["Failed: train (a.log)"]


def test_a_second_run_at_once_is_told_to_look_before_it_unlocks(capfd: pytest.CaptureFixture[str]) -> None:
    first, *rest = shown(
        capfd,
        event(
            LogEvent.ERROR, "LockException:\nIt can be removed with --unlock", logging.ERROR, exception="LockException"
        ),
    )
    said = "\n".join(rest)
    assert first == f"error: another run is making the same files in {Path.cwd()}"
    assert said.index("--nolock so_far") < said.index("only if no run is left") < said.index("--unlock")


def test_errors_that_are_no_jobs_and_warnings_are_shown(capfd: pytest.CaptureFixture[str]) -> None:
    assert shown(
        capfd,
        event(LogEvent.ERROR, "LockException: the folder is locked", logging.ERROR),
        event(LogEvent.ERROR, "WorkflowError:\nAt least one job did not complete successfully.", logging.ERROR),
        event(None, "a warning", logging.WARNING),
        event(None, "Unlocked working directory."),
    ) == [
        "LockException: the folder is locked",
        "WorkflowError:",
        "At least one job did not complete successfully.",
        "a warning",
        "Unlocked working directory.",
    ]


def test_nothing_to_do_says_where_to_look(capfd: pytest.CaptureFixture[str]) -> None:
    text = "Nothing to be done (all requested files are present and up to date)."
    assert shown(capfd, event(None, "Using shell: /bin/bash"), event(None, text), where=["Study s: open x.html"]) == [
        "Nothing to be done: all that was asked for is up to date.",
        "Study s: open x.html",
    ]


_RUN = """
import logging, subprocess
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import MockOutputSettings
from gradus.terminal.handler import RunHandler
handler = RunHandler(MockOutputSettings(), None)
def tell(kind, **facts):
    record = logging.LogRecord("s", 20, "", 0, "", (), None)
    vars(record).update(facts, event=kind)
    handler.emit(record)
tell(LogEvent.RUN_INFO, stats={"train": 2})
tell(LogEvent.JOB_INFO, jobid=1, rule_name="train", output=[])
subprocess.run(["sh", "-c", "printf '\\\\r10 pct\\\\r50 pct\\\\r100 pct\\\\n'; echo out; echo err >&2; printf torn"])
tell(LogEvent.JOB_FINISHED, job_id=1)
print("closing")
handler.close()
print("afterwards")
"""


def test_on_a_terminal_jobs_write_above_one_line() -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", _RUN]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "scripts")}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    said = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # nobody has it open any more
            break
        if not chunk:
            break
        said += chunk
    os.close(ours)
    assert process.wait() == 0, said
    screen = [line.rpartition("\r\x1b[K")[2].strip("\r") for line in said.decode().split("\n")]
    assert screen == ["2 jobs: cells trained 2.", "100 pct", "out", "err", "tornclosing", "afterwards", ""], said
    assert b"[ 1/2 | cells trained 1/2 | $0.00" in said


_LOST = """
import os, subprocess, sys
from gradus.terminal.screen import Terminal
shown = Terminal(lambda: "[ 1/2 ]")
shown.changed(50)
os.write(1, b"begun\\n")
sys.stdin.readline()  # the terminal has gone
subprocess.run(["head", "-c", "300000", "/dev/zero"], stdout=2)
shown.close()
os.write(int(sys.argv[1]), b"all written")
"""


def test_jobs_go_on_where_the_terminal_has_gone() -> None:
    """A pipe that nobody reads any more is full after 64 kB, and every job would wait for ever."""
    ours, theirs = pty.openpty()
    told, tell = os.pipe()
    command = [sys.executable, "-c", _LOST, str(tell)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "scripts")}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=theirs, stderr=theirs, env=environment, pass_fds=[tell]
    )
    os.close(theirs)
    os.close(tell)
    said = b""
    while b"begun" not in said:
        said += os.read(ours, 65536)
    os.close(ours)
    try:
        process.communicate(b"\n", timeout=60)
    finally:
        process.kill()
    assert os.read(told, 100) == b"all written"
    os.close(told)


def test_a_cluster_s_queue_is_told_and_submissions_are_not(capfd: pytest.CaptureFixture[str]) -> None:
    handler = RunHandler(MockOutputSettings(), None)
    handler.emit(event(LogEvent.RUN_INFO, stats={"score": 10, "total": 10}))
    for job in ("3", "bbf8db2b-23ab-57fa-83b5-78fbaca9fef2"):  # a group's number is no number
        handler.emit(event(None, f"Job {job} has been submitted with SLURM jobid 17 (log: x.log)."))
    handler.at_scheduler(Queue(1, 7, 2))
    assert handler.state.line() == "[ 0/10 | SLURM 1 running, 7 queued, 2 not submitted yet | $0.00 ]"
    handler.at_scheduler(Queue(1, 0))
    assert handler.state.line() == "[ 0/10 | SLURM 1 running, 0 queued | $0.00 ]"
    handler.at_scheduler(Queue(0, 0))
    assert handler.state.line() == "[ 0/10 | $0.00 ]"
    handler.close()
    assert capfd.readouterr().err.splitlines() == ["10 jobs."]


def test_a_line_that_cannot_be_drawn_ends_neither_a_look_at_the_queue_nor_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail() -> str:
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(logging, "raiseExceptions", False)
    handler = RunHandler(MockOutputSettings(), None)
    monkeypatch.setattr(handler, "_changed", fail)
    handler.at_scheduler(Queue(1, 0))
    read, write = os.pipe()
    terminal = Terminal.__new__(Terminal)
    vars(terminal).update(_lock=threading.Lock(), _closed=False, _state=fail, _shown=False, _gone=False, _out=write)
    terminal._draw()
    os.close(write)
    assert not os.read(read, 100)
    os.close(read)


def test_a_handler_that_was_asked_for_is_told_of_the_queue_too() -> None:
    """`--logger gradus` puts it behind a queue of Snakemake's."""
    handler = RunHandler(MockOutputSettings(), None)
    manager = SimpleNamespace(logger=SimpleNamespace(handlers=[logging.NullHandler()]), plugin_handlers=[handler])
    assert handler_of(SimpleNamespace(logger_manager=manager)) is handler
    manager.plugin_handlers.clear()
    assert handler_of(SimpleNamespace(logger_manager=manager)) is None


def test_whole_logs_of_failed_jobs_are_shown_to_those_who_ask(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log, empty = tmp_path / "a.log", tmp_path / "b.log"
    log.write_text("step 1\nout of memory\n", encoding="utf-8")
    empty.touch()
    settings = MockOutputSettings()
    settings.show_failed_logs = True
    handler = RunHandler(settings, None)
    handler.emit(event(LogEvent.RUN_INFO, stats={"train": 2, "total": 2}))
    for path in (log, empty):
        handler.emit(
            event(
                LogEvent.JOB_ERROR, "Error", logging.ERROR, jobid=1, rule_name="train", rule_msg=None, log=[str(path)]
            )
        )
    handler.close()
    got = capfd.readouterr().err.splitlines()
    assert got[1:] == [
        f"Failed: train ({log})",
        "step 1",
        "out of memory",
        f"Failed: train ({empty})",
        f"({empty} is empty)",
    ]


def test_what_the_scheduler_says_of_a_failed_job_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    said = "SLURM-job '17' ended, SLURM status is: 'OUT_OF_MEMORY'. "
    further = "For further error details see the cluster/cloud log and the log files of the involved rule(s)."
    facts = {"jobid": 1, "rule_name": "train", "log": ["a.log"], "rule_msg": said + further}
    got = shown(
        capfd,
        event(LogEvent.RUN_INFO, stats={"train": 1, "total": 1}),
        event(LogEvent.JOB_ERROR, "Error", logging.ERROR, **facts),
    )
    assert got[1:] == ["Failed: train (SLURM-job '17' ended, SLURM status is: 'OUT_OF_MEMORY'; a.log)"]
