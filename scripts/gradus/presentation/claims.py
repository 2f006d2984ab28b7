"""Telling: statements and recommendations as Markdown for people and CSV for machines."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields

from gradus.analysis.claims.catalogue import TITLES
from gradus.analysis.claims.statements import Statement
from gradus.analysis.recommendation import Recommendation

_STATEMENT_COLUMNS = [field.name for field in fields(Statement)]
_RECOMMENDATION_COLUMNS = (
    "dataset",
    "student",
    "best",
    "accuracy",
    "may_be_best",
    "cheapest",
    "cheapest_accuracy",
    "price_usd",
    "teacher_tokens",
    "training_tokens",
    "answer_tokens",
    "how_sure",
    "n",
    "runs",
)


def statements_csv(experiments: Sequence[tuple[str, Sequence[Statement]]]) -> str:
    """One line per statement, estimates as shares or coefficients, p raw and adjusted."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["experiment", "verdict", *_STATEMENT_COLUMNS])
    for name, statements in experiments:
        for one in statements:
            values = [getattr(one, column) for column in _STATEMENT_COLUMNS]
            shown = ["" if value is None else f"{value:.6g}" if isinstance(value, float) else value for value in values]
            writer.writerow([name, one.verdict, *shown])
    return stream.getvalue()


def statements_markdown(statements: Sequence[Statement], heading: str = "###") -> str:
    """A section per claim: how many statements hold, then each with its numbers."""
    lines: list[str] = []
    for claim in dict.fromkeys(one.claim for one in statements):
        family = [one for one in statements if one.claim == claim]
        counts = Counter(one.verdict for one in family)
        told = ", ".join(
            f"{counts[name]} {name}" for name in ("supported", "contradicted", "undecided") if counts[name]
        )
        lines += [f"{heading} {TITLES[claim]}", "", f"{_shared_statement(family)} **{told}** of {len(family)}.", ""]
        lines += [*_table(family), ""]
    return "\n".join(lines)


def _shared_statement(family: Sequence[Statement]) -> str:
    texts = {one.statement for one in family}
    if len(texts) > 1:
        return "Statement by statement:"
    text = texts.pop()
    return f'"{text[0].upper()}{text[1:]}":'


def _table(family: Sequence[Statement]) -> list[str]:
    own = len({one.statement for one in family}) > 1
    noted = any(one.note for one in family)
    unit = "points" if family[0].unit == "points" else family[0].unit
    head = [
        "of",
        *(["statement"] if own else []),
        "verdict",
        f"estimate ({unit}), 95 % interval",
        "adjusted p",
        "n",
        "runs",
    ]
    head += ["speaks of", f"power for {family[0].power_for}", *(["note"] if noted else [])]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for one in family:
        scale, sign = (100, "+.1f") if one.unit == "points" else (1, "+.2f")
        told = f"{scale * one.estimate:{sign}} [{scale * one.low:{sign}}, {scale * one.high:{sign}}]"
        p = one.p_against_adjusted if one.verdict == "contradicted" else one.p_adjusted
        row = [
            one.subject,
            *([one.statement] if own else []),
            one.verdict,
            told,
            "< 0.001" if p < 0.001 else f"{p:.3f}",
        ]
        row += ["" if one.n is None else str(one.n), str(one.runs), one.reach, f"{100 * one.power:.0f} %"]
        lines.append("| " + " | ".join(row + ([one.note] if noted else [])) + " |")
    return lines


def recommendations_csv(found: Sequence[Recommendation]) -> str:
    """One line per student and dataset; shares between 0 and 1, nothing where a cost is not known."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_RECOMMENDATION_COLUMNS)
    for one in found:
        cost = one.cost
        costs: list[float | None] = [None] * 4
        if cost is not None:
            costs = [cost.price_usd, cost.teacher_tokens, cost.training_tokens, cost.answer_tokens]
        writer.writerow(
            [
                one.dataset,
                one.student,
                one.best.short,
                f"{one.accuracy:.4f}",
                " ".join(place.short for place in one.kept),
            ]
            + [one.cheapest.short, f"{one.cheapest_accuracy:.4f}"]
            + ["" if value is None else f"{value:.6g}" for value in costs]
            + [how_sure(one), "" if one.n is None else one.n, one.runs]
        )
    return stream.getvalue()


def recommendations_markdown(found: Sequence[Recommendation]) -> str:
    """The same as a table, with how to read it."""
    lines = [
        "| dataset | student | best | accuracy | may be the best as well | cheapest of these | how sure |",
        "|---|---|---|---:|---|---|---|",
    ]
    for one in found:
        others = [place.short for place in one.kept if place != one.best]
        told = ", ".join(others) if len(others) < 9 else f"{len(others)} others"
        cheapest = f"{one.cheapest.short} ({100 * one.cheapest_accuracy:.1f} %)"
        best = f"{one.best.short} | {100 * one.accuracy:.1f} %"
        row = f"| {one.dataset} | {one.student} | {best} | {told or 'none'} | {cheapest} | {how_sure(one)} |"
        lines.append(row)
    return "\n".join(lines) + "\n"


def how_sure(one: Recommendation) -> str:
    """The confidence of the set, and what it is about."""
    return f"95 % of {one.reach}" + (" (one run: seeds are not in it)" if one.reach == "these checkpoints" else "")
