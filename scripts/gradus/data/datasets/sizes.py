"""How many rows of a local table belong to a split, before they are read as problems."""

from __future__ import annotations

from pathlib import Path

from gradus.data.datasets.origins import columns_rows
from gradus.data.datasets.tables import wanted_rows
from gradus.records.vocabulary import Split
from gradus.study.config.datasets import ColumnsDataset


def rows_of_split(dataset: str, section: ColumnsDataset, split: Split, folder: Path | None) -> int:
    """Rows of a split (``train`` with those for development), before any limit of the study file.

    Raises UserError where the files cannot be read.
    """
    wanted = wanted_rows(section.splits, split)
    rows = sum(1 for _, _, row in columns_rows(dataset, section, split, folder).rows if wanted(row))
    if section.splits.test_share is None:
        return rows
    test = round(section.splits.test_share * rows)
    return test if split == "test" else rows - test
