"""Transforms: plug-ins that make a supervision from others; records in, records out, deterministic.

A plug-in is a class with the two methods of ``Plugin``, made from its section in ``study.config.teachers``. ``sources`` names
what it reads; ``apply`` gets those annotations in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from gradus.records import Annotation, Problem, Supervision
from gradus.study.config.teachers import MixedTransform, PaddedTransform
from gradus.teachers.transforms.mixed import Mixed
from gradus.teachers.transforms.padded import Padded


class Plugin(Protocol):
    """What a transform does."""

    def sources(self, supervision: Supervision) -> list[Supervision]:
        """The supervisions that ``supervision`` is made from."""
        ...

    def apply(
        self,
        supervision: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        """The annotations of ``supervision``, in the order of the problems."""
        ...


def make_plugin(section: PaddedTransform | MixedTransform) -> Plugin:
    """The plug-in of a transform entry."""
    return Padded(section) if isinstance(section, PaddedTransform) else Mixed(section)
