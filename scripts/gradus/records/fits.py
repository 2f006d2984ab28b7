"""Fits: how natural a supervision's texts are to a base model before it is trained on them."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.runtime.record import Record


@dataclass(frozen=True)
class Fit(Record):
    """Means over ``texts`` of means over their tokens; surprisals in nats, standard errors over texts."""

    texts: int
    tokens: int
    surprisal: float
    surprisal_se: float
    rank: float
    rsr: float
    local_surprisal: float
    local_surprisal_se: float
