"""A source: what a reader knows of the file it reads, beside its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from gradus.evaluation.formats.columns import USUAL_NAMES, Columns

_ENDINGS = (".gz", ".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".parquet", ".eval")


@dataclass(frozen=True)
class Source:
    """The file's path, the run's name where the caller gave one, and the columns of plain rows."""

    path: str
    run: str | None = None
    columns: Columns = USUAL_NAMES

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
