"""Zenodo: a draft with exactly the files of an archive, of a new record or as a new version of one that was published.

A broken upload is resumed; the draft is published only on demand.

Zenodo's deposit interface: https://developers.zenodo.org. A file that is there already (same MD5) is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from gradus.archive.publishing.contents import Upload
from gradus.presentation.pages import to_body
from gradus.runtime.errors import UserError
from gradus.study.config import Study

SITES = {"zenodo": "https://zenodo.org", "zenodo-sandbox": "https://sandbox.zenodo.org"}
TOKENS = {"zenodo": "ZENODO_TOKEN", "zenodo-sandbox": "ZENODO_SANDBOX_TOKEN"}
MOST_FILES, MOST_BYTES = 100, 50_000_000_000
_PAPER = "arXiv:2502.18001"
_TRIES = 4


@dataclass(frozen=True)
class Record:
    """A draft or published record: ``doi`` is reserved from the first and valid once published.

    ``concept_doi`` is that of all versions, which Zenodo tells once the first is published.
    """

    id: int
    doi: str | None
    url: str
    published: bool
    concept_doi: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The record as a file keeps it."""
        facts = asdict(self)
        return facts if self.concept_doi else {name: value for name, value in facts.items() if name != "concept_doi"}


class _Transient(Exception):
    """Worth another try: the service was busy, or the connection broke."""


class _RefusedError(UserError):
    """An answer that another try would not change."""

    def __init__(self, status: int, message: str, site: str, hint: str | None) -> None:
        super().__init__(f"refused with status {status}: {message}", where=site, hint=hint)
        self.status = status


class Zenodo:
    """One site with a token; every request is tried up to four times."""

    def __init__(self, site: str, token: str, wait: float = 2.0) -> None:
        self._site = site.rstrip("/")
        self._wait = wait
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def deposit(
        self,
        metadata: dict[str, Any],
        uploads: Sequence[Upload],
        known: int | None,
        publish: bool,
        remember: Callable[[Record], None],
        new_version: bool = False,
    ) -> Record:
        """Send everything into the draft ``known`` (or a new one); ``remember`` is called before the first file is sent.

        ``new_version``: where ``known`` is published, into a draft of its next version. Files of a draft that are not among
        ``uploads`` (those of the version before) are taken out of it.
        """
        draft = self._draft(known, new_version)
        remember(_record(draft, published=False))
        listed = self._json("GET", f"{self._own(draft)}/files")
        wanted = {upload.name for upload in uploads}
        for file in listed:
            if file["filename"] not in wanted:
                self._delete(f"{self._own(draft)}/files/{file['id']}")
        present = {file["filename"]: file["checksum"].removeprefix("md5:") for file in listed}
        for upload in uploads:
            digest = _md5(upload)
            if present.get(upload.name) != digest:
                self._send(f"{draft['links']['bucket']}/{upload.name}", upload, digest)
        self._json("PUT", self._own(draft), json={"metadata": metadata})
        if not publish:
            return _record(draft, published=False)
        done = _record(self._publish(draft), published=True)
        remember(done)
        return done

    def _publish(self, draft: dict[str, Any]) -> dict[str, Any]:
        """Publish a draft. Zenodo may publish it and answer 504 all the same: before another try it is looked at."""

        def once() -> Any:
            try:
                return self._request("POST", f"{self._own(draft)}/actions/publish")
            except _Transient:
                found = self._request("GET", self._own(draft))
                if found.get("submitted"):
                    return found
                raise

        return dict(self._retried(once))

    def _next_version(self, published: dict[str, Any]) -> dict[str, Any]:
        """The draft of a published record's next version, also where one was begun before.

        The old interface refuses a second draft, and its link to the latest draft may lead to the published record
        (zenodo-rdm #858); the newer one (``/api/records``) returns the draft that is there.
        """
        try:
            answer = self._json("POST", f"{self._own(published)}/actions/newversion")
            latest = answer["links"].get("latest_draft", "").rstrip("/").rpartition("/")[2]
        except _RefusedError as error:
            if error.status not in (400, 403, 404, 409):
                raise
            latest = ""
        if not latest.isdigit() or int(latest) == int(published["id"]):
            latest = str(self._json("POST", f"{self._site}/api/records/{published['id']}/versions")["id"])
        draft: dict[str, Any] = self._json("GET", f"{self._site}/api/deposit/depositions/{latest}")
        if draft.get("submitted"):
            raise UserError(f"gave no draft for a new version of {published['id']}", where=self._site)
        return draft

    def _draft(self, known: int | None, new_version: bool) -> dict[str, Any]:
        if known is None:
            made: dict[str, Any] = self._json("POST", f"{self._site}/api/deposit/depositions", json={})
            return made
        found: dict[str, Any] = self._json("GET", f"{self._site}/api/deposit/depositions/{known}")
        if found.get("submitted") and new_version:
            return self._next_version(found)
        if found.get("submitted"):
            raise UserError(
                f"the record {known} is published already and cannot be changed",
                where=self._site,
                hint="--new-version makes its next version, under the same concept DOI; to make an unrelated record, delete the "
                "file of this one in results/STUDY/publication",
            )
        return found

    def _own(self, draft: dict[str, Any]) -> str:
        return f"{self._site}/api/deposit/depositions/{draft['id']}"

    def _send(self, url: str, upload: Upload, digest: str) -> None:
        def once() -> Any:
            with open(upload.path, "rb") as stream:  # from its start at every try
                return self._request("PUT", url, data=stream)

        answer = self._retried(once)
        if answer.get("checksum", "").removeprefix("md5:") != digest:
            raise UserError("arrived with another content than it has here", where=upload.path, hint="publish again")

    def _delete(self, url: str) -> None:
        self._retried(lambda: self._request("DELETE", url))

    def _json(self, method: str, url: str, **options: Any) -> Any:
        return self._retried(lambda: self._request(method, url, **options))

    def _retried(self, call: Callable[[], Any]) -> Any:
        attempts = Retrying(
            retry=retry_if_exception_type(_Transient),
            stop=stop_after_attempt(_TRIES),
            wait=wait_exponential(self._wait, max=60),
            reraise=True,
        )
        try:
            return attempts(call)
        except _Transient as error:
            raise UserError(
                f"could not be reached: {error}",
                where=self._site,
                hint="the same command goes on where this one stopped",
            ) from None

    def _request(self, method: str, url: str, **options: Any) -> Any:
        try:
            answer = self._session.request(method, url, timeout=600, **options)
        except requests.RequestException as error:
            raise _Transient(type(error).__name__) from None
        if answer.status_code == 429 or answer.status_code >= 500:
            raise _Transient(f"status {answer.status_code}")
        if not answer.ok:
            hint = (
                "is the token valid, with the scopes deposit:write and deposit:actions?"
                if answer.status_code in (401, 403)
                else None
            )
            raise _RefusedError(answer.status_code, _message(answer), self._site, hint)
        return answer.json() if answer.content else {}


def _message(answer: requests.Response) -> str:
    try:
        facts = answer.json()
    except ValueError:
        return answer.text[:300]
    errors = "; ".join(f"{error.get('field')}: {error.get('message')}" for error in facts.get("errors") or [])
    return f"{facts.get('message', '')} {errors}".strip()


def _record(facts: dict[str, Any], published: bool) -> Record:
    reserved = (facts.get("metadata") or {}).get("prereserve_doi") or {}
    url = facts.get("links", {}).get("html", "")
    doi = facts.get("doi") or reserved.get("doi")
    return Record(int(facts["id"]), doi, url, published, facts.get("conceptdoi"))


def _md5(upload: Upload) -> str:
    with open(upload.path, "rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()


def deposit_metadata(study: Study, guide: str, commit: str | None) -> dict[str, Any]:
    """The metadata that Zenodo asks for; UserError where the study file lacks some."""
    facts = study.archive
    if not facts.authors:
        raise UserError(
            "Zenodo needs an author", where="configuration key archive.authors", hint="- {name: 'Family, Given'}"
        )
    if not facts.licence:
        raise UserError(
            "Zenodo needs a licence", where="configuration key archive.licence", hint="for example CC-BY-4.0"
        )
    creators = [author.model_dump(exclude_none=True) for author in facts.authors]
    return {
        "upload_type": "dataset",
        "title": facts.title or f"Chain-of-thought distillation study {study.study}",
        "creators": creators,
        "description": to_body(guide),
        "license": facts.licence.lower(),
        "keywords": ["chain-of-thought", "distillation", "Gradus"],
        "related_identifiers": [{"identifier": _PAPER, "relation": "cites"}],
        "notes": f"Made with Gradus at commit {commit}." if commit else "Made with Gradus.",
    }
