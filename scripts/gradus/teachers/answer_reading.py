"""Reading of answers: what students learn of a response to a problem, and whether there is anything to learn."""

from __future__ import annotations

from gradus.answers import split_answer
from gradus.records import Problem
from gradus.study.config.teachers import RationaleSource
from gradus.teachers.requests.journal import Response
from gradus.teachers.thoughts import split_thoughts


def learned(problem: Problem, source: RationaleSource, response: Response) -> tuple[str, str | None]:
    """The rationale that students learn, and the answer: that of the text, else the one that the reasoning came to."""
    thoughts, text = split_thoughts(response.text)
    reasoning = response.reasoning or thoughts
    rationale, extracted = split_answer(text, problem.answer_kind, problem.choices)
    if source == "answer":
        return rationale, extracted
    thought, concluded = split_answer(reasoning, problem.answer_kind, problem.choices)
    extracted = concluded if extracted is None else extracted
    if source == "reasoning" or not reasoning:
        return (thought if reasoning else ""), extracted
    return "\n\n".join(filter(None, (reasoning, rationale))), extracted


def is_parsable(source: RationaleSource, rationale: str, answer: str | None) -> bool:
    """Whether what was read counts: it has an answer, and the thoughts that were asked for."""
    return answer is not None and (bool(rationale) or source == "answer")


def can_be_read(problem: Problem, source: RationaleSource, response: Response) -> bool:
    """Whether a response to a problem is parsable."""
    return is_parsable(source, *learned(problem, source, response))
