"""Edits: what a teacher is sent that changes another one's texts (Compress-Distill, arXiv 2606.05988)."""

from __future__ import annotations

from gradus.study.config.teachers import ChatTeacher
from gradus.teachers.prompts.prompting import ANSWER_FORMS, Exemplar, Prompts
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.protocols import Task
from gradus.teachers.requests.chat_request import ChatRequest


class EditBuilder(RequestBuilder):
    """Turns texts to edit into requests; no worked example, and no gold answer: the text has its own."""

    def __init__(self, editor: ChatTeacher, prompts: Prompts, edit: str) -> None:
        super().__init__(editor, prompts, "hidden")
        self._edit = edit

    def annotation(self, task: Task, attempt: int, originals: Exemplar, exemplar: Exemplar) -> ChatRequest:
        """The request for one text."""
        assert task.original is not None
        text = self._prompts.fill(
            "edit",
            edit=self._prompts.text(f"edits/{self._edit}"),
            question=task.problem.question_with_choices,
            original=task.original,
            answer_form=ANSWER_FORMS[task.problem.answer_kind],
        )
        return self._request(text, task.sample, attempt)
