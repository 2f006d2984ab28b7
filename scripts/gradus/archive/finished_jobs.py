"""Finished jobs: what Snakemake ran for the files of a study, from its own records in ``.snakemake/metadata``."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

METADATA = Path(".snakemake") / "metadata"
# Rules that pack and show results: they follow from the study, no result follows from them.
_PACKING_RULES = ("archive", "report", "so_far", "plan")


@dataclass(frozen=True)
class FinishedJob:
    """One finished job: its rule, files relative to the working folder, and when it ran (UTC, ISO 8601)."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    started: str
    ended: str
    command: str


@dataclass(frozen=True)
class _Record:
    """Snakemake's record of one output file. Times are seconds since 1970."""

    file: Path
    output: str
    rule: str
    inputs: tuple[str, ...]
    logs: tuple[str, ...]
    command: str
    started: float
    ended: float


def finished_jobs(results: str, folder: Path = METADATA) -> list[FinishedJob]:
    """The jobs that made what is below ``results`` now, in the order in which they ended; none where no record is left.

    Jobs that pack and show (archive, report) are left out. Snakemake keeps one record per file; the records of one job share
    rule, log and command.
    """
    by_job: dict[tuple[str, tuple[str, ...], str], list[_Record]] = {}
    for record in _records(results, folder):
        by_job.setdefault((record.rule, record.logs, record.command), []).append(record)
    return sorted(map(_job, by_job.values()), key=lambda job: (job.ended, job.rule, job.outputs))


def record_files(results: str) -> list[Path]:
    """Snakemake's records of these jobs: with them a restored study knows what an edit makes stale."""
    return [record.file for record in _records(results, METADATA)]


def _records(results: str, folder: Path) -> Iterator[_Record]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        output = _output(path.relative_to(folder).as_posix()) if path.is_file() else None
        if output is None or not output.startswith(f"{results}/") or not Path(output).exists():
            continue
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if facts.get("incomplete") or facts.get("endtime") is None or facts["rule"] in _PACKING_RULES:
            continue
        yield _Record(
            file=path,
            output=output,
            rule=facts["rule"],
            inputs=tuple(facts.get("input") or ()),
            logs=tuple(facts.get("log") or ()),
            command=" ".join((facts.get("shellcmd") or "").split()),
            started=facts["starttime"],
            ended=facts["endtime"],
        )


def _job(records: Sequence[_Record]) -> FinishedJob:
    first = records[0]
    return FinishedJob(
        rule=first.rule,
        inputs=tuple(sorted({name for record in records for name in record.inputs})),
        outputs=tuple(sorted(record.output for record in records)),
        started=_time(min(record.started for record in records)),
        ended=_time(max(record.ended for record in records)),
        command=first.command,
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(round(seconds), UTC).isoformat().replace("+00:00", "Z")


def _output(record: str) -> str | None:
    """The file that a record is about: its name in base64, cut into folders that begin with @ where it is long."""
    try:
        return urlsafe_b64decode(record.replace("/", "").replace("@", "")).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
