"""Where the rows of a dataset come from: local files, whose content decides, or the hub."""

from __future__ import annotations

from pathlib import Path

from gradus.data.datasets.catalogue import CATALOGUE, Entry
from gradus.data.datasets.files import content_of, ending, files_in, files_of_split, no_table
from gradus.data.datasets.rows import Rows, hub_rows, local_file, resolve_revision, rows_of_files
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config.datasets import GENERATED, CatalogueDataset, ColumnsDataset, Dataset


def content(dataset: str, section: Dataset, split: Split, folder: Path | None) -> str:
    """The content of the local files that decide a split, as one hash; empty where none do.

    What is not there has no content: the job that reads it says so.
    """
    if isinstance(section, GENERATED):
        return ""
    try:
        if isinstance(section, ColumnsDataset):
            if section.path is not None:
                return content_of(_paths(dataset, section, split, folder))
            hub = section.hub
        elif section.origin == "files":
            return content_of([local_file(section.source, _side(split), folder)])
        else:
            hub = section.hub or CATALOGUE[section.source].hub
        return resolve_revision(hub) if hub is not None and Path(hub).is_dir() else ""
    except (UserError, OSError):
        return "absent"


def catalogue_rows(section: CatalogueDataset, entry: Entry, split: Split, folder: Path | None) -> Rows:
    """The rows of a split of one of the known datasets; UserError where they cannot be had."""
    if section.origin == "files":
        path = local_file(section.source, _side(split), folder)
        if not path.exists():
            plain = path.with_name(path.name.removesuffix(".gz"))
            hint = f"{section.source} in its authors' schema, one JSON object a line"
            raise UserError("no such file", where=plain, hint=hint)
        return rows_of_files([path])
    hub = section.hub or entry.hub
    if hub is None:
        raise UserError(
            f"the authors of {entry.title} publish it on no hub",
            where=f"dataset {section.source}",
            hint="name a hub id in `hub`, or use local files with origin: files",
        )
    configurations = entry.hub_configurations if section.configurations is None else section.configurations
    chosen = section.test_split if split == "test" else section.train_split
    return hub_rows(hub, tuple(configurations), chosen or entry.splits[split == "test"], section.revision)


def columns_rows(dataset: str, section: ColumnsDataset, split: Split, folder: Path | None) -> Rows:
    """The rows that a split is read from: of one file for both splits all rows that are not another split's."""
    if section.path is not None:
        return rows_of_files(_paths(dataset, section, split, folder))
    splits = section.splits
    name = splits.test if split == "test" and splits.test_share is None else splits.train
    return hub_rows(str(section.hub), tuple(section.configurations), "all" if splits.field else name, section.revision)


def _side(split: Split) -> str:
    return "test" if split == "test" else "train"


def _paths(dataset: str, section: ColumnsDataset, split: Split, folder: Path | None) -> list[Path]:
    """The local files of a split: a file that holds both, or those of the split in a folder."""
    given = Path(str(section.path))
    candidates = [given] if folder is None or given.is_absolute() else [given, folder / given]
    path = next((path for path in candidates if path.exists()), None)
    if path is None:
        where = " or ".join(str(path.parent) for path in candidates)
        raise UserError(
            "no such file or folder", where=given, hint=f"`path` of dataset {dataset}, looked for in {where}"
        )
    splits = section.splits
    if path.is_dir():
        if not splits.divides_rows:
            return files_of_split(path, splits.test if split == "test" else splits.train)
        files = files_in(path)
        if not files:
            raise UserError("no table in this folder", where=path, hint=no_table(path))
        return files
    if not splits.divides_rows:
        raise UserError(
            f"one {ending(path)} file for training and test",
            where=path,
            hint=f"say how dataset {dataset} is divided: `splits: {{test_share: 0.2}}`, `splits: {{field: COLUMN}}`, or a folder "
            "with a file per split as `path`",
        )
    return [path]
