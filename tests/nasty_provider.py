"""A nasty provider in the test's own process: it sends whatever bytes it is told to, as public reports describe them.

    with nasty(reply(200, b'...'), reply(429, ...)) as server:
        ... f"{server.address}/v1" ...

The replies are sent one after another, the last one for ever. ``server.asked`` holds the requests' bodies.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


def reply(status: int, body: Any, **headers: str) -> bytes:
    """An HTTP answer; a body that is no bytes becomes JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content_type": "application/json", **headers, "content_length": str(len(content))}
    lines = [f"HTTP/1.1 {status} X", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def completion(**changes: Any) -> dict[str, Any]:
    """A chat completion; ``message`` and ``usage`` replace those parts, other names fields at the top (None: absent)."""
    message = {"role": "assistant", "content": "So. The answer is 3.", **changes.pop("message", {})}
    usage = changes.pop("usage", {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150})
    choice = {"index": 0, "finish_reason": changes.pop("finish_reason", "stop"), "message": message}
    whole = {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage, **changes}
    return {name: value for name, value in whole.items() if value is not None}


@dataclass
class Nasty:
    """A running server."""

    replies: tuple[bytes, ...]
    port: int = 0
    asked: list[Any] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                lengths = [
                    line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-length:")
                ]
                body = await reader.readexactly(int(lengths[0]) if lengths else 0)
                self.headers.append(head)
                self.asked.append(json.loads(body) if body.startswith(b"{") else body)
                answer = self.replies[min(len(self.asked), len(self.replies)) - 1]
                writer.write(answer)
                await writer.drain()
        writer.close()


@contextlib.contextmanager
def nasty(*replies: bytes) -> Iterator[Nasty]:
    """A server in a thread of this process, for as long as the block runs."""
    server = Nasty(replies)
    loop = asyncio.new_event_loop()
    listening = threading.Event()

    async def start() -> None:
        started = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.port = started.sockets[0].getsockname()[1]
        listening.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(start())
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    listening.wait(30)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
