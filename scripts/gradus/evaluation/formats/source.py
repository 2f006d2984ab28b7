"""A source: what a reader knows of the file it reads, beside its rows."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import PurePath

from gradus.evaluation.formats.columns import USUAL_NAMES, Columns
from gradus.runtime.errors import Mistakes

_ENDINGS = (".gz", ".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".parquet", ".eval")


@dataclass(frozen=True)
class Source:
    """The file's path, the run's name where the caller gave one, the columns of plain rows, and where bad rows are collected."""

    path: str
    run: str | None = None
    columns: Columns = USUAL_NAMES
    bad: Mistakes | None = None

    def row(self) -> AbstractContextManager[object]:
        """Around what is done with one row: its mistake ends the reading, or is collected in ``bad`` and the row left out."""
        return self.bad or nullcontext()

    @property
    def stem(self) -> str:
        """The file's name without what its endings say of its format."""
        name = PurePath(self.path).name
        while name.lower().endswith(_ENDINGS):
            name = name.rpartition(".")[0]
        return name

    @property
    def folder(self) -> str:
        """The name of the folder that holds the file, empty for one in the current folder."""
        return PurePath(self.path).parent.name
