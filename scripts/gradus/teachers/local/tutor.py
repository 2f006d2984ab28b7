"""The built-in tutors: they read the solution graph of a generated problem and explain it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from gradus.data.gradeschool.explanations import Manner, explain, miscalculate
from gradus.data.gradeschool.graph import Solution
from gradus.runtime.atomic import canonical_json
from gradus.runtime.errors import UserError
from gradus.study.config.teachers import TutorTeacher
from gradus.teachers.protocols import LocalTeacher, Task
from gradus.teachers.requests.journal import Response


class Tutor(LocalTeacher):
    """Explains correctly, except for a share of problems (``error_rate``) in which one step is slightly wrong.

    Which problems and which step depend on the problem alone, so that all levels and formats make the same mistake.
    """

    journaled = True

    def __init__(self, settings: TutorTeacher) -> None:
        self._manner = Manner(settings.wordings)
        self._error_rate = settings.error_rate
        self._seed = settings.seed

    def content(self, task: Task) -> Mapping[str, object]:
        content = {
            "provider": "tutor",
            "wordings": self._manner.wordings,
            "error_rate": self._error_rate,
            "seed": self._seed,
            "format": task.supervision.format,
            "level": task.supervision.level,
            "solution": _graph(task),
            "sample": task.sample,
        }
        return content if task.original is None else {**content, "original": task.original}

    def complete(self, task: Task) -> Response:
        solution = self._perhaps_wrong(Solution.from_json(_graph(task)))
        variation = f"{self._seed}/{task.sample}/{canonical_json(_graph(task))}"
        text = explain(solution, task.supervision.level, task.supervision.format, self._manner, variation)
        text = f"{text} The answer is {solution.answer}."
        return Response(text, "stop", f"tutor-{self._manner.wordings}", {"output_words": len(text.split())})

    def _perhaps_wrong(self, solution: Solution) -> Solution:
        digest = hashlib.sha256(f"{self._seed}/{canonical_json(solution.to_json())}".encode()).digest()
        if int.from_bytes(digest[:4]) / 2**32 >= self._error_rate:
            return solution
        return miscalculate(solution, digest[4] % len(solution.steps), 1 + digest[5] % 3)


def _graph(task: Task) -> dict[str, object]:
    """The solution graph of the problem, as plain JSON values; UserError where it has none."""
    if task.problem.solution is None:
        raise UserError(
            f"problem {task.problem.id!r} has no solution graph: the tutors explain generated datasets only",
            hint="choose another teacher for this dataset",
        )
    return task.problem.solution
