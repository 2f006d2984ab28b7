"""Summary of a finished run: where its results are, the headline numbers, whether they are as expected, how long it took.

It imports nothing heavy.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradus.analysis.expectation import SUFFIX, Expectation, compared, differences
from gradus.results.presence import error_in
from gradus.runtime.errors import UserError
from gradus.runtime.folders import files_below
from gradus.study import paths
from gradus.study.config import Study

_SILENT = "ended without a word of its own (killed, out of memory or out of time?)"
_NUMBER = re.compile(r"SLURM-job '\d+'")
_NAMED = 8  # logs of one reason
_LONGEST_LINE = 200
_STARTED = time.monotonic()
_BEGAN = time.time()


def text(study: Study, shipped: Path | None = None, began: float = _BEGAN, whole: bool = True) -> str:
    """The closing lines; files that this run did not make are left out, and so is everything in a cluster job.

    ``whole``: everything of the study was asked for, not single targets.
    ``shipped``: the folder of the study files that ship; a study with an expectation there is compared with it.
    ``began``: when the run did, in seconds since the epoch.
    """
    minutes = (time.monotonic() - _STARTED) / 60
    after = f"after {minutes:.1f} minutes of workflow"
    lines = [f"Study {study.study}: finished {after}."]
    if not whole:
        lines = [
            f"Study {study.study}: what was asked for is there {after}; without targets the command makes the rest."
        ]
    results = {
        "open": paths.EXPLORER,
        "findings": paths.FINDINGS_PAGE,
        "report": paths.REPORT,
        "so far": paths.SO_FAR / "explorer.html",
        "plan": paths.PLAN / "plan.md",
        "tables": paths.RESULTS / "tables",
        "figures": paths.RESULTS / "figures",
        "paper": paths.MANUSCRIPT,
        "archive": paths.ARCHIVE,
    }
    for name, pattern in results.items():
        path = Path(pattern.of(study))
        if _made_by_this_run(path, began):
            lines.append(f"  {name + ':':10} {path}")
    headline = Path(paths.HEADLINE.of(study))
    if _made_by_this_run(headline, began):
        lines += _spent(Path(paths.SPENT.of(study)))
        lines += ["Headline numbers:", json.loads(headline.read_text(encoding="utf-8"))["text"]]
        lines += _as_expected(study, shipped / f"{study.study}{SUFFIX}") if shipped else []
    return "\n".join(lines)


def _spent(path: Path) -> list[str]:
    """What the study took until its findings were written, in one line."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as stream:
        whole = list(csv.DictReader(stream))[-1]
    tries = f"{whole['tries']} jobs" + (
        f", {whole['unfinished']} of them unfinished" if whole["unfinished"] != "0" else ""
    )
    hours = f"{float(whole['cpu_hours']):.2f} CPU hours, {float(whole['gpu_hours']):.2f} GPU hours"
    paid = f"{float(whole['usd']):.2f} USD for {int(whole['input_tokens']) + int(whole['output_tokens']):,} tokens of teachers"
    return [f"Spent: {hours}, {paid} ({tries}; by stage in {path})."]


def _made_by_this_run(path: Path, began: float) -> bool:
    """Whether a file, or some file of a folder, was written since the run began (to the second, as some disks keep time)."""
    files = files_below(path) if path.is_dir() else [path] if path.exists() else []
    return any(os.stat(file).st_mtime >= int(began) for file in files)


def _as_expected(study: Study, path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        return compared(study, Expectation.read(path), differences(study))
    except UserError as error:  # the run itself has succeeded
        return [f"Not compared with what is expected: {error}"]


def failures(
    study: Study,
    began: float = _BEGAN,
    failed: Mapping[Path, str] | None = None,
    reasons: Mapping[Path, str] | None = None,
) -> str:
    """The last lines of a run that failed: what each failed job said, each thing once, and how to go on.

    ``failed``: the logs of the jobs that failed for good, and their rules. A job that was killed has said nothing;
    ``reasons``: what a scheduler said of it, by log, its numbers of jobs included.
    """
    said: dict[str, list[Path]] = {}
    for log in files_below(Path((paths.RESULTS / "logs").of(study)), ".log"):
        error = error_in(log) if _made_by_this_run(log, began) else None
        if error is not None:
            said.setdefault(error, []).append(log)
    told = {log for logs in said.values() for log in logs}
    for log, rule in (failed or {}).items():
        if log not in told:
            known = _NUMBER.sub("SLURM job", (reasons or {}).get(log, "")).rstrip(
                "."
            )  # one line for jobs of one reason
            silent = f"{rule}: {known}" if known else f"{rule} {_SILENT}"
            said.setdefault(silent + _last_words(log), []).append(log)
    lines = [""]
    for error, logs in said.items():
        lines += [f"error: {error}", *(f"  {log}" for log in logs[:_NAMED])]
        lines += [f"  and {len(logs) - _NAMED} more"] if len(logs) > _NAMED else []
    if said:
        lines.append(
            "Mend what is named, then run the same command again; finished jobs, paid answers and progress stay:"
        )
    else:
        lines.append("Stopped before the end. The same command goes on; finished jobs, paid answers and progress stay:")
    return "\n".join([*lines, f"  {command()}"])


def _last_words(log: Path) -> str:
    """The last line of a log, as the end of a sentence; nothing where there is none."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    lines = text.strip().splitlines()
    return f"; its log ends: {lines[-1].strip()[:_LONGEST_LINE]}" if lines else ""


def command(arguments: Sequence[str] | None = None) -> str:
    """The command that this process was started with, as somebody would type it."""
    program, *rest = sys.argv if arguments is None else arguments
    name = "python -m snakemake" if Path(program).name == "__main__.py" else Path(program).name
    return " ".join([name, shlex.join(rest)]).rstrip()
