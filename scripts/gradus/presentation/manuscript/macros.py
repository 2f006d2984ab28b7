"""Numbers as LaTeX macros, so that a paper's text follows the study: ``numbers.tex``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gradus.analysis.summaries import ConditionSummary
from gradus.presentation.table import escape_latex
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config import BuiltStudent, Study
from gradus.study.grid import cells, trained

_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


@dataclass(frozen=True)
class Macro:
    """A command without arguments: its name without the backslash, what it expands to (LaTeX), what it is."""

    name: str
    value: str
    meaning: str

    @property
    def use(self) -> str:
        """How a text uses it."""
        return rf"\{self.name}{{}}"

    @property
    def line(self) -> str:
        """Its definition."""
        return rf"\newcommand{{\{self.name}}}{{{self.value}}} % {self.meaning}"


def name_of(prefix: str, *parts: str) -> str:
    """A macro's name: LaTeX takes letters alone, so that ``L3`` becomes ``LThree``; parts begin with a capital letter."""
    words = re.findall(r"[A-Za-z]+|[0-9]", " ".join(parts))
    return prefix + "".join(_DIGITS[int(word)] if word.isdigit() else word[0].upper() + word[1:] for word in words)


def to_latex(macros: Iterable[Macro]) -> str:
    """``numbers.tex``; UserError where two different things would have one name (names that differ in signs alone)."""
    seen: dict[str, Macro] = {}
    for macro in macros:
        other = seen.setdefault(macro.name, macro)
        if other.value != macro.value:
            raise UserError(
                f"two numbers would be the LaTeX macro \\{macro.name}: {other.meaning}; {macro.meaning}",
                hint="give one of them another name in the study file",
            )
    head = "% Numbers of the study, one macro each. Written by Gradus: do not edit, use them in your text.\n"
    return head + "\n".join(macro.line for macro in seen.values()) + "\n"


def of_sizes(study: Study, problems: Mapping[tuple[str, Split], int], version: str) -> list[Macro]:
    """Sizes and settings of the study; ``problems`` counts those of (dataset, split)."""
    wanted = cells(study)
    found = [
        Macro("gradusVersion", escape_latex(version), "version of Gradus"),
        Macro("cellsTrained", f"{len(trained(wanted)):,}", "trainings of the study"),
        Macro("cellsScored", f"{len(wanted):,}", "cells of the study"),
    ]
    for (dataset, split), count in problems.items():
        found.append(Macro(name_of(split, dataset), f"{count:,}" if count else "--", f"{split} problems of {dataset}"))
    for name, experiment in study.experiments.items():
        found.append(Macro(name_of("seeds", name), str(len(experiment.seeds)), f"seeds of experiment {name}"))
    for name, student in study.students.items():
        recipe = study.recipe_of(name)
        numbers: dict[str, float] = {
            "learningRate": recipe.learning_rate,
            "epochs": recipe.epochs,
            "batchSize": recipe.batch_size,
            "cutoff": recipe.cutoff_tokens,
        }
        if recipe.adapter is not None:
            numbers["adapterRank"] = recipe.adapter.rank
        if isinstance(student, BuiltStudent):
            numbers |= {"layers": student.layers, "hidden": student.hidden}
        found += [Macro(name_of(key, name), _plain(value), f"{key} of {name}") for key, value in numbers.items()]
    return found


def of_conditions(conditions: Mapping[str, Sequence[ConditionSummary]]) -> list[Macro]:
    """Accuracy and interval of every condition, in percent; one that several experiments share is defined once.

    Experiments can share it with other seeds: the plain name is that of the most, and an experiment whose number is another has
    its name in the macro's.
    """
    found: list[Macro] = []
    plain: dict[tuple[str, ...], ConditionSummary] = {}
    for rows in conditions.values():
        for row in rows:
            if len(row.seeds) > len(plain.setdefault(_key(row), row).seeds):
                plain[_key(row)] = row
    for experiment, rows in conditions.items():
        for row in rows:
            found += _of_condition(row, () if _numbers(row) == _numbers(plain[_key(row)]) else (experiment,))
    return found


def _key(row: ConditionSummary) -> tuple[str, ...]:
    return (*str(row.supervision).split("/"), row.student, row.decoding)


def _numbers(row: ConditionSummary) -> tuple[str, str]:
    return f"{100 * row.accuracy:.1f}", f"[{100 * row.low:.1f}, {100 * row.high:.1f}]"


def _of_condition(row: ConditionSummary, experiment: tuple[str, ...]) -> list[Macro]:
    accuracy, interval = _numbers(row)
    where = f" ({', '.join(experiment)})" if experiment else ""
    runs = f"{len(row.seeds)} run{'s' if len(row.seeds) > 1 else ''}"
    what = f"{row.supervision}, {row.student}{f', {row.decoding}' if row.decoding else ''}{where}, {runs}"
    return [
        Macro(name_of("acc", *_key(row), *experiment), accuracy, f"{what}: accuracy in percent"),
        Macro(name_of("ci", *_key(row), *experiment), interval, f"{what}: 95 % interval (Wilson)"),
    ]


def of_claims(claims: Sequence[Mapping[str, str]]) -> list[Macro]:
    """How many statements were tested and came out how, and the declared comparisons, from the rows of ``claims.csv``.

    A statement of one run, or that only describes, is no test and has no p of a verdict.
    """
    tested = [row for row in claims if row["p_of_verdict"]]
    found = [Macro("claimsTested", str(len(tested)), "statements with a verdict")]
    supported = sum(row["verdict"] == "supported" for row in tested)
    found.append(Macro("claimsSupported", str(supported), "of them supported"))
    for row in claims:
        if row["claim"] != "primary" or row["unit"] != "points":
            continue
        low, high = (100 * float(row[end]) for end in ("low", "high"))
        subject, what = row["subject"], f"{row['subject']}: {row['statement']}"
        p = _p(float(row["p_of_verdict"])) if row["p_of_verdict"] else "--"
        found += [
            Macro(name_of("gap", subject), f"${100 * float(row['estimate']):+.1f}$", f"{what}: points of accuracy"),
            Macro(name_of("gapCi", subject), f"[${low:+.1f}$, ${high:+.1f}$]", f"{what}: 95 % interval"),
            Macro(name_of("gapVerdict", subject), escape_latex(row["verdict"]), f"{what}: verdict"),
            Macro(name_of("gapP", subject), p, f"{what}: p of the verdict, adjusted (Holm)"),
        ]
    return found


def _plain(value: float) -> str:
    """A setting as people write it: ``64``, ``0.003``, ``$2 \\times 10^{-5}$``."""
    text = f"{value:g}"
    mantissa, _, exponent = text.partition("e")
    return rf"${mantissa} \times 10^{{{int(exponent)}}}$" if exponent else text


def _p(value: float) -> str:
    return "$p < 0.001$" if value < 0.001 else f"$p = {value:.3f}$"
