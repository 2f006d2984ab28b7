"""Sampling: which problems' texts are shown: the same ones of every cell, as many as the page's size allows."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.records import Problem
from gradus.runtime.atomic import sha256_bytes

# Problems whose texts are always shown. With few cells there are more, until all texts take so many bytes in the page.
SAMPLES = 20
BUDGET_BYTES = 10_000_000  # of students' texts
RATIONALE_BYTES = 1_500_000  # of teachers'
BYTES_OF_A_TEXT = 550  # of a packed one: measured on the released rationales (about 600 characters each)
LONGEST_TEXT = 4000


def sample_size(series: int, budget: int = BUDGET_BYTES) -> int:
    """How many problems of a dataset are shown where ``series`` cells or supervisions have texts for each."""
    return max(SAMPLES, budget // (BYTES_OF_A_TEXT * max(1, series)))


def shown_problems(problems: Sequence[Problem], count: int = SAMPLES) -> list[Problem]:
    """The problems whose texts are shown, in the order of the split.

    They are picked by the hashes of their ids, so that they depend neither on what was solved nor on other problems.
    """
    chosen = set(sorted((problem.id for problem in problems), key=lambda name: sha256_bytes(name.encode()))[:count])
    return [problem for problem in problems if problem.id in chosen]


def cut(text: str) -> str:
    """A text that a page can hold."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " [… cut]"
