"""From a job to proven weights: start the ranks, see them through, check what they wrote, publish it whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from gradus.atomic import sha256_file, write_json
from gradus.errors import UserError
from gradus.fingerprint import SCRIPTS
from gradus.training.checkpoints import progress_folder
from gradus.training.engine_config import STOPPED


class Stopped(Exception):
    """The training was stopped by a signal and has saved its progress."""


@dataclass(frozen=True)
class Request:
    """A training as its caller sees it; ``identity`` is everything that decides the weights."""

    title: str
    base: Path
    tokens: list[list[int]]
    prompt_lengths: list[int]
    recipe: dict[str, Any]
    seed: int
    pad_id: int
    identity: dict[str, Any]


def launch(request: Request, work: Path) -> tuple[Path, Path, int]:
    """Train (or go on training) under torchrun; returns the folder of the weights, the trace file, the steps.

    Raises Stopped after a signal, UserError where the ranks failed; progress stays in ``work`` either way.
    """
    progress = progress_folder(work, request.identity)
    progress.mkdir(parents=True, exist_ok=True)
    finished = progress / "finished.json"
    weights = progress / "weights"
    if not finished.exists():
        job = {
            "base": str(request.base),
            "tokens": request.tokens,
            "prompt_lengths": request.prompt_lengths,
            "recipe": request.recipe,
            "seed": request.seed,
            "progress": str(progress),
            "weights": str(weights),
            "title": request.title,
            "pad_id": request.pad_id,
        }
        write_json(progress / "identity.json", request.identity)
        (progress / "job.json").write_text(json.dumps(job), encoding="utf-8")
        status = _torchrun(progress / "job.json", request.recipe["ranks"])
        if status == STOPPED:
            raise Stopped
        if status != 0 or not finished.exists():
            raise UserError(
                f"the training processes ended with status {status} before the last step",
                where=request.title,
                hint="their messages are above; the same command goes on from the saved progress",
            )
    return weights, progress / "trace.jsonl", int(json.loads(finished.read_text(encoding="utf-8"))["steps"])


def _torchrun(job: Path, ranks: int) -> int:
    """Start the ranks, pass on TERM and USR1, and return their common exit status."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(SCRIPTS), environment.get("PYTHONPATH")]))
    environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or ranks) // ranks)))
    environment.setdefault("TOKENIZERS_PARALLELISM", "false")
    if not _has_accelerator():
        environment["DS_ACCELERATOR"] = "cpu"
    command = [sys.executable, "-m", "torch.distributed.run", "--nnodes=1", f"--nproc-per-node={ranks}"]
    command += ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0", "--max-restarts=0"]
    command += ["-m", "gradus.training.engine", str(job)]
    process = subprocess.Popen(command, env=environment)
    caught: list[int] = []

    def forward(number: int, frame: object) -> None:
        caught.append(number)
        _signal_ranks(process.pid, number)

    previous = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGUSR1)}
    try:
        status = process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if process.poll() is None:
            process.kill()
    return STOPPED if caught and status != 0 else status


def _signal_ranks(launcher: int, number: int) -> None:
    """Send a signal to the ranks themselves: torchrun would answer TERM by killing them without a checkpoint."""
    children = Path(f"/proc/{launcher}/task/{launcher}/children")
    try:
        for child in children.read_text().split():
            os.kill(int(child), number)
    except OSError:
        os.kill(launcher, number)


def _has_accelerator() -> bool:
    return Path("/dev/nvidia0").exists() or Path("/dev/kfd").exists()


def verify_weights(folder: Path) -> dict[str, str]:
    """Read every tensor header; returns the sha256 of each file. (Rank 0 has reloaded and compared the model itself.)

    Raises UserError if there are no weights or a file is torn.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise UserError("no weights were written", where=folder)
    for path in files:
        try:
            with safe_open(str(path), framework="numpy") as reader:
                for name in reader.keys():  # noqa: SIM118 - not a dict
                    reader.get_slice(name).get_shape()
        except (SafetensorError, OSError) as error:
            raise UserError(f"unreadable weights: {error}", where=path) from None
    return {path.name: sha256_file(path) for path in sorted(folder.iterdir()) if path.is_file()}


def publish(source: Path, target: Path) -> None:
    """Move a verified folder to its place, whole or not at all (a copy where ``work`` is another file system)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    staged = target.parent / f".{target.name}.tmp"
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(source, staged)
    os.rename(staged, target)


def forget(progress: Path) -> None:
    """Delete the progress of a finished training: its optimizer state is several times the size of the weights."""
    shutil.rmtree(progress, ignore_errors=True)
