"""The annotations that the paper released, read from its own files (dataset_info.json names them and their columns)."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from gradus.audit import normalised
from gradus.errors import UserError
from gradus.journal import Response
from gradus.paths import Supervision
from gradus.teachers.providers import Task

# The keys of dataset_info.json; {level} is a digit.
KEYS = {("svamp", "gpt-4o", "original"): "SVAMP_ChatGPT_level{level}"}


class ReleasedProvider:
    """Joins released rows to the dataset's own problems by exact, then by normalised question text."""

    journaled = False

    def __init__(self, author: str, folder: Path | None) -> None:
        if folder is None:
            raise UserError(
                "no folder with the released annotations",
                where=f"teacher released {author}",
                hint="set the environment variable GRADUS_DATA, or data_folder in the study file",
            )
        self._author = author
        self._folder = folder / "released_annotations"

    def content(self, task: Task) -> dict[str, Any]:
        place = task.supervision
        return {
            "provider": "released",
            "author": self._author,
            "format": place.format,
            "level": place.level,
            "question": task.problem.question,
            "sample": task.sample,
        }

    def complete(self, task: Task, content: dict[str, Any]) -> Response | None:
        exact, loose = self._rows(task.supervision)
        question = task.problem.question
        text = exact.get(question, loose.get(normalised(question)))
        return None if text is None else Response(text.strip(), "stop", f"released {self._author}", {})

    @cache  # noqa: B019 - one provider lives as long as its job
    def _rows(self, place: Supervision) -> tuple[dict[str, str], dict[str, str]]:
        info_path = self._folder / "dataset_info.json"
        info = _load(info_path)
        template = KEYS.get((place.dataset, self._author, place.format))
        key = "" if template is None else template.format(level=place.level.removeprefix("L"))
        if key not in info:
            raise UserError(f"the paper released no annotations for {place}", where=info_path)
        columns = info[key]["columns"]
        path = _find(self._folder, info[key]["file_name"])
        exact: dict[str, str] = {}
        for number, row in enumerate(_load(path)):
            try:
                exact[row[columns["prompt"]]] = row[columns["response"]]
            except (KeyError, TypeError):
                raise UserError(f"row {number} lacks the columns {sorted(columns.values())}", where=path) from None
        return exact, {normalised(question): text for question, text in exact.items()}


def _find(folder: Path, name: str) -> Path:
    """The complete file, in any subfolder but the excerpts', plain or gzipped."""
    for candidate in sorted(folder.rglob(f"{name}*")):
        if candidate.name in (name, f"{name}.gz") and "head300" not in candidate.parts:
            return candidate
    raise UserError(f"the released file {name} is not there", where=folder)


def _load(path: Path) -> Any:
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as stream:
            return json.load(stream)
    except FileNotFoundError:
        raise UserError("no such file", where=path) from None
    except ValueError as error:
        raise UserError(f"not valid JSON: {error}", where=path) from None
