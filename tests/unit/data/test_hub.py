"""A hub model: resolved to a commit at first use, pinned, and asked for with the token of the environment only.

Against a small local hub that speaks the part of the Hugging Face interface that downloads use.
"""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from running import PROJECT

from gradus.students import tiny_models

COMMIT = "c" * 40
TOKEN = "hf_only-in-the-environment"


class Hub(ThreadingHTTPServer):
    """One gated repository, ``org/gated``, served from a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(
                b"gated", 401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to this model is restricted"}
            )
            return
        names = sorted(path.name for path in self.server.folder.iterdir())
        if self.path.startswith("/api/models/org/gated"):
            files = [{"rfilename": name} for name in names]
            facts = {"id": "org/gated", "modelId": "org/gated", "sha": COMMIT, "siblings": files, "private": False}
            entries = [
                {"type": "file", "path": name, "size": (self.server.folder / name).stat().st_size, "oid": "0"}
                for name in names
            ]
            self.answer(json.dumps(entries if "/tree/" in self.path else facts).encode(), 200, {})
            return
        name = self.path.split("?")[0].rsplit("/", 1)[-1]
        if name not in names:
            self.answer(b"", 404, {"X-Error-Code": "EntryNotFound"})
            return
        content = (self.server.folder / name).read_bytes()
        tag = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        self.answer(content, 200, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT})

    def answer(self, content: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    folder = tiny_models.make("llama", tmp_path / "repository")
    (folder / "training_args.bin").write_bytes(b"a pickle that nobody asked for")
    server = Hub(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()


def fetch(hub: Hub, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    settings = json.dumps({"kind": "pretrained", "model": "org/gated", "revision": None, "template": "llama3"})
    program = str(PROJECT / "scripts" / "student.py")
    return subprocess.run(
        [sys.executable, program, "--student", "mine", "--settings", settings, "--output", str(folder / "student")],
        env={
            **kept,
            "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}",
            "HF_HOME": str(folder / "cache"),
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_gated_model_is_fetched_with_the_token_and_its_commit_is_recorded(hub: Hub, tmp_path: Path) -> None:
    done = fetch(hub, tmp_path, HF_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "student" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["reference"] == {"model": "org/gated", "revision": COMMIT}
    assert manifest["template"]["end"] == "<|eot_id|>"
    fetched = Path(json.loads((tmp_path / "student" / "model" / "reference.json").read_text(encoding="utf-8"))["path"])
    assert (fetched / "model.safetensors").read_bytes() == (hub.folder / "model.safetensors").read_bytes()
    assert not [path for path in hub.asked if "training_args" in path and "/resolve/" in path]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path
    again = fetch(hub, tmp_path, HF_TOKEN=TOKEN, HF_HUB_OFFLINE="1")
    assert again.returncode == 1 and "error: no folder org/gated" in again.stderr, (
        "offline, an unpinned model cannot be resolved"
    )


def test_without_the_token_there_is_one_message(hub: Hub, tmp_path: Path) -> None:
    done = fetch(hub, tmp_path)
    assert done.returncode == 1
    assert (
        "org/gated" in done.stderr and "the model cannot be fetched" in done.stderr and done.stderr.count("error:") == 1
    )
    assert "HF_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr
