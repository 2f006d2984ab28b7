"""Chat templates: what a dialogue looks like to a model, as Jinja text beside its tokenizer or of the user's own.

A template is rendered with a question whose words are known, and so becomes the text before a question, the text after it, and
the token that ends an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from gradus.runtime.errors import UserError
from gradus.students.tokens import Tokens

_PROBE = "How many are left?"
# The day of all chat templates that write today's date into the prompt: the fallback in Llama 3's own template.
_FIXED_DAY = datetime(2024, 7, 26)
_SWITCHES = ("enable_thinking", "thinking")
_ELSE = "choose `template: plain`, or another"


@dataclass(frozen=True)
class Dialogue:
    """What is put to a chat template beside the question.

    ``system``: the system prompt, None for the template's own; ``thinking``: whether to think first, None for the template's
    own choice; ``arguments``: further values that the template reads by
    these names; ``text``: a template to use instead of the tokenizer's.
    """

    system: str | None = None
    thinking: bool | None = None
    arguments: dict[str, object] = field(default_factory=dict)
    text: str | None = None


def chat_texts(tokens: Tokens, folder: Path, dialogue: Dialogue) -> tuple[str, str, str | None]:
    """The text before a question, the text after it, and the special token that ends an answer (None: the template has none).

    Raises UserError where there is no template, where it fails, changes the words of a question, or does not use what the
    study gives it.
    """
    tokenizer, source = _with_fixed_day(folder, dialogue.text)
    read = dialogue.arguments | _switch(dialogue.thinking, source)
    unread = [name for name in read if not _reads(source, name)]
    if unread:
        raise UserError(f"the chat template does not read {', '.join(unread)}", where=folder, hint="leave it out")

    def rendered(question: str, answer: str | None) -> str:
        turns = [] if dialogue.system is None else [{"role": "system", "content": dialogue.system}]
        turns += [{"role": "user", "content": question}]
        turns += [{"role": "assistant", "content": answer}] if answer is not None else []
        arguments = {"date_string": f"{_FIXED_DAY:%d %b %Y}", **read}
        try:
            return str(
                tokenizer.apply_chat_template(
                    turns,
                    chat_template=dialogue.text,
                    tokenize=False,
                    add_generation_prompt=answer is None,
                    **arguments,
                )
            )
        except (TemplateError, ValueError, TypeError, LookupError) as error:
            raise UserError(f"the chat template cannot be used: {error}", where=folder, hint=_ELSE) from None

    prompt = rendered(_PROBE, None)
    if prompt.count(_PROBE) != 1:
        raise UserError("the chat template does not hold the question exactly once", where=folder)
    before, after = prompt.split(_PROBE)
    if rendered("Other words, 2 < 3.", None) != f"{before}Other words, 2 < 3.{after}":
        raise UserError("the chat template changes the words of a question", where=folder)
    if dialogue.system is not None and dialogue.system.strip() not in before:
        raise UserError("the chat template leaves the system prompt out", where=folder, hint="write it into a template")
    # What follows the answer in a finished dialogue begins, or should, with the token that ends it.
    tail = rendered(_PROBE, "It is 7.").rpartition("It is 7.")[2]
    closing = [number for number in tokens.encode(tail) if number in tokens.special]
    return before, after, tokens.special[closing[0]] if closing else None


def _switch(thinking: bool | None, source: str) -> dict[str, object]:
    """The switch of a model's thinking under the name that its template has for it."""
    if thinking is None:
        return {}
    names = [name for name in _SWITCHES if _reads(source, name)] or [_SWITCHES[0]]
    return dict.fromkeys(names, thinking)


def _reads(source: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", source) is not None


def _with_fixed_day(folder: Path, text: str | None) -> tuple[Any, str]:
    """transformers' tokenizer of a folder, for whose chat template every day is the same one, and that template.

    Templates ask for it by ``strftime_now`` in a format of their own, unless they are given a text as ``date_string``.
    Arguments of a template must be plain values, so the function is put into the compiled template, which transformers
    keeps. UserError where there is no template, or one that cannot be read.
    """
    from transformers import AutoTokenizer
    from transformers.utils.chat_template_utils import _compile_jinja_template

    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    if text is None and not tokenizer.chat_template:
        raise UserError("the tokenizer has no chat template", where=folder, hint=_ELSE)
    try:
        source = str(tokenizer.get_chat_template(text))
        compiled = _compile_jinja_template(source)
    except (TemplateError, ValueError) as error:
        raise UserError(f"the chat template cannot be read: {error}", where=folder, hint=_ELSE) from None
    compiled.globals["strftime_now"] = _FIXED_DAY.strftime
    return tokenizer, source
