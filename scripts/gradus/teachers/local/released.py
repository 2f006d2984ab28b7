"""The annotations that the paper released, read from its own files (dataset_info.json names them and their columns).

Rows are joined to the dataset's own problems by exact, then by normalised question text; the prompt is always the
Problem's. Complete files take precedence over excerpts, which are refused unless allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gradus.answers.stated import PHRASE
from gradus.data.text_normalisation import normalised
from gradus.records import Problem, Supervision
from gradus.records.vocabulary import LETTERS
from gradus.runtime.errors import UserError
from gradus.study.config.teachers import ReleasedTeacher
from gradus.teachers.local.released_files import EXCERPTS, FOLDER, find_file, info_key, load_json
from gradus.teachers.protocols import LocalTeacher, Task
from gradus.teachers.requests.journal import Response


@dataclass(frozen=True)
class Released:
    """The rows of one released file: text by question, exact and normalised; whether it is only an excerpt."""

    exact: dict[str, str]
    loose: dict[str, str]
    rows: int
    without_text: int
    is_excerpt: bool


class ReleasedAnnotations(LocalTeacher):
    """Answers with what the paper's authors released for the problem's question."""

    journaled = False

    def __init__(self, settings: ReleasedTeacher, folder: Path | None) -> None:
        if folder is None:
            raise UserError(
                "no folder with the released annotations",
                where=f"teacher released {settings.author}",
                hint="set the environment variable GRADUS_DATA, or data_folder in the study file",
            )
        self._author = settings.author
        self._allow_excerpt = settings.allow_excerpt
        self._folder = folder / FOLDER
        self._read: dict[Supervision, Released] = {}
        self._used: set[str] = set()

    def content(self, task: Task) -> Mapping[str, object]:
        supervision = task.supervision
        return {
            "provider": "released",
            "author": self._author,
            "format": supervision.format,
            "level": supervision.level,
            "question": task.problem.question,
            "sample": task.sample,
        }

    def complete(self, task: Task) -> Response | None:
        released = self.released(task.supervision)
        for question in questions(task.problem):
            text = released.exact.get(question)
            text = released.loose.get(normalised(question)) if text is None else text
            if text is not None:
                self._used.add(normalised(question))
                return Response(self._finished(text.strip(), task.problem), "stop", f"released {self._author}", {})
        return None

    def facts(self) -> Mapping[str, object]:
        """For the manifest: rows of the files read, rows that no problem matched, and whether one is an excerpt."""
        files = list(self._read.values())
        unmatched = sum(len(set(file.loose) - self._used) for file in files)
        return {
            "released_rows": sum(file.rows for file in files),
            "unmatched_rows": unmatched,
            "rows_without_text": sum(file.without_text for file in files),
            "excerpt": any(file.is_excerpt for file in files),
        }

    def _finished(self, text: str, problem: Problem) -> str:
        """Rows of the answer-only and of MATH's human file do not end in the answer sentence, which ours all do."""
        if self._author == "gold":
            return f"The answer is {text}."
        if self._author == "human" and not PHRASE.search(text):
            return f"{text} The answer is {problem.answer}."
        return text

    @cached_property
    def _info(self) -> dict[str, Any]:
        info: dict[str, Any] = load_json(self._folder / "dataset_info.json")
        return info

    def released(self, supervision: Supervision) -> Released:
        """The file of a supervision; UserError where the paper has none, the file is absent, or it is an excerpt."""
        if supervision not in self._read:
            self._read[supervision] = self._load(supervision)
        return self._read[supervision]

    def _load(self, supervision: Supervision) -> Released:
        key = info_key(supervision, self._author)
        if key is None or key not in self._info:
            raise UserError(
                f"the paper released no annotations for {supervision}", where=self._folder / "dataset_info.json"
            )
        columns = self._info[key]["columns"]
        path = find_file(self._folder, self._info[key]["file_name"])
        is_excerpt = EXCERPTS in path.parts
        if is_excerpt and not self._allow_excerpt:
            raise UserError(
                f"only an excerpt of the file for {supervision} is there",
                where=path,
                hint="allow_excerpt: true trains on it, and every table is marked",
            )
        exact: dict[str, str] = {}
        rows = without_text = 0
        for number, row in enumerate(load_json(path)):
            if not isinstance(row, dict) or columns["prompt"] not in row:
                raise UserError(f"row {number} has no field {columns['prompt']!r}", where=path)
            text = row.get(columns["response"])
            rows += 1
            if isinstance(text, str) and text.strip():
                exact.setdefault(row[columns["prompt"]], text)
            else:
                without_text += 1
        loose: dict[str, str] = {}
        for question, text in exact.items():
            loose.setdefault(normalised(question), text)
        return Released(exact, loose, rows, without_text, is_excerpt)


def questions(problem: Problem) -> list[str]:
    """A problem's question as the released files may spell it: with its choices, or bare."""
    if not problem.choices:
        return [problem.question]
    colons = ", ".join(f"{LETTERS[index]}: {choice}" for index, choice in enumerate(problem.choices))
    brackets = " ".join(f"({LETTERS[index]}) {choice}" for index, choice in enumerate(problem.choices))
    return [f"Q: {problem.question} Answer choices: {colons}", f"{problem.question} Answer Choices: {brackets}"]
