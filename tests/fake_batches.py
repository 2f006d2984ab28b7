"""Both batch interfaces of the local provider."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from fake_answers import STATE, Rejected, anthropic_answer, bill, check_anthropic, check_openai, openai_answer


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
        "results_url": f"http://127.0.0.1:{STATE.port}/v1/messages/batches/{batch['id']}/results" if done else None,
    }


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
