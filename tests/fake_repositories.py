"""Stand-ins for Zenodo's deposit interface and the Hugging Face Hub, on this machine; a test can look at what they keep.

Written after the public documentation of both. ``faults`` are statuses that the next requests get instead of an answer.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "fake-token"
DOI = "10.5072/zenodo."


class Repositories:
    """What both keep: drafts by number, Hub repositories by name with their files, and every request."""

    def __init__(self) -> None:
        self.drafts: dict[int, dict[str, Any]] = {}
        self.files: dict[int, dict[str, bytes]] = {}
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.large: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.faults: list[tuple[str, int]] = []
        self.late_faults: list[tuple[str, int]] = []  # the request is done, and its answer is lost
        self.damage = False
        self.hides_drafts = False  # the link to the latest draft leads to the published record
        self.url = ""


@contextmanager
def running() -> Iterator[Repositories]:
    """Both services on one port of this machine."""
    state = Repositories()

    class Handler(_Handler):
        repositories = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    repositories: Repositories
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Silence."""

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_PUT(self) -> None:
        self._handle("PUT")

    def do_DELETE(self) -> None:
        self._handle("DELETE")

    def do_HEAD(self) -> None:
        self._handle("HEAD")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, value: Any, status: int = 200) -> None:
        for fault in list(self.repositories.late_faults):
            if re.search(fault[0], f"{self.command} {self.path}"):
                self.repositories.late_faults.remove(fault)
                value, status = {"message": "lost on the way"}, fault[1]
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _handle(self, method: str) -> None:
        state, path, body = self.repositories, self.path.split("?")[0], self._body()
        state.requests.append((method, path))
        for fault in list(state.faults):
            if re.search(fault[0], f"{method} {path}"):
                state.faults.remove(fault)
                self._answer({"message": "made up trouble"}, fault[1])
                return
        if method == "GET" and (found := re.fullmatch(r"/(?:api/records|public)/(\d+)(?:/(.+))?", path)):
            self._public(int(found[1]), found[2])
            return
        if self.headers.get("Authorization") != f"Bearer {TOKEN}" and not path.startswith("/lfs-upload/"):
            self._answer({"message": "who are you?"}, 401)
            return
        if path.startswith(("/api/deposit", "/api/records", "/bucket")):
            self._zenodo(method, path, body)
        else:
            self._hub(method, path, body)

    def _public(self, number: int, name: str | None) -> None:
        """A published record as everybody sees it, and its files."""
        state = self.repositories
        if not state.drafts.get(number, {}).get("submitted"):
            self._answer({"message": "no such record"}, 404)
        elif name is None:
            listed = [
                {
                    "key": name,
                    "checksum": "md5:" + hashlib.md5(data).hexdigest(),
                    "links": {"self": f"{state.url}/public/{number}/{name}"},
                }
                for name, data in state.files[number].items()
            ]
            self._answer({"id": number, "files": listed})
        else:
            data = state.files[number][name] + (b"!" if state.damage else b"")
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def _new_draft(self) -> dict[str, Any]:
        state = self.repositories
        number = 1000 + len(state.drafts)
        links = {"bucket": f"{state.url}/bucket/{number}", "html": f"{state.url}/deposit/{number}"}
        facts = {"id": number, "links": links, "submitted": False}
        state.drafts[number] = {**facts, "metadata": {"prereserve_doi": {"doi": f"{DOI}{number}"}}}
        state.files[number] = {}
        return state.drafts[number]

    def _version_draft(self, published: int) -> dict[str, Any]:
        """The draft of the next version, with the files of the version before; the one that is there, if there is one."""
        state = self.repositories
        for one in state.drafts.values():
            if one.get("version_of") == published and not one["submitted"]:
                return one
        made = self._new_draft()
        made |= {"version_of": published, "conceptdoi": state.drafts[published]["conceptdoi"]}
        state.files[made["id"]] = dict(state.files[published])
        return made

    def _zenodo(self, method: str, path: str, body: bytes) -> None:
        state = self.repositories
        if (method, path) == ("POST", "/api/deposit/depositions"):
            self._answer(self._new_draft(), 201)
            return
        if found := re.fullmatch(r"/api/records/(\d+)/versions", path):
            self._answer({"id": str(self._version_draft(int(found[1]))["id"])}, 201)
            return
        if found := re.fullmatch(r"/api/deposit/depositions/(\d+)/files/(\w+)", path):
            names = {hashlib.md5(name.encode()).hexdigest(): name for name in state.files[int(found[1])]}
            del state.files[int(found[1])][names[found[2]]]
            self._answer({}, 204)
            return
        if found := re.fullmatch(r"/api/deposit/depositions/(\d+)/actions/newversion", path):
            published = state.drafts[int(found[1])]
            if any(one.get("version_of") == published["id"] and not one["submitted"] for one in state.drafts.values()):
                errors = [{"field": "files.enabled", "message": "Please remove all files first."}]
                self._answer({"message": "A validation error occurred.", "errors": errors}, 400)
                return
            made = self._version_draft(published["id"])
            latest = published["id"] if state.hides_drafts else made["id"]
            links = {**published["links"], "latest_draft": f"{state.url}/api/deposit/depositions/{latest}"}
            self._answer({**published, "links": links}, 201)
            return
        if found := re.fullmatch(r"/bucket/(\d+)/(.+)", path):
            state.files[int(found[1])][found[2]] = body
            stored = body + b"!" if state.damage else body
            self._answer(
                {"key": found[2], "checksum": "md5:" + hashlib.md5(stored).hexdigest(), "size": len(body)}, 201
            )
            return
        found = re.fullmatch(r"/api/deposit/depositions/(\d+)(/files|/actions/publish)?", path)
        if not found or int(found[1]) not in state.drafts:
            self._answer({"message": "no such thing"}, 404)
            return
        number, what = int(found[1]), found[2]
        draft = state.drafts[number]
        if what == "/files":
            listed = [
                {
                    "id": hashlib.md5(name.encode()).hexdigest(),
                    "filename": name,
                    "filesize": len(data),
                    "checksum": hashlib.md5(data).hexdigest(),
                }
                for name, data in state.files[number].items()
            ]
            self._answer(listed)
        elif what == "/actions/publish":
            if not draft["metadata"].get("creators"):
                errors = [{"field": "metadata.creators", "message": "required"}]
                self._answer({"message": "Validation error.", "errors": errors}, 400)
                return
            if draft["submitted"]:
                self._answer({"message": "published already"}, 400)
                return
            draft |= {"submitted": True, "doi": f"{DOI}{number}"}
            draft.setdefault("conceptdoi", f"{DOI}{number - 1}")
            self._answer(draft, 202)
        elif method == "PUT":
            draft["metadata"] |= json.loads(body)["metadata"]
            self._answer(draft)
        else:
            self._answer(draft)

    def _hub(self, method: str, path: str, body: bytes) -> None:
        state = self.repositories
        if path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
            return
        if (method, path) == ("POST", "/api/repos/create"):
            facts = json.loads(body)
            name = "/".join(part for part in (facts.get("organization"), facts["name"]) if part)
            kind = facts.get("type") or "model"
            state.repositories.setdefault(f"{kind}s/{name}", {})
            self._answer({"url": f"{state.url}/{name}", "name": name, "id": name})
            return
        if found := re.fullmatch(r"/api/((?:datasets|models)/[^/]+/[^/]+)/preupload/main", path):
            requested = [file["path"] for file in json.loads(body)["files"]]
            modes = [
                {"path": path, "uploadMode": "lfs" if path.endswith((".tar", ".safetensors")) else "regular",
                 "shouldIgnore": False, "oid": None}
                for path in requested
            ]  # fmt: skip
            self._answer({"files": modes})
            return
        if path.endswith("/info/lfs/objects/batch"):
            objects = []
            for wanted in json.loads(body)["objects"]:
                oid = wanted["oid"]
                actions = (
                    {} if oid in state.large else {"actions": {"upload": {"href": f"{state.url}/lfs-upload/{oid}"}}}
                )
                objects.append({"oid": oid, "size": wanted["size"], **actions})
            self._answer({"transfer": "basic", "objects": objects})
            return
        if found := re.fullmatch(r"/lfs-upload/(\w+)", path):
            if hashlib.sha256(body).hexdigest() != found[1]:
                self._answer({"message": "other content"}, 400)
                return
            state.large[found[1]] = body
            self._answer({})
            return
        if found := re.fullmatch(r"/api/((?:datasets|models)/[^/]+/[^/]+)/commit/main", path):
            files = state.repositories[found[1]]
            for line in body.decode().splitlines():
                entry = json.loads(line)
                value = entry["value"]
                if entry["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif entry["key"] == "lfsFile":
                    files[value["path"]] = state.large[value["oid"]]
            revision = hashlib.sha1(body).hexdigest()
            self._answer(
                {"commitUrl": f"{state.url}/{found[1]}/commit/{revision}", "commitOid": revision, "success": True}
            )
            return
        self._answer({"message": f"the fake does not know {method} {path}"}, 404)
