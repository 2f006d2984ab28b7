"""How a tutor explains a solution graph: six granularity levels, four formats.

The levels follow the paper's definitions (Chen et al. 2025, Figure 8): L1 only the essential steps, folded into few
equations; L2 the intermediate results too; L3 all necessary calculations, harder ones by way of an easier one; L4 each with its
meaning and unit; L5 what is not needed, and a check of the result; L6 a check of every step. No sentence is filler.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from gradus.data.gradeschool.graph import INVERSE, Solution, Step, compute, in_detail
from gradus.records.vocabulary import FORMATS, LEVELS
from gradus.runtime.errors import UserError


@dataclass(frozen=True)
class Manner:
    """How one tutor writes: how many wordings it varies between."""

    wordings: int


def explain(solution: Solution, level: str, format_: str, manner: Manner, variation: str) -> str:
    """The rationale (without the answer sentence); ``variation`` seeds the choice of wording.

    Raises UserError for a level or a format that does not exist.
    """
    if level not in LEVELS:
        raise UserError(f"the tutors write no level {level!r}", hint=f"one of {', '.join(LEVELS)}")
    writers: dict[str, Callable[[], str]] = {
        "original": lambda: _original(solution, level, manner, variation),
        "least-to-most": lambda: _least_to_most(solution, level, manner, variation),
        "rephrase-and-respond": lambda: _rephrase(solution, level, manner, variation),
        "symbolic": lambda: _symbolic(solution, level),
    }
    if format_ not in writers:
        raise UserError(f"the tutors write no format {format_!r}", hint=f"one of {', '.join(FORMATS)}")
    return writers[format_]()


def miscalculate(solution: Solution, at: int, offset: int) -> Solution:
    """The same solution with a wrong result at step ``at``, carried through all later steps that use it.

    Later divisions that no longer come out even are rounded down: the mistake stays a plausible one.
    """
    steps: list[Step] = []
    for index, step in enumerate(solution.steps):
        left = step.left if step.left_step is None else steps[step.left_step].result
        right = step.right if step.right_step is None else steps[step.right_step].result
        try:
            result = compute(step.operation, left, right)
        except ValueError:
            result = left // max(right, 1)
        result += offset if index == at else 0
        steps.append(replace(step, left=left, right=right, result=result))
    return replace(solution, steps=tuple(steps))


def folded(solution: Solution) -> list[list[Step]]:
    """The steps in groups that L1 writes as one equation: a helper step with its user, else two steps in a row."""
    groups: list[list[Step]] = []
    pending: list[Step] = []
    for step in solution.steps:
        joins_helper = step.right_step is not None
        if (joins_helper and len(pending) == 1 and pending[0].left_step is None and pending[0].right_step is None) or (
            pending and step.left_step is not None and not joins_helper
        ):
            groups.append([*pending, step])
            pending = []
        else:
            if pending:
                groups.append(pending)
            pending = [step]
    return groups + ([pending] if pending else [])


def _pick(options: tuple[str, ...], manner: Manner, *seed: object) -> str:
    digest = hashlib.sha256("/".join(map(str, seed)).encode()).digest()
    return options[digest[0] % min(manner.wordings, len(options))]


def _compound(group: list[Step]) -> str:
    """One equation for one or two steps, the first one in brackets where the second uses it."""
    if len(group) == 1:
        return group[0].equation
    first, second = group
    inner = f"({first.left} {first.operation} {first.right})"
    if second.right_step is not None:
        return f"{second.left} {second.operation} {inner} = {second.result}"
    return f"{inner} {second.operation} {second.right} = {second.result}"


def _check(solution: Solution, index: int) -> str | None:
    """The inverse of a step; None where the solution says just that already."""
    step = solution.steps[index]
    equation = f"{step.result} {INVERSE[step.operation]} {step.right} = {step.left}"
    said = [other.equation for other in solution.steps] + [in_detail(other) for other in solution.steps]
    return None if any(text == equation or text.endswith(f" {equation}") for text in said) else equation


def _is_checked(solution: Solution, index: int, level: str) -> bool:
    return level == "L6" or (level == "L5" and index == len(solution.steps) - 1)


def _step_sentences(solution: Solution, index: int, level: str, manner: Manner, variation: str) -> list[str]:
    """What a level says about one step (L2 and above)."""
    step = solution.steps[index]
    if level in ("L2", "L3"):
        return [f"{step.equation if level == 'L2' else in_detail(step)}."]
    wordings = ("{reason}: {eq} {unit}.", "{reason}, so {eq} {unit}.", "{reason}. That makes {eq} {unit}.")
    wording = _pick(wordings, manner, variation, index)
    sentences = [wording.format(reason=step.reason, eq=in_detail(step), unit=step.unit)]
    check = _check(solution, index)
    if check and _is_checked(solution, index, level):
        sentences.append(_pick(("Check: {}.", "Back again: {}."), manner, variation, index, "check").format(check))
    return sentences


def _blocks(solution: Solution, level: str, manner: Manner, variation: str) -> list[tuple[str, list[str]]]:
    """The explanation in blocks, each with the sub-question that it answers."""
    if level == "L1":
        return [(group[-1].ask, [f"{_compound(group)}."]) for group in folded(solution)]
    return [
        (step.ask, _step_sentences(solution, index, level, manner, variation))
        for index, step in enumerate(solution.steps)
    ]


def _clarification(solution: Solution, level: str) -> list[str]:
    needed = level in ("L5", "L6") and solution.needless is not None
    return [f"We do not need this: {solution.needless}."] if needed else []


def _original(solution: Solution, level: str, manner: Manner, variation: str) -> str:
    blocks = _blocks(solution, level, manner, variation)
    return " ".join(_clarification(solution, level) + [line for _, lines in blocks for line in lines])


def _least_to_most(solution: Solution, level: str, manner: Manner, variation: str) -> str:
    """A list of sub-questions, each with the sentences that answer it."""
    numbered = enumerate(_blocks(solution, level, manner, variation), 1)
    parts = [f"{number}) {ask} " + " ".join(lines) for number, (ask, lines) in numbered]
    return " ".join(_clarification(solution, level) + parts)


def _rephrase(solution: Solution, level: str, manner: Manner, variation: str) -> str:
    """The question said again in one sentence, then the explanation."""
    moves = [step for step in solution.steps if step.reason.startswith(solution.actor)]
    events = ", then ".join(step.reason.removeprefix(f"{solution.actor} ") for step in moves)
    restated = f"{solution.actor} starts with {moves[0].left} {solution.thing}, {events}; we ask: {solution.goal}"
    return f"{restated} {_original(solution, level, manner, variation)}"


def _symbolic(solution: Solution, level: str) -> str:
    """Letters for the givens and x1, x2, ... for the results; the formula first, the numbers after it."""
    names: list[str] = []
    letters = iter("abcdefghijkl")
    given: list[str] = []
    formulas: list[str] = []

    def name_of(value: int, source: int | None) -> str:
        if source is not None:
            return names[source]
        letter = next(letters)
        given.append(f"{letter} = {value}")
        return letter

    for step in solution.steps:
        left, right = name_of(step.left, step.left_step), name_of(step.right, step.right_step)
        names.append(f"x{len(names) + 1}")
        formulas.append(f"{names[-1]} = {left} {step.operation} {right}")
    text = " ".join([*_clarification(solution, level), "Let " + ", ".join(given) + "."])
    if level == "L1":
        shown = [group[-1] for group in folded(solution)]
        results = [f"{names[solution.steps.index(step)]} = {step.result}" for step in shown]
        return f"{text} {', '.join(formulas)}. {', '.join(results)}."
    for index, step in enumerate(solution.steps):
        equation = step.equation if level == "L2" else in_detail(step)
        tail = f"{formulas[index]} = {equation}" + (f" {step.unit}" if level not in ("L2", "L3") else "")
        check = _check(solution, index)
        if check and _is_checked(solution, index, level):
            tail += f", since {check}"
        text += f" {tail}."
    return text
