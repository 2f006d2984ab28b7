"""A remote teacher: what it is sent for one task, and which model ids may answer."""

from __future__ import annotations

import re
from typing import Any

from gradus.records import Problem
from gradus.runtime.errors import UserError
from gradus.teachers.clients.capabilities import capabilities, sent_parameters
from gradus.teachers.clients.chat import Request, wire_body
from gradus.teachers.prompts.prompting import Exemplar, Prompts, annotation_prompt, exemplar_prompt, rewrite_prompt
from gradus.teachers.protocols import Task
from gradus.teachers.requests.queue import Order


class ChatTeacher:
    """Turns tasks into orders. ``gold`` is ``shown`` or ``hidden``; a teacher's own test is always hidden."""

    def __init__(self, settings: dict[str, Any], prompts: Prompts, gold: str) -> None:
        self._settings = settings
        self._prompts = prompts
        self._gold = gold
        known = capabilities(settings["provider"], settings["model"], bool(settings.get("base_url")))
        wanted = {name: settings[name] for name in ("temperature", "top_p")}
        self.parameters = sent_parameters(known, wanted, settings["max_output_tokens"])

    def order(self, task: Task, attempt: int, originals: Exemplar, exemplar: Exemplar) -> Order:
        """The order for one task; rewrites use the exemplar of their format, originals that of their level."""
        place = task.supervision
        if place.format == "original":
            text = annotation_prompt(self._prompts, task.problem, place.level, self._gold, originals)
        else:
            assert task.original is not None
            text = rewrite_prompt(self._prompts, task.problem, place.format, task.original, originals, exemplar)
        return self._order(text, task.sample, attempt)

    def exemplar_order(self, problem: Problem, format_: str, original: str | None, attempt: int) -> Order:
        """The order for an exemplar: six levels at once (``original`` None), or one format of an original."""
        return self._order(exemplar_prompt(self._prompts, problem, format_, original), 0, attempt)

    def _order(self, text: str, sample: int, attempt: int) -> Order:
        request = Request(self._settings["model"], self._prompts.text("system"), text, self.parameters)
        return Order(wire_body(self._settings, request), sample, attempt)

    def accepts(self, model: str) -> bool:
        """Whether an answer from ``model`` is one of the pinned model: its name, a dated form of it, or one listed."""
        pinned = self._settings["model"]
        return (
            model == pinned
            or model in self._settings["also_accept"]
            or re.fullmatch(re.escape(pinned) + r"[-@:]\d[\d-]*", model) is not None
            or model.rpartition("/")[2] == pinned.rpartition("/")[2]
        )


def check_gold_can_be_hidden(settings: dict[str, Any], name: str) -> None:
    """UserError for a teacher whose answers are the gold ones: its accuracy would say nothing."""
    if settings["provider"] in ("gold", "human", "released"):
        raise UserError(
            f"teacher {name} answers with the gold answer, so that its own accuracy cannot be measured",
            hint="choose a teacher that solves problems",
        )
