"""The archive: the same files give the same bytes, and every file is told by its SHA-256."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

from gradus.atomic import atomic_writer, sha256_bytes, write_text

# What is needed to run the study again, relative to the project.
CODE = (
    "Snakefile",
    "config.yaml",
    "Makefile",
    "README.md",
    "LICENSE",
    "CITATION.cff",
    "pyproject.toml",
    "requirements.lock",
    "rules",
    "scripts",
    "studies",
    "envs",
    "profiles",
    "report",
)
_SKIPPED = ("__pycache__",)


def code_files(project: Path) -> list[Path]:
    """The project's own files, sorted; caches left out."""
    found: list[Path] = []
    for name in CODE:
        place = project / name
        inside = place.rglob("*") if place.is_dir() else [place]
        found += [path for path in inside if path.is_file() and not set(path.parts) & set(_SKIPPED)]
    return sorted(found)


def build(members: Iterable[tuple[str, Path]], tar_path: Path, sums_path: Path) -> int:
    """Write the tar (sorted names, no times, no owners) and SHA256SUMS, also inside; returns the number of files."""
    chosen = sorted(members)
    sums = []
    with atomic_writer(tar_path) as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, path in chosen:
            data = path.read_bytes()
            sums.append(f"{sha256_bytes(data)}  {name}\n")
            tar.addfile(_entry(name, len(data)), io.BytesIO(data))
        listing = "".join(sums).encode("utf-8")
        tar.addfile(_entry("SHA256SUMS", len(listing)), io.BytesIO(listing))
    write_text(sums_path, "".join(sums))
    return len(chosen)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o644
    entry.mtime = 0
    return entry
