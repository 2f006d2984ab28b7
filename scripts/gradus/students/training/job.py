"""The job of a training: what the launcher hands to its ranks, and the ways in which a training can end early."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

from gradus.runtime.arithmetic import Arithmetic
from gradus.runtime.atomic import write_text
from gradus.study.config.students import Recipe

Cause = Literal["time", "signal"]


@dataclass(frozen=True)
class Job:
    """One training: token lists with the number of prompt tokens and the first token of each answer, where from, where to, how.

    ``held_out``: so many of the last samples are not trained on; the loss on them is followed. ``end_ids``: the tokens that
    end an answer, the learned one first. ``started``: when the launcher started it, ``ends``: when the scheduler will end it
    (Unix times; None: not known). ``keep_at``: shares of the steps after which the weights are kept in ``progress/earlier``.
    """

    base: str
    tokens: list[list[int]]
    prompt_lengths: list[int]
    answer_starts: list[int]
    held_out: int
    recipe: Recipe
    seed: int
    progress: str
    weights: str
    title: str
    pad_id: int
    end_ids: list[int]
    started: float
    ends: float | None
    keep_at: tuple[float, ...] = ()

    def write(self, path: Path) -> None:
        """Write the job where its ranks find it."""
        write_text(path, json.dumps({**asdict(self), "recipe": self.recipe.model_dump()}))

    @classmethod
    def read(cls, path: Path) -> Job:
        """Read a job that ``write`` has written."""
        facts = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**facts, "recipe": Recipe.model_validate(facts["recipe"]), "keep_at": tuple(facts["keep_at"])})


class Outcome(TypedDict):
    """How the ranks of a node ended: ``steps`` made and ``cause`` where they were stopped, ``message`` and the hash of the
    installed ``packages`` where they failed."""

    outcome: Literal["finished", "stopped", "failed"]
    cause: NotRequired[Cause]
    steps: NotRequired[int]
    message: NotRequired[str]
    packages: NotRequired[str]


class Finished(TypedDict):
    """What the first rank tells of a finished training: its steps, the step whose weights are kept, seconds by phase."""

    steps: int
    seconds: dict[str, float]
    kept_step: NotRequired[int]
    arithmetic: NotRequired[Arithmetic]


class Refused(Exception):
    """The training cannot be done as asked, and the next try would fail as well; every rank raises it at the same step."""


class CannotSave(Exception):
    """Progress or weights could not be written: the disk is full, or gone."""
