"""Tested statements and recommendations, as Markdown for people and CSV for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, fields

from gradus.analysis.claims.catalogue import TITLES
from gradus.analysis.claims.statements import Statement
from gradus.analysis.recommendation import Cost, Recommendation
from gradus.presentation.number import Number, Unit, percent
from gradus.presentation.table import Table, csv_text

_STATEMENT_COLUMNS = [field.name for field in fields(Statement)]
_RECOMMENDATION_COLUMNS = ("dataset", "student", "best", "accuracy", "may_be_best", "cheapest", "cheapest_accuracy")
_COST_COLUMNS = [field.name for field in fields(Cost)]


def statements_csv(experiments: Sequence[tuple[str, Sequence[Statement]]]) -> str:
    """One line per statement, estimates as shares or coefficients, p raw and adjusted."""
    rows = [
        [name, statement.verdict, *(getattr(statement, column) for column in _STATEMENT_COLUMNS)]
        for name, statements in experiments
        for statement in statements
    ]
    return csv_text(["experiment", "verdict", *_STATEMENT_COLUMNS], rows, form=".6g")


def statements_markdown(statements: Sequence[Statement], heading: str = "###") -> str:
    """A section per claim: how many statements hold, then each with its numbers."""
    lines: list[str] = []
    for claim in dict.fromkeys(statement.claim for statement in statements):
        family = [statement for statement in statements if statement.claim == claim]
        counts = Counter(statement.verdict for statement in family)
        verdicts = ("supported", "contradicted", "undecided")
        counted = ", ".join(f"{counts[verdict]} {verdict}" for verdict in verdicts if counts[verdict])
        lines += [f"{heading} {TITLES[claim]}", "", f"{_shared_statement(family)} **{counted}** of {len(family)}.", ""]
        lines += [_family_table(family).markdown()]
    return "\n".join(lines)


def _shared_statement(family: Sequence[Statement]) -> str:
    texts = {statement.statement for statement in family}
    if len(texts) > 1:
        return "Statement by statement:"
    text = texts.pop()
    return f'"{text[0].upper()}{text[1:]}":'


def _family_table(family: Sequence[Statement]) -> Table:
    """The statements of one claim; a column for their words or notes only where these differ or exist."""
    first = family[0]
    columns: dict[str, list[str]] = {
        "of": [one.subject for one in family],
        "statement": [one.statement for one in family],
        "verdict": [one.verdict for one in family],
        f"estimate ({first.unit}), 95 % interval": [str(_estimate(one)) for one in family],
        "adjusted p": [_adjusted_p(one) for one in family],
        "n": ["" if one.n is None else str(one.n) for one in family],
        "runs": [str(one.runs) for one in family],
        "speaks of": [str(one.reach) for one in family],
        f"power for {first.power_for}": [percent(one.power, digits=0) for one in family],
        "note": [one.note for one in family],
    }
    if len({*columns["statement"]}) == 1:
        del columns["statement"]
    if not any(columns["note"]):
        del columns["note"]
    return Table(list(columns), list(zip(*columns.values(), strict=True)), names=len(columns))


def _estimate(statement: Statement) -> Number:
    unit: Unit = "points" if statement.unit == "points" else "correlation"
    return Number(statement.estimate, statement.low, statement.high, unit=unit)


def _adjusted_p(statement: Statement) -> str:
    p = statement.p_against_adjusted if statement.verdict == "contradicted" else statement.p_adjusted
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def recommendations_csv(found: Sequence[Recommendation]) -> str:
    """One line per student and dataset; shares between 0 and 1, nothing where a cost is not known."""
    rows = [
        [
            *(one.dataset, one.student, one.best.short, one.accuracy, " ".join(kept.short for kept in one.kept)),
            *(one.cheapest.short, one.cheapest_accuracy),
            *(
                ["" if cost is None else f"{cost:.6g}" for cost in astuple(one.cost)]
                if one.cost
                else [""] * len(_COST_COLUMNS)
            ),
            *(how_sure(one), one.n, one.runs),
        ]
        for one in found
    ]
    return csv_text([*_RECOMMENDATION_COLUMNS, *_COST_COLUMNS, "how_sure", "n", "runs"], rows)


def recommendations_markdown(found: Sequence[Recommendation]) -> str:
    """The same as a table for people."""
    rows = []
    for one in found:
        others = [kept.short for kept in one.kept if kept != one.best]
        named = ", ".join(others) if len(others) < 9 else f"{len(others)} others"
        cheapest = f"{one.cheapest.short} ({percent(one.cheapest_accuracy)})"
        best = [one.best.short, percent(one.accuracy)]
        rows.append([one.dataset, one.student, *best, named or "none", cheapest, how_sure(one)])
    heads = ["dataset", "student", "best", "accuracy", "cannot be told from the best", "cheapest of these", "how sure"]
    return Table(heads, rows, align="lllrlll").markdown()


def how_sure(one: Recommendation) -> str:
    """The confidence of the set, and what it is about."""
    return f"95 % of {one.reach}" + (" (one run: seeds are not in it)" if one.reach == "these checkpoints" else "")
