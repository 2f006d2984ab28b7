"""Sampling: which problems' texts are shown: the same ones of every cell, as many as the page's size allows."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.presentation.explorer.facts import ProblemFacts
from gradus.records import Problem
from gradus.runtime.atomic import sha256_bytes

# Problems whose texts are always shown. With few cells there are more, until all texts take so many bytes in the page.
SAMPLES = 20
BUDGET_BYTES = 10_000_000  # of students' texts
RATIONALE_BYTES = 1_500_000  # of teachers'
BLOCK_BYTES = 2_000_000  # of a file beside the page
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


def blocks(problems: Sequence[Problem], shown: Sequence[Problem], series: int) -> list[list[Problem]]:
    """The problems whose texts the page does not hold, in blocks whose texts by ``series`` cells take about ``BLOCK_BYTES``."""
    inside = {problem.id for problem in shown}
    rest = [problem for problem in problems if problem.id not in inside]
    size = max(1, BLOCK_BYTES // (BYTES_OF_A_TEXT * max(1, series)))
    return [rest[start : start + size] for start in range(0, len(rest), size)]


def problem_facts(problem: Problem) -> ProblemFacts:
    """What the page tells of a problem."""
    return {"id": problem.id, "question": problem.question, "choices": problem.choices, "answer": problem.answer}


def cut(text: str) -> str:
    """A text that a page can hold."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + " [… cut]"
