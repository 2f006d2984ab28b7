"""Probes: what must be true of a model before its training takes a shortcut, tried out on the model itself.

They run once at the start, before any sharding, on the weights that will be trained; all ranks come to the same result.
"""

from __future__ import annotations

from typing import Any

import torch

from gradus.students.training import packed_attention
from gradus.students.training.inputs import Inputs, make_inputs
from gradus.students.training.objective import Objective

# What rounding may change, relative to the size of logits or loss. A leak needs no such room: masked positions count exactly 0.
SAME = {torch.float32: 1e-4, torch.bfloat16: 5e-2}

# What counts as seen: experts of a mixture may round otherwise beside other tokens, which is no sight.
SEEN = {torch.float32: 1e-5, torch.bfloat16: 2e-2}


def sight_ahead(model: Any) -> str | None:
    """Why this model cannot be trained to write on; None if it sees nothing of what follows a token.

    Four tokens stand before two different continuations: their logits must not tell which. An encoder's do, and the targets
    of its training would be part of its input.
    """
    vocabulary = int(model.get_input_embeddings().weight.size(0))
    generator = torch.Generator().manual_seed(0)
    start, one, other = (torch.randint(vocabulary, (1, size), generator=generator) for size in (4, 9, 9))
    device = model.get_input_embeddings().weight.device

    def logits(after: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            found: torch.Tensor = model(input_ids=torch.cat([start, after], dim=1).to(device), use_cache=False).logits
        return found[0, : start.size(1)].float()

    training = model.training
    model.eval()
    try:
        left, right = logits(one), logits(other)
    finally:
        model.train(training)
    share = float((left - right).abs().max() / left.abs().max().clamp(min=1e-30))
    if share > SEEN[model.dtype]:
        return f"it sees the tokens that it is to predict (they change its logits by {share:.1e} of their size)"
    return None


def contamination(model: Any) -> str | None:
    """Why samples may not be laid end to end in this model; None if it keeps them apart by their positions.

    Two samples stand in one row. Another first sample must not change the second one's logits at all, and these must be
    those of the second sample standing alone.
    """
    vocabulary = int(model.get_input_embeddings().num_embeddings)
    generator = torch.Generator().manual_seed(0)
    first, other, second = (torch.randint(vocabulary, (1, size), generator=generator) for size in (9, 9, 7))
    device = model.get_input_embeddings().weight.device

    def logits(*parts: torch.Tensor) -> torch.Tensor:
        positions = torch.cat([torch.arange(part.size(1)) for part in parts])[None]
        ids = torch.cat(parts, dim=1)
        packed_attention.lay_out([part.size(1) for part in parts])
        with torch.no_grad():
            found: torch.Tensor = model(
                input_ids=ids.to(device), position_ids=positions.to(device), use_cache=False
            ).logits
        return found[0, -parts[-1].size(1) :].float()

    training = model.training
    model.eval()
    try:
        together, changed, alone = logits(first, second), logits(other, second), logits(second)
    except (TypeError, ValueError) as error:
        return f"the model takes no positions: {error}"
    finally:
        model.train(training)
    scale = float(alone.abs().max())
    leak, shift = float((together - changed).abs().max()), float((together - alone).abs().max())
    if leak > 1e-5 * scale:
        return f"the model lets a sample see the one before it (its logits change by {leak / scale:.1e} of their size)"
    if shift > SAME[model.dtype] * scale:
        return f"a sample's logits depend on its position in the row (by {shift / scale:.1e} of their size)"
    return None


def plain_head(model: Any) -> str | None:
    """Why the loss of this model may not be computed in chunks; None if its logits are hidden states times a matrix.

    Compares the loss of one short sample both ways. Soft caps, scaled logits and the like show up here.
    """
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    head = causal.get_output_embeddings()
    if head is None or not isinstance(head, torch.nn.Linear):
        return "the model has no linear LM head"
    vocabulary = int(head.weight.size(0))
    sample = torch.randint(vocabulary, (12,), generator=torch.Generator().manual_seed(0)).tolist()
    inputs = make_inputs([0], [sample], [4], pad_id=0, end_id=sample[-1], flat=False).to(head.weight.device)
    training = model.training
    model.eval()
    with torch.no_grad():
        whole = float(Objective(model, chunked=False)(inputs).plain)
        try:
            chunked = float(Objective(model, chunked=True)(inputs).plain)
        finally:
            del head.forward  # the instance's own, put there by the objective
    model.train(training)
    # The model's own forward rounds its logits to its precision; the chunks do as well.
    if abs(whole - chunked) > SAME[head.weight.dtype] * max(1.0, abs(whole)):
        return (
            f"its logits are not its hidden states times the head's matrix (loss {whole:.4f}, in chunks {chunked:.4f})"
        )
    return None


def indeterminism(objective: Objective, inputs: Inputs) -> str | None:
    """Why the same training would not give the same weights again on this device; None if every operation is deterministic.

    One forward and backward pass of ``inputs``, down to the embeddings and without the gradients of other weights, in torch's
    strict mode. Attention over a mask has two backward passes on a GPU, and torch takes the deterministic one in strict mode
    only (``warn_only`` keeps the other). Leaves the mode as it was.
    """
    before = torch.is_deterministic_algorithms_warn_only_enabled(), torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        table = objective.causal.get_input_embeddings().weight
        if not table.requires_grad:
            return _strictly(objective, inputs, [one for one in objective.parameters() if one.requires_grad][:1])
        return _strictly(objective, inputs, [table])
    finally:
        torch.use_deterministic_algorithms(before[1], warn_only=before[0])


def _strictly(objective: Objective, inputs: Inputs, reached: list[torch.nn.Parameter]) -> str | None:
    try:
        torch.autograd.grad(objective(inputs).weighted, reached, allow_unused=True)
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        return str(error).split(",")[0]
    return None
