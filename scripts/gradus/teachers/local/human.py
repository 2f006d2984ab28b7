"""The human teacher: rationales by the datasets' own authors (docs/reference/datasets.md names each source)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from gradus.data.datasets.rows import ecqa_file
from gradus.records import Problem
from gradus.runtime.errors import UserError
from gradus.teachers.protocols import LocalTeacher, Task
from gradus.teachers.requests.journal import Response


class HumanRationales(LocalTeacher):
    """Reads the rationale of the problem; for CommonsenseQA those of ECQA, from ``datasets/csqa/ecqa.jsonl``."""

    journaled = False

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._ecqa: dict[str, str] | None = None

    def content(self, task: Task) -> Mapping[str, object]:
        return {"provider": "human", "question": task.problem.question, "sample": task.sample}

    def complete(self, task: Task) -> Response | None:
        rationale = self._rationale(task.problem)
        if not rationale:
            return None
        return Response(f"{rationale} The answer is {task.problem.answer}.", "stop", "human", {})

    def _rationale(self, problem: Problem) -> str | None:
        if problem.rationale is not None or not problem.source.startswith("CommonsenseQA"):
            return problem.rationale
        if self._ecqa is None:
            self._ecqa = self._read_ecqa()
        return self._ecqa.get(problem.id)

    def _read_ecqa(self) -> dict[str, str]:
        path = ecqa_file(self._folder)
        if not path.exists():
            raise UserError(
                "CommonsenseQA has no rationales of its own, and the file of ECQA is not there",
                where=path,
                hint="one JSON object a line with id and explanation",
            )
        found = {}
        with open(path, encoding="utf-8") as stream:
            for line, text in enumerate(stream, 1):
                try:
                    row = json.loads(text)
                    found[str(row["id"])] = str(row["explanation"]).strip()
                except (ValueError, KeyError, TypeError, RecursionError) as error:
                    raise UserError(f"not a row with id and explanation: {error}", where=path, line=line) from None
        return found
