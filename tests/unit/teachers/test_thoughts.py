"""Thoughts of reasoning models: kept out of rationales, or taken as them, in each form that servers send them."""

from typing import Any

import pytest
from builders import problem

from gradus.records import Annotation, Supervision
from gradus.study.config.teachers import RationaleSource
from gradus.teachers.annotation import Counts, Sampling, annotate
from gradus.teachers.answer_sources import Answer
from gradus.teachers.protocols import Task
from gradus.teachers.requests.journal import Response
from gradus.teachers.thoughts import split_thoughts

ANSWER = "Three and none is 3. The answer is 3."


@pytest.mark.parametrize(
    ("text", "thoughts", "rest"),
    [
        (ANSWER, "", ANSWER),
        (f"<think>\nHm, 7? Wait.\n</think>\n\n{ANSWER}", "Hm, 7? Wait.", ANSWER),
        (f"Hm, 7? Wait.\n</think>\n\n{ANSWER}", "Hm, 7? Wait.", ANSWER),
        (f"<think></think>{ANSWER}", "", ANSWER),
        (f"<think>a</think>\n<think>b</think>\n{ANSWER}", "a\n\nb", ANSWER),
        (f"  <THINKING>a</THINKING>{ANSWER}", "a", ANSWER),
        (f"<thought>a</thought>{ANSWER}", "a", ANSWER),  # Gemini's compatible endpoint
        (f"<seed:think>a</seed:think>{ANSWER}", "a", ANSWER),
        (f"[THINK]a[/THINK]{ANSWER}", "a", ANSWER),  # Magistral without a parser
        (f"a[/THINK]{ANSWER}", "a", ANSWER),
        ("[THINK]Maybe 7", "Maybe 7", ""),
        (f"\u25c1think\u25b7a\u25c1/think\u25b7{ANSWER}", "a", ANSWER),  # Kimi
        (f"<think >a</think >\n{ANSWER}", "a", ANSWER),
        (f"\ufeff<think>a</think>{ANSWER}", "a", ANSWER),
        (f"\ufeff{ANSWER}", "", ANSWER),
        # gpt-oss without a parser
        (
            f"<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}",
            "a",
            ANSWER,
        ),
        ("<|channel|>analysis<|message|>Maybe 7", "Maybe 7", ""),
        (f"<|channel|>final<|message|>{ANSWER}<|return|>", "", ANSWER),
        (f"[THINKING] {ANSWER}", "", f"[THINKING] {ANSWER}"),
        ("<think>Maybe the answer is 7", "Maybe the answer is 7", ""),
        (
            "The tag <think> opens a thought, </think> ends it.",
            "",
            "The tag <think> opens a thought, </think> ends it.",
        ),
    ],
)
def test_thoughts_are_told_from_the_text(text: str, thoughts: str, rest: str) -> None:
    assert split_thoughts(text) == (thoughts, rest)


class Fixed:
    """A source that gives one answer to everything."""

    def __init__(self, response: Response, rationale: RationaleSource) -> None:
        self.given = Answer(response, "h", {}, rationale)

    def prepare(self, tasks: Any, total: int) -> None: ...

    def answer(self, task: Task, attempt: int) -> Answer:
        return self.given

    def facts(self) -> dict[str, Any]:
        return {}


def row(response: Response, rationale: RationaleSource) -> Annotation:
    where = Supervision("d", "t", "original", "native")
    (found,) = annotate([problem(answer="3")], where, Fixed(response, rationale), {}, Sampling(), Counts())
    return found


FORMS = {
    "tags": Response(f"<think>Hm, 7? No: 2 + 1.</think>{ANSWER}", "stop", "m", {}),
    "no opening tag": Response(f"Hm, 7? No: 2 + 1.</think>{ANSWER}", "stop", "m", {}),
    "field": Response(ANSWER, "stop", "m", {}, reasoning="Hm, 7? No: 2 + 1."),
}


@pytest.mark.parametrize("form", FORMS)
def test_students_learn_what_the_entry_says(form: str) -> None:
    response = FORMS[form]
    assert row(response, "answer").rationale == "Three and none is 3."
    assert row(response, "reasoning").rationale.startswith("Hm, 7? No: 2 + 1")
    assert row(response, "both").rationale.startswith("Hm, 7? No: 2 + 1.\n\nThree and none")
    assert {row(response, source).verdict for source in ("answer", "reasoning", "both")} == {"agrees"}


def test_an_answer_inside_a_thought_is_none() -> None:
    found = row(Response("<think>Maybe the answer is 3.</think> She has apples.", "stop", "m", {}), "answer")
    assert (found.answer, found.verdict) == (None, "unparsable")


def test_hidden_thoughts_cannot_be_learned() -> None:
    found = row(Response(ANSWER, "stop", "m", {"reasoning_tokens": 90}), "reasoning")
    assert (found.rationale, found.verdict) == ("", "unparsable")
