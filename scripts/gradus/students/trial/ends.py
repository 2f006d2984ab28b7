"""The end of an answer: whether the model has a row for it that adapters can build on.

A base model never saw the tokens of its family's dialogues: their rows in the LM head are all alike, or nothing. Adapters
leave the head as it is, so the end stays as likely as each of its twins, and the student never stops.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from gradus.students.templates import Template
from gradus.students.tokens import Tokens
from gradus.students.trial.findings import Findings
from gradus.study.config.students import Recipe

_ALIKE = 1e-6  # of the size of an ordinary row
_COMPARED = 512  # tokens at most


def check_end(folder: Path, model: Any, tokens: Tokens, template: Template, recipe: Recipe, findings: Findings) -> None:
    """Refuse adapters that leave an untrained end as it is; ``model`` is the outline, its weights are in ``folder``."""
    if recipe.adapter is None:
        return
    end = template.end_id(tokens)
    head = model.get_output_embeddings()
    tied = head is not None and head.weight is model.get_input_embeddings().weight
    if "lm_head" in recipe.adapter.train or (tied and "embeddings" in recipe.adapter.train):
        return
    rows = None if head is None else _rows_of(folder, model, head.weight)
    if rows is None:
        findings.note(f"whether the model knows the end token {template.end!r} could not be read from its files")
        return
    twin = _twin(rows, end, tokens)
    if twin is not None:
        findings.refuse(
            f"the end token {template.end!r} of template {template.name!r} was never trained (its row in the LM head is "
            f"{twin}), and adapters leave it so: the student would never learn to stop",
            "set recipe.adapter.train to [embeddings, lm_head], train all weights, or choose a template whose end the model "
            "knows (plain)",
        )


def check_head(folder: Path, model: Any, named: str, findings: Findings) -> None:
    """Refuse weights without an LM head (of a classifier, an embedding model): a random one would be put on them.

    ``named``: the class whose weights the files are, as the configuration says.
    """
    head = model.get_output_embeddings()
    is_headless = not any(part in named for part in ("CausalLM", "LMHead", "ConditionalGeneration"))
    tied = head is not None and head.weight is model.get_input_embeddings().weight
    if head is not None and is_headless and not tied and _rows_of(folder, model, head.weight) is None:
        findings.refuse(
            f"its weights are those of {named}, without an LM head", "choose the language model of its family"
        )


def _twin(rows: Any, end: int, tokens: Tokens) -> str | None:
    """What an untrained row is like; None for a row of its own."""
    ordinary = torch.cat([rows[number : number + 1] for number in _ordinary(tokens, rows.get_shape()[0])]).float()
    size = float(ordinary.abs().max(dim=1).values.median())
    row = rows[end : end + 1].float()
    if float(row.abs().max()) <= _ALIKE * size:
        return "empty"
    for number in sorted(tokens.special)[-_COMPARED:]:
        if number != end and number < rows.get_shape()[0]:
            other = rows[number : number + 1].float()
            if float((other - row).abs().max()) <= _ALIKE * size:
                return f"that of {tokens.special[number]!r} as well"
    return None


def _ordinary(tokens: Tokens, rows: int) -> list[int]:
    return [number for number in range(min(rows, 1024)) if number not in tokens.special][-64:]


def _rows_of(folder: Path, model: Any, weight: Any) -> Any | None:
    """The LM head in the model's files, of which single rows can be read; tied heads stand there under their other name."""
    wanted = [name for name, parameter in model.named_parameters(remove_duplicate=False) if parameter is weight]
    for name in wanted:
        for path in sorted(folder.glob("*.safetensors")):
            with safe_open(str(path), framework="pt") as reader:
                for key in reader.keys():  # noqa: SIM118 - not a dict
                    if _same(key, name):
                        found = reader.get_slice(key)
                        if list(found.get_shape()) == list(weight.shape):
                            return found
    return None


def _same(key: str, name: str) -> bool:
    """Whether a file's name of a tensor is a model's: either may have a prefix that the other lacks."""
    return key == name or key.endswith(f".{name}") or name.endswith(f".{key}")
