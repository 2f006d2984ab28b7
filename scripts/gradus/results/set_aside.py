"""Set aside: what a job that runs again has made before, kept from Snakemake, which deletes a job's outputs before its start.

A job can be due for a reason that changes nothing: annotations are made again with the same bytes, say, and every training after
them is due. Before the first job its outputs are linked into ``set_aside/`` of the study (no space, no time). The job takes them
back where what decides them is what it was, and else deletes them.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradus.results.shared_store import SharedStore, job_identity, open_store
from gradus.runtime.atomic import sha256_file
from gradus.runtime.environment import work_folder
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.study.paths import Artifact

# Programs take the group's store from here: what this module imports decides no bytes, so no fingerprint follows it.
__all__ = [
    "SharedStore",
    "answers_in_progress",
    "drop",
    "drop_answers",
    "holds",
    "is_set_aside",
    "job_identity",
    "manifest_aside",
    "open_store",
    "set_aside",
    "take_back",
    "tidy",
]


def answers_in_progress(identity: str) -> Path:
    """Where the answers of one job of predictions are written down while it works.

    A job of a cluster leaves them there until they are scored: a workflow that died meanwhile deletes, when it comes back, what
    it was never told of, and a job that goes back into the queue begins with its first member.
    """
    return work_folder() / "predictions" / f"{identity}.jsonl"


def drop_answers(identity: object) -> None:
    """Delete the answers that a job of a cluster has kept so far: they are scored.

    ``identity``: as a manifest tells it, which may have come from anywhere. The answers stay where another job works on the same
    ones, and where this user cannot reach them (another user's working folder).
    """
    if isinstance(identity, str) and re.fullmatch("[0-9a-f]{32}", identity):
        kept = answers_in_progress(identity)
        with suppress(OSError):
            if not kept.with_name(f"{kept.name}.lease").exists():
                kept.unlink()


def set_aside(made: Sequence[Artifact]) -> bool:
    """Link the files and folders that a job has made; False, with nothing left, where one is missing or no link can be made."""
    drop(made)
    if not all(Path(path).exists() for path in made):
        return False
    try:
        for path in made:
            aside = Path(path.aside)
            aside.parent.mkdir(parents=True, exist_ok=True)
            if Path(path).is_dir():
                shutil.copytree(path, aside, copy_function=os.link)
            else:
                os.link(path, aside)
    except (OSError, shutil.Error):  # another file system, or one without links
        drop(made)
        return False
    return True


def is_set_aside(made: Sequence[Artifact]) -> bool:
    """Whether all that a job makes lies there from before."""
    return all(Path(path.aside).exists() for path in made)


def manifest_aside(manifest: Artifact) -> Mapping[str, Any]:
    """What a manifest that was set aside says; nothing where it was damaged: then all is made anew."""
    try:
        found = read_json(manifest.aside)
    except UserError:
        return {}
    return found if isinstance(found, dict) else {}


def holds(folder: Artifact, sums: Any) -> bool:
    """Whether the files of a folder that was set aside are those that its manifest tells of (Snakemake adds one of its own)."""
    aside = Path(folder.aside)
    if not isinstance(sums, dict) or not sums:
        return False
    return all((aside / name).is_file() and sha256_file(aside / name) == digest for name, digest in sums.items())


def take_back(made: Sequence[Artifact]) -> None:
    """Put everything where it was; the last one, which proves that the others are there, last."""
    for path in made:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if Path(path).is_dir():
            shutil.rmtree(path)
        os.rename(path.aside, path)
        _drop_empty(Path(path.aside).parent)


def drop(made: Sequence[Artifact]) -> None:
    """Delete what of it was set aside."""
    for path in made:
        aside = Path(path.aside)
        if aside.is_dir():
            shutil.rmtree(aside)
        else:
            aside.unlink(missing_ok=True)
        _drop_empty(aside.parent)


def tidy(results: Artifact) -> None:
    """Delete what lies in ``set_aside/`` of a study's folder and still lies where it was: no job has come to it."""
    root = Path(results / "set_aside")
    for path in sorted(root.rglob("*")) if root.is_dir() else []:
        original = Path(results) / path.relative_to(root)
        if path.is_file() and original.exists() and path.samefile(original):
            path.unlink()
            _drop_empty(path.parent)


def _drop_empty(folder: Path) -> None:
    """Delete a folder, and those around it, as far as they hold nothing else; ``set_aside`` is the last of them."""
    while folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        if folder.name == "set_aside":
            break
        folder = folder.parent
