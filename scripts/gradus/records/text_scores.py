"""Text scores: what a base model makes of each word of an annotation, before it is trained on any."""

from __future__ import annotations

from dataclasses import dataclass

from gradus.runtime.errors import UserError
from gradus.runtime.record import Record


@dataclass(frozen=True)
class TextScore(Record):
    """One annotation, word by word: its tokens, the sum of their negative log-likelihoods, and of the entropies of what the model
    expected in their place, in nats."""

    problem_id: str
    sample: int
    attempt: int
    tokens: tuple[int, ...]
    loss: tuple[float, ...]
    entropy: tuple[float, ...]

    @property
    def key(self) -> str:
        return f"{self.problem_id}#{self.sample}#{self.attempt}"

    @property
    def mean_loss(self) -> float:
        """Nats per token; 0 of an empty text."""
        return sum(self.loss) / max(1, sum(self.tokens))

    def check(self) -> None:
        if not len(self.tokens) == len(self.loss) == len(self.entropy):
            raise UserError(f"the scores of {self.key!r} are of different numbers of words")
