"""Fetching: the files of a published record into a folder of this machine. What arrived whole is not asked for again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import requests

from gradus.archive.publishing.zenodo import SITES
from gradus.archive.tarball import is_dangerous, printable
from gradus.runtime.atomic import atomic_writer
from gradus.runtime.environment import work_folder
from gradus.runtime.errors import UserError

_SANDBOX = "10.5072/"
_CHUNK = 1 << 20


def fetch_record(doi: str, number: str, site: str | None) -> Path:
    """The folder with the files of a record; UserError where it is not there, or a file arrives damaged."""
    address = (site or SITES["zenodo-sandbox" if doi.startswith(_SANDBOX) else "zenodo"]).rstrip("/")
    folder = work_folder() / "downloads" / f"zenodo-{number}"
    for name, checksum, url in _files(f"{address}/api/records/{number}", doi):
        if not _is_whole(folder / name, checksum):
            _fetch(url, folder / name, checksum)
    return folder


def _files(record: str, doi: str) -> list[tuple[str, str, str]]:
    """Name, MD5 and address of every file of a record."""
    try:
        facts: Any = _get(record).json()
        files = [
            (str(file["key"]), str(file["checksum"]).removeprefix("md5:"), str(file["links"]["self"]))
            for file in facts["files"]
        ]
    except (ValueError, KeyError, TypeError):
        raise UserError("does not answer with the files of a record", where=record) from None
    for name, _, _ in files:
        if is_dangerous(name) or "/" in name:
            raise UserError(f"names a file that would lie elsewhere: {printable(name)!r}", where=doi)
    return files


def _fetch(url: str, target: Path, checksum: str) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with _get(url) as answer, atomic_writer(target) as stream:
        try:
            for data in answer.iter_content(_CHUNK):
                digest.update(data)
                stream.write(data)
        except requests.RequestException as error:
            raise _broken(url, type(error).__name__) from None
        if digest.hexdigest() != checksum:
            raise UserError(
                "arrived with another content than the record says", where=url, hint="the same command again"
            )


def _get(url: str) -> requests.Response:
    try:
        answer = requests.get(url, timeout=600, stream=True)
    except requests.RequestException as error:
        raise _broken(url, type(error).__name__) from None
    if not answer.ok:
        raise _broken(url, f"status {answer.status_code}")
    return answer


def _broken(url: str, what: str) -> UserError:
    return UserError(f"could not be fetched: {what}", where=url, hint="the same command goes on where this one stopped")


def _is_whole(path: Path, checksum: str) -> bool:
    if not path.is_file():
        return False
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest() == checksum
