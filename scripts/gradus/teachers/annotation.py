"""Annotation: ask a teacher about every problem, keep every answer with its verdict, lose nothing that was paid for.

Two passes, so that memory holds no texts: first what the journal lacks is bought, then every annotation is made from the
journal, in the order of the problems.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gradus.answers import answers_equal, split_answer
from gradus.records import Annotation, Problem, Supervision
from gradus.records.vocabulary import Verdict
from gradus.runtime.errors import UserError
from gradus.runtime.progress import track
from gradus.teachers.prompts.prompting import Exemplar
from gradus.teachers.prompts.request_builder import ChatTeacher
from gradus.teachers.protocols import LocalTeacher, Task
from gradus.teachers.requests.journal import Journal, Response, request_key
from gradus.teachers.requests.queue import Order

_REFUSED = ("content_filter", "refusal")


@dataclass(frozen=True)
class Answer:
    """A teacher's answer with the identity of its request and the parameters that were really sent."""

    response: Response
    request_hash: str
    parameters: dict[str, Any]


class Desk(Protocol):
    """Where answers come from: a local teacher, or a remote one through purchase and journal."""

    def prepare(self, tasks: Iterable[tuple[Task, int]], total: int) -> None:
        """See to it that the answers to (task, attempt) can be had."""
        ...

    def answer(self, task: Task, attempt: int) -> Answer | None:
        """One answer; None where the teacher has none for the problem."""
        ...


@dataclass
class LocalDesk:
    """A teacher in this process; journaled ones are asked once."""

    teacher: LocalTeacher
    journal: Journal

    def prepare(self, tasks: Iterable[tuple[Task, int]], total: int) -> None:
        pass

    def answer(self, task: Task, attempt: int) -> Answer | None:
        content = self.teacher.content(task)
        key = request_key(content)
        response = self.journal.get(key) if self.teacher.journaled else None
        if response is None:
            response = self.teacher.complete(task, content)
            if response is not None and self.teacher.journaled:
                self.journal.add(key, content, response)
        return None if response is None else Answer(response, key, {})


@dataclass
class RemoteDesk:
    """A remote teacher: ``buy`` sends what the journal lacks (None: offline, the journal alone)."""

    teacher: ChatTeacher
    journal: Journal
    originals: Exemplar
    exemplar: Exemplar
    what: str
    buy: Callable[[Iterable[Order], int, str], None] | None

    def prepare(self, tasks: Iterable[tuple[Task, int]], total: int) -> None:
        if self.buy is not None:
            self.buy((self._order(task, attempt) for task, attempt in tasks), total, self.what)

    def answer(self, task: Task, attempt: int) -> Answer:
        key = request_key(self._order(task, attempt).content)
        response = self.journal.get(key)
        if response is None:
            raise UserError(
                f"the journal holds no answer for problem {task.problem.id!r} of {task.supervision}",
                where=self.journal.folder,
                hint="offline: true never asks a provider; bring the journal that this study was annotated with",
            )
        if not self.teacher.accepts(response.model):
            raise UserError(
                f"the journal's answer for problem {task.problem.id!r} comes from model {response.model!r}",
                where=self.journal.folder,
                hint="pin the model that answered, or name it in also_accept",
            )
        return Answer(response, key, self.teacher.parameters)

    def _order(self, task: Task, attempt: int) -> Order:
        return self.teacher.order(task, attempt, self.originals, self.exemplar)


@dataclass(frozen=True)
class Sampling:
    """How many answers per problem, and which verdicts are asked for again (rejection sampling), how often."""

    samples: int = 1
    again: tuple[str, ...] = ()
    retries: int = 0


@dataclass
class Counts:
    """What the manifest tells beside the rows; complete once all annotations were drawn."""

    verdicts: Counter[str] = field(default_factory=Counter)
    absent: list[str] = field(default_factory=list)
    words: int = 0
    rows: int = 0

    def facts(self) -> dict[str, Any]:
        mean = self.words / max(self.rows, 1)
        verdicts = dict(sorted(self.verdicts.items()))
        return {"verdicts": verdicts, "without_annotation": self.absent, "mean_words": round(mean, 3)}


def verdict_of(problem: Problem, response: Response, answer: str | None) -> Verdict:
    """One of five outcomes: agrees, disagrees, unparsable, truncated, refused."""
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
    desk: Desk,
    originals: Mapping[tuple[str, int], Annotation],
    sampling: Sampling,
    counts: Counts,
) -> Iterator[Annotation]:
    """All annotations in the order of problems, samples and attempts; ``counts`` is filled on the way.

    ``originals`` maps (problem id, sample) to what a rewrite starts from (empty for originals). Problems for which the
    teacher has nothing are counted as absent. Raises UserError if there is not a single annotation.
    """
    total = len(problems) * sampling.samples
    for attempt in range(1 + (sampling.retries if sampling.again else 0)):
        prepare(problems, supervision, desk, originals, sampling, attempt)
    tasks = _tasks(problems, supervision, originals, sampling.samples)
    for problem, task in track(tasks, total, str(supervision), "problem"):
        if task is None:
            counts.absent.append(problem.id)
            continue
        for attempt in range(1 + sampling.retries):
            row = _row(desk, task, attempt)
            if row is None:
                counts.absent.append(task.problem.id)
                break
            counts.verdicts[row.verdict] += 1
            counts.rows += 1
            counts.words += len(row.rationale.split())
            yield row
            if row.verdict not in sampling.again:
                break
    if not counts.rows:
        raise UserError(f"the teacher has no annotation for any problem of {supervision}")


def prepare(
    problems: Sequence[Problem],
    supervision: Supervision,
    desk: Desk,
    originals: Mapping[tuple[str, int], Annotation],
    sampling: Sampling,
    attempt: int = 0,
) -> None:
    """See to it that all answers to one attempt can be had (which for a remote teacher means: are in the journal)."""
    tasks = _tasks(problems, supervision, originals, sampling.samples)
    wanted = ((task, attempt) for _, task in tasks if task is not None and _needs(desk, task, attempt, sampling))
    desk.prepare(wanted, len(problems) * sampling.samples if attempt == 0 else 0)


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
                stated = f" The answer is {original.answer}." if original.answer else ""
                yield problem, Task(problem, supervision, original.rationale + stated, sample)


def _needs(desk: Desk, task: Task, attempt: int, sampling: Sampling) -> bool:
    """Whether all earlier attempts at a task ended in a verdict that is asked for again."""
    for earlier in range(attempt):
        row = _row(desk, task, earlier)
        if row is None or row.verdict not in sampling.again:
            return False
    return True


def _row(desk: Desk, task: Task, attempt: int) -> Annotation | None:
    answer = desk.answer(task, attempt)
    if answer is None:
        return None
    problem, response = task.problem, answer.response
    rationale, extracted = split_answer(response.text, problem.answer_kind, problem.choices)
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
        verdict=verdict_of(problem, response, extracted),
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
