"""Tokens: a student's tokenizer as the stages use it.

Read by the small ``tokenizers`` library: importing transformers (and torch with it) costs every job seconds.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from gradus.runtime.errors import UserError

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")


@dataclass(frozen=True)
class Tokens:
    """Text to ids and back, and the two ids that matter."""

    tokenizer: Tokenizer
    pad_id: int
    eos_id: int

    def encode(self, text: str) -> list[int]:
        """Ids of a text; special tokens are recognised where they are written out, none is added."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def ends(self, text: str) -> list[int]:
        """Where each id of ``encode`` ends in the text, in characters."""
        return [end for _, end in self.tokenizer.encode(text, add_special_tokens=False).offsets]

    def decode(self, ids: list[int]) -> str:
        """Text of ids, special tokens left out."""
        text: str = self.tokenizer.decode(ids, skip_special_tokens=True)
        return text

    def id_of(self, token: str) -> int | None:
        """The id of one token, None if the vocabulary has no such token."""
        found: int | None = self.tokenizer.token_to_id(token)
        return found

    @cached_property
    def special(self) -> dict[int, str]:
        """Ids and texts of the special tokens."""
        added = self.tokenizer.get_added_tokens_decoder()
        return {number: token.content for number, token in added.items() if token.special}

    def holds_special(self, text: str) -> bool:
        """Whether a text would be read as containing a special token: a question could end itself with one."""
        return any(number in self.special for number in self.encode(text))

    @property
    def adds_blank(self) -> bool:
        """Whether the tokenizer puts a blank before every text of its own (SentencePiece in Llama 2 and Mistral does)."""
        return str(self.tokenizer.id_to_token(self.encode("a")[0])).startswith(("▁", "Ġ"))

    @property
    def opening(self) -> str:
        """What the tokenizer itself puts before every text (Llama's and Gemma's do, BLOOM's does not), as text."""
        added = self.tokenizer.encode("a", add_special_tokens=True).ids
        bare = self.encode("a")
        before = added[: len(added) - len(bare)] if added[-len(bare) :] == bare else []
        return "".join(self.special[number] for number in before if number in self.special)


def load_tokens(folder: str | Path) -> Tokens:
    """The tokenizer of a student or checkpoint folder; UserError if there is none or it has no end token.

    Truncation and padding that its file stores are left aside, as transformers leaves them: they would cut texts unseen.
    """
    folder = Path(folder)
    path = folder / "tokenizer.json"
    if not path.exists():
        raise UserError("no tokenizer.json", where=folder, hint="save the model's fast tokenizer there")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    eos, pad = (_token_id(tokenizer, settings.get(name)) for name in ("eos_token", "pad_token"))
    if eos is None:
        raise UserError("the tokenizer has no end-of-sequence token: the student could not learn to stop", where=folder)
    return Tokens(tokenizer, eos if pad is None else pad, eos)


def _token_id(tokenizer: Tokenizer, token: Any) -> int | None:
    text = token["content"] if isinstance(token, dict) else token
    found: int | None = None if text is None else tokenizer.token_to_id(text)
    return found


def copy_tokenizer(source: str | Path, target: str | Path) -> None:
    """Put a model's tokenizer files beside its new weights, unchanged."""
    for name in TOKENIZER_FILES:
        if (Path(source) / name).exists():
            shutil.copyfile(Path(source) / name, Path(target) / name)
