"""The shared store: what was finished once, by everything that decides its bytes, for the studies and users of a group.

``GRADUS_STORE`` names the folder. An entry is a folder named by the hash of its identity: the files, and ``entry.json`` with the
identity, the files' hashes and where they were made. It appears by a rename, whole or not at all, and is never written again.
What is taken is compared with its hashes. Nothing of it is run: weights are safetensors, everything else is text.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shlex
import shutil
import stat
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from gradus.runtime.arithmetic import arithmetic
from gradus.runtime.atomic import allow, canonical_json, sha256_bytes, sha256_file, sync_folder, write_json
from gradus.runtime.environment import STORE, commit, store_folder
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import manifest_path, read_json, write_manifest
from gradus.study.fingerprint import fingerprint

log = logging.getLogger("gradus")

Kind = Literal["trainings", "predictions", "annotations", "exemplars"]
_ENTRY = "entry.json"
_RECORDS = ("records.jsonl", "records.manifest.json")
_LINKED = ".safetensors"  # what is large; everything else is copied, for people edit texts in place
_ACCEPTED = (_LINKED, ".json", ".jsonl", ".txt", ".model", ".jinja")
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_FILE = (errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)  # something else is where a file should be
_ABANDONED = 24 * 3600  # seconds after which an unfinished entry has no writer any more


class SharedStore:
    """The store below a folder, which exists; its permissions are those of everything in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def take(self, kind: Kind, identity: Mapping[str, Any], target: Path) -> dict[str, Any] | None:
        """Link or copy the files of an entry into ``target``, a new folder; where they were made.

        None, with nothing left in ``target``, where there is no such entry or it cannot be read. One that is not what its
        hashes say is told, set aside and taken for none.
        """
        folder = self._place(kind, identity)
        shutil.rmtree(target, ignore_errors=True)
        there = False
        try:
            there = folder.exists()  # asked first: one that another user adds during the reading is not damaged
            told = json.loads((folder / _ENTRY).read_text(encoding="utf-8"))
            if told["identity"] != json.loads(canonical_json(identity)):
                raise ValueError("it tells of something else")
            if not told["files"]:
                raise ValueError("it has no files")
            for name, digest in told["files"].items():
                _take_file(folder / _checked(name), target / name, digest)
            return dict(told["origin"])
        except FileNotFoundError as error:
            if there and folder.exists():
                self._set_aside(folder, f"{Path(str(error.filename)).name} is missing")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self._set_aside(folder, str(error))
        except OSError as error:
            if error.errno in _FULL:
                raise
            if there and error.errno in _NO_FILE:
                self._set_aside(folder, f"{error.strerror}: {error.filename}")
            else:
                log.info("%s cannot be read (%s): it is made here", folder, error.strerror)
        shutil.rmtree(target, ignore_errors=True)
        return None

    def has(self, kind: Kind, identity: Mapping[str, Any]) -> bool:
        """Whether there is such an entry; what it holds is only looked at when it is taken."""
        try:
            return (self._place(kind, identity) / _ENTRY).exists()
        except OSError:
            return False

    def put(self, kind: Kind, identity: Mapping[str, Any], files: Mapping[str, Path], output: str | Path) -> None:
        """Add an entry with these files by their names in it; nothing where it is there. A store that cannot be written is told
        of and left.

        ``output``: the file or folder of the study that they are, for the entry's origin. Weights are linked where that is
        possible, and nobody may write them any more, here or there.
        """
        folder = self._place(kind, identity)
        try:
            if folder.exists():
                return
            self._make(folder.parent)
            _drop_abandoned(folder.parent)
            unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
        except OSError as error:
            log.info("%s is used for reading alone (%s)", self.root, error.strerror)
            return
        try:
            for name, path in files.items():
                self._put_file(path, unfinished / _checked(name))
            sums = {name: sha256_file(unfinished / name) for name in files}
            facts = {"identity": dict(identity), "files": sums, "origin": origin(output)}
            write_json(unfinished / _ENTRY, facts)
            self._protect(unfinished)
            os.rename(unfinished, folder)
            sync_folder(folder.parent)
        except (OSError, ValueError) as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            if not folder.exists():  # else another user has made the same one meanwhile
                log.info("%s: the new entry could not be written (%s)", self.root, error)
        except BaseException:  # the user has stopped this job
            shutil.rmtree(unfinished, ignore_errors=True)
            raise

    def take_records(self, kind: Kind, identity: Mapping[str, Any], output: Path) -> bool:
        """Publish a record file with its manifest, which says whose they are; False where there is no such entry."""
        found = output.with_name(f".{output.name}.from_store")
        made_by = self.take(kind, identity, found)
        if made_by is None:
            return False
        facts = read_json(found / _RECORDS[1])
        os.replace(found / _RECORDS[0], output)
        shutil.rmtree(found)
        write_manifest(
            output,
            **({key: facts[key] for key in facts if key not in ("file", "bytes", "sha256")} | {"from_store": made_by}),
        )
        return True

    def put_records(self, kind: Kind, identity: Mapping[str, Any], output: Path) -> None:
        """Add an entry with a record file and its manifest."""
        self.put(kind, identity, dict(zip(_RECORDS, (output, manifest_path(output)), strict=True)), output)

    def _place(self, kind: Kind, identity: Mapping[str, Any]) -> Path:
        digest = sha256_bytes(canonical_json(identity).encode("utf-8"))
        return self.root / kind / digest[:2] / digest

    def _make(self, folder: Path) -> None:
        """A folder with the permissions of the store; those around it too."""
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(exist_ok=True)
            allow(folder, stat.S_IMODE(self.root.stat().st_mode))

    def _put_file(self, path: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        group = self.root.stat().st_gid
        if _linked(path, target):
            try:
                if target.stat().st_gid != group:
                    os.chown(target, -1, group)
                return
            except OSError:  # this user is not in the store's group
                target.unlink()
        shutil.copyfile(path, target)

    def _protect(self, entry: Path) -> None:
        """Whoever may read the store may read the entry, and nobody may write it."""
        mode = stat.S_IMODE(self.root.stat().st_mode)
        for path in sorted(entry.rglob("*")):
            allow(path, (mode & ~0o022 if path.is_dir() else mode & 0o444) | stat.S_IRUSR)
        allow(entry, mode & ~0o022)

    def _set_aside(self, folder: Path, why: str) -> None:
        aside = folder.with_name(f"{folder.name}.damaged-{time.time_ns()}")
        try:
            os.rename(folder, aside)
            done = f"it is now {aside.name}"
        except OSError as error:
            done = f"it cannot be set aside ({error.strerror})"
        log.warning("the store's entry %s is damaged (%s): it is not used, and made again; %s", folder, why, done)


def open_store() -> SharedStore | None:
    """The store that ``GRADUS_STORE`` names; None where it names none, or where this machine does not have it, which is told."""
    root = store_folder()
    if root is not None and not os.path.isdir(root):  # False also where that cannot be asked
        log.info("%s: no folder %s on this machine, so nothing is taken from a store", STORE.name, root)
        return None
    return None if root is None else SharedStore(root)


def told() -> str | None:
    """One line on the store of this run, where there is one; UserError where its folder is not there: a mistyped path would share
    nothing."""
    root = store_folder()
    if root is None:
        return None
    try:
        there = root.is_dir()
    except OSError as error:
        what = f"{root} cannot be reached: {error.strerror}"
        hint = f"ask whoever made it for access; or unset {STORE.name}"
        raise UserError(what, where=f"environment variable {STORE.name}", hint=hint) from None
    if not there:
        is_file = root.exists()
        what = f"{root} is a file, not a folder" if is_file else f"no folder {root}"
        make = "name a folder" if is_file else f"make it for your group: mkdir -m 2770 {shlex.quote(str(root))}"
        hint = f"{make}; or unset {STORE.name}"
        raise UserError(what, where=f"environment variable {STORE.name}", hint=hint)
    alone = "" if os.access(root, os.W_OK) else ", for reading alone: you may not write there"
    return f"Finished work is shared through {root}{alone}."


def job_identity(program: str, **facts: object) -> dict[str, object]:
    """Everything that decides what a job writes: the facts, and the code of its program."""
    return {**facts, "code": fingerprint(program)}


def origin(output: str | Path) -> dict[str, object]:
    """Where something was made: file of its study, processor, libraries, code."""
    parts = Path(output).parts
    inside = parts[len(parts) - 1 - parts[::-1].index("results") :] if "results" in parts else parts[-1:]
    here = arithmetic()
    found: dict[str, object] = {"file": "/".join(inside), "processor": here["processor"], "commit": commit()}
    return {**found, "torch": here["torch"]} if "torch" in here else found


def _take_file(source: Path, target: Path, digest: str) -> None:
    if not stat.S_ISREG(source.lstat().st_mode):
        raise ValueError(f"{source.name} is no file")
    target.parent.mkdir(parents=True, exist_ok=True)
    if not _linked(source, target):
        shutil.copyfile(source, target)
    if sha256_file(target) != digest:
        raise ValueError(f"{source.name} is not what it was")


def _linked(source: Path, target: Path) -> bool:
    """Whether a large file has got another name; not on another file system, and not for another user's file on most systems."""
    if source.suffix != _LINKED or source.is_symlink():  # a link to a link would not be a file
        return False
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        return False
    return True


def _checked(name: str) -> str:
    """A name that stays inside and is of a kind that nothing runs; ValueError for any other."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.suffix not in _ACCEPTED:
        raise ValueError(f"{name} is no file of an entry")
    return name


def _drop_abandoned(folder: Path) -> None:
    """Delete what writers that were killed have left in a folder of entries."""
    for path in folder.glob(".*.tmp"):
        with suppress(FileNotFoundError):  # another writer has ended, or deletes it too
            if time.time() - path.stat().st_mtime > _ABANDONED:
                shutil.rmtree(path, ignore_errors=True)
