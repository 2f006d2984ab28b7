"""Best weights: those of the evaluation with the lowest loss so far, kept until the training ends.

They lie beside the progress, and every checkpoint has a link to those that were the best then: a training that goes on from an
older checkpoint forgets what came after it, and ends as if it had never stopped.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from gradus.runtime.atomic import sync_folder, write_json
from gradus.runtime.jsonl import read_json
from gradus.students.training.publication import link_or_copy

_WEIGHTS, _FACTS = "best.safetensors", "best.json"


@dataclass(frozen=True)
class Evaluation:
    """The loss on the held-out examples after so many steps."""

    step: int
    loss: float


def found(folder: Path) -> Evaluation | None:
    """The evaluation whose weights a progress folder or checkpoint holds."""
    path = folder / _FACTS
    return Evaluation(**read_json(path)) if path.exists() else None


def keep(state: dict[str, torch.Tensor], evaluation: Evaluation, folder: Path) -> None:
    """Put new best weights in the place of the old ones; links to those keep theirs."""
    unfinished = folder / f"unfinished-{_WEIGHTS}"
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, unfinished)
    os.replace(unfinished, folder / _WEIGHTS)
    write_json(folder / _FACTS, asdict(evaluation))
    sync_folder(folder)


def kept(folder: Path) -> dict[str, torch.Tensor]:
    """The best weights, as ``keep`` was given them."""
    return load_file(folder / _WEIGHTS)


def bring(source: Path, target: Path) -> None:
    """Give a folder the best weights of another one, or none where that has none."""
    for name in (_WEIGHTS, _FACTS):
        (target / name).unlink(missing_ok=True)
        if (source / name).exists():
            link_or_copy(str(source / name), str(target / name))


def forget(folder: Path) -> None:
    """Drop best weights that belong to no checkpoint."""
    for name in (_WEIGHTS, _FACTS):
        (folder / name).unlink(missing_ok=True)
