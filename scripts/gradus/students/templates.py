"""Templates: how a question is put to a student, and where its answer ends.

One function for training and for evaluation (DESIGN, rule 6 of the house). A template is resolved once, when the base
model is made, into four texts that are kept in the student's manifest; whatever a tokenizer's own chat template does, from
then on it is those texts. Special tokens stand in them as text and are recognised by the tokenizer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from gradus.records import Annotation, Problem
from gradus.runtime.errors import UserError
from gradus.students.tokens import Tokens

TEMPLATE_FILE = "template.json"  # beside a checkpoint's weights
_PROBE = "How many are left?"
# The day of all chat templates that write today's date into the prompt: the fallback in Llama 3's own template.
_FIXED_DAY = datetime(2024, 7, 26)


@dataclass(frozen=True)
class Template:
    """A prompt is ``before`` + question + ``after``; a completion is ``lead`` + text, then the token ``end``."""

    name: str
    before: str
    after: str
    lead: str
    end: str

    def prompt(self, problem: Problem) -> str:
        """What the student reads, for training and evaluation alike."""
        return f"{self.before}{problem.question_with_choices}{self.after}"

    def completion(self, annotation: Annotation, answer: str) -> str:
        """What the student learns to write: rationale and answer, or the answer alone; the end token follows."""
        text = f"{annotation.rationale} The answer is {answer}." if annotation.rationale else answer
        return f"{self.lead}{text}"

    def end_id(self, tokens: Tokens) -> int:
        """The id of the end token; UserError where the tokenizer does not know it."""
        found = tokens.id_of(self.end)
        if found is None:
            raise UserError(f"the tokenizer has no token {self.end!r}, which ends answers in template {self.name!r}")
        return found


def resolve_template(name: str, tokens: Tokens, folder: Path) -> Template:
    """The texts of a named template for one tokenizer (``folder`` holds its chat template, which only ``chat`` reads).

    ``alpaca``, ``gemma`` and ``llama3`` are the formats in which LLaMA-Factory trains these families. Raises UserError
    where the tokenizer lacks a token that the template needs.
    """
    template = _MAKERS[name](tokens, folder)
    missing = [text for text in _NEEDED.get(name, ()) if tokens.id_of(text) is None]
    if missing:
        raise UserError(
            f"template {name!r} needs the token {missing[0]!r}, which this tokenizer does not have",
            where=folder,
            hint=f"choose another of {', '.join(_MAKERS)}",
        )
    template.end_id(tokens)
    return template


def _plain(tokens: Tokens, folder: Path) -> Template:
    return Template("plain", f"{tokens.opening}Question: ", "\nAnswer:", " ", _eos(tokens))


def _alpaca(tokens: Tokens, folder: Path) -> Template:
    system = "Below is an instruction that describes a task. Write a response that appropriately completes the request."
    before = f"{tokens.opening}{system}\n\n### Instruction:\n"
    return Template("alpaca", before, "\n\n### Response:\n", "", _eos(tokens))


def _gemma(tokens: Tokens, folder: Path) -> Template:
    return Template("gemma", "<bos><start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n", "", "<end_of_turn>")


def _llama3(tokens: Tokens, folder: Path) -> Template:
    def head(role: str) -> str:
        return f"<|start_header_id|>{role}<|end_header_id|>\n\n"

    return Template("llama3", f"<|begin_of_text|>{head('user')}", f"<|eot_id|>{head('assistant')}", "", "<|eot_id|>")


def _chat(tokens: Tokens, folder: Path) -> Template:
    tokenizer = _with_fixed_day(folder)

    def rendered(question: str, answer: str | None) -> str:
        turns = [{"role": "user", "content": question}]
        turns += [{"role": "assistant", "content": answer}] if answer is not None else []
        try:
            return str(
                tokenizer.apply_chat_template(
                    turns, tokenize=False, add_generation_prompt=answer is None, date_string=f"{_FIXED_DAY:%d %b %Y}"
                )
            )
        except (TemplateError, ValueError, TypeError, LookupError) as error:
            raise UserError(
                f"the chat template cannot be used: {error}", where=folder, hint="choose `template: plain`, or another"
            ) from None

    prompt = rendered(_PROBE, None)
    if prompt.count(_PROBE) != 1:
        raise UserError("the chat template does not hold the question exactly once", where=folder)
    before, after = prompt.split(_PROBE)
    if rendered("Other words, 2 < 3.", None) != f"{before}Other words, 2 < 3.{after}":
        raise UserError("the chat template changes the words of a question", where=folder)
    # What follows the answer in a finished dialogue begins, or should, with the token that ends it.
    tail = rendered(_PROBE, "It is 7.").rpartition("It is 7.")[2]
    closing = [number for number in tokens.encode(tail) if number in tokens.special]
    end = tokens.special[closing[0]] if closing else _eos(tokens)
    return Template("chat", before, after, "", end)


def _with_fixed_day(folder: Path) -> Any:
    """transformers' tokenizer of a folder, for whose chat template every day is the same one.

    Templates ask for it by ``strftime_now`` in a format of their own, unless they are given a text as ``date_string``.
    Arguments of a template must be plain values, so the function is put into the compiled template, which transformers
    keeps. UserError where there is no template, or one that cannot be read.
    """
    from transformers import AutoTokenizer
    from transformers.utils.chat_template_utils import _compile_jinja_template

    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    if not tokenizer.chat_template:
        raise UserError("the tokenizer has no chat template", where=folder, hint="choose `template: plain`, or another")
    try:
        compiled = _compile_jinja_template(tokenizer.get_chat_template())
    except (TemplateError, ValueError) as error:
        raise UserError(f"the chat template cannot be read: {error}", where=folder) from None
    compiled.globals["strftime_now"] = _FIXED_DAY.strftime
    return tokenizer


def _eos(tokens: Tokens) -> str:
    return str(tokens.tokenizer.id_to_token(tokens.eos_id))


_MAKERS: dict[str, Callable[[Tokens, Path], Template]] = {
    "plain": _plain,
    "alpaca": _alpaca,
    "gemma": _gemma,
    "llama3": _llama3,
    "chat": _chat,
}
_NEEDED = {
    "gemma": ("<bos>", "<start_of_turn>", "<end_of_turn>"),
    "llama3": ("<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
}
