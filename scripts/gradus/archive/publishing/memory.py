"""Memory: which record of a repository an archive was sent to, kept in ``publication/`` beside it."""

from __future__ import annotations

from pathlib import Path

from gradus.runtime.jsonl import read_json

_ZENODO = "zenodo.json"


def known_doi(folder: Path) -> str | None:
    """The DOI that Zenodo reserved or gave; None where nothing was sent (what the sandbox gives is no DOI)."""
    path = folder / _ZENODO
    facts = read_json(path) if path.is_file() else None
    doi = facts.get("doi") if isinstance(facts, dict) else None
    return doi if isinstance(doi, str) else None
