"""Templates: how a question is put to a student, and where its answer ends.

One function for training and for evaluation (docs/reference/students.md). A template is resolved once, when the base
model is made, into four texts that are kept in the student's manifest; whatever a tokenizer's own chat template does, from
then on it is those texts. Special tokens stand in them as text and are recognised by the tokenizer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradus.records import Annotation, Problem
from gradus.runtime.errors import UserError
from gradus.students.chat_templates import Dialogue, chat_texts
from gradus.students.tokens import Tokens
from gradus.study.config.students import PretrainedStudent
from gradus.study.config.templates import TemplateFile, TemplateTexts

TEMPLATE_FILE = "template.json"  # beside a checkpoint's weights

_STATES = " The answer is "  # between a rationale and its answer


@dataclass(frozen=True)
class Template:
    """A prompt is ``before`` + question + ``after``; a completion is ``lead`` + text, then the token ``end``."""

    name: str
    before: str
    after: str
    lead: str
    end: str

    def prompt(self, problem: Problem, worked: Sequence[tuple[str, str]] = (), opening: str = "") -> str:
        """What the student reads, for training and evaluation alike.

        ``worked``: questions and completions shown before it, to a student that was taught nothing. They are turns like the
        question itself; only the first begins with the tokenizer's ``opening``. A template whose end token ends a turn has it
        after each, one that ends whole texts (``plain``, ``alpaca``, texts of one's own) a blank line.
        """
        turns = [f"{question}{self.after}{completion}{self._between}" for question, completion in worked]
        return f"{self.before}{self._further(opening).join([*turns, problem.question_with_choices])}{self.after}"

    def next_question(self, tokens: Tokens) -> str | None:
        """The text that begins a further question, by which a base model shows that its answer is over; None where special
        tokens do."""
        last = self._further(tokens.opening).strip().rpartition("\n")[2]
        return None if not last or tokens.holds_special(last) else last

    def _further(self, opening: str) -> str:
        """What stands before a question that is not the first: neither the tokenizer's opening nor a system's turn."""
        before = self.before.removeprefix(opening)
        return before if self._ends_texts else before.rpartition(self.end)[2].lstrip("\n")

    @property
    def _ends_texts(self) -> bool:
        """Whether the end token ends whole texts; else it ends a turn of a dialogue."""
        return self.name in ("plain", "alpaca", "texts")

    @property
    def _between(self) -> str:
        if self._ends_texts:
            return "\n\n"
        return self.end if self.name == "llama3" else f"{self.end}\n"

    def completion(self, annotation: Annotation, answer: str) -> str:
        """What the student learns to write: rationale and answer, or the answer alone; the end token follows."""
        return self.answered(annotation.rationale, answer)

    def answered(self, rationale: str | None, answer: str) -> str:
        """The same from a rationale's text."""
        text = f"{rationale}{_STATES}{answer}." if rationale else answer
        return f"{self.lead}{text}"

    def end_id(self, tokens: Tokens) -> int:
        """The id of the end token; UserError where the tokenizer does not know it."""
        found = tokens.id_of(self.end)
        if found is None:
            raise UserError(f"the tokenizer has no token {self.end!r}, which ends answers in template {self.name!r}")
        return found


def answer_offset(completion: str) -> int:
    """Where the answer begins in what ``completion`` has written, in characters: behind its rationale, if it has one."""
    return max(0, completion.rfind(_STATES))


def resolve_template(student: PretrainedStudent | str, tokens: Tokens, folder: Path) -> Template:
    """The texts of a student's template (or of one that is named) for one tokenizer.

    ``folder`` holds the chat template, which only ``chat`` reads. ``alpaca``, ``gemma`` and ``llama3`` are the formats in
    which LLaMA-Factory trains these families. Raises UserError where the tokenizer lacks a token that the template needs.
    """
    asked = student if isinstance(student, str) else student.template
    dialogue = Dialogue()
    if isinstance(student, PretrainedStudent):
        dialogue = Dialogue(student.system, student.thinking, dict(student.template_arguments))
    if isinstance(asked, TemplateTexts):
        opening = "" if asked.before.startswith(tokens.opening) else tokens.opening
        template = Template("texts", opening + asked.before, asked.after, asked.lead, asked.end or _eos(tokens))
    elif isinstance(asked, TemplateFile):
        template = _chat(tokens, folder, "file", replace(dialogue, text=_read(asked.file)))
    elif asked == "chat":
        template = _chat(tokens, folder, "chat", dialogue)
    else:
        template = _MAKERS[asked](tokens)
    missing = [text for text in _NEEDED.get(template.name, ()) if tokens.id_of(text) is None]
    if missing:
        raise UserError(
            f"template {template.name!r} needs the token {missing[0]!r}, which this tokenizer does not have",
            where=folder,
            hint=f"choose another of {', '.join((*_MAKERS, 'chat'))}",
        )
    template.end_id(tokens)
    if tokens.adds_blank and template.lead.startswith(" "):  # an answer is encoded apart: it would begin with two
        template = replace(template, lead=template.lead[1:])
    return template


def _chat(tokens: Tokens, folder: Path, name: str, dialogue: Dialogue) -> Template:
    before, after, end = chat_texts(tokens, folder, dialogue)
    return Template(name, before, after, "", end or _eos(tokens))


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(
            "no such file", where=file, hint="template.file of a student, from the working folder"
        ) from None


def _plain(tokens: Tokens) -> Template:
    return Template("plain", f"{tokens.opening}Question: ", "\nAnswer:", " ", _eos(tokens))


def _alpaca(tokens: Tokens) -> Template:
    system = "Below is an instruction that describes a task. Write a response that appropriately completes the request."
    before = f"{tokens.opening}{system}\n\n### Instruction:\n"
    return Template("alpaca", before, "\n\n### Response:\n", "", _eos(tokens))


def _gemma(tokens: Tokens) -> Template:
    return Template("gemma", "<bos><start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n", "", "<end_of_turn>")


def _llama3(tokens: Tokens) -> Template:
    def head(role: str) -> str:
        return f"<|start_header_id|>{role}<|end_header_id|>\n\n"

    return Template("llama3", f"<|begin_of_text|>{head('user')}", f"<|eot_id|>{head('assistant')}", "", "<|eot_id|>")


def _eos(tokens: Tokens) -> str:
    return str(tokens.tokenizer.id_to_token(tokens.eos_id))


_MAKERS: dict[str, Callable[[Tokens], Template]] = {
    "plain": _plain,
    "alpaca": _alpaca,
    "gemma": _gemma,
    "llama3": _llama3,
}
_NEEDED = {
    "gemma": ("<bos>", "<start_of_turn>", "<end_of_turn>"),
    "llama3": ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
}
