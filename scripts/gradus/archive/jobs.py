"""Jobs: what Snakemake ran for the files of a study, from its own records in ``.snakemake/metadata``."""

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
_FOLLOWS = ("archive", "report", "so_far", "plan")


@dataclass(frozen=True)
class Job:
    """One finished job: its rule, files relative to the working folder, and when it ran (UTC, ISO 8601)."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    started: str
    ended: str
    command: str


def finished_jobs(results: str, folder: Path = METADATA) -> list[Job]:
    """The jobs that made what lies below ``results`` now, in the order in which they ended; none where no record is left.

    What packs and shows (archive, report) is left out: it follows. Snakemake keeps a record per file; those of one job
    share rule, log and command.
    """
    grouped: dict[tuple[Any, ...], list[tuple[str, dict[str, Any]]]] = {}
    for _, name, record in _records(results, folder):
        key = (record["rule"], tuple(record.get("log") or ()), record.get("shellcmd"))
        grouped.setdefault(key, []).append((name, record))
    return sorted(map(_job, grouped.values()), key=lambda job: (job.ended, job.rule, job.outputs))


def record_files(results: str, folder: Path = METADATA) -> list[Path]:
    """Snakemake's records of these jobs: with them a restored study knows what an edit makes stale."""
    return [path for path, _, _ in _records(results, folder)]


def _records(results: str, folder: Path) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    """Every record's own file, the file it tells of, and what it says."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        name = _target(path.relative_to(folder).as_posix()) if path.is_file() else None
        if name is None or not name.startswith(f"{results}/") or not Path(name).exists():
            continue
        record = json.loads(path.read_text(encoding="utf-8"))
        if not record.get("incomplete") and record.get("endtime") is not None and record["rule"] not in _FOLLOWS:
            yield path, name, record


def _job(records: Sequence[tuple[str, dict[str, Any]]]) -> Job:
    _, first = records[0]
    command = " ".join((first.get("shellcmd") or "").split())
    started = min(record["starttime"] for _, record in records)
    ended = max(record["endtime"] for _, record in records)
    inputs = tuple(sorted({name for _, record in records for name in record.get("input") or ()}))
    outputs = tuple(sorted(name for name, _ in records))
    return Job(first["rule"], inputs, outputs, _time(started), _time(ended), command)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(round(seconds), UTC).isoformat().replace("+00:00", "Z")


def _target(record: str) -> str | None:
    """The file that a record is of: its name in base64, cut into folders that begin with @ where it is long."""
    try:
        return urlsafe_b64decode(record.replace("/", "").replace("@", "")).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
