"""What a study file says of one job, put together for the program that does it; no section of the file itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gradus.records.vocabulary import Verdict
from gradus.study.config.sections import Policy, Section
from gradus.study.config.students import Recipe


class CellTraining(Section):
    """Everything but data and base model that decides the weights of a cell."""

    recipe: Recipe
    seed: int


class TrainingSetPolicy(Section):
    """Which annotations a student trains on, and how long an example may be."""

    verdict_policy: dict[Verdict, Policy]
    cutoff_tokens: int = Field(gt=1)
    over_long: Literal["drop", "truncate", "refuse"]


class Retry(Section):
    """The verdicts whose annotations are drawn again, and how often."""

    verdicts: tuple[Verdict, ...] = ()
    retries: int = Field(0, ge=0)


class StudentDemands(Section):
    """What a study asks of a student beyond its base model, for the trial of that model.

    ``new_tokens``: the longest answer that a decoding fixes; None where all follow the training texts. ``caches``: whether a
    decoding is written by an engine that keeps a model's cache itself.
    """

    recipe: Recipe
    new_tokens: int | None
    caches: bool
