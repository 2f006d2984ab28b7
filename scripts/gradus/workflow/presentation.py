"""Presentation jobs: hashes of what tables and pages are made of beside the study and Python code."""

from __future__ import annotations

from pathlib import Path

from gradus.presentation.explorer.glossary import GLOSSARY
from gradus.runtime.atomic import sha256_bytes, sha256_file
from gradus.runtime.environment import project_folder


def published_hash() -> str:
    """Hash of the published numbers that findings and exhibits are compared with."""
    return sha256_file(project_folder() / "published" / "chen-2025.csv")[:16]


def explorer_hash() -> str:
    """Hash of the explorer's template, style and program, and of the glossary that explains its words."""
    folder = Path(__file__).parents[1] / "presentation" / "explorer"
    parts = [sha256_file(path) for path in sorted(folder.iterdir()) if path.suffix in (".html", ".css", ".js")]
    parts += [sha256_file(GLOSSARY)] if GLOSSARY.exists() else []
    return sha256_bytes("".join(parts).encode())[:16]
