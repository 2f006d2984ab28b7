"""The answer-only teacher: the gold answer alone, without a rationale."""

from __future__ import annotations

from collections.abc import Mapping

from gradus.teachers.protocols import LocalTeacher, Task
from gradus.teachers.requests.journal import Response


class GoldAnswers(LocalTeacher):
    """Answers with the dataset's own gold answer."""

    journaled = False

    def content(self, task: Task) -> Mapping[str, object]:
        return {"provider": "gold", "answer": task.problem.answer, "sample": task.sample}

    def complete(self, task: Task) -> Response:
        return Response(f"The answer is {task.problem.answer}.", "stop", "gold", {})
