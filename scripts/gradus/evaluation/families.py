"""Families of models: what is tried out with a tiny model of each architecture, and the table that tells the results."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradus.students.architectures import ARCHITECTURES, VOCABULARY, make_model

# The columns of the table, and what each of them means.
COLUMNS: Mapping[str, str] = {
    "train": "the loss of a padded batch is that of its samples alone, and steps lower it",
    "adapter": "LoRA with `modules: all-linear` learns and is merged without a change",
    "padding-free": "samples laid end to end do not see each other",
    "chunked": "the loss may be computed in chunks of target positions",
    "generate": "a batch of prompts, short and long, gets the texts of `model.generate` for each alone",
    "beams": "the same with three beams",
}
LONGEST = 16
_LENGTHS = (14, 3, 9, 5, 30, 5)


def try_out(name: str) -> dict[str, bool]:
    """The columns of one architecture."""
    return {
        "train": _trains(make_model(name)),
        "adapter": _adapts(name),
        **_shortcuts(make_model(name)),
        **{column: _generates(name, beams) for column, beams in (("generate", 1), ("beams", 3))},
    }


def table(tried: Mapping[str, Mapping[str, bool]]) -> str:
    """The results as markdown."""
    head = ["models", "`model_type`", "keeps of a text", *COLUMNS, "vLLM"]
    lines = ["| " + " | ".join(head) + " |", "|---|---|---|" + ":-:|" * (len(COLUMNS) + 1)]
    for name, architecture in ARCHITECTURES.items():
        marks = ["yes" if tried[name][column] else "no" for column in COLUMNS]
        marks.append("yes" if architecture.in_vllm else "no")
        lines.append("| " + " | ".join([architecture.models, f"`{name}`", architecture.keeps, *marks]) + " |")
    meanings = "; ".join(f"**{column}**: {meaning}" for column, meaning in COLUMNS.items())
    return "\n".join([*lines, "", f"{meanings}.", ""])


def prompts(lengths: Sequence[int] = _LENGTHS) -> list[list[int]]:
    """Random prompts, shorter and longer than the windows of the tiny models, two of one length."""
    import torch

    generator = torch.Generator().manual_seed(1)
    return [torch.randint(3, VOCABULARY, (length,), generator=generator).tolist() for length in lengths]


def _losses(model: Any, samples: Sequence[list[int]]) -> tuple[Any, float]:
    """The loss of samples as one micro-batch (a tensor with gradient), and the sum of those of each alone."""
    import torch

    from gradus.students.training.inputs import make_inputs
    from gradus.students.training.objective import Objective

    inputs = make_inputs(range(len(samples)), samples, [2] * len(samples), pad_id=0, end_id=2, flat=False)
    alone = 0.0
    with torch.no_grad():
        for ids in samples:
            scores = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, 1:-1].float().log_softmax(-1)
            alone -= float(scores.gather(1, torch.tensor(ids[2:])[:, None]).sum())
    return Objective(model, chunked=False)(inputs).weighted, alone


def _trains(model: Any) -> bool:
    import torch

    samples = [[*ids, 2] for ids in prompts((9, 4, 17))]
    model.config.use_cache = False
    optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], lr=1e-3)
    first = last = None
    for _ in range(4):
        loss, alone = _losses(model, samples)
        if abs(float(loss.detach()) - alone) > 1e-4 * alone:
            return False
        first, last = (alone if first is None else first), alone
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return first is not None and last is not None and last < first


def _adapts(name: str) -> bool:
    import torch

    from gradus.students.training.modelling import with_adapter
    from gradus.study.config.students import Adapter

    try:
        model = with_adapter(make_model(name), Adapter(rank=4, alpha=8.0))
    except ValueError:  # peft knows layers of state spaces that adapters would pass by
        return False
    if not _trains(model):
        return False
    ids = torch.tensor([prompts((12,))[0]])
    model.eval()
    with torch.no_grad():
        adapted = model(input_ids=ids).logits
        merged = model.merge_and_unload()(input_ids=ids).logits
    return float((adapted - merged).abs().max()) < 1e-3 * float(adapted.abs().max())


def _shortcuts(model: Any) -> dict[str, bool]:
    from gradus.students.training.probes import contamination, plain_head

    return {"padding-free": contamination(model) is None, "chunked": plain_head(model) is None}


def _generates(name: str, beams: int) -> bool:
    import torch
    from transformers import GenerationConfig

    from gradus.evaluation.engines import GenerationLimits, up_to_end
    from gradus.evaluation.engines.stepwise import StepwiseEngine

    model, asked = make_model(name), prompts()
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)

        def write(ends: Sequence[int], number: int) -> list[list[int]]:
            engine = StepwiseEngine(Path(folder), GenerationLimits(tuple(ends), LONGEST, beams=number), 0, 64, 1)
            return engine.complete(asked, [0] * len(asked))

        spread = [row[5 + 2 * index] for index, row in enumerate(write((), 1)[:3])]
        ends = sorted({2, *spread})  # rows end at different steps
        written = write(ends, beams)
    config = GenerationConfig(max_new_tokens=LONGEST, num_beams=beams, eos_token_id=ends, pad_token_id=0)
    for ids, row in zip(asked, written, strict=True):
        with torch.inference_mode():
            alone = model.generate(
                torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), generation_config=config
            )
        if row != up_to_end(alone[0, len(ids) :].tolist(), ends):
            return False
    return True
