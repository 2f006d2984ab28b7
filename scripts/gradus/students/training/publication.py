"""From finished progress to a published checkpoint: verified, whole, and kept until a later job has used it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from safetensors import SafetensorError, safe_open

from gradus.runtime.atomic import let_others_read, sha256_file, write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json

FINISHED, TRACE, WEIGHTS, KEPT = "finished.json", "trace.jsonl", "weights", "kept.json"
WORD = "word-"  # prefix of the file by which the first node of a job lets the others know what to do


def verify_weights(folder: Path) -> dict[str, str]:
    """Read every tensor header; returns the sha256 of each file. (Rank 0 has reloaded and compared the model itself.)

    Raises UserError if there are no weights or a file is torn.
    """
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        raise UserError("no weights were written", where=folder)
    for path in files:
        try:
            with safe_open(str(path), framework="numpy") as reader:
                for name in reader.keys():  # noqa: SIM118 - not a dict
                    reader.get_slice(name).get_shape()
        except (SafetensorError, OSError) as error:
            raise UserError(f"unreadable weights: {error}", where=path) from None
    return sums(folder)


def publish(source: Path, target: Path) -> None:
    """Publish a verified folder, whole or not at all (linked, or copied from another file system)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    staged = target.parent / f".{target.name}.tmp"
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(source, staged, copy_function=link_or_copy)
    let_others_read(staged)
    os.rename(staged, target)


def forget(progress: Path) -> None:
    """Delete the progress of a finished training: its optimizer state is several times the size of the weights."""
    shutil.rmtree(progress, ignore_errors=True)


def keep(progress: Path) -> None:
    """Delete all of a finished training's progress but what a second job for it would publish again.

    A workflow that was killed while its jobs ran on deletes, when it comes back, what they have published: it never learned
    that they had succeeded. On one file system the kept weights are the published files themselves and take no space.
    """
    for path in progress.iterdir():
        if path.name not in (FINISHED, TRACE, WEIGHTS, "identity.json") and not path.name.startswith(WORD):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_json(progress / KEPT, sums(progress / WEIGHTS))


def drop_kept(progress: Path) -> None:
    """Delete what was kept: the published weights have been used."""
    if (progress / KEPT).exists():
        forget(progress)


def is_finished(progress: Path) -> bool:
    """Whether a training has ended here and its weights are what they were then; what is not is deleted."""
    if not (progress / FINISHED).exists():
        return False
    if (progress / KEPT).exists() and sums(progress / WEIGHTS) != read_json(progress / KEPT):
        forget(progress)
        progress.mkdir()
        return False
    return True


def sums(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in a folder, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in files}


def link_or_copy(source: str, target: str) -> None:
    """The same file under another name, or a copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
