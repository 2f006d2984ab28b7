"""Refusals: what would come again is told once, what may pass is tried again."""

import errno
from pathlib import Path
from typing import Any

import pytest
import torch

from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError
from gradus.students.training import launch, refusals
from gradus.students.training.checkpoints import progress_folder
from gradus.students.training.engine_config import outcome_file
from gradus.students.training.job import CannotSave, Refused
from gradus.students.training.launch import TrainingRequest
from gradus.study.config.students import Recipe


@pytest.mark.parametrize(
    "error",
    [
        ValueError("Unrecognized configuration class"),
        ImportError("bitsandbytes"),
        IndexError("index out of range in self"),
        OSError("Error no file named model.safetensors found"),
        NotImplementedError(),
    ],
)
def test_what_depends_on_the_model_and_the_recipe_is_refused(error: Exception) -> None:
    assert refusals.would_come_again(error)
    with (
        pytest.raises(Refused, match=f"cannot be trained: {type(error).__name__}: "),
        refusals.refusing("cannot be trained"),
    ):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EIO, "Input/output error"),
        CannotSave("disk full"),
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
    ],
)
def test_what_depends_on_the_hour_is_not(error: Exception) -> None:
    assert not refusals.would_come_again(error)
    with pytest.raises(type(error)), refusals.refusing("cannot be trained"):
        raise error


def test_nobody_knows_of_a_runtime_error_in_a_step_but_while_a_model_is_loaded() -> None:
    assert not refusals.would_come_again(RuntimeError("NCCL error"))
    with pytest.raises(Refused), refusals.refusing("cannot be trained"):
        raise RuntimeError("size mismatch for lm_head.weight")


def test_a_refusal_holds_as_long_as_the_same_packages_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a missing package caused must not be told again when it is there."""
    base: Any = {"title": "cell", "base": tmp_path, "tokens": [[1, 2]], "prompt_lengths": [1], "recipe": Recipe()}
    base["answer_starts"] = [1]
    request = TrainingRequest(**base, seed=1, pad_id=0, end_ids=[2], identity={"a": 1})
    progress = progress_folder(tmp_path, request.identity)
    progress.mkdir(mode=0o700)
    write_json(outcome_file(progress, 0), refusals.failure("ImportError: bitsandbytes"))
    started = []

    def start(*arguments: object) -> int:
        started.append(arguments)
        return 1

    monkeypatch.setattr(launch, "_run_ranks", start)
    with pytest.raises(UserError, match=r"ImportError: bitsandbytes .*would fail again"):
        launch.launch(request, tmp_path)
    assert not started
    monkeypatch.setattr(launch, "installed", lambda: "others")
    with pytest.raises(UserError, match="ended with status 1"):
        launch.launch(request, tmp_path)
    assert started
