"""The interface: OpenAI's chat format over HTTP, with the list of models, usage and errors as the real ones have them."""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gradus.teachers.practice.writing import Writer

NAME = "practice-teacher"
WHAT = "Gradus's practice teacher: texts by rules, no language model. For trying the way, not for results."
LARGEST = 16 * 2**20  # bytes of a request


class RequestError(Exception):
    """A request that the interface does not take: HTTP status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class PracticeServer(ThreadingHTTPServer):
    """Answers until it is shut down; ``answered`` counts."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], writer: Writer) -> None:
        super().__init__(address, _Handler)
        self.writer = writer
        self.answered = 0
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is nobody's mistake."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def base_url(self) -> str:
        """What a study file's ``base_url`` is."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: PracticeServer
    protocol_version = "HTTP/1.1"
    server_version = "gradus-practice-teacher"

    def do_GET(self) -> None:
        """The list of models; at / what this is."""
        if self.path in ("/", "/health"):
            self._send(200, {"what": WHAT, "base_url": self.server.base_url, "answered": self.server.answered})
        elif self.path.rstrip("/") == "/v1/models":
            model = {"id": NAME, "object": "model", "created": 0, "owned_by": "gradus", "description": WHAT}
            self._send(200, {"object": "list", "data": [model]})
        else:
            self._send(404, _error("no such path", 404))

    def do_POST(self) -> None:
        """A chat completion."""
        try:
            payload = self.rfile.read(self._length())
            if self.path.rstrip("/") != "/v1/chat/completions":
                raise RequestError(404, "no such path: this server has /v1/chat/completions and /v1/models")
            answer = completion(_body(payload), self.server.writer)
        except RequestError as error:
            self._send(error.status, _error(str(error), error.status))
            return
        with self.server.lock:
            self.server.answered += 1
        self._send(200, answer)

    def _length(self) -> int:
        """Bytes of the body. Where they are not told, or too many, what follows is no request: the connection ends."""
        told = self.headers.get("content-length") or ("0" if self.headers.get("transfer-encoding") is None else "")
        if not (told.isascii() and told.isdigit()) or int(told[:12]) > LARGEST:
            self.close_connection = True
            if told.isascii() and told.isdigit():
                raise RequestError(413, f"the body is larger than {LARGEST} bytes")
            raise RequestError(411, "the body has no length: send `Content-Length`, and no chunks")
        return int(told)

    def _send(self, status: int, value: dict[str, Any]) -> None:
        payload = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:
        """No line per request."""


def completion(body: dict[str, Any], writer: Writer) -> dict[str, Any]:
    """The answer to a request; raises RequestError where the format forbids it."""
    messages = body.get("messages")
    if not isinstance(body.get("model"), str) or not isinstance(messages, list) or not messages:
        raise RequestError(400, "`model` and `messages` are required")
    if body.get("stream"):
        raise RequestError(400, "the practice teacher does not stream: leave `stream` out")
    if body.get("n") not in (None, 1):
        raise RequestError(400, "the practice teacher gives one answer: leave `n` out")
    contents = [_content(message) for message in messages]
    asked = contents[-1]
    most = _most(body)
    words = writer.write(asked).split(" ")
    cut = most is not None and len(words) > most
    text = " ".join(words[:most] if cut else words)
    message = {"role": "assistant", "content": text, "refusal": None}
    reason = "length" if cut else "stop"
    usage = {"prompt_tokens": sum(_tokens(content) for content in contents), "completion_tokens": _tokens(text)}
    return {
        "id": "chatcmpl-practice",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "system_fingerprint": WHAT,
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": {**usage, "total_tokens": sum(usage.values())},
    }


def _most(body: dict[str, Any]) -> int | None:
    """The most words of the answer; None where no limit is asked for."""
    most = next((body[name] for name in ("max_completion_tokens", "max_tokens") if body.get(name) is not None), None)
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        raise RequestError(400, "`max_completion_tokens` and `max_tokens` are whole numbers from 1")
    return most


def _content(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):  # parts
        content = "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        raise RequestError(400, "every message has `role` and `content`")
    return content


def _body(payload: bytes) -> dict[str, Any]:
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        raise RequestError(400, "the body is not valid JSON") from None
    if not isinstance(body, dict):
        raise RequestError(400, "the body is no JSON object")
    return body


def _tokens(text: str) -> int:
    """A word counts as one: there is no tokenizer."""
    return len(text.split())


def _error(message: str, status: int) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": status, "param": None}}
