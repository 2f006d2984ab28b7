"""A batch service with little room, and one run of the batch queue against it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from scripted_provider import requests

from gradus.study.config.teachers import OpenAITeacher
from gradus.teachers.errors import BatchRefusedError, ProviderError
from gradus.teachers.requests.batch import BatchQueue
from gradus.teachers.requests.journal import Journal, Response

FULL = BatchRefusedError("Enqueued token limit reached for m. Limit: 30", True)


class Narrow:
    """Takes ``room`` requests at a time; a batch that does not fit beside the open ones is refused."""

    most_bytes = 10**9
    keeps_tags = True

    def __init__(self, room: int, most_items: int = 50_000, refusal: BatchRefusedError = FULL) -> None:
        self.room, self.most_items, self.refusal = room, most_items, refusal
        self.batches: dict[str, list[str] | None] = {}
        self.sizes: list[int] = []
        self.open: set[str] = set()

    def submit(self, items: Sequence[tuple[str, dict[str, Any]]], tag: str) -> str:
        keys = [key for key, _ in items]
        taken = sum(len(self.batches[name] or ()) for name in self.open)
        self.batches[tag] = keys if taken + len(keys) <= self.room else None
        self.sizes.append(len(keys))
        self.open.add(tag)
        return tag

    def find(self, tag: str, since: float, count: int) -> list[str]:
        return [tag] if tag in self.batches else []

    def has_ended(self, identifier: str) -> bool:
        self.open.discard(identifier)
        return True

    def now(self) -> float:
        return 0.0

    def results(self, identifier: str) -> Iterator[tuple[str, Response | ProviderError]]:
        keys = self.batches[identifier]
        if keys is None:
            raise self.refusal
        yield from ((key, Response("The answer is 3.", "stop", "m", {}, 0.0)) for key in keys)


ENTRY: dict[str, Any] = {"provider": "openai", "model": "m", "mode": "batch", "allow_unknown_price": True}


def fetched(folder: Path, service: Narrow, count: int, **limits: Any) -> list[float]:
    """Ask by batch; the pauses that were made."""
    pauses: list[float] = []
    teacher = OpenAITeacher.model_validate({**ENTRY, **limits})
    with Journal(folder) as journal:
        BatchQueue(lambda: service, journal, teacher, None, pauses.append).fetch(requests(count), count, "here")
    return pauses
