"""Conventions: what of a verdict is a matter of taste, beside what is right. A study keeps to the defaults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, get_args

from gradus.answers.expressions import is_inequality, unit_of
from gradus.evaluation.grading import Grade, Question
from gradus.records.vocabulary import AnswerKind
from gradus.runtime.errors import UserError

Units = Literal["optional", "required"]
Inequalities = Literal["intervals", "apart"]


@dataclass(frozen=True)
class Conventions:
    """``tolerance``: the largest relative error of a number (0: exact, a rounded decimal is wrong).

    ``units`` of expressions: ``optional`` (a unit may be left out, and no other one may stand) or ``required`` (that of the gold
    answer, or none where it has none). ``inequalities``: the same as the ``intervals`` that they mean, or ``apart`` from them.
    Raises UserError for a word that is none of these.
    """

    tolerance: float = 0.0
    units: Units = "optional"
    inequalities: Inequalities = "intervals"

    def __post_init__(self) -> None:
        for name, value, known in (
            ("units", self.units, get_args(Units)),
            ("inequalities", self.inequalities, get_args(Inequalities)),
        ):
            if value not in known:
                raise UserError(f"no convention {value!r} of {name}", hint=f"one of {', '.join(known)}")


def kept(found: Grade, question: Question, kind: AnswerKind, conventions: Conventions) -> Grade:
    """A grade by the default conventions as the given ones have it."""
    if found.extracted is None:
        return found
    if found.robust and kind == "latex":
        sides = found.extracted, question.gold
        forms, units = map(is_inequality, sides), [unit_of(side.replace("$", "")) for side in sides]
        is_apart = conventions.inequalities == "apart" and len(set(forms)) > 1
        is_bare = conventions.units == "required" and units[0] != units[1]
        return replace(found, robust=False) if is_apart or is_bare else found
    return _forgiven(found, question, conventions.tolerance) if kind in ("number", "latex") else found


def _forgiven(found: Grade, question: Question, tolerance: float) -> Grade:
    if found.robust or not tolerance or found.extracted is None:
        return found
    try:
        mine, gold = Fraction(found.extracted.replace(",", "")), Fraction(question.gold.replace(",", ""))
    except (ValueError, ZeroDivisionError):
        return found
    return replace(found, robust=True, failure=None) if abs(mine - gold) <= tolerance * abs(gold) else found
