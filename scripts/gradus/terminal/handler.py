"""The log handler of a run, by Snakemake's interface for loggers: what Snakemake tells becomes a state and few lines."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from gradus.terminal.run_state import Queue, RunState, duration
from gradus.terminal.screen import Lines, Screen, screen
from gradus.terminal.spending import usd_of

# What Snakemake tells at every run and nobody needs; anything else that is no event is shown.
_NOISE = (
    "Building DAG",
    "Using shell",
    "Select jobs to execute",
    "Assuming unrestricted",
    "Provided cores",
    "Conda environments: ignored",
    "Singularity containers: ignored",
    "Group jobs: inactive",
    "Cleaning up SLURM log files older",
    "Complete log",
    "Elapsed time",
    "Shutting down, this might take some time",
    "Exiting because a job execution failed",
    "RuleException:\nCalledProcessError",  # the command of a failed job, whose rule and log are told
)
# Of SLURM's plug-in, for each of thousands of submissions; the log has it, and a failed job's line names its number.
_SUBMITTED = re.compile(r"Job \S+ has been submitted with SLURM jobid ")
_FURTHER = "For further error details see the cluster/cloud log and the log files of the involved rule(s)."
_FAILED = "At least one job did not complete successfully"
# Snakemake's own message recommends --unlock, which lets two runs write the same files.
_LOCKED = (
    "\n  What it has made so far: the same command with `--nolock so_far` behind it (docs/howto/look-at-a-running-study.md)."
    "\n  After a kill or a power loss, and only if no run is left: the same command with `--unlock`, then without."
)
_NOTHING = "Nothing to be done"
_PLAIN = Lines(lambda: "")  # before the jobs are known


class RunHandler(LogHandlerBase):
    """Shows a run in one line on a terminal, in lines at every tenth elsewhere."""

    def __post_init__(self) -> None:
        self.state = RunState()
        self.prepare: Callable[[], None] = lambda: None  # called once, when the jobs are known
        self.where: list[str] = []  # lines for a run that has nothing to do
        self.reasons: dict[Path, str] = {}  # by log: why a job failed, where its scheduler knows
        self._screen: Screen | None = None
        self._paid: dict[int, list[str]] = {}
        self._usd: dict[int, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Count an event; write what is no event and no noise. A failure here must not end a run."""
        try:
            event = getattr(record, "event", None)
            handle = self._events().get(event) if event is not None else None
            if handle is not None:
                handle(record)
            elif event is None:
                self._text(record)
        except (KeyboardInterrupt, SystemExit):
            raise
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Give the terminal back."""
        if self._screen is not None:
            self._screen.close()
        super().close()

    def at_scheduler(self, queue: Queue) -> None:
        """Where the submitted jobs of a run on a cluster stand. A failure here must not end the thread that follows them."""
        with self.lock or nullcontext():
            try:
                if queue != self.state.queue:
                    self.state.queue = queue
                    self._changed()
            except Exception:
                self.handleError(logging.makeLogRecord({"msg": str(queue)}))

    def _events(self) -> dict[Any, Callable[[Any], None]]:
        return {
            LogEvent.RUN_INFO: self._planned,
            LogEvent.JOB_INFO: self._started,
            LogEvent.JOB_FINISHED: self._finished,
            LogEvent.JOB_ERROR: self._broke,
            LogEvent.GROUP_ERROR: self._text,
            LogEvent.ERROR: self._error,
            LogEvent.DEBUG_DAG: self._text,
        }

    def _planned(self, record: Any) -> None:
        stats = {rule: count for rule, count in record.stats.items() if rule != "total"}
        self.state.planned(stats)
        self.prepare()
        self._screen = screen(self.state.line, self._plain)
        left = self.state.seconds_left()
        time = (
            ""
            if left is None
            else f", {'about' if left[1] else 'at least'} {duration(left[0])} by what this machine measured"
        )
        stages = ", ".join(self.state.parts(busy_only=False)[: -1 if left is None else -2]).replace(" 0/", " ")
        self._write(f"{self.state.total} job{'s' * (self.state.total != 1)}{time}{f': {stages}' if stages else ''}.")
        self._changed()

    def _plain(self) -> str:
        return " | ".join([f"{self.state.done} of {self.state.total} jobs", *self.state.parts()])

    def _started(self, record: Any) -> None:
        self.state.started(record.jobid, record.rule_name)
        if self.state.workload.stages.get(record.rule_name) == "teachers":
            self._paid[record.jobid] = list(record.output)
        self._changed()

    def _finished(self, record: Any) -> None:
        self._count_dollars()
        self._paid.pop(record.job_id, None)
        self.state.finished(record.job_id)
        self._changed()

    def _broke(self, record: Any) -> None:
        self._count_dollars()
        self.state.broke(record.jobid)
        reason = (record.rule_msg or "").replace(_FURTHER, "").strip().rstrip(".")
        for path in record.log or []:
            self.reasons[Path(str(path))] = reason
        told = "; ".join(filter(None, [reason, ", ".join(map(str, record.log or []))]))
        self._write(f"Failed: {record.rule_name}{f' ({told})' if told else ''}")
        for path in record.log or [] if self.common_settings.show_failed_logs else []:
            self._write(_whole(Path(str(path))))
        self._changed()

    def _count_dollars(self) -> None:
        for job, outputs in self._paid.items():
            self._usd[job] = usd_of(outputs)
        self.state.usd = sum(self._usd.values())

    def _error(self, record: Any) -> None:
        """The closing lines of a failed run name its failures; Snakemake's own says only that there are some."""
        if getattr(record, "exception", None) == "LockException":
            self._write(f"error: another run is making the same files in {Path.cwd()}{_LOCKED}")
        elif not (self.state.failed and _FAILED in record.getMessage()):
            self._text(record)

    def _text(self, record: logging.LogRecord) -> None:
        text = self.format(record) or ""
        if text.startswith(_NOTHING):
            for line in [text.split(" (")[0].rstrip(".") + ": all that was asked for is up to date.", *self.where]:
                self._write(line)
        elif text and not text.startswith(_NOISE) and not _SUBMITTED.match(text):
            self._write(text)

    def _changed(self) -> None:
        if self._screen is not None:
            self._screen.changed(self.state.percent())

    def _write(self, line: str) -> None:
        (self._screen or _PLAIN).write(line)

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's own handler."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake writes the full log itself."""
        return False

    @property
    def has_filter(self) -> bool:
        """--quiet and --debug-dag are Snakemake's own filter."""
        return False

    @property
    def has_formatter(self) -> bool:
        """What is shown as it is, is shown in Snakemake's own form."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """No."""
        return False


def _whole(log: Path) -> str:
    """What a log says, or that it says nothing."""
    try:
        said = log.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        said = ""
    return said or f"({log} is empty)"
