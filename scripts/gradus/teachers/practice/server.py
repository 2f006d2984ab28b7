"""The interface: OpenAI's chat format over HTTP, with the list of models, usage and errors as the real ones have them."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gradus.teachers.practice.writing import Writer

NAME = "practice-teacher"
WHAT = "Gradus's practice teacher: texts by rules, no language model. For trying the way, not for results."


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
        payload = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            if self.path.rstrip("/") != "/v1/chat/completions":
                raise RequestError(404, "no such path: this server has /v1/chat/completions and /v1/models")
            answer = completion(_body(payload), self.server.writer)
        except RequestError as error:
            self._send(error.status, _error(str(error), error.status))
            return
        with self.server.lock:
            self.server.answered += 1
        self._send(200, answer)

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
    contents = [_content(message) for message in messages]
    asked = contents[-1]
    most = body.get("max_completion_tokens") or body.get("max_tokens")
    words = writer.write(asked).split(" ")
    cut = isinstance(most, int) and len(words) > most
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
    except ValueError:
        raise RequestError(400, "the body is not valid JSON") from None
    if not isinstance(body, dict):
        raise RequestError(400, "the body is no JSON object")
    return body


def _tokens(text: str) -> int:
    """A word counts as one: there is no tokenizer."""
    return len(text.split())


def _error(message: str, status: int) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": status, "param": None}}
