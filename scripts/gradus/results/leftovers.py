"""Leftovers: what lies in a study's folder and in ``work/`` that the study does not need any more, and what of it must stay.

Three kinds: what left the study (cells, training sets and students that its file asks for no longer), progress of trainings that
are finished and predicted, and weights whose predictions all exist. Data, annotations, exemplars and journals are never among
them: they cost money or a network. A thing stays where another study names it or the study's archive lists it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gradus.results.store import Results, read_facts
from gradus.runtime.atomic import canonical_json, sha256_bytes
from gradus.runtime.errors import UserError
from gradus.runtime.leases import SILENCE
from gradus.study import paths
from gradus.study.grid import cells, metrics_files, solver_metrics, student_fits, trained
from gradus.study.paths import Artifact

Kind = Literal["left the study", "progress", "weights"]


@dataclass(frozen=True)
class Leftover:
    """Files and folders that go or stay together; ``name`` is the one that tells what it is, below the working folder."""

    kind: Kind
    name: str
    files: tuple[Path, ...]
    stays: str = ""  # why it must not go; empty where it may

    @property
    def size(self) -> int:
        """Bytes that removing it frees; a file with another link frees none."""
        return sum(facts.st_size for path in _below(self.files) if (facts := os.lstat(path)).st_nlink == 1)


def find(results: Results, work: Path, others: Iterable[Path] = ()) -> list[Leftover]:
    """All leftovers of a study. ``others``: study files, and copies of them, that may name things of this one.

    Raises UserError while a workflow runs in the folder.
    """
    locks = results.root / ".snakemake" / "locks"
    if locks.is_dir() and any(locks.iterdir()):
        raise UserError(
            "a workflow runs here, or one was killed", where=locks, hint="wait for its end, or snakemake --unlock"
        )
    found = [*_left(results), *_progress(results, work), *_weights(results)]
    listed, texts = _archived(results), [path.read_text(encoding="utf-8", errors="replace") for path in others]
    return [_kept(one, results, listed, texts) for one in found]


def remove(leftover: Leftover, root: Path) -> None:
    """Delete it, and the folders below ``results/`` that are empty afterwards."""
    if leftover.stays:
        raise UserError(f"must stay: {leftover.stays}", where=leftover.name)
    for path in leftover.files:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        folder = path.parent
        while root / "results" in folder.parents and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent


def _left(results: Results) -> Iterator[Leftover]:
    """What no cell of today's study has."""
    study = results.study
    mine = cells(study)
    scores = {*metrics_files(study, mine), *solver_metrics(study)}
    kinds: list[tuple[Artifact, set[str], list[Artifact]]] = [
        (paths.METRICS, set(scores), [paths.METRICS, *paths.SCORED.both]),
        (paths.PREDICTIONS, {_predictions_of(path) for path in scores}, paths.PREDICTIONS.both),
        (paths.CHECKPOINT, {paths.CHECKPOINT.of(study, cell) for cell in trained(mine)}, [paths.CHECKPOINT]),
        (
            paths.TRAINING_SET,
            {paths.TRAINING_SET.of(study, cell.supervision, student=cell.student) for cell in trained(mine)},
            paths.TRAINING_SET.both,
        ),
        (paths.STUDENT_FIT, set(student_fits(study)), [paths.STUDENT_FIT]),
        (paths.STUDENT, {paths.STUDENT.of(study, student=name) for name in study.students}, [paths.STUDENT]),
    ]
    for pattern, wanted, files in kinds:
        for wildcards in _there(results, pattern):
            path = _filled(pattern, wildcards)
            if path not in wanted:
                every = [file for part in files for file in (part, part.run_record)]
                every += [pattern.log, pattern.benchmark]
                every += [paths.MODEL_CARD] if pattern == paths.CHECKPOINT else []
                there = dict.fromkeys(results.root / _filled(file, wildcards) for file in every)
                yield Leftover("left the study", path, tuple(file for file in there if file.exists()))


def _there(results: Results, pattern: Artifact) -> Iterator[dict[str, str]]:
    """The wildcards of all files of a pattern that exist."""
    anything = dict.fromkeys(re.findall(r"{(\w+)}", pattern), "*")
    inside = _filled(pattern, {**anything, "study": results.study.study})
    for path in sorted(results.root.glob(inside)):
        wildcards = pattern.wildcards_in(path.relative_to(results.root).as_posix())
        # `greedy.rows.json` is no decoding: what has a manifest's or a record's ending belongs to another file.
        if wildcards is not None and not path.name.endswith((".manifest.json", ".run.json", ".run.jsonl")):
            yield wildcards


def _filled(pattern: Artifact, wildcards: Mapping[str, str]) -> Artifact:
    rest = {name: value for name, value in wildcards.items() if name != "study"}
    return pattern.of(wildcards["study"], None, **rest)


def _predictions_of(metrics: str) -> str:
    wildcards = paths.METRICS.wildcards_in(metrics)
    assert wildcards is not None
    return _filled(paths.PREDICTIONS, wildcards)


def _predicted(results: Results) -> Iterator[str]:
    """The checkpoints of cells whose predictions all exist, with their manifests."""
    study = results.study
    for cell in trained(cells(study)):
        wanted = [Artifact(_predictions_of(path)) for path in metrics_files(study, [cell])]
        files = [results.root / file for path in wanted for file in path.both]
        if files and all(file.exists() for file in files) and results.path(paths.WEIGHTS.manifest, cell).exists():
            yield paths.CHECKPOINT.of(study, cell)


def _progress(results: Results, work: Path) -> Iterator[Leftover]:
    """Progress of trainings that are finished and predicted; it is found by the identity in their manifests."""
    for checkpoint in _predicted(results):
        identity = read_facts(results.root / checkpoint / "manifest.json").get("identity")
        folder = work / sha256_bytes(canonical_json(identity).encode())[:32]
        if identity and folder.is_dir():
            signs = [
                path for path in work.glob(f"{folder.name}*.lease") if time.time() - path.stat().st_mtime < 2 * SILENCE
            ]
            alive = bool(signs)
            yield Leftover("progress", f"{folder} of {checkpoint}", (folder,), "a job holds it" if alive else "")


def _weights(results: Results) -> Iterator[Leftover]:
    """Weights of cells whose predictions all exist."""
    archive = results.study.archive
    packs = "the archive takes weights" if archive is not None and archive.weights else ""
    for checkpoint in _predicted(results):
        folder = results.root / checkpoint / Path(paths.WEIGHTS).name
        if folder.is_dir():
            yield Leftover("weights", f"{checkpoint}/{folder.name}", (folder,), packs)


def _archived(results: Results) -> set[str]:
    """What the study's archive lists, below the working folder."""
    sums = results.path(paths.ARCHIVE_SUMS)
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.exists() else []
    return {line.split("  ", 1)[1] for line in lines if "  " in line}


def _kept(leftover: Leftover, results: Results, listed: set[str], texts: list[str]) -> Leftover:
    """The leftover, with the reason why it stays where there is one."""
    if leftover.stays:
        return leftover
    inside = {
        path.relative_to(results.root).as_posix() for path in _below(leftover.files) if results.root in path.parents
    }
    if leftover.kind != "progress" and any(leftover.name in text for text in texts):
        return Leftover(leftover.kind, leftover.name, leftover.files, "another study names it")
    if inside & listed:
        return Leftover(
            leftover.kind, leftover.name, leftover.files, "the archive lists it; make the archive again first"
        )
    return leftover


def _below(files: Iterable[Path]) -> Iterator[Path]:
    for path in files:
        if path.is_dir() and not path.is_symlink():
            yield from (file for file in path.rglob("*") if not file.is_dir())
        elif path.exists():
            yield path


def other_studies(root: Path, study: str) -> list[Path]:
    """The study files below a working folder, and the copies that other studies' results hold."""
    copies = [path for path in root.glob("results/*/study.json") if path.parent.name != study]
    mine = {json.dumps(study), study}
    endings = ("yaml", "yml", "json")
    named = [path for ending in endings for place in ("", "studies/**/") for path in root.glob(f"{place}*.{ending}")]
    files = [path for path in named if path.stem not in mine]
    return sorted(path for path in {*copies, *files} if path.is_file())
