"""Rows of a dataset as its authors wrote them: from local files, or from the hub at one revision."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from gradus.data.datasets.files import Located, content_of, rows_in
from gradus.runtime.atomic import sha256_bytes, sha256_file
from gradus.runtime.errors import UserError
from gradus.runtime.folders import files_below

LONGEST_WORDS = 500


@dataclass(frozen=True)
class Rows:
    """Parsed rows with the file and line of each (for messages), where they came from, and the revision that was read."""

    rows: list[Located]
    source: str
    revision: str


def local_file(name: str, split: str, folder: Path | None) -> Path:
    """Where the rows of a split of a known dataset lie, or would lie."""
    if folder is None:
        raise UserError(
            f"no folder with the files of {name}",
            where=f"dataset {name}",
            hint="set the environment variable GRADUS_DATA, or data_folder in the study file, or origin: hub",
        )
    plain = folder / "datasets" / name / f"{split}.jsonl"
    return plain if plain.exists() else plain.with_name(plain.name + ".gz")


def ecqa_file(folder: Path | None) -> Path:
    """Where the rationales of CommonsenseQA lie (ECQA), with ``id`` and ``explanation``."""
    return (folder or Path(".")) / "datasets" / "csqa" / "ecqa.jsonl"


def rows_of_files(paths: list[Path]) -> Rows:
    """Rows of local files, in their order; the revision is the hash of their content."""
    content = content_of(paths)
    return Rows(
        [row for path in paths for row in rows_in(path)], f"file {', '.join(path.name for path in paths)}", content
    )


def hub_rows(hub: str, configurations: tuple[str, ...], split: str, revision: str | None) -> Rows:
    """Rows of a hub dataset (or of a local folder in hub layout) at ``revision``, resolved to a commit where None."""
    from datasets.exceptions import DatasetsError
    from httpx2 import HTTPError

    commit = revision or resolve_revision(hub)
    found: list[Located] = []
    for configuration in configurations or (None,):
        label = hub if configuration is None else f"{hub} [{configuration}]"
        try:
            rows = _load(hub, configuration, split, commit)
        except (OSError, ValueError, HTTPError, DatasetsError) as error:
            raise UserError(
                f"the dataset cannot be loaded: {_words(error)}",
                where=f"{label}, {split}",
                hint="check id, configuration, revision and network; or use local files with origin: files",
            ) from None
        found += [(f"{label} {split}", number, row) for number, row in enumerate(rows, 1)]
    return Rows(found, f"hub {hub}", commit)


def _words(error: BaseException) -> str:
    """What an error and the one behind it say, on one line (the list of configurations stands on later lines)."""
    said = [f"{type(one).__name__}: {one}" for one in (error, error.__cause__) if one is not None]
    return " ".join(" from ".join(said).split())[:LONGEST_WORDS]


def _load(hub: str, configuration: str | None, split: str, commit: str) -> list[dict[str, object]]:
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
        listed = [f"{path.relative_to(folder)} {sha256_file(path)}" for path in files_below(folder)]
        return "sha256:" + sha256_bytes("\n".join(listed).encode())
    from httpx2 import HTTPError
    from huggingface_hub import HfApi

    try:
        return str(HfApi().dataset_info(hub).sha)
    except (OSError, ValueError, HTTPError) as error:
        raise UserError(
            f"the hub does not tell the revision: {_words(error)}",
            where=hub,
            hint="check the name and the network, or pin `revision`, or use local files (`source: columns` with `path`)",
        ) from None
