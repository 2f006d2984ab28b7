"""What a study file says of one training, put together for the program that does it; no section of the file itself."""

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
    allow_leakage: bool
    cutoff_tokens: int = Field(gt=1)
    over_long: Literal["drop", "truncate", "refuse"]
