"""Transforms: plug-ins that make a supervision from others; records in, records out, deterministic.

A plug-in is a class with the two methods of ``Plugin``, entered in ``PLUGINS`` and, with its settings, in
``config.teachers``. ``sources`` names what it reads; ``apply`` gets those annotations in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from gradus.records import Annotation, Problem, Supervision
from gradus.teachers.transforms.mixed import Mixed
from gradus.teachers.transforms.padded import Padded


class Plugin(Protocol):
    """What a transform does."""

    def sources(self, place: Supervision) -> list[Supervision]:
        """The supervisions that ``place`` is made from."""
        ...

    def apply(
        self,
        place: Supervision,
        problems: Sequence[Problem],
        sources: Sequence[Sequence[Annotation]],
        count_tokens: Callable[[str], int],
    ) -> list[Annotation]:
        """The annotations of ``place``, in the order of the problems."""
        ...


PLUGINS: dict[str, Callable[[dict[str, Any]], Plugin]] = {"padded": Padded, "mixed": Mixed}


def make_plugin(settings: dict[str, Any]) -> Plugin:
    """The plug-in of a transform entry."""
    return PLUGINS[settings["kind"]](settings)
