"""Tested statements and recommendations, as Markdown for people and CSV for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields

from gradus.analysis.choice import Choice
from gradus.analysis.claims.catalogue import TITLES
from gradus.analysis.claims.statements import VERDICTS, Statement, Verdict
from gradus.analysis.recommendation import Cost, Recommendation
from gradus.presentation.number import Number, Unit, percent
from gradus.presentation.table import Table, csv_text

_STATEMENT_COLUMNS = [field.name for field in fields(Statement)]
_RECOMMENDATION_COLUMNS = ("dataset", "student", "best", "accuracy", "may_be_best", "cheapest", "cheapest_accuracy")
_COST_COLUMNS = [field.name for field in fields(Cost)]
# A supported statement that was less likely than this to be found is one whose size is probably overstated.
LUCKY = 0.5
NOTHING = "no cell above its baselines: nothing to recommend"


def statements_csv(statements: Sequence[Statement]) -> str:
    """One line per statement, estimates as shares or coefficients, p raw and adjusted."""
    rows = [
        [statement.verdict, *(getattr(statement, column) for column in _STATEMENT_COLUMNS), statement.p_of_verdict]
        for statement in statements
    ]
    return csv_text(["verdict", *_STATEMENT_COLUMNS, "p_of_verdict"], rows, form=".6g")


def statements_markdown(statements: Sequence[Statement]) -> str:
    """A section per claim: how many statements hold, then each with its numbers."""
    lines: list[str] = []
    for claim in dict.fromkeys(statement.claim for statement in statements):
        family = [statement for statement in statements if statement.claim == claim]
        columns = _family_columns(family)
        shared = _shared_columns(columns)
        lines += [
            f"### {TITLES[claim]}",
            "",
            f"{_shared_statement(family)} {tally(family)}{_shared_sentence(shared)}",
            "",
        ]
        shown = {name: column for name, column in columns.items() if name not in shared}
        lines += [Table(list(shown), list(zip(*shown.values(), strict=True)), names=len(shown)).markdown()]
    return "\n".join(lines)


def tally(family: Sequence[Statement]) -> str:
    """How many statements of a claim got which verdict; those of one run are counted apart, and only verdicts are bold."""
    counts = Counter(statement.verdict for statement in family)
    decided = len(family) - counts["one run: no verdict"] - counts["described only"]
    parts = []
    for verdict in VERDICTS[:4]:
        strong = "**" if verdict in VERDICTS[:2] and counts[verdict] else ""
        if decided and (counts[verdict] or verdict in VERDICTS[:2]):
            parts.append(f"{strong}{counts[verdict]} {verdict}{strong}")
    sentence = f"{', '.join(parts)}, of {decided} test{'s' if decided > 1 else ''}." if decided else ""
    single, described = counts["one run: no verdict"], counts["described only"]
    if single:
        sentence += f" {single} rest{'s' if single == 1 else ''} on one run: no verdict."
    if described:
        sentence += f" {described} described."
    return sentence.strip()


def _shared_statement(family: Sequence[Statement]) -> str:
    texts = {statement.statement for statement in family}
    if len(texts) > 1:
        return "Statement by statement:"
    text = texts.pop()
    return f'"{text[0].upper()}{text[1:]}":'


# What many statements of a claim often have in common; told once, above their table.
_OFTEN_SHARED = ("n", "runs", "speaks of")


def _shared_columns(columns: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The columns that say the same of every statement, where there are at least two."""
    found = {name: columns[name] for name in _OFTEN_SHARED if name in columns}
    return {name: column[0] for name, column in found.items() if len(column) > 1 and len(set(column)) == 1}


def _shared_sentence(shared: Mapping[str, str]) -> str:
    return f" Every line: {'; '.join(f'{name} {value}' for name, value in shared.items())}." if shared else ""


def _family_columns(family: Sequence[Statement]) -> dict[str, list[str]]:
    """The statements of one claim, column by column; those for words or notes only where these differ or exist."""
    first = family[0]
    columns: dict[str, list[str]] = {
        "of": [one.subject for one in family],
        "statement": [one.statement for one in family],
        "verdict": [one.verdict for one in family],
        f"estimate ({first.unit}), 95 % interval": [str(_estimate(one)) for one in family],
        "another dataset, 95 %": [_another_dataset(one) for one in family],
        "the mean over these": [_fixed(one) for one in family],
        "log odds": ["" if one.log_odds is None else f"{one.log_odds:+.2f}" for one in family],
        "what that means": [meaning(one) for one in family],
        "adjusted p": [_adjusted_p(one) for one in family],
        "n": [_problems(one) for one in family],
        "runs": [str(one.runs) for one in family],
        "speaks of": [one.reach for one in family],
        "note": [one.note for one in family],
    }
    if len({*columns["statement"]}) == 1:
        del columns["statement"]
    for name in (
        "another dataset, 95 %",
        "the mean over these",
        "log odds",
        "adjusted p",
        "n",
        "note",
        "what that means",
    ):
        if not any(columns[name]):
            del columns[name]
    return columns


def meaning(statement: Statement) -> str:
    """What a verdict means, or what it would take to get one."""
    verdict = statement.verdict
    if verdict == "one run: no verdict":
        if statement.tipping_sd is None:
            return "what was seen in these runs; seeds may turn it"
        if not statement.tipping_sd:
            return "not told from zero even for these checkpoints"
        sd = _size(statement.tipping_sd, statement)
        return f"seen in this run; holds for other seeds only if single runs vary by an sd below {sd} (not measured)"
    if verdict == "too few data":
        if statement.detectable is None:
            return "too few points to find anything"
        return f"smallest detectable effect {_size(statement.detectable, statement)} (80 % power)"
    if verdict == "shown to be small":
        return f"any effect is within {_size(statement.margin or 0.0, statement)}"
    if verdict == "contradicted" and statement.claim == "length-is-not-granularity":
        return f"within {_size(statement.margin or 0.0, statement)} of the fine level, and above the plain coarse one"
    if verdict == "contradicted" and statement.margin is not None:
        return f"beyond the margin of {_size(statement.margin, statement)}"
    found = []
    if verdict == "supported" and statement.power < LUCKY:
        found.append(
            f"power for {statement.power_for} was {percent(statement.power, digits=0)}: its size may be overstated"
        )
    if verdict == "supported" and statement.p_pooled is not None and statement.p_pooled > 0.05:
        found.append(f"not with one pooled run variance (p {statement.p_pooled:.3f})")
    return "; ".join(found)


def _size(value: float, statement: Statement) -> str:
    return f"{100 * value:.1f} points" if statement.unit == "points" else f"{statement.unit} = {value:.2f}"


def _estimate(statement: Statement) -> Number:
    if statement.unit == "points":
        return Number(statement.estimate, statement.low, statement.high, unit="points")
    unit: Unit = "correlation"
    if (statement.low, statement.high) == (-1.0, 1.0):
        return Number(statement.estimate, unit=unit)
    return Number(statement.estimate, statement.low, statement.high, unit=unit)


def _problems(statement: Statement) -> str:
    """How many problems, and of how many groups of variants."""
    if statement.n is None:
        return ""
    return str(statement.n) if statement.groups is None else f"{statement.n} in {statement.groups} groups"


def _another_dataset(statement: Statement) -> str:
    """Where the effect on another dataset lies, and how much of what datasets vary is no error."""
    if statement.i2 is None:
        return ""
    heterogeneity = f"I² {percent(statement.i2, digits=0)}"
    if statement.prediction_low is None or statement.prediction_high is None:
        return heterogeneity
    unit: Unit = "points" if statement.unit == "points" else "correlation"
    shown = Number(statement.estimate, statement.prediction_low, statement.prediction_high, unit=unit)
    return f"{shown.interval()}, {heterogeneity}"


def _fixed(statement: Statement) -> str:
    """The plain mean over these datasets, which says nothing of others, with its own p (not adjusted)."""
    if statement.fixed_estimate is None or statement.fixed_p is None:
        return ""
    unit: Unit = "points" if statement.unit == "points" else "correlation"
    return f"{Number(statement.fixed_estimate, unit=unit)} (p {_p(statement.fixed_p)})"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _adjusted_p(statement: Statement) -> str:
    return "" if statement.p_of_verdict is None else _p(statement.p_of_verdict)


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
            *(how_sure(one), one.n, one.runs, one.above_baselines, one.choice.on, one.choice.optimism),
        ]
        for one in found
    ]
    heads = [*_COST_COLUMNS, "how_sure", "n", "runs", "above_baselines", "chosen_on", "optimism"]
    return csv_text([*_RECOMMENDATION_COLUMNS, *heads], rows)


def recommendations_markdown(found: Sequence[Recommendation]) -> str:
    """The same as a table for people."""
    rows = []
    for one in found:
        if not one.above_baselines:
            rows.append([one.dataset, one.student, "nothing", percent(one.accuracy), "", "", NOTHING])
            continue
        others = [kept.short for kept in one.kept if kept != one.best]
        named = ", ".join(others) if len(others) < 9 else f"{len(others)} others"
        cheapest = f"{one.cheapest.short} ({percent(one.cheapest_accuracy)})"
        if one.cheapest != one.best:
            cheapest += f", costs at most {100 * one.cheapest_loss:.1f} points"
        best = [one.best.short, f"{percent(one.accuracy)}{how_chosen(one.choice)}"]
        rows.append([one.dataset, one.student, *best, named or "none", cheapest, how_sure(one)])
    heads = ["dataset", "student", "chosen", "accuracy", "cannot be told from it", "cheapest of these", "how sure"]
    return Table(heads, rows, align="lllrlll").markdown()


def how_chosen(choice: Choice) -> str:
    """On which problems something was chosen, as words behind its test accuracy."""
    if choice.on == "development":
        return " (chosen on development)"
    return "" if choice.optimism is None else f" (chosen on test: {too_high(choice.optimism)})"


def too_high(optimism: float) -> str:
    """By how much an accuracy is too high because it was chosen on the problems that it is told of, in words."""
    points = f"{100 * optimism:.1f}"
    return "too high by less than 0.1 points" if points == "0.0" else f"too high by about {points} points"


def how_sure(recommendation: Recommendation) -> str:
    """The confidence of the set, and what it is about."""
    if not recommendation.above_baselines:
        return NOTHING
    if recommendation.runs < 2:
        return "one run: no recommendation; the order may turn with other seeds"
    return f"95 % of {recommendation.reach}"


EXAMPLES = """\
# What a claim may say

Every claim with each outcome that it can have, in the words of the findings page. The evidence is made up, so that one
outcome or another must come out; no student was trained. What each claim asks, how it errs and how it can mislead is told in
[statistics](statistics.md). Written by `python scripts/claim_examples.py`; do not edit.
"""


def example_page(found: Mapping[str, Mapping[Verdict, Statement]]) -> str:
    """A section per claim, a sentence per outcome."""
    parts = [EXAMPLES]
    for claim, outcomes in found.items():
        lines = [f"- *{verdict}*: {sentence(one)}" for verdict, one in outcomes.items()]
        parts.append("\n".join([f"## {TITLES[claim]}", "", *lines, ""]))
    return "\n".join(parts)


def sentence(statement: Statement) -> str:
    """A statement with its numbers as one sentence."""
    lead = f'{statement.subject}: "{statement.statement}"; {_estimate(statement)} {statement.unit}'
    if _adjusted_p(statement):
        lead += f", adjusted p {_adjusted_p(statement)}"
    parts = [lead]
    if _another_dataset(statement):
        parts.append(f"another dataset {_another_dataset(statement)}")
    if meaning(statement):
        parts.append(meaning(statement))
    parts.append(f"speaks of {statement.reach}, {statement.runs} run{'s' if statement.runs > 1 else ''}")
    return "; ".join(parts) + "."
