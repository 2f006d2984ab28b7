"""Scores: what a base model thinks of the pieces of a text, for transforms that keep what it finds important."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

from gradus.records import Annotation
from gradus.records.text_scores import TextScore
from gradus.runtime.errors import UserError
from gradus.teachers.transforms.steps import split_words

Scores = Mapping[str, TextScore]


def score_of(scores: Scores, row: Annotation) -> TextScore:
    """The scores of an annotation; UserError where there are none, or they are of another text."""
    found = scores.get(row.key)
    if found is None or len(found.tokens) != len(split_words(row.rationale)):
        raise UserError(
            f"the scores of {row.problem_id!r} are not of its text", hint="delete the folder text_scores and run again"
        )
    return found


def losses(score: TextScore, pieces: Sequence[str]) -> list[float]:
    """Nats per token of each step or word of a text."""
    tokens = _summed(pieces, score.tokens)
    return [loss / max(1.0, count) for loss, count in zip(_summed(pieces, score.loss), tokens, strict=True)]


def entropies(score: TextScore, pieces: Sequence[str]) -> list[float]:
    """The entropy of each step or word: the sum over its tokens (arXiv 2508.03346)."""
    return _summed(pieces, score.entropy)


def _summed(pieces: Sequence[str], values: Sequence[float]) -> list[float]:
    """What the words of each piece have, summed: pieces are whole words."""
    ends = list(accumulate(len(split_words(piece)) for piece in pieces))
    found = [0.0] * len(pieces)
    for word, value in enumerate(values):
        found[min(bisect_right(ends, word), len(pieces) - 1)] += value
    return found
