"""A local provider that speaks OpenAI's and Anthropic's wire formats: strict, with faults on order, and its own bill.

    python tests/fake_provider.py --port 8099 --latency 0.05

It rejects unknown and forbidden parameters as the real ones do, answers by rule (so that runs can be compared byte for
byte), counts what it would charge for, and offers both batch APIs. /control changes its behaviour and shows its bill.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import re
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

KEY = "sk-planted-0123456789abcdef"
OPENAI_FIELDS = {
    "model",
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "seed",
    "n",
    "stop",
    "frequency_penalty",
    "presence_penalty",
    "logprobs",
    "top_logprobs",
    "response_format",
    "user",
    "metadata",
    "store",
}
ANTHROPIC_FIELDS = {"model", "messages", "max_tokens", "system", "stop_sequences", "metadata"}
SENTENCES = (
    "We read what is given.",
    "We look at what is asked.",
    "We take the quantities one by one.",
    "We combine them as the text says.",
    "We write the intermediate result down.",
    "We check that it fits the question.",
    "We compare it with the other way round.",
    "We see that nothing is left over.",
)


@dataclass
class State:
    """What the server was told, and what it did."""

    latency: float = 0.0
    requests_per_minute: float | None = None
    faults: list[dict[str, Any]] = field(default_factory=list)
    wrong_every: int = 0
    seen: int = 0
    answered: int = 0
    throttled: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    bodies: Counter[str] = field(default_factory=Counter)
    rejected: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    batch_faults: list[str] = field(default_factory=list)
    batch_requests: int = 0
    batch_polls: int = 1
    level: float = 0.0
    refilled: float = 0.0

    def admits(self) -> bool:
        """A token bucket of two seconds of the limit."""
        if self.requests_per_minute is None:
            return True
        rate = self.requests_per_minute / 60
        now = time.monotonic()
        if not self.refilled:
            self.level, self.refilled = rate * 2, now
        self.level = min(rate * 2, self.level + (now - self.refilled) * rate)
        self.refilled = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


class Rejected(Exception):
    """An HTTP error with a provider's error object."""

    def __init__(self, status: int, message: str, code: str = "invalid_request_error", headers: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers


STATE = State()


def tokens(text: str) -> int:
    return max(1, len(text) // 4)


def write_answer(prompt: str) -> str:
    """An explanation by rule: longer at higher levels, ending in the answer that the prompt shows or implies."""
    stated = re.search(r"The correct answer is: (.+)", prompt)
    digest = int(hashlib.sha256(prompt.encode()).hexdigest(), 16)
    answer = stated.group(1).strip() if stated else str(digest % 100)
    if STATE.wrong_every and digest % STATE.wrong_every == 0:
        answer = "-77"
    if "[L6]" in prompt:
        return "\n".join(f"[L{n}]\n{_explain(digest, n + 1)} The answer is {answer}." for n in range(1, 7))
    rewritten = re.search(r"Now the explanation to rewrite\..*?Explanation: (.+?)\n\nWrite only", prompt, re.DOTALL)
    if rewritten is None and "Keep every step" in prompt:
        rewritten = re.search(r"Explanation: (.+?)\n\nWrite only", prompt, re.DOTALL)
    if rewritten:
        return f"1) What do we do? {rewritten.group(1).strip()}"
    return f"{_explain(digest, 2 + digest % 5)} The answer is {answer}."


def _explain(digest: int, sentences: int) -> str:
    return " ".join(SENTENCES[(digest + number) % len(SENTENCES)] for number in range(sentences))


def check_openai(body: dict[str, Any]) -> str:
    unknown = set(body) - OPENAI_FIELDS
    if unknown:
        raise Rejected(400, f"Unrecognized request argument supplied: {sorted(unknown)[0]}")
    if not body.get("model") or not isinstance(body.get("messages"), list) or not body["messages"]:
        raise Rejected(400, "model and messages are required")
    if "max_tokens" in body and "max_completion_tokens" in body:
        raise Rejected(400, "max_tokens and max_completion_tokens exclude each other")
    if re.match(r"o\d|gpt-5", body["model"]) and {"temperature", "top_p", "max_tokens"} & set(body):
        raise Rejected(400, "Unsupported parameter with this model", "unsupported_parameter")
    for message in body["messages"]:
        if set(message) != {"role", "content"} or message["role"] not in ("system", "user", "assistant"):
            raise Rejected(400, "bad message")
    return str(body["messages"][-1]["content"])


def check_anthropic(body: dict[str, Any]) -> str:
    for name in ("temperature", "top_p", "top_k"):
        if name in body:
            raise Rejected(400, f"`{name}` is not supported by this model")
    unknown = set(body) - ANTHROPIC_FIELDS
    if unknown:
        raise Rejected(400, f"{sorted(unknown)[0]}: Extra inputs are not permitted")
    if not isinstance(body.get("max_tokens"), int) or not body.get("model") or not body.get("messages"):
        raise Rejected(400, "model, max_tokens and messages are required")
    if body["messages"][0]["role"] != "user":
        raise Rejected(400, "messages: first message must use the user role")
    return str(body["messages"][-1]["content"])


def openai_answer(body: dict[str, Any], fault: str = "") -> dict[str, Any]:
    prompt = check_openai(body)
    text = write_answer(prompt)
    reason = {"length": "length", "content_filter": "content_filter"}.get(fault, "stop")
    text = text[: len(text) // 3] if fault == "length" else "" if fault == "content_filter" else text
    written = sum(len(message["content"]) for message in body["messages"])
    usage = {"prompt_tokens": max(1, written // 4), "completion_tokens": tokens(text)}
    choices = [
        {"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": text}, "logprobs": None}
    ]
    return {
        "id": "chatcmpl-" + hashlib.sha256(json.dumps(body).encode()).hexdigest()[:12],
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "another-model-9" if fault == "wrong_model" else f"{body['model']}-2026-01-01",
        "choices": [] if fault == "empty_choices" else choices,
        "usage": {**usage, "total_tokens": sum(usage.values())},
    }


def anthropic_answer(body: dict[str, Any], fault: str = "") -> dict[str, Any]:
    prompt = check_anthropic(body)
    text = write_answer(prompt)
    reason = {"length": "max_tokens", "content_filter": "refusal"}.get(fault, "end_turn")
    text = text[: len(text) // 3] if fault == "length" else "" if fault == "content_filter" else text
    written = len(prompt) + len(body.get("system", ""))
    return {
        "id": "msg_" + hashlib.sha256(json.dumps(body).encode()).hexdigest()[:12],
        "type": "message",
        "role": "assistant",
        "model": "another-model-9" if fault == "wrong_model" else f"{body['model']}-20260101",
        "content": [] if fault == "empty_choices" or not text else [{"type": "text", "text": text}],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": max(1, written // 4), "output_tokens": tokens(text)},
    }


def bill(answer: dict[str, Any], body: dict[str, Any]) -> None:
    usage = answer["usage"]
    STATE.answered += 1
    STATE.times.append(time.monotonic())
    STATE.input_tokens += usage.get("prompt_tokens", usage.get("input_tokens", 0))
    STATE.output_tokens += usage.get("completion_tokens", usage.get("output_tokens", 0))
    STATE.bodies[hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()] += 1


async def complete(body: dict[str, Any], kind: str) -> tuple[int, bytes, str]:
    """(status, payload, how to send it); raises Rejected."""
    STATE.seen += 1
    fault = STATE.faults[0] if STATE.faults else {"kind": ""}
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
        raise Rejected(int(name), f"Trouble with key {KEY}" if name == "401" else f"The fault {name}", code)
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
    payload = json.dumps(answer).encode()
    if name == "malformed":
        return 200, payload[:-20] + b"}}]", "whole"
    bill(answer, body)
    return 200, payload, "half" if name == "half" else "whole"


def submit_batch(requests: dict[str, dict[str, Any]], kind: str, metadata: dict[str, str] | None) -> dict[str, Any]:
    """Answers are there at once; faults: expired (half of it), failed, errored items."""
    name = ("batch_" if kind == "openai" else "msgbatch_") + f"{len(STATE.batches):04d}"
    fault = STATE.batch_faults.pop(0) if STATE.batch_faults else ""
    results: dict[str, Any] = {}
    for number, (custom_id, body) in enumerate(requests.items()):
        if fault == "failed" or (fault == "expired" and number % 2) or (fault == "errored" and number % 3 == 0):
            results[custom_id] = None
            continue
        answer = (openai_answer if kind == "openai" else anthropic_answer)(body)
        bill(answer, body)
        STATE.batch_requests += 1
        results[custom_id] = answer
    STATE.batches[name] = {
        "id": name,
        "kind": kind,
        "fault": fault,
        "metadata": metadata or {},
        "created": time.time(),
        "polls": STATE.batch_polls,
        "results": results,
    }
    if fault == "crash_after":
        STATE.batches[name]["fault"] = ""
        raise Rejected(0, "connection lost after the submission")
    return STATE.batches[name]


def show_batch(batch: dict[str, Any]) -> dict[str, Any]:
    done = batch["polls"] <= 0
    fault = batch["fault"]
    if batch["kind"] == "openai":
        status = (
            ("failed" if fault == "failed" else "expired" if fault == "expired" else "completed")
            if done
            else "in_progress"
        )
        return {
            "id": batch["id"],
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": "file-in",
            "completion_window": "24h",
            "status": status,
            "created_at": int(batch["created"]),
            "metadata": batch["metadata"],
            "output_file_id": f"out-{batch['id']}" if done and fault != "failed" else None,
            "error_file_id": None,
            "request_counts": {"total": len(batch["results"]), "completed": 0, "failed": 0},
        }
    stamp = datetime.fromtimestamp(batch["created"], UTC).isoformat()
    return {
        "id": batch["id"],
        "type": "message_batch",
        "processing_status": "ended" if done else "in_progress",
        "request_counts": {"processing": 0, "succeeded": 0, "errored": 0, "canceled": 0, "expired": 0},
        "created_at": stamp,
        "expires_at": stamp,
        "ended_at": stamp if done else None,
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": f"http://127.0.0.1:{STATE_PORT}/v1/messages/batches/{batch['id']}/results" if done else None,
    }


STATE_PORT = 0


def batch_lines(batch: dict[str, Any]) -> bytes:
    lines = []
    for custom_id, answer in batch["results"].items():
        if batch["kind"] == "openai":
            if answer is None and batch["fault"] == "expired":
                continue
            response = None if answer is None else {"status_code": 200, "request_id": "r", "body": answer}
            error = {"code": "server_error", "message": "the item failed"} if answer is None else None
            lines.append({"id": "l", "custom_id": custom_id, "response": response, "error": error})
        else:
            kind = {"expired": "expired", "failed": "canceled"}.get(batch["fault"], "errored")
            problem: dict[str, Any] = {"type": kind}
            if kind == "errored":
                problem["error"] = {"type": "error", "error": {"type": "api_error", "message": "failed"}}
            lines.append(
                {
                    "custom_id": custom_id,
                    "result": problem if answer is None else {"type": "succeeded", "message": answer},
                }
            )
    # Providers do not keep the order of the requests.
    return b"".join(json.dumps(line).encode() + b"\n" for line in reversed(lines))


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
    if path == "/v1/messages" or path.startswith("/v1/messages/"):
        # The SDK sends its key as a bearer token since 2.0; older clients use the other header.
        if KEY not in (headers.get("x-api-key"), headers.get("authorization", "").removeprefix("Bearer ")):
            raise Rejected(401, "invalid x-api-key", "authentication_error")
        if "anthropic-version" not in headers:
            raise Rejected(400, "anthropic-version: header is required")
    elif headers.get("authorization") != f"Bearer {KEY}":
        raise Rejected(401, f"Incorrect API key provided: {headers.get('authorization', '')[7:]}", "invalid_api_key")
    if method == "POST" and path == "/v1/chat/completions":
        return await complete(json.loads(payload), "openai")
    if method == "POST" and path == "/v1/messages":
        return await complete(json.loads(payload), "anthropic")
    return batch_route(method, path, payload)


def batch_route(method: str, path: str, payload: bytes) -> tuple[int, bytes, str]:
    answer: Any
    if method == "POST" and path == "/v1/files":
        content = payload.split(b"\r\n\r\n")
        body = next(part for part in content if b'"custom_id"' in part).rsplit(b"\r\n--", 1)[0]
        name = f"file-{len(STATE.files)}"
        STATE.files[name] = body
        answer = {
            "id": name,
            "object": "file",
            "bytes": len(body),
            "created_at": 1,
            "filename": "b.jsonl",
            "purpose": "batch",
            "status": "processed",
        }
    elif method == "POST" and path == "/v1/batches":
        asked = json.loads(payload)
        lines = [json.loads(line) for line in STATE.files[asked["input_file_id"]].splitlines() if line.strip()]
        for line in lines:
            check_openai(line["body"])
            if line["url"] != "/v1/chat/completions" or line["method"] != "POST":
                raise Rejected(400, "bad line")
        answer = show_batch(
            submit_batch({line["custom_id"]: line["body"] for line in lines}, "openai", asked.get("metadata"))
        )
    elif method == "GET" and path == "/v1/batches":
        data = [show_batch(batch) for batch in reversed(STATE.batches.values()) if batch["kind"] == "openai"]
        answer = {"object": "list", "data": data, "has_more": False, "first_id": None, "last_id": None}
    elif method == "GET" and path.startswith("/v1/files/") and path.endswith("/content"):
        batch = STATE.batches[path.split("/")[3].removeprefix("out-")]
        return 200, batch_lines(batch), "whole"
    elif method == "POST" and path == "/v1/messages/batches":
        asked = json.loads(payload)
        for request in asked["requests"]:
            check_anthropic(request["params"])
        answer = show_batch(
            submit_batch({one["custom_id"]: one["params"] for one in asked["requests"]}, "anthropic", None)
        )
    elif method == "GET" and path == "/v1/messages/batches":
        data = [show_batch(batch) for batch in reversed(STATE.batches.values()) if batch["kind"] == "anthropic"]
        answer = {"data": data, "has_more": False, "first_id": None, "last_id": None}
    elif method == "GET" and path.endswith("/results"):
        return 200, batch_lines(STATE.batches[path.split("/")[4]]), "whole"
    elif method == "GET" and path.split("/")[-1] in STATE.batches:
        batch = STATE.batches[path.split("/")[-1]]
        batch["polls"] -= 1
        answer = show_batch(batch)
    else:
        raise Rejected(404, f"no such path: {method} {path}", "not_found")
    return 200, json.dumps(answer).encode(), "whole"


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
    global STATE_PORT
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--latency", type=float, default=0.0)
    options.add_argument("--rpm", type=float, default=None)
    given = options.parse_args()
    STATE.latency, STATE.requests_per_minute = given.latency, given.rpm
    server = await asyncio.start_server(serve, "127.0.0.1", given.port, limit=2**26, backlog=512)
    STATE_PORT = server.sockets[0].getsockname()[1]
    print(STATE_PORT, flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with server:
        await stopped.wait()
    sys.exit(0)


if __name__ == "__main__":
    asyncio.run(main())
