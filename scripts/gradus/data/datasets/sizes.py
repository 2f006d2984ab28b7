"""How many rows of a local table belong to a split, before they are read as problems."""

from __future__ import annotations

from pathlib import Path

from gradus.data.datasets.columns import read_row
from gradus.data.datasets.origins import columns_rows
from gradus.data.datasets.reading import MissingField
from gradus.data.datasets.tables import wanted_rows
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config.datasets import ColumnsDataset


def rows_of_split(dataset: str, section: ColumnsDataset, split: Split, folder: Path | None) -> int:
    """Rows of a split (``train`` with those for development), before any limit of the study file.

    Raises UserError where the files cannot be read, or lack a column that the study file names.
    """
    wanted = wanted_rows(section.splits, split)
    rows = 0
    for where, line, row in columns_rows(dataset, section, split, folder).rows:
        try:
            rows += wanted(row)
            if rows == 1:
                read_row(section, row)
        except MissingField as error:
            raise UserError(str(error), where=where, line=line) from None
        except (
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
        ):  # an answer that does not fit: the job that reads all rows tells it with the others
            continue
    if section.splits.test_share is None:
        return rows
    test = round(section.splits.test_share * rows)
    return test if split == "test" else rows - test
