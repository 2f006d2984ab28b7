"""What the local provider answers: requests checked as strictly as the real ones do, texts by rule, and its own bill."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
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
    key: str = KEY
    models: list[str] | None = None  # None: no such list
    aliases: list[str] = field(default_factory=list)
    port: int = 0
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


def thoughts_of(model: str) -> tuple[str, str]:
    """The form in which a model called ``thinks-FORM`` shows its thoughts, and the thoughts; empty for others."""
    form = model.partition("thinks-")[2].partition("-")[0]
    return form, "Hm, is it 77? Wait. No." if form else ""


def openai_answer(body: dict[str, Any], fault: str = "") -> dict[str, Any]:
    prompt = check_openai(body)
    text = write_answer(prompt)
    form, thoughts = thoughts_of(body["model"])
    reason = {"length": "length", "content_filter": "content_filter"}.get(fault, "stop")
    text = text[: len(text) // 3] if fault == "length" else "" if fault == "content_filter" else text
    written = sum(len(message["content"]) for message in body["messages"])
    usage = {"prompt_tokens": max(1, written // 4), "completion_tokens": tokens(text)}
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if form == "tags":
        message["content"] = f"<think>\n{thoughts}\n</think>\n\n{text}"
    elif form == "field":
        message["reasoning_content"] = thoughts
    elif form == "parts":
        inner = {"type": "thinking", "thinking": [{"type": "text", "text": thoughts}]}
        message["content"] = [inner, {"type": "text", "text": text}]
    choices = [{"index": 0, "finish_reason": reason, "message": message, "logprobs": None}]
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
    blocks = [{"type": "text", "text": text}]
    form, thoughts = thoughts_of(body["model"])
    if form == "blocks":
        blocks = [{"type": "thinking", "thinking": thoughts, "signature": "s"}, *blocks]
    return {
        "id": "msg_" + hashlib.sha256(json.dumps(body).encode()).hexdigest()[:12],
        "type": "message",
        "role": "assistant",
        "model": "another-model-9" if fault == "wrong_model" else f"{body['model']}-20260101",
        "content": [] if fault == "empty_choices" or not text else blocks,
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
