"""The objective: negative log-likelihood of the target tokens, from whole logits or in chunks of them.

With a vocabulary of 250,000 the logits of a micro-batch are gigabytes. In chunks, only positions with a target are sent
through the LM head, a few hundred at a time, and the gradient is computed in the forward pass, while a chunk's logits are
there (the idea of fused linear cross-entropy: Liger Kernel, arXiv 2410.10989; here in plain PyTorch for every model whose
logits are its last hidden states times a matrix, which ``probes`` checks).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from gradus.students.training import packed_attention
from gradus.students.training.inputs import IGNORED, Inputs

LARGE_VOCABULARY = 32_000
CHUNK_LOGITS = 2**27  # logits at a time: half a gigabyte in fp32


@dataclass(frozen=True)
class Loss:
    """Sums over the targets of a micro-batch: ``weighted`` has the gradient, the others are for the log."""

    weighted: torch.Tensor
    plain: torch.Tensor
    ends: torch.Tensor


class Objective(torch.nn.Module):
    """A causal language model together with its loss: what DeepSpeed wraps, so that its hooks see every call."""

    def __init__(self, model: Any, *, chunked: bool) -> None:
        super().__init__()
        self.model = model
        self.chunked = chunked
        if chunked:
            head = self.causal.get_output_embeddings()
            # The module stays where it is and keeps its parameters (ZeRO-3 gathers them around its call); only the call changes.
            head.forward = partial(_head_losses, head)

    @property
    def causal(self) -> Any:
        """The transformers model, out of its adapters' wrapping."""
        return self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model

    def forward(self, inputs: Inputs) -> Loss:
        """The loss of one micro-batch; right padding needs no mask, because no token sees what follows it."""
        packed_attention.lay_out(inputs.lengths)
        arguments: dict[str, object] = {"input_ids": inputs.ids, "use_cache": False}
        if inputs.positions is not None:
            arguments["position_ids"] = inputs.positions
        if self.chunked:
            return self._in_chunks(self.causal.base_model(**arguments).last_hidden_state, inputs)
        logits = self.causal(**arguments).logits
        flat = logits[:, :-1].reshape(-1, logits.size(-1)).float()
        labels = inputs.labels[:, :-1].reshape(-1)
        with torch.no_grad():
            ends = cross_entropy(
                flat[inputs.ends[:, :-1].reshape(-1)], labels[inputs.ends[:, :-1].reshape(-1)], reduction="sum"
            )
        if inputs.weights is None:
            plain = cross_entropy(flat, labels, ignore_index=IGNORED, reduction="sum")
            return Loss(plain, plain.detach(), ends)
        losses = cross_entropy(flat, labels, ignore_index=IGNORED, reduction="none")
        return Loss((losses * inputs.weights[:, :-1].reshape(-1)).sum(), losses.detach().sum(), ends)

    def _in_chunks(self, hidden: torch.Tensor, inputs: Inputs) -> Loss:
        chosen = inputs.labels != IGNORED
        weights = None if inputs.weights is None else inputs.weights[chosen]
        head = self.causal.get_output_embeddings()
        weighted, losses = head(hidden[chosen], inputs.labels[chosen], weights)
        return Loss(weighted, losses.sum(), losses[inputs.ends[chosen]].sum())


def _head_losses(
    head: Any, hidden: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    weighted, losses = _HeadLoss.apply(  # type: ignore[no-untyped-call]  # torch does not type it
        hidden, head.weight, getattr(head, "bias", None), labels, weights
    )
    return weighted, losses


class _HeadLoss(torch.autograd.Function):
    """Σ weight · NLL of ``labels`` under softmax(hidden · Wᵀ + b), and each NLL; [n, width], [vocabulary, width], [n]."""

    @staticmethod
    def forward(ctx: Any, hidden: Any, matrix: Any, bias: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        wants_hidden, wants_matrix, wants_bias = ctx.needs_input_grad[:3]
        losses = torch.zeros(len(labels), dtype=torch.float32, device=hidden.device)
        grad_hidden = torch.zeros_like(hidden) if wants_hidden else None
        grad_matrix = torch.zeros_like(matrix) if wants_matrix else None
        grad_bias = torch.zeros_like(bias) if bias is not None and wants_bias else None
        rows = max(1, CHUNK_LOGITS // matrix.size(0))
        for start in range(0, len(labels), rows):
            part = slice(start, start + rows)
            states, targets = hidden[part], labels[part]
            logits = torch.nn.functional.linear(states, matrix, bias).float()
            normaliser = torch.logsumexp(logits, dim=-1, keepdim=True)
            losses[part] = (normaliser - logits.gather(1, targets[:, None])).squeeze(1)
            gradient = torch.exp(logits - normaliser)
            gradient[torch.arange(len(targets), device=targets.device), targets] -= (
                1  # scatter_add_ is not deterministic
            )
            if weights is not None:
                gradient *= weights[part, None]
            gradient = gradient.to(states.dtype)
            if grad_hidden is not None:
                grad_hidden[part] = gradient @ matrix
            if grad_matrix is not None:
                grad_matrix.addmm_(gradient.T, states)
            if grad_bias is not None:
                grad_bias += gradient.sum(0)
        ctx.save_for_backward(grad_hidden, grad_matrix, grad_bias)
        ctx.mark_non_differentiable(losses)
        weighted = losses.sum() if weights is None else (losses * weights).sum()
        return weighted, losses

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple[Any, ...]:
        found = [None if tensor is None else tensor * grads[0] for tensor in ctx.saved_tensors]
        return (*found, None, None)


def is_large(vocabulary: int) -> bool:
    """Whether whole logits are worth avoiding."""
    return vocabulary >= LARGE_VOCABULARY
