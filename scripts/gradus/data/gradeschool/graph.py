"""Solution graphs: what a generated problem means, independent of how anybody explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

INVERSE = {"+": "-", "-": "+", "*": "/", "/": "*"}


@dataclass(frozen=True)
class Step:
    """One computation: ``left operation right = result``.

    ``left`` and ``right`` are values; ``left_step`` and ``right_step`` name the step that produced them
    (None: given in the question). ``reason`` says in words what is computed, ``unit`` is the unit of the result.
    """

    operation: str
    left: int
    right: int
    result: int
    left_step: int | None
    right_step: int | None
    reason: str
    ask: str
    unit: str

    @property
    def equation(self) -> str:
        """The step as the tutors write it."""
        return f"{self.left} {self.operation} {self.right} = {self.result}"


@dataclass(frozen=True)
class Solution:
    """The steps in the order of the story; the last one's result is the answer.

    ``needless`` is the distractor of the question in words, ``structure`` the sequence of moves that made the story.
    """

    steps: tuple[Step, ...]
    actor: str
    thing: str
    goal: str
    needless: str | None
    structure: tuple[str, ...]

    @property
    def answer(self) -> int:
        """The number asked for."""
        return self.steps[-1].result

    def givens(self) -> tuple[int, ...]:
        """The numbers of the question that the solution uses, in order."""
        found: list[int] = []
        for step in self.steps:
            found += [step.left] if step.left_step is None else []
            found += [step.right] if step.right_step is None else []
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "steps": [vars(step) for step in self.steps],
            "actor": self.actor,
            "thing": self.thing,
            "goal": self.goal,
            "needless": self.needless,
            "structure": list(self.structure),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Solution:
        """Inverse of ``to_json``."""
        return cls(
            steps=tuple(Step(**step) for step in value["steps"]),
            actor=value["actor"],
            thing=value["thing"],
            goal=value["goal"],
            needless=value["needless"],
            structure=tuple(value["structure"]),
        )


def compute(operation: str, left: int, right: int) -> int:
    """Exact integer arithmetic; ValueError where a division leaves a remainder or the operation is unknown."""
    if operation == "+":
        return left + right
    if operation == "-":
        return left - right
    if operation == "*":
        return left * right
    if operation == "/" and right and left % right == 0:
        return left // right
    raise ValueError(f"no exact result: {left} {operation} {right}")


def halfway(operation: str, left: int, right: int) -> str | None:
    """A harder computation one step further: tens first (``16 + 13`` is ``26 + 3``, ``24 * 2`` is ``40 + 8``).

    None where there is nothing easier.
    """
    if operation in "+-" and right > 10 and right % 10:
        return f"{compute(operation, left, right - right % 10)} {operation} {right % 10}"
    if operation == "*" and left > 10 and left % 10:
        return f"{(left - left % 10) * right} + {left % 10 * right}"
    return None


def in_detail(step: Step) -> str:
    """The step's equation with the easier computation in between, where there is one and the result is right."""
    middle = halfway(step.operation, step.left, step.right)
    if middle is None or compute(step.operation, step.left, step.right) != step.result:
        return step.equation
    return f"{step.left} {step.operation} {step.right} = {middle} = {step.result}"
