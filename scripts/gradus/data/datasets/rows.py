"""Rows of a dataset as its authors wrote them: from local files, or from the hub at one revision."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.runtime.atomic import sha256_bytes, sha256_file
from gradus.runtime.errors import UserError


@dataclass(frozen=True)
class Rows:
    """Parsed rows with the file and line of each (for messages), where they came from, and the revision that was read."""

    rows: list[tuple[str, int, dict[str, Any]]]
    source: str
    revision: str


def local_rows(name: str, split: str, folder: Path | None) -> Rows:
    """Rows of ``FOLDER/datasets/NAME/SPLIT.jsonl`` (or ``.jsonl.gz``); the revision is the file's SHA-256.

    Raises UserError where the folder or file is absent or a line is no JSON object.
    """
    if folder is None:
        raise UserError(
            f"no folder with the files of {name}",
            where=f"dataset {name}",
            hint="set the environment variable GRADUS_DATA, or data_folder in the study file, or origin: hub",
        )
    plain = folder / "datasets" / name / f"{split}.jsonl"
    path = plain if plain.exists() else plain.with_name(plain.name + ".gz")
    if not path.exists():
        raise UserError("no such file", where=plain, hint=f"{name} in its authors' schema, one JSON object a line")
    return Rows(list(_parsed(path)), f"file {path.name}", f"sha256:{sha256_file(path)}")


def _parsed(path: Path) -> Iterator[tuple[str, int, dict[str, Any]]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as stream:
        for line, text in enumerate(stream, 1):
            try:
                row = json.loads(text)
            except ValueError as error:
                raise UserError(f"not valid JSON: {error}", where=path, line=line) from None
            if not isinstance(row, dict):
                raise UserError("expected a JSON object", where=path, line=line)
            yield str(path), line, row


def hub_rows(hub: str, configurations: tuple[str, ...], split: str, revision: str | None) -> Rows:
    """Rows of a hub dataset (or of a local folder in hub layout) at ``revision``, resolved to a commit where None."""
    from datasets.exceptions import DatasetsError
    from httpx2 import HTTPError

    commit = revision or resolve_revision(hub)
    found: list[tuple[str, int, dict[str, Any]]] = []
    for configuration in configurations or (None,):
        label = hub if configuration is None else f"{hub} [{configuration}]"
        try:
            rows = _load(hub, configuration, split, commit)
        except (OSError, ValueError, HTTPError, DatasetsError) as error:
            raise UserError(
                f"the dataset cannot be loaded: {type(error).__name__}: {str(error).splitlines()[0]}",
                where=f"{label}, {split}",
                hint="check id, configuration, revision and network; or use local files with origin: files",
            ) from None
        found += [(f"{label} {split}", number, row) for number, row in enumerate(rows, 1)]
    return Rows(found, f"hub {hub}", commit)


def _load(hub: str, configuration: str | None, split: str, commit: str) -> list[dict[str, Any]]:
    import datasets

    datasets.disable_progress_bars()
    if not Path(hub).is_dir():
        return [dict(row) for row in datasets.load_dataset(hub, configuration, split=split, revision=commit)]
    # The shared cache distinguishes local folders by their last name only.
    with tempfile.TemporaryDirectory() as cache:
        return [dict(row) for row in datasets.load_dataset(hub, configuration, split=split, cache_dir=cache)]


def resolve_revision(hub: str) -> str:
    """The commit that a hub dataset's main branch points to now; for a local folder a hash of its files."""
    folder = Path(hub)
    if folder.is_dir():
        listed = [
            f"{path.relative_to(folder)} {sha256_file(path)}" for path in sorted(folder.rglob("*")) if path.is_file()
        ]
        return "sha256:" + sha256_bytes("\n".join(listed).encode())
    from httpx2 import HTTPError
    from huggingface_hub import HfApi

    try:
        return str(HfApi().dataset_info(hub).sha)
    except (OSError, ValueError, HTTPError) as error:
        raise UserError(
            f"the hub does not tell the revision: {type(error).__name__}: {str(error).splitlines()[0]}",
            where=hub,
            hint="check the network, or pin `revision`, or use local files with origin: files",
        ) from None
