"""Transforms: plug-ins that make a supervision from others; records in, records out, deterministic.

A plug-in is a class with ``apply``, made from its section in ``study.config.teachers``. The section's ``sources`` names the
supervisions that the transform reads; ``apply`` gets their annotations in the same order.
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
