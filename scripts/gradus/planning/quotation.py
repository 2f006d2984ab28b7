"""Quotation: how many requests annotations take and what they cost, per supervision, with no key and no network.

Where problems, exemplars and originals exist already, the requests are the real ones, and those that the journal holds are
counted separately. Otherwise requests are counted and their tokens estimated. Token counts of texts are characters / 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gradus.planning.inputs import PlanInputs
from gradus.planning.quote import NOTHING, Quote
from gradus.records import Problem, Supervision
from gradus.records.vocabulary import LEVELS, NATIVE, Split
from gradus.runtime.environment import journal_folder
from gradus.study import paths
from gradus.study.config import ChatTeacher, RewrittenTransform, base_of
from gradus.study.config.datasets import is_nested
from gradus.study.config.teachers import TutorTeacher
from gradus.study.config.thinking import THOUGHT_TOKENS
from gradus.study.grid import exemplars
from gradus.teachers.annotation import original_text, usable_originals
from gradus.teachers.prompts.edits import EditBuilder
from gradus.teachers.prompts.exemplars import find_exemplar, load_exemplar
from gradus.teachers.prompts.prompting import NO_EXEMPLAR, Exemplar
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.protocols import Task
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.prices import cost, find_price
from gradus.teachers.requests.reuse import find_output

# Output tokens where no answer of the teacher at that level is in the journal yet: mean words of the released GPT-4o
# annotations per level (SVAMP to MATH, 35 to 111 words) times 1.4 tokens a word, rounded up.
# Thoughts count too.
OUTPUT_TOKENS = {"native": THOUGHT_TOKENS, "L1": 60, "L2": 80, "L3": 100, "L4": 120, "L5": 140, "L6": 170}
REWRITE_FACTOR = 1.4
QUESTION = "A question of middling length that stands for one that is not read yet. " * 3
_SECONDS_PER_ANSWER = 4.0


@dataclass(frozen=True)
class Quotation:
    """Quotes of a study's annotations, from what is there already, the prompts and the table of prices."""

    inputs: PlanInputs
    _counted: dict[tuple[str, ...], int] = field(default_factory=dict, init=False, compare=False, repr=False)

    def of(self, supervision: Supervision, split: Split) -> Quote:
        """The quote of one supervision; ``split`` ``test`` is a teacher's own test, gold hidden.

        Files and transforms send no requests, but for edits.
        """
        study, problems = self.inputs.study, self.inputs.problems(supervision.dataset, split)
        teacher = study.teachers[supervision.teacher]
        transform = study.transforms.get(supervision.format)
        if isinstance(transform, RewrittenTransform):
            return self._of_edits(supervision, transform)
        if transform is not None:
            return NOTHING
        if isinstance(teacher, TutorTeacher):  # built in: journaled, and free
            is_done = self.inputs.results.path(_answers(split), supervision).exists()
            texts = problems * teacher.samples
            return Quote(texts, texts if is_done else 0, 0, 0, 0.0, 0.0, 0.0)
        if not isinstance(teacher, ChatTeacher):
            return NOTHING
        shared = self._shared(supervision, split, problems)
        if (supervision, split, shared) not in self.inputs.quotes:
            self.inputs.quotes[supervision, split, shared] = self._of_texts(supervision, split, teacher, shared)
        return self.inputs.quotes[supervision, split, shared]

    def _of_texts(self, supervision: Supervision, split: Split, teacher: ChatTeacher, quoted: int) -> Quote:
        """The quote of a teacher's own texts, ``quoted`` problems of which were quoted before."""
        builder = RequestBuilder(teacher, self.inputs.prompts, "hidden" if split == "test" else teacher.gold)
        exemplars = self._exemplars(supervision)
        tasks, are_real = self._tasks(supervision, split, teacher.samples)
        shown = exemplars or _stand_ins(supervision)
        shared = min(quoted * teacher.samples, len(tasks))
        requests = (builder.annotation(task, 0, *shown) for task in tasks[shared:])
        factor = 1.0 if supervision.format == "original" else REWRITE_FACTOR
        each = _expected(teacher, supervision.level, factor)
        asked = self._of_requests(supervision.teacher, teacher, requests, bool(exemplars) and are_real, each)
        return Quote(shared, shared, 0, 0, 0.0, 0.0, 0.0) + asked

    def _of_edits(self, supervision: Supervision, transform: RewrittenTransform) -> Quote:
        """The quote of another teacher's edits: one of every text, as many as there are or can be expected."""
        editor = self.inputs.study.teachers[transform.by]
        assert isinstance(editor, ChatTeacher)  # the study file was checked
        results, (source,) = self.inputs.results, transform.sources(supervision)
        rows = usable_originals(results.find_annotations(source))
        problems = {problem.id: problem for problem in self.inputs.read_problems(supervision.dataset, "train")}
        tasks = [
            Task(problems[row.problem_id], supervision, original_text(row), sample)
            for (_, sample), row in rows.items()
            if row.problem_id in problems and row.rationale
        ]
        are_real = bool(tasks)
        if not are_real:
            count = round(self.inputs.expected(source)[0])
            text = "word " * (OUTPUT_TOKENS[supervision.level] * 3 // 4)
            tasks = [Task(_stand_in(one, supervision, "train"), supervision, text, 0) for one in range(count)]
        builder = EditBuilder(editor, self.inputs.prompts, transform.edit)
        requests = (builder.annotation(task, 0, NO_EXEMPLAR, NO_EXEMPLAR) for task in tasks)
        return self._of_requests(transform.by, editor, requests, are_real, _expected(editor, supervision.level))

    def _of_requests(
        self, name: str, teacher: ChatTeacher, requests: Iterable[ChatRequest], are_real: bool, expected: float
    ) -> Quote:
        """The quote of some requests; ``expected`` output tokens each, unless the journal knows better."""
        journal = self.inputs.journal(name)
        cached = input_tokens = missing = known_output = 0
        for request in requests:
            tokens = find_output(journal, request) if are_real else None
            if tokens is not None:
                cached += 1
                known_output += tokens
            else:
                missing += 1
                input_tokens += sum(len(message["content"]) for message in request.body["messages"]) // 4
                input_tokens += len(request.body.get("system", "")) // 4
        each = known_output / cached if cached else expected
        output_tokens = round(missing * each)
        price = find_price(teacher, self.inputs.prices)
        usage = {"input_tokens": input_tokens, "output_tokens": output_tokens}
        usd: float | None
        usd_batch: float | None
        if missing == 0:
            usd, usd_batch = 0.0, 0.0
        else:
            usd, usd_batch = (None, None) if price is None else (cost(price, usage), cost(price, usage, is_batch=True))
        minutes = _minutes(teacher, missing, input_tokens + output_tokens)
        return Quote(cached + missing, cached, input_tokens, output_tokens, usd, usd_batch, minutes)

    def _shared(self, supervision: Supervision, split: Split, problems: int) -> int:
        """How many of its problems a smaller or larger ``train_size`` of the same dataset has been quoted for already: what a
        teacher is asked of them is the same, and paid once."""
        dataset = supervision.dataset
        section, base = (self.inputs.study.datasets[name] for name in (dataset, base_of(dataset)))
        alike = section.model_dump(exclude={"train_size"}) == base.model_dump(exclude={"train_size"})
        if not alike or not is_nested(section):
            return 0
        key = (base_of(dataset), split, *supervision.short.split("/"))
        before = self._counted.get(key, 0)
        self._counted[key] = max(before, problems)
        return min(before, problems)

    def of_exemplars(self, supervisions: Sequence[Supervision]) -> Quote:
        """The quote of the exemplars that some supervisions need: one request each, unless it is there already."""
        total = NOTHING
        for dataset, name, format_ in exemplars(self.inputs.study, supervisions):
            teacher = self.inputs.study.teachers[name]
            assert isinstance(teacher, ChatTeacher)
            price = find_price(teacher, self.inputs.prices)
            written = sum(OUTPUT_TOKENS[level] for level in LEVELS) + THOUGHT_TOKENS * teacher.thinks
            usage = {"input_tokens": 600, "output_tokens": written}
            if find_exemplar(self.inputs.prompts, journal_folder() / name, dataset, name, format_) is not None:
                total += Quote(1, 1, 0, 0, 0.0, 0.0, 0.0)
            else:
                usd = None if price is None else cost(price, usage)
                total += Quote(1, 0, usage["input_tokens"], usage["output_tokens"], usd, usd, _SECONDS_PER_ANSWER / 60)
        return total

    def _exemplars(self, supervision: Supervision) -> tuple[Exemplar, Exemplar] | None:
        """The exemplars of the originals and of the format, where both are there; none are needed at level ``native``."""
        if (supervision.format, supervision.level) == ("original", NATIVE):
            return NO_EXEMPLAR, NO_EXEMPLAR
        original, own = (
            self.inputs.results.path(
                paths.EXEMPLAR, dataset=base_of(supervision.dataset), teacher=supervision.teacher, format=format_
            )
            for format_ in ("original", supervision.format)
        )
        return (load_exemplar(original), load_exemplar(own)) if original.exists() and own.exists() else None

    def _tasks(self, supervision: Supervision, split: Split, samples: int) -> tuple[list[Task], bool]:
        """The tasks, and whether they are the real ones (problems and originals are there)."""
        results = self.inputs.results
        problems = self.inputs.read_problems(supervision.dataset, split)
        is_rewrite = supervision.format != "original"
        written = results.find_annotations if split == "train" else results.find_teacher_answers
        originals = usable_originals(written(supervision.original())) if is_rewrite else {}
        are_real = bool(problems) and (not is_rewrite or bool(originals))
        tasks = []
        count = self.inputs.problems(supervision.dataset, split)
        for problem in problems or [_stand_in(number, supervision, split) for number in range(count)]:
            for sample in range(samples):
                text = None
                if is_rewrite:
                    row = originals.get((problem.id, sample))
                    stated = (
                        f"{row.rationale} The answer is {row.answer}." if row and row.answer else row and row.rationale
                    )
                    text = stated or "word " * (OUTPUT_TOKENS[supervision.level] * 3 // 4)
                tasks.append(Task(problem, supervision, text, sample))
        return tasks, are_real


def _expected(teacher: ChatTeacher, level: str, factor: float = 1.0) -> float:
    """Output tokens of one answer: what is read, and what the model thinks before it."""
    thoughts = THOUGHT_TOKENS if teacher.thinks and level != NATIVE else 0
    return min(OUTPUT_TOKENS[level] * factor + thoughts, teacher.max_output_tokens)


def _answers(split: Split) -> paths.Artifact:
    return paths.ANNOTATIONS if split == "train" else paths.TEACHER_ANSWERS


def _minutes(teacher: ChatTeacher, requests: int, tokens: int) -> float:
    times = [requests * _SECONDS_PER_ANSWER / teacher.max_concurrency / 60]
    if teacher.requests_per_minute:
        times.append(requests / teacher.requests_per_minute)
    if teacher.tokens_per_minute:
        times.append(tokens / teacher.tokens_per_minute)
    return max(times)


def _stand_ins(supervision: Supervision) -> tuple[Exemplar, Exemplar]:
    rationales = {level: "word " * (tokens * 3 // 4) for level, tokens in OUTPUT_TOKENS.items()}
    original = Exemplar(QUESTION, "1", rationales, "", "teacher")
    return original, Exemplar(QUESTION, "1", {**rationales, supervision.format: rationales["L3"]}, "", "teacher")


def _stand_in(number: int, supervision: Supervision, split: Split) -> Problem:
    return Problem(str(number), supervision.dataset, split, QUESTION, None, "1", "number", None, None, "", None)
