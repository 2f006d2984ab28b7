"""Pass rates: whose answers to the training problems tell a transform how hard each problem is."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from gradus.records import Cell, Supervision
from gradus.records.vocabulary import UNTAUGHT, UNTAUGHT_SEED
from gradus.study.config.sections import Section


class Solver(Section):
    """A cell of the study that is asked the training problems too: a trained student, or the base model itself."""

    student: str = Field(description="Which student.")
    taught: str = Field(
        "gold/answer-only/native",
        pattern=r"^[^/]+/[^/]+/[^/]+$",
        description="What it was taught (teacher/format/level); `none/untaught/native` is the base model itself.",
    )
    seed: int = Field(1, description="Which of its trainings.")
    decoding: str | None = Field(
        None, description="How it answers: an entry of `decodings`, one with `samples` say; unset: the study's first."
    )

    def cell(self, dataset: str) -> Cell:
        """The cell on a dataset."""
        supervision = Supervision(dataset, *self.taught.split("/"))
        return Cell(supervision, self.student, UNTAUGHT_SEED if supervision.format == UNTAUGHT else self.seed)


def _with_text_keys(value: Any) -> Any:
    """YAML reads `0.5: L1` as a number."""
    return {str(key): name for key, name in value.items()} if isinstance(value, dict) else value


def _shares(value: dict[str, str]) -> dict[str, str]:
    seen: set[float] = set()
    for key in value:
        try:
            is_share = 0 < float(key) <= 1
        except ValueError:
            is_share = False
        if not is_share:
            raise ValueError(f"{key!r} is no share of answers, above 0 and at most 1")
        if float(key) in seen:
            raise ValueError(f"the share {key!r} stands there twice")
        seen.add(float(key))
    return value


# Level or supervision by the least share of answers that are right.
Thresholds = Annotated[dict[str, str], BeforeValidator(_with_text_keys), AfterValidator(_shares), Field(min_length=1)]
