"""A provider by script, and one run of the request queue against it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from builders import FakeClock

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import ChatTeacher, PriceEntry
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.queue import RequestQueue

PRICE = PriceEntry(
    input_usd_per_million=1.0, output_usd_per_million=10.0, batch_factor=0.5, seen="2026-11-21", source="test"
)


class Scripted:
    """Answers every body, after the failures that ``script`` yields for a call."""

    version = "none"

    def __init__(self, script: Iterator[Exception | None], clock: FakeClock, model: str = "m") -> None:
        self.script, self.clock, self.model = script, clock, model
        self.calls: list[tuple[float, str]] = []
        self.closed = False

    async def send(self, body: dict[str, Any]) -> Response:
        self.calls.append((self.clock.now(), body["messages"][0]["content"]))
        await self.clock.sleep(0.1)
        failure = next(self.script, None)
        if failure is not None:
            raise failure
        usage = {"input_tokens": 100, "output_tokens": 100}
        return Response(f"to {body['messages'][0]['content']}", "stop", self.model, usage, raw={"whole": True})

    async def close(self) -> None:
        self.closed = True


def requests(count: int) -> list[ChatRequest]:
    return [ChatRequest({"model": "m", "messages": [{"role": "user", "content": f"q{n}"}]}, 0) for n in range(count)]


def fetch(
    folder: Path,
    wanted: list[ChatRequest],
    failures: list[Exception | None] | Iterator[Exception | None] = (),  # type: ignore[assignment]
    model: str = "m",
    **limits: Any,
) -> tuple[RequestQueue, Scripted, FakeClock]:
    clock = FakeClock()
    client = Scripted(iter(failures), clock, model)
    teacher = ChatTeacher(**{"model": "m", "max_output_tokens": 200, "max_concurrency": 8, **limits})
    with Journal(folder) as journal:
        queue = RequestQueue(lambda: client, journal, teacher, PRICE, clock)
        error: UserError | None = None
        try:
            queue.fetch(wanted, len(wanted), "test")
        except UserError as caught:
            error = caught
    queue.error = error  # type: ignore[attr-defined]
    return queue, client, clock


def message(queue: RequestQueue) -> str:
    return str(queue.error)  # type: ignore[attr-defined]


def held(folder: Path, wanted: list[ChatRequest]) -> int:
    with Journal(folder) as journal:
        return sum(request.key in journal for request in wanted)
