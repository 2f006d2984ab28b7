"""Row counts: how many problems a dataset's own files hold, before they are read, and what is assumed where nobody can count."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

from gradus.data.datasets.catalogue import CATALOGUE
from gradus.data.datasets.sizes import rows_of_split
from gradus.runtime.errors import UserError
from gradus.runtime.folders import files_below
from gradus.study.config import CatalogueDataset, ColumnsDataset

ASSUMED_ROWS = 1000  # of a dataset that nobody has counted


@dataclass(frozen=True)
class Size:
    """Rows of a training or test split; ``assumed`` says why nobody could count them, None where they are known."""

    rows: int
    assumed: str | None = None


def size(section: CatalogueDataset | ColumnsDataset, is_test: bool, data_folder: Path | None) -> Size:
    """Rows that a dataset entry will be read from: counted in local files, else what its source is known to hold."""
    if isinstance(section, ColumnsDataset):
        return _columns_size(section, is_test, data_folder)
    entry = CATALOGUE[section.source]
    known = entry.sizes[1 if is_test else 0]
    split = "test" if is_test else "train"
    if section.origin == "files":
        found = _rows(data_folder / "datasets" / section.source, split) if data_folder is not None else None
        return Size(known) if found is None else Size(found)
    named = section.test_split if is_test else section.train_split
    if section.hub is None:
        is_other = named is not None or section.configurations is not None or section.subjects is not None
        return Size(known, f"as all of {entry.title} has" if is_other else None)
    found = _rows(Path(section.hub), named or entry.splits[1 if is_test else 0])
    if found is not None:
        return Size(found)
    where = "cannot be counted" if Path(section.hub).exists() else "is not here"
    return Size(known, f"as {entry.title} has: {section.hub} {where}")


def _columns_size(section: ColumnsDataset, is_test: bool, data_folder: Path | None) -> Size:
    if section.path is None:
        return Size(ASSUMED_ROWS, f"nobody has counted {section.hub}")
    try:
        return Size(rows_of_split("", section, "test" if is_test else "train", data_folder))
    except (UserError, ImportError) as error:
        return Size(ASSUMED_ROWS, f"{section.path} cannot be counted: {error}")


def _rows(folder: Path, split: str) -> int | None:
    """Rows of all files of a split in a folder; None where there is none that can be counted."""
    counts = []
    for path in [path for path in files_below(folder) if path.name.startswith(split)]:
        suffixes = path.suffixes
        if suffixes[-2:] == [".jsonl", ".gz"]:
            with gzip.open(path, "rb") as stream:
                counts.append(sum(bool(line.strip()) for line in stream))
        elif suffixes[-1:] == [".jsonl"]:
            with open(path, "rb") as stream:
                counts.append(sum(bool(line.strip()) for line in stream))
        elif suffixes[-1:] == [".parquet"]:
            from pyarrow.parquet import read_metadata

            counts.append(int(read_metadata(path).num_rows))
    return sum(counts) if counts else None
