"""Transforms: plug-ins that make a supervision from others; records in, records out, deterministic.

A plug-in is a class with ``apply``, made from its section in ``study.config.transforms`` and named in ``PLUGINS``. The section's
``sources`` names the supervisions that the transform reads; ``apply`` gets their annotations in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from gradus.records import Annotation, Problem, Supervision
from gradus.study.config.transform_section import TransformSection
from gradus.teachers.transforms.corrupted import Corrupted
from gradus.teachers.transforms.drawn import BestOf, Drawn
from gradus.teachers.transforms.mixed import Mixed
from gradus.teachers.transforms.padded import Padded
from gradus.teachers.transforms.pruned import Pruned
from gradus.teachers.transforms.scores import Scores
from gradus.teachers.transforms.selected import Selected
from gradus.teachers.transforms.truncated import Truncated


class Plugin(Protocol):
    """What a transform does."""

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        """The annotations of ``supervision``, in the order of the problems."""
        ...


# The plug-in of every kind.
PLUGINS: Mapping[str, Callable[..., Plugin]] = {
    "padded": Padded,
    "mixed": Mixed,
    "truncated": Truncated,
    "pruned": Pruned,
    "corrupted": Corrupted,
    "drawn": Drawn,
    "best-of": BestOf,
    "selected": Selected,
}


def make_plugin(
    section: TransformSection, scores: Scores | None = None, solved: Mapping[str, float] | None = None
) -> Plugin:
    """The plug-in of a transform entry; ``scores`` of its source's texts, by row, for one that asks a model; what was
    ``solved`` of each training problem, by its id, for one that asks a student."""
    plugin = PLUGINS[section.kind]
    if section.asked() is not None:
        return plugin(section, solved or {})
    return plugin(section) if section.scorer() is None else plugin(section, scores or {})
