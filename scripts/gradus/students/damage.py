"""Damage: weights that are not those that their job wrote are refused before anything is made from them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradus.runtime.atomic import sha256_file
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json


def manifest_of(folder: Path) -> Mapping[str, Any]:
    """The manifest of a checkpoint or base model; UserError where it is absent or none."""
    path = folder / "manifest.json"
    facts = read_json(path)
    if not isinstance(facts, dict) or not isinstance(facts.get("files", {}), dict):
        raise UserError("is not what its job wrote", where=path, hint=f"delete {folder} and run again")
    return facts


def refuse_changed_base(student: Path) -> None:
    """UserError where a base model that was built here is not what its manifest says; one of the hub is pinned otherwise."""
    files = manifest_of(student).get("files")
    if files:
        refuse_changed(student / "model", files, student)


def refuse_changed(weights: Path, files: Mapping[str, str], whole: Path) -> None:
    """UserError for the first file that is absent or has another SHA-256 than its job wrote; ``whole`` is the job's folder."""
    for name, digest in files.items():
        if not (weights / name).is_file() or sha256_file(weights / name) != digest:
            raise UserError(
                "differs from what its job wrote", where=weights / name, hint=f"delete {whole} and run again"
            )
