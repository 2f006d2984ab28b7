"""The request builder: what a teacher behind a chat interface is sent for one task."""

from __future__ import annotations

from gradus.records import Problem
from gradus.study.config.teachers import ChatTeacher
from gradus.teachers.clients.capabilities import capabilities, sent_parameters
from gradus.teachers.clients.chat import wire_body
from gradus.teachers.prompts.prompting import Exemplar, Prompts, annotation_prompt, exemplar_prompt, rewrite_prompt
from gradus.teachers.protocols import Task
from gradus.teachers.registry import interface_of
from gradus.teachers.requests.chat_request import ChatRequest


class RequestBuilder:
    """Turns tasks into requests. ``gold`` is ``shown`` or ``hidden``; a teacher's own test always hides it."""

    def __init__(self, teacher: ChatTeacher, prompts: Prompts, gold: str) -> None:
        self._model = teacher.model
        self._prompts = prompts
        self._gold = gold
        self._interface = interface_of(teacher)
        self._system_place = teacher.system
        self.parameters: dict[str, object] = {
            **sent_parameters(capabilities(self._interface, teacher.model), teacher),
            **teacher.extra,
        }

    def annotation(self, task: Task, attempt: int, originals: Exemplar, exemplar: Exemplar) -> ChatRequest:
        """The request for one task; rewrites use the exemplar of their format, originals that of their level."""
        supervision = task.supervision
        if supervision.format == "original":
            text = annotation_prompt(self._prompts, task.problem, supervision.level, self._gold, originals)
        else:
            assert task.original is not None
            text = rewrite_prompt(self._prompts, task.problem, supervision.format, task.original, originals, exemplar)
        return self._request(text, task.sample, attempt)

    def exemplar(self, problem: Problem, format_: str, original: str | None, attempt: int) -> ChatRequest:
        """The request for an exemplar: six levels at once (``original`` None), or one format of an original."""
        return self._request(exemplar_prompt(self._prompts, problem, format_, original), 0, attempt)

    def _request(self, text: str, sample: int, attempt: int) -> ChatRequest:
        system = self._prompts.text("system")
        body = wire_body(self._interface, self._model, system, text, self.parameters, self._system_place)
        return ChatRequest(body, sample, attempt)
