"""Samples: one text of any model on any task, as a file of any program tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gradus.runtime.record import Record


@dataclass(frozen=True)
class Sample(Record):
    """One output with what its file knows of it; what the file does not know is None or empty.

    ``id`` names the problem within ``task``, ``sample`` counts the outputs for one problem from 0, ``run`` names model or seed.
    ``golds`` are the accepted answers as the file spells them. ``scores`` are the verdicts of the program that wrote the file, by
    metric, in its order; one that judges all outputs of a problem together stands with sample 0. ``where`` is file and line.
    ``cluster`` names what the problem shares with others (a passage, a template), where the caller named the field that tells it.
    """

    run: str
    task: str
    id: str
    sample: int
    question: str | None = None
    choices: tuple[str, ...] | None = None
    golds: tuple[str, ...] = ()
    text: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    where: str = ""
    cluster: str | None = None

    @property
    def key(self) -> str:
        return f"{self.run}/{self.task}/{self.id}#{self.sample}"

    def score(self, metric: str | None = None) -> float | None:
        """The verdict by a metric, by default the first one that the file has; None where it has none."""
        return self.scores.get(metric) if metric else next(iter(self.scores.values()), None)
