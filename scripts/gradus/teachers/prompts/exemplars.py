"""Exemplars: a teacher's worked examples, written once per dataset and format, then frozen.

They come, in this order, from an override in the prompts folder, from the frozen file in the teacher's journal folder, or from
the teacher itself (a few attempts, where a reply cannot be read).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

from gradus.answers import answers_equal, split_answer
from gradus.records import Problem
from gradus.records.vocabulary import LEVELS
from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.teachers.prompts.prompting import (
    EXEMPLAR_LEVEL,
    Exemplar,
    Prompts,
    exemplar_prompt_names,
    read_levels,
)
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.requests.factory import Fetch
from gradus.teachers.requests.journal import Journal
from gradus.teachers.requests.reuse import find_answer
from gradus.teachers.thoughts import split_thoughts

ATTEMPTS = 5


def load_exemplar(path: str | Path) -> Exemplar:
    """Read an exemplar file; UserError where a field is missing or a rationale is empty."""
    raw = read_json(path)
    names = [field.name for field in dataclasses.fields(Exemplar)]
    if not isinstance(raw, dict) or sorted(raw) != sorted(names):
        raise UserError(f"an exemplar has exactly the fields {', '.join(names)}", where=path)
    rationales = raw["rationales"]
    if not isinstance(rationales, dict) or not all(isinstance(text, str) and text for text in rationales.values()):
        raise UserError("rationales maps levels (or the format) to texts that are not empty", where=path)
    return Exemplar(**raw)


def is_current(exemplar: Exemplar, prompts: Prompts, format_: str) -> bool:
    """Whether the prompt that an exemplar was written with is still today's (an override always is)."""
    return exemplar.origin == "override" or exemplar.prompt_hash == prompts.hash_of(*exemplar_prompt_names(format_))


def find_exemplar(prompts: Prompts, journal_folder: Path, dataset: str, teacher: str, format_: str) -> Exemplar | None:
    """The override or the frozen exemplar, or None where none was written yet."""
    override = prompts.folder / "exemplars" / dataset / teacher / f"{format_}.json"
    if override.exists():
        found = load_exemplar(override)
        expected = LEVELS if format_ == "original" else (format_,)
        if not set(expected) <= set(found.rationales):
            raise UserError(f"rationales must hold {', '.join(expected)}", where=override)
        return dataclasses.replace(found, origin="override")
    frozen = frozen_path(journal_folder, dataset, format_)
    return load_exemplar(frozen) if frozen.exists() else None


def frozen_path(journal_folder: Path, dataset: str, format_: str) -> Path:
    """Where an exemplar is kept once written."""
    return journal_folder / "exemplars" / dataset / f"{format_}.json"


def save_exemplar(path: str | Path, exemplar: Exemplar) -> None:
    """Write an exemplar file."""
    write_json(path, dataclasses.asdict(exemplar))


def write_exemplar(
    problems: Sequence[Problem],
    builder: RequestBuilder,
    prompts: Prompts,
    journal: Journal,
    fetch: Fetch | None,
    format_: str,
    originals: Exemplar | None,
) -> Exemplar:
    """Have the teacher write an exemplar, and check it: all parts are there, the answer is right, nothing is empty.

    Raises UserError where no attempt gave a usable one.
    """
    problem = choose_problem(problems)
    original = None if originals is None else originals.rationales[EXEMPLAR_LEVEL]
    endings: list[str] = []
    for attempt in range(ATTEMPTS):
        request = builder.exemplar(problem, format_, original, attempt)
        if endings == ["length", "length"] and find_answer(journal, request) is None:
            break
        if fetch is not None:
            fetch([request], 1, f"exemplar {format_}")
        held = find_answer(journal, request)
        if held is None:
            raise UserError("the journal holds no exemplar", where=journal.folder, hint="offline: true asks nobody")
        response = held.response
        endings.append(response.finish_reason)
        text = split_thoughts(response.text)[1]
        rationales = _read(text, problem, format_) if response.finish_reason == "stop" else None
        if rationales is not None:
            written = prompts.hash_of(*exemplar_prompt_names(format_))
            return Exemplar(problem.question_with_choices, problem.answer, rationales, written, "teacher")
    hint = "see its replies there, edit the exemplar prompt, or write one into prompts/exemplars"
    if "length" in endings:
        hint = "its replies were cut off: raise max_output_tokens (what a model thinks counts, too)"
    raise UserError(
        f"the teacher wrote no usable exemplar ({format_}) in {len(endings)} attempts, which ended as {', '.join(endings)}",
        where=journal.folder,
        hint=hint,
    )


def _read(text: str, problem: Problem, format_: str) -> dict[str, str] | None:
    if format_ == "original":
        parts = re.split(r"^\s*\**\[L[1-6]\]\**:?", text, flags=re.MULTILINE)[1:]
        answers = [split_answer(part, problem.answer_kind, problem.choices)[1] for part in parts]
        right = [answer and answers_equal(answer, problem.answer, problem.answer_kind) for answer in answers]
        return read_levels(text) if all(right) else None
    rationale, answer = split_answer(text, problem.answer_kind, problem.choices)
    right_one = answer is not None and answers_equal(answer, problem.answer, problem.answer_kind)
    return {format_: rationale} if rationale and right_one else None


def choose_problem(problems: Sequence[Problem]) -> Problem:
    """The training problem that exemplars explain: of middling length, so that six levels can differ; the same always."""
    ordered = sorted(problems, key=lambda problem: (len(problem.question), problem.id))
    return ordered[len(ordered) // 2]
