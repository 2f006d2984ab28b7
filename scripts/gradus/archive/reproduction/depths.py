"""Depths: how much of a study is computed again, which of its files that concerns, and what it took when it was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from gradus.archive.manifest import Manifest, read_manifest
from gradus.presentation.exhibits import conditions
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.grid import FINDINGS, tables
from gradus.study.paths import Artifact

Depth = Literal["tables", "scores", "predictions", "train"]
DEPTHS: tuple[Depth, ...] = get_args(Depth)
# The folders of a study that a depth makes again, beside those of the depths before it. Problems and annotations are taken
# as they were archived at every depth: licences and teachers decide whether they can be had again.
_FOLDERS: Mapping[Depth, tuple[str, ...]] = {
    "tables": ("tables", "report", "paper"),
    "scores": ("metrics",),
    "predictions": ("predictions",),
    "train": ("checkpoints", "training_sets", "students"),
}
_CRATE = "ro-crate-metadata.json"


@dataclass(frozen=True)
class Cost:
    """What a depth takes.

    ``jobs`` and ``seconds`` (one job after the other): of the run that was archived, None where the archive has no record of
    it; ``bytes``: of what is restored and of what is made of it, without weights that training writes.
    """

    jobs: int | None
    seconds: float | None
    bytes: int


def folders(depth: Depth) -> tuple[str, ...]:
    """The folders of a study that are made again."""
    return tuple(name for one in DEPTHS[: DEPTHS.index(depth) + 1] for name in _FOLDERS[one])


def targets(study: Study) -> list[Artifact]:
    """The files with numbers that are asked for: claims, headline, recommendations, tables and exhibits."""
    numbers = [*tables(study), *conditions.files(study)]
    return [*(pattern.of(study) for pattern in FINDINGS), *(path for path in numbers if path.endswith(".csv"))]


def cost(archive: Path, depth: Depth) -> Cost:
    """What the archived run took for everything that a depth makes again."""
    manifest = read_manifest(archive)
    spans = list(_spans(_jobs(archive), set(folders(depth)), manifest.study))
    return Cost(
        len(spans) or None, sum(spans) if spans else None, 2 * sum(tar.bytes for tar in manifest.groups.values())
    )


def refuse_earlier_version(manifest: Manifest) -> None:
    """UserError for an archive of version 0.1.0: what it holds is not where this version looks for it."""
    if manifest.is_of_0_1_0:
        raise UserError(
            "the archive was packed by Gradus 0.1.0",
            where=manifest.study,
            hint="check out that version to reproduce it; with this one, restore it and give its folder to scripts/reanalyse.py",
        )


def refuse_without_weights(manifest: Manifest, depth: Depth) -> None:
    """UserError where students are to write again and the archive does not hold them."""
    if depth == "predictions" and "weights" not in manifest.groups:
        raise UserError(
            "the archive holds no weights, without which no student writes again",
            where=manifest.study,
            hint="--depth train trains them again; --depth scores scores what they wrote",
        )


def _jobs(archive: Path) -> list[dict[str, object]]:
    """The jobs that the crate tells of; none where it tells of none."""
    crate = archive / _CRATE
    graph = read_json(crate).get("@graph", []) if crate.is_file() else []
    return [entity for entity in graph if str(entity.get("@id", "")).startswith("#job-")]


def _spans(jobs: Sequence[Mapping[str, Any]], wanted: set[str], study: str) -> Iterable[float]:
    """Seconds of each job that made something in the wanted folders."""
    prefix = f"#{paths.RESULTS.of(study)}/"
    for job in jobs:
        result = job.get("result") or []
        made = [one["@id"] for one in (result if isinstance(result, list) else [result])]
        if any(name.removeprefix(prefix).split("/")[0] in wanted for name in made if name.startswith(prefix)):
            span = datetime.fromisoformat(job["endTime"]) - datetime.fromisoformat(job["startTime"])
            yield span.total_seconds()
