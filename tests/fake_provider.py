"""A local provider that speaks OpenAI's and Anthropic's wire formats: strict, with faults on order, and its own bill.

    python tests/fake_provider.py --port 8099 --latency 0.05

It rejects unknown and forbidden parameters as the real ones do, answers by rule (so that runs can be compared byte for
byte), counts what it would charge for, and offers both batch APIs. /control changes its behaviour and shows its bill.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from typing import Any

from fake_answers import KEY, STATE, Rejected, anthropic_answer, bill, check_anthropic, check_openai, openai_answer
from fake_batches import batch_route

__all__ = ["KEY"]
# What servers have sent beside a good text: no Unicode, no numbers, lists within lists.
NESTED = b"[" * 600 + b"]" * 600
ODD = b', "odd": [NaN, Infinity, 1e999, "\\ud800", "\xe2\x80\xa8", "\xff\xfe", ' + NESTED + b"]}"


async def complete(body: dict[str, Any], kind: str) -> tuple[int, bytes, str]:
    """(status, payload, how to send it); raises Rejected."""
    STATE.seen += 1
    fault: dict[str, Any] = STATE.faults[0] if STATE.faults else {"kind": ""}
    if STATE.faults:
        fault["count"] = fault.get("count", 1) - 1
        if fault["count"] <= 0:
            STATE.faults.pop(0)
    name = fault["kind"]
    check = check_openai if kind == "openai" else check_anthropic
    try:
        check(body)
    except Rejected as error:
        STATE.rejected.append(str(error))
        raise
    if not STATE.admits() or name == "429":
        STATE.throttled += 1
        wait = fault.get("retry_after")
        raise Rejected(429, "Rate limit reached", "rate_limit_exceeded", f"retry-after: {wait}\r\n" if wait else "")
    if name == "quota":
        raise Rejected(429, "You exceeded your current quota", "insufficient_quota")
    if name.isdigit():
        code = {"401": "invalid_api_key", "404": "model_not_found"}.get(name, "server_error")
        raise Rejected(int(name), f"Trouble with key {STATE.key}" if name == "401" else f"The fault {name}", code)
    if name == "declined":
        raise Rejected(400, f"Refused by policy, request of token={STATE.key}", "content_filter")
    if name == "reset":
        return 0, b"", "reset"
    STATE.in_flight += 1
    STATE.most_in_flight = max(STATE.most_in_flight, STATE.in_flight)
    try:
        if STATE.latency:
            await asyncio.sleep(STATE.latency)
    finally:
        STATE.in_flight -= 1
    answer = (openai_answer if kind == "openai" else anthropic_answer)(body, name)
    if name == "echo":
        answer["echo"] = {"headers": [f"Bearer {STATE.key}"]}
    payload = json.dumps(answer).encode()
    if name == "malformed":
        return 200, payload[:-20] + b"}}]", "whole"
    if name == "odd":
        payload = payload[:-1] + ODD
    bill(answer, body)
    return 200, payload, "half" if name == "half" else "whole"


async def route(method: str, path: str, headers: dict[str, str], payload: bytes) -> tuple[int, bytes, str]:
    path, _, _query = path.partition("?")
    if path == "/control":
        if method == "POST":
            for name, value in json.loads(payload).items():
                setattr(STATE, name, value)
        shown = {name: value for name, value in vars(STATE).items() if name not in ("files", "batches", "bodies")}
        twice = sum(count - 1 for count in STATE.bodies.values())
        return (
            200,
            json.dumps(
                {**shown, "distinct": len(STATE.bodies), "twice": twice, "batches": len(STATE.batches)}
            ).encode(),
            "whole",
        )
    if path == "/health":
        return 200, b"{}", "whole"
    if path == "/v1/messages" or path.startswith("/v1/messages/") or "anthropic-version" in headers:
        # The SDK sends its key as a bearer token since 2.0; older clients use the other header.
        if STATE.key not in (headers.get("x-api-key"), headers.get("authorization", "").removeprefix("Bearer ")):
            raise Rejected(401, "invalid x-api-key", "authentication_error")
        if "anthropic-version" not in headers:
            raise Rejected(400, "anthropic-version: header is required")
    elif headers.get("authorization") != f"Bearer {STATE.key}":
        raise Rejected(401, f"Incorrect API key provided: {headers.get('authorization', '')[7:]}", "invalid_api_key")
    if method == "GET" and path == "/v1/models" and STATE.models is not None:
        listed = [{"id": name, "object": "model", "type": "model"} for name in STATE.models]
        return 200, json.dumps({"object": "list", "data": listed, "has_more": False}).encode(), "whole"
    if method == "GET" and path.startswith("/v1/models/") and path.rpartition("/")[2] in STATE.aliases:
        return 200, json.dumps({"id": "what it stands for"}).encode(), "whole"
    if method == "POST" and path == "/v1/chat/completions":
        return await complete(json.loads(payload), "openai")
    if method == "POST" and path == "/v1/messages":
        return await complete(json.loads(payload), "anthropic")
    return batch_route(method, path, payload)


def error_body(error: Rejected) -> bytes:
    return json.dumps(
        {"type": "error", "error": {"message": str(error), "type": error.code, "code": error.code, "param": None}}
    ).encode()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        while head := await reader.readuntil(b"\r\n\r\n"):
            first, *rest = head.decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ", 2)
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest if line)
            }
            if headers.get("transfer-encoding", "") == "chunked":
                payload = b""
                while size := int((await reader.readline()).strip(), 16):
                    payload += await reader.readexactly(size)
                    await reader.readline()
                await reader.readline()
            else:
                payload = await reader.readexactly(int(headers.get("content-length", 0)))
            extra = ""
            try:
                status, body, manner = await route(method, path, headers, payload)
            except Rejected as error:
                status, body, manner, extra = error.status, error_body(error), "whole", error.headers
            if manner == "reset" or status == 0:
                writer.transport.abort()
                return
            kind = "application/x-jsonl" if path.endswith(("results", "content")) else "application/json"
            start = (
                f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{extra}content-length: {len(body)}\r\n\r\n".encode()
            )
            writer.write(start + (body[: len(body) // 2] if manner == "half" else body))
            await writer.drain()
            if manner == "half":
                writer.transport.abort()
                return
    writer.close()


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--latency", type=float, default=0.0)
    options.add_argument("--rpm", type=float, default=None)
    given = options.parse_args()
    STATE.latency, STATE.requests_per_minute = given.latency, given.rpm
    server = await asyncio.start_server(serve, "127.0.0.1", given.port, limit=2**26, backlog=512)
    STATE.port = server.sockets[0].getsockname()[1]
    print(STATE.port, flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        await stopped.wait()
    sys.exit(0)


if __name__ == "__main__":
    asyncio.run(main())
