"""The prompts of the annotation protocol, filled in for teachers behind a chat interface (Chen et al. 2025, sections 3 and 4.1).

Each question is annotated with one worked example at one level, the gold answer shown or hidden; a format is the teacher's
rewrite of its own original. The texts are files that a domain expert edits; see prompts/README.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

from gradus.answers.stated import before_last_statement
from gradus.records import Problem
from gradus.records.vocabulary import LEVELS, NATIVE
from gradus.runtime.atomic import sha256_bytes
from gradus.runtime.errors import UserError

# The level whose original the exemplar of a format is rewritten from.
EXEMPLAR_LEVEL = "L3"
ANSWER_FORMS = {
    "number": "the final number alone",
    "choice": "the letter of the right choice alone",
    "boolean": "True or False",
    "latex": "the final answer alone, in LaTeX where it is a formula",
    "text": "the answer alone, in as few words as possible",
}


@dataclass(frozen=True)
class Exemplar:
    """One worked example of a teacher: a problem and its rationale per level (or the one rationale of a format).

    ``prompt_hash`` tells which prompt it was written with; ``origin`` is ``teacher`` or ``override``.
    """

    question: str
    answer: str
    rationales: dict[str, str]
    prompt_hash: str
    origin: str


# Stands where no worked example is shown (level ``native``).
NO_EXEMPLAR = Exemplar("", "", {}, "", "teacher")


class Prompts:
    """The prompt files of one folder, each read once; raises UserError where one is absent or names an unknown field."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._texts: dict[str, str] = {}

    def text(self, name: str) -> str:
        """One file's text without surrounding space."""
        if name not in self._texts:
            path = self.folder / f"{name}.txt"
            try:
                self._texts[name] = path.read_text(encoding="utf-8").strip()
            except FileNotFoundError:
                raise UserError("no such prompt", where=path, hint="see prompts/README.md") from None
        return self._texts[name]

    def fill(self, name: str, **fields: str) -> str:
        """One file with its fields filled in."""
        try:
            return Template(self.text(name)).substitute(fields)
        except (KeyError, ValueError) as error:
            raise UserError(
                f"unknown field or stray dollar sign: {error}",
                where=self.folder / f"{name}.txt",
                hint=f"fields: {', '.join(f'${field}' for field in fields)}; write $$ for a dollar sign",
            ) from None

    def hash_of(self, *names: str) -> str:
        """One hash over some files: what decides whether something was written with today's wording."""
        return sha256_bytes("\0".join(self.text(name) for name in names).encode("utf-8"))[:16]


def prompt_names(format_: str, level: str, gold: str) -> tuple[str, ...]:
    """The files that decide the requests of a supervision (but for its exemplar)."""
    if format_ == "original" and level == NATIVE:
        return ("system", f"native-{gold}")
    if format_ == "original":
        return ("system", f"annotate-{gold}", f"levels/{level}")
    return ("system", "rewrite", f"formats/{format_}")


def edit_prompt_names(edit: str) -> tuple[str, ...]:
    """The files that an edit is asked with."""
    return ("system", "edit", f"edits/{edit}")


def exemplar_prompt_names(format_: str) -> tuple[str, ...]:
    """The files that an exemplar is written with."""
    if format_ == "original":
        return ("system", "exemplar-levels", *(f"levels/{level}" for level in LEVELS))
    return ("system", "exemplar-format", f"formats/{format_}")


def annotation_prompt(prompts: Prompts, problem: Problem, level: str, gold: str, exemplar: Exemplar) -> str:
    """The prompt for one original; ``gold`` is ``shown`` or ``hidden``. At level ``native`` nobody controls the detail."""
    asked = {"question": problem.question_with_choices, "answer_form": ANSWER_FORMS[problem.answer_kind]}
    if gold == "shown":
        asked["answer"] = problem.answer
    if level == NATIVE:
        return prompts.fill(f"native-{gold}", **asked)
    fields = {
        "level": prompts.text(f"levels/{level}"),
        "example_question": exemplar.question,
        "example_rationale": exemplar.rationales[level],
        "example_answer": exemplar.answer,
        **asked,
    }
    return prompts.fill(f"annotate-{gold}", **fields)


def rewrite_prompt(
    prompts: Prompts, problem: Problem, format_: str, original: str, originals: Exemplar, exemplar: Exemplar
) -> str:
    """The prompt for one rewrite of an original (its whole text, answer sentence included)."""
    return prompts.fill(
        "rewrite",
        format=prompts.text(f"formats/{format_}"),
        example_question=exemplar.question,
        example_original=originals.rationales[EXEMPLAR_LEVEL],
        example_rationale=exemplar.rationales[format_],
        example_answer=exemplar.answer,
        question=problem.question_with_choices,
        original=original,
        answer_form=ANSWER_FORMS[problem.answer_kind],
    )


def exemplar_prompt(prompts: Prompts, problem: Problem, format_: str, original: str | None) -> str:
    """The prompt by which a teacher writes an exemplar: all six levels at once, or one format of ``original``."""
    fields = {
        "question": problem.question_with_choices,
        "answer": problem.answer,
        "answer_form": ANSWER_FORMS[problem.answer_kind],
    }
    if original is None:
        levels = "\n".join(f"[{level}] {prompts.text(f'levels/{level}')}" for level in LEVELS)
        return prompts.fill("exemplar-levels", levels=levels, **fields)
    return prompts.fill("exemplar-format", format=prompts.text(f"formats/{format_}"), original=original, **fields)


def read_levels(text: str) -> dict[str, str] | None:
    """The rationales of a reply with one part per level, without their answer sentences; None unless all are there."""
    parts = re.split(r"^\s*\**\[(L[1-6])\]\**:?", text, flags=re.MULTILINE)
    found = {level: before_last_statement(part) for level, part in zip(parts[1::2], parts[2::2], strict=False)}
    return found if sorted(found) == list(LEVELS) and all(found.values()) else None
