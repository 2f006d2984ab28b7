"""Answer sources: where the answers to tasks come from, a teacher in this process or one behind a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import ChatTeacher, RationaleSource
from gradus.teachers.answer_reading import can_be_read
from gradus.teachers.prompts.prompting import Exemplar
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.protocols import LocalTeacher, Task
from gradus.teachers.requests import pinned_model
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.factory import Fetch
from gradus.teachers.requests.journal import Journal, Response, request_key
from gradus.teachers.requests.reuse import find_answer


@dataclass(frozen=True)
class Answer:
    """A teacher's answer with the identity of its request and the parameters that were really sent."""

    response: Response
    request_hash: str
    parameters: dict[str, object]
    rationale: RationaleSource = "answer"


class AnswerSource(Protocol):
    """Where answers come from: a local teacher, or a remote one through request queue and journal."""

    def prepare(self, tasks: Iterable[tuple[Task, int]], total: int) -> None:
        """Make sure that the answers to (task, attempt) can be had."""
        ...

    def answer(self, task: Task, attempt: int) -> Answer | None:
        """One answer; None where the teacher has none for the problem."""
        ...

    def facts(self) -> Mapping[str, object]:
        """What the manifest says of the source, besides its answers."""
        ...


@dataclass
class LocalAnswers:
    """The answers of a teacher in this process; a journaled one answers each request once."""

    teacher: LocalTeacher
    journal: Journal

    def prepare(self, tasks: Iterable[tuple[Task, int]], total: int) -> None:
        pass

    def answer(self, task: Task, attempt: int) -> Answer | None:
        content = self.teacher.content(task)
        key = request_key(content)
        response = self.journal.get(key) if self.teacher.journaled else None
        if response is None:
            response = self.teacher.complete(task)
            if response is not None and self.teacher.journaled:
                self.journal.add(key, content, response)
        return None if response is None else Answer(response, key, {})

    def facts(self) -> Mapping[str, object]:
        return self.teacher.facts()


@dataclass
class RemoteAnswers:
    """The answers of a remote teacher: ``fetch`` gets what the journal lacks (None: offline, the journal alone)."""

    teacher: ChatTeacher
    builder: RequestBuilder
    journal: Journal
    originals: Exemplar
    exemplar: Exemplar
    label: str
    fetch: Fetch | None
    _models: set[str] = field(default_factory=set, init=False)  # those whose answers were read

    def prepare(self, tasks: Iterable[tuple[Task, int]], total: int) -> None:
        if self.fetch is not None:
            self.fetch((self._request(task, attempt) for task, attempt in tasks), total, self.label)

    def answer(self, task: Task, attempt: int) -> Answer:
        held = find_answer(self.journal, self._request(task, attempt))
        if held is None:
            raise UserError(
                f"the journal holds no answer for problem {task.problem.id!r} of {task.supervision}",
                where=self.journal.folder,
                hint="offline: true never asks a provider; bring the journal that this study was annotated with",
            )
        self.journal.found += 1
        if held.response.model not in self._models:
            self._models.add(held.response.model)
            wrong = pinned_model.objection(self.teacher, self._models)
            if wrong is not None:
                where = f"{self.journal.folder}, problem {task.problem.id!r}"
                raise UserError(wrong, where=where, hint=pinned_model.HINT)
        body = held.request.body
        parameters = {name: body[name] for name in self.builder.parameters}
        return Answer(held.response, held.request.key, parameters, self.teacher.rationale)

    def facts(self) -> Mapping[str, object]:
        return {}

    def _request(self, task: Task, attempt: int) -> ChatRequest:
        request = self.builder.annotation(task, attempt, self.originals, self.exemplar)
        return replace(request, reader=partial(can_be_read, task.problem, self.teacher.rationale))
