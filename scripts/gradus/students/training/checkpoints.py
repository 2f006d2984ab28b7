"""Progress checkpoints: a step is there only when every file of it is, and it is verified before it is used.

They lie in ``work/``, in a folder named by a hash of everything that decides the weights, so that nothing stale is ever
resumed and Snakemake, which deletes the outputs of a failed job, cannot delete them.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from gradus.runtime.atomic import canonical_json, sha256_bytes, sha256_file, sync_folder, write_json
from gradus.runtime.private_folders import make_private, refuse_shared, refuse_shared_tree

_SEAL = "complete.json"


def progress_folder(work: Path, identity: Mapping[str, object]) -> Path:
    """Where the progress of a training with this identity lies."""
    return work / sha256_bytes(canonical_json(identity).encode("utf-8"))[:32]


def require_private(progress: Path) -> None:
    """Make a progress folder that nobody else may write into; UserError where others could have written what is in it.

    DeepSpeed reads its checkpoints with pickle: whoever may write into them runs code in the training that resumes. The
    work folder is looked at too, because whoever may write there can replace our progress folder by another.
    """
    make_private(progress)
    refuse_shared(progress.parent)
    refuse_shared_tree(progress)


def step_folder(progress: Path, step: int) -> Path:
    """The folder of one checkpoint."""
    return progress / f"step-{step:08d}"


def earlier_folder(folder: Path, share: float) -> Path:
    """Where weights lie that were kept after a share of a training's steps, in its progress as in the model's folder."""
    return folder / "earlier" / f"{share:g}"


def seal(unfinished: Path, progress: Path, step: int) -> None:
    """Turn a fully written folder into a checkpoint: hash every file, sync, rename; then drop older ones but one."""
    for path in _files(unfinished):
        with open(path, "rb+") as stream:
            os.fsync(stream.fileno())
    sums = {path.relative_to(unfinished).as_posix(): sha256_file(path) for path in _files(unfinished)}
    write_json(unfinished / _SEAL, {"step": step, "files": sums})
    final = step_folder(progress, step)
    if final.exists():
        shutil.rmtree(final)
    os.rename(unfinished, final)
    sync_folder(progress)
    for old in sorted(progress.glob("step-*"))[:-2]:
        shutil.rmtree(old, ignore_errors=True)


def newest_verified(progress: Path) -> tuple[int, Path] | None:
    """The newest checkpoint whose every file has the hash it had when it was sealed; None if there is none."""
    for folder in sorted(progress.glob("step-*"), reverse=True):
        try:
            facts = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
            if all(sha256_file(folder / name) == digest for name, digest in facts["files"].items()):
                return int(facts["step"]), folder
        except (OSError, ValueError, KeyError):
            continue
    return None


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _SEAL)
