"""Annotation: ask a teacher about every problem, keep every answer with its verdict, lose nothing that was paid for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from gradus.answers import answers_equal, split_answer
from gradus.errors import UserError
from gradus.journal import Journal, Response, request_key
from gradus.paths import Supervision
from gradus.progress import track
from gradus.records import Annotation, Problem
from gradus.teachers.providers import Provider, Task

_REFUSED = ("content_filter", "refusal")


def judge(problem: Problem, response: Response, answer: str | None) -> str:
    """One of five outcomes: agrees, disagrees, unparsable, truncated, refused."""
    if response.finish_reason in _REFUSED:
        return "refused"
    if response.finish_reason == "length":
        return "truncated"
    if answer is None:
        return "unparsable"
    return "agrees" if answers_equal(answer, problem.answer) else "disagrees"


def annotate(
    problems: Sequence[Problem],
    supervision: Supervision,
    provider: Provider,
    journal: Journal,
    originals: dict[str, Annotation],
) -> tuple[list[Annotation], dict[str, Any]]:
    """Annotations in the order of the problems, and counts for the manifest.

    ``originals`` maps problem ids to the originals that a rewrite starts from (empty for originals). Problems for which
    the teacher has nothing are counted as ``without_annotation``.
    """
    annotations: list[Annotation] = []
    absent: list[str] = []
    is_rewrite = bool(originals)
    for problem in track(problems, len(problems), str(supervision), "problem"):
        if is_rewrite and problem.id not in originals:
            absent.append(problem.id)
            continue
        original = originals[problem.id].rationale if is_rewrite else None
        task = Task(problem, supervision, original, sample=0)
        content = provider.content(task)
        key = request_key(content)
        response = _ask(provider, task, content, key, journal)
        if response is None:
            absent.append(problem.id)
            continue
        rationale, answer = split_answer(response.text)
        annotations.append(
            Annotation(
                problem_id=problem.id,
                sample=task.sample,
                dataset=supervision.dataset,
                teacher=supervision.teacher,
                format=supervision.format,
                level=supervision.level,
                rationale=rationale,
                answer=answer,
                verdict=judge(problem, response, answer),
                request_hash=key,
                model=response.model,
                parameters={},
                finish_reason=response.finish_reason,
                usage=response.usage,
                price_usd=None,
            )
        )
    if not annotations:
        raise UserError(f"the teacher has no annotation for any problem of {supervision}")
    verdicts = dict(sorted(Counter(annotation.verdict for annotation in annotations).items()))
    words = sum(len(annotation.rationale.split()) for annotation in annotations) / len(annotations)
    return annotations, {"verdicts": verdicts, "without_annotation": absent, "mean_words": round(words, 3)}


def _ask(provider: Provider, task: Task, content: dict[str, Any], key: str, journal: Journal) -> Response | None:
    if not provider.journaled:
        return provider.complete(task, content)
    stored = journal.get(key)
    if stored is not None:
        return stored
    response = provider.complete(task, content)
    if response is not None:
        journal.add(key, content, response)
    return response
