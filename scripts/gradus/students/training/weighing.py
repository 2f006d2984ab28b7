"""Weighing: what each target token counts in the loss of a step, by its part of the text and the length of its sample.

The loss is the weighted mean of the targets' negative log-likelihoods. Weights of a rationale and its answer are those of
Distilling Step-by-Step (Hsieh et al. 2023, arXiv 2305.02301), here on the tokens of one text instead of two tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradus.students.training.inputs import target_count
from gradus.study.config.students import Recipe, Supervise


@dataclass(frozen=True)
class Weighing:
    """The weights of a training's targets; ``answer_starts`` has the first token of each sample's answer."""

    lengths: Sequence[int]
    prompt_lengths: Sequence[int]
    answer_starts: Sequence[int]
    supervise: Supervise
    per_sample: bool

    def of(self, index: int) -> list[float]:
        """The weight of each target of a sample; with ``per_sample`` they sum to 1 (to 0 where none of them counts)."""
        parts = self._parts(index)
        total = sum(parts) if self.per_sample else 1.0
        return [part / total for part in parts] if total else parts

    def total(self, samples: Sequence[int]) -> float:
        """What the loss of these samples is divided by: their targets' weights, or the number of samples that count."""
        if self.per_sample:
            return float(sum(1 for index in samples if self._counts(index)))
        return float(sum(sum(self._parts(index)) for index in samples))

    def _parts(self, index: int) -> list[float]:
        first, length = max(1, self.prompt_lengths[index]), self.lengths[index]
        answer = min(max(first, self.answer_starts[index]), length)
        return [self.supervise.rationale] * (answer - first) + [self.supervise.answer] * (length - answer)

    def _counts(self, index: int) -> bool:
        """Not where all targets weigh nothing: a rationale of weight 0 that was cut before its answer."""
        return not target_count(self.lengths[index], self.prompt_lengths[index]) or any(self._parts(index))


def weighing(
    recipe: Recipe, lengths: Sequence[int], prompt_lengths: Sequence[int], answer_starts: Sequence[int]
) -> Weighing | None:
    """The weights that a recipe asks for; None where every target counts one."""
    if recipe.normalise == "tokens" and recipe.supervise == Supervise():
        return None
    starts = answer_starts if recipe.supervise != Supervise() else prompt_lengths
    return Weighing(lengths, prompt_lengths, starts, recipe.supervise, recipe.normalise == "samples")
