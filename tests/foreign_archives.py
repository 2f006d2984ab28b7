"""Archives that somebody else made: sums and manifest fit, whatever the members are and say."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradus.runtime.atomic import sha256_bytes, sha256_file, write_json, write_text


def entry(name: str, size: int = 1, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """The header of a member."""
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname = size, kind, link
    return made


def describe(archive: Path, sums: dict[str, str], study: str = "s") -> None:
    """Write the sums, the guide and the manifest of an archive whose only tar, ``metrics.tar``, is there."""
    tar = archive / "metrics.tar"
    facts = {"file": tar.name, "files": len(sums), "bytes": tar.stat().st_size, "sha256": sha256_file(tar)}
    write_text(archive / "SHA256SUMS", "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    write_text(archive / "README.md", "what lies here\n")
    companions = {name: sha256_file(archive / name) for name in ("README.md", "SHA256SUMS")}
    members = dict.fromkeys(sums, "metrics")
    manifest = {"study": study, "groups": {"metrics": facts}, "members": members, "companions": companions}
    write_json(archive / "manifest.json", manifest)


def write_archive(archive: Path, files: Sequence[tuple[str, bytes]], study: str = "s") -> Path:
    """An archive of these files, their names as they are: nothing is checked."""
    archive.mkdir(parents=True)
    with tarfile.open(archive / "metrics.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files:
            tar.addfile(entry(name, len(content)), io.BytesIO(content))
    describe(archive, {name: sha256_bytes(content) for name, content in files}, study)
    return archive


def write_study_archive(archive: Path, config: dict[str, Any]) -> Path:
    """An archive of a study file alone."""
    name, content = f"results/{config['study']}/study.json", json.dumps(config, indent=2) + "\n"
    return write_archive(archive, [(name, content.encode())], config["study"])
