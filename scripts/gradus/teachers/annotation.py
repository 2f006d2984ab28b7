"""Annotation: every answer of a teacher to every problem, with its verdict; nothing that was paid for is lost.

There are two passes, so that memory holds no texts: the first fetches what the journal lacks, the second makes every annotation
from the journal, in the order of the problems.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gradus.answers import answers_equal
from gradus.records import Annotation, Problem, Supervision
from gradus.records.vocabulary import Verdict
from gradus.runtime.errors import UserError
from gradus.runtime.progress import track
from gradus.teachers.answer_reading import is_parsable, learned
from gradus.teachers.answer_sources import AnswerSource
from gradus.teachers.protocols import Task
from gradus.teachers.requests.journal import Response
from gradus.teachers.requests.shard_index import FAILED

_REFUSED = ("content_filter", "refusal")


@dataclass(frozen=True)
class Sampling:
    """How many answers per problem, and which verdicts are drawn again (rejection sampling), how often.

    ``tolerated`` says how many of so many requests may have failed.
    """

    samples: int = 1
    retried: tuple[str, ...] = ()
    retries: int = 0
    tolerated: Callable[[int], int] = lambda requests: requests


@dataclass
class Counts:
    """What the manifest says besides the rows; complete once all annotations were drawn."""

    verdicts: Counter[str] = field(default_factory=Counter)
    absent: list[str] = field(default_factory=list)
    words: int = 0
    rows: int = 0

    def facts(self) -> dict[str, object]:
        mean = self.words / max(self.rows, 1)
        verdicts = dict(sorted(self.verdicts.items()))
        return {"verdicts": verdicts, "without_annotation": self.absent, "mean_words": round(mean, 3)}


def verdict_of(problem: Problem, response: Response, answer: str | None) -> Verdict:
    """One of six outcomes: agrees, disagrees, unparsable, truncated, refused, failed."""
    if response.finish_reason == FAILED:
        return "failed"
    if response.finish_reason in _REFUSED:
        return "refused"
    if response.finish_reason == "length":
        return "truncated"
    if answer is None:
        return "unparsable"
    return "agrees" if answers_equal(answer, problem.answer, problem.answer_kind) else "disagrees"


def annotate(
    problems: Sequence[Problem],
    supervision: Supervision,
    source: AnswerSource,
    originals: Mapping[tuple[str, int], Annotation],
    sampling: Sampling,
    counts: Counts,
) -> Iterator[Annotation]:
    """All annotations in the order of problems, samples and attempts; ``counts`` is filled as they come.

    ``originals`` maps (problem id, sample) to what a rewrite starts from (empty for originals). Problems for which the
    teacher has nothing are counted as absent. Raises UserError if there is not a single annotation, or if more requests
    failed than are tolerated.
    """
    total = len(problems) * sampling.samples
    for attempt in range(1 + (sampling.retries if sampling.retried else 0)):
        prepare(problems, supervision, source, originals, sampling, attempt)
    tasks = _tasks(problems, supervision, originals, sampling.samples)
    for problem, task in track(tasks, total, str(supervision), "problem"):
        if task is None:
            counts.absent.append(problem.id)
            continue
        for attempt in range(1 + sampling.retries):
            row = _row(source, task, attempt)
            if row is None:
                counts.absent.append(task.problem.id)
                break
            counts.verdicts[row.verdict] += 1
            counts.rows += 1
            counts.words += len(row.rationale.split())
            yield row
            if row.verdict not in sampling.retried:
                break
    failed = counts.verdicts["failed"]
    if failed > sampling.tolerated(total):
        raise UserError(
            f"{failed} of {total} requests of {supervision} failed",
            hint="`python scripts/batches.py list` shows them with the provider's words; take those problems out, have them "
            "asked again (`forget`), or raise tolerated_failures",
        )
    if not counts.rows:
        raise UserError(f"the teacher has no annotation for any problem of {supervision}")


def prepare(
    problems: Sequence[Problem],
    supervision: Supervision,
    source: AnswerSource,
    originals: Mapping[tuple[str, int], Annotation],
    sampling: Sampling,
    attempt: int = 0,
) -> None:
    """Make sure that all answers to one attempt can be had (for a remote teacher: that they are in the journal)."""
    tasks = _tasks(problems, supervision, originals, sampling.samples)
    wanted = ((task, attempt) for _, task in tasks if task is not None and _needs(source, task, attempt, sampling))
    source.prepare(wanted, len(problems) * sampling.samples if attempt == 0 else 0)


def _tasks(
    problems: Sequence[Problem],
    supervision: Supervision,
    originals: Mapping[tuple[str, int], Annotation],
    samples: int,
) -> Iterator[tuple[Problem, Task | None]]:
    """Every problem and sample with its task; None where a rewrite has no original to start from."""
    for problem in problems:
        for sample in range(samples):
            if not originals:
                yield problem, Task(problem, supervision, None, sample)
                continue
            original = originals.get((problem.id, sample))
            if original is None or not original.rationale:
                yield problem, None
            else:
                yield problem, Task(problem, supervision, original_text(original), sample)


def original_text(original: Annotation) -> str:
    """What a rewrite or an edit starts from: the whole text, its answer sentence included."""
    stated = f" The answer is {original.answer}." if original.answer else ""
    return original.rationale + stated


def _needs(source: AnswerSource, task: Task, attempt: int, sampling: Sampling) -> bool:
    """Whether all earlier attempts at a task ended in a verdict that is drawn again."""
    for earlier in range(attempt):
        row = _row(source, task, earlier)
        if row is None or row.verdict not in sampling.retried:
            return False
    return True


def _row(source: AnswerSource, task: Task, attempt: int) -> Annotation | None:
    answer = source.answer(task, attempt)
    if answer is None:
        return None
    problem, response = task.problem, answer.response
    rationale, extracted = learned(problem, answer.rationale, response)
    parsable = is_parsable(answer.rationale, rationale, extracted)
    return Annotation(
        problem_id=problem.id,
        sample=task.sample,
        attempt=attempt,
        dataset=task.supervision.dataset,
        teacher=task.supervision.teacher,
        format=task.supervision.format,
        level=task.supervision.level,
        rationale=rationale,
        answer=extracted,
        verdict=verdict_of(problem, response, extracted if parsable else None),
        request_hash=answer.request_hash,
        model=response.model,
        parameters=answer.parameters,
        finish_reason=response.finish_reason,
        usage=response.usage,
        price_usd=response.price_usd,
    )


def usable_originals(annotations: Iterable[Annotation]) -> dict[tuple[str, int], Annotation]:
    """What rewrites start from: per problem and sample the first attempt that agrees, else the last one."""
    chosen: dict[tuple[str, int], Annotation] = {}
    for row in annotations:
        key = (row.problem_id, row.sample)
        if key not in chosen or chosen[key].verdict != "agrees":
            chosen[key] = row
    return chosen
