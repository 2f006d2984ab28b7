"""One study on two machines, in words: conditions, claims, and the arithmetic side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gradus.analysis.claims.catalogue import TITLES
from gradus.analysis.claims.statements import Statement
from gradus.analysis.machines import ClaimOnTwo, ConditionOnTwo
from gradus.presentation.difference import points
from gradus.presentation.number import percent
from gradus.presentation.table import Cell, Table
from gradus.results.machines import Facts


def conditions_markdown(found: Sequence[ConditionOnTwo], names: tuple[str, str]) -> str:
    """What differs per condition, and how much of that seeds do as well."""
    counts = Counter(one.finding for one in found)
    tally = ", ".join(f"{count} {finding}" for finding, count in counts.items())
    heads = ["dataset", "supervision", "student", *(f"{name} (runs)" for name in names), "difference, 95 % interval"]
    heads += ["same seeds", "other machine", "other seed", ""]
    rows: list[list[Cell]] = [
        [
            *(one.condition[0].dataset, one.condition[0].short, one.condition[1]),
            *(f"{100 * side.mean:.1f} ({one.seeds})" for side in (one.first, one.second)),
            points(one.difference.interval()),
            f"{one.same} of {one.seeds}",
            percent(one.other_machine),
            "" if one.other_seed is None else percent(one.other_seed),
            one.finding,
        ]
        for one in found
    ]
    return (
        f"## Conditions\n\n{len(found)} conditions: {tally}. *Same seeds*: with the same outcome on every problem. "
        "*Other machine*: problems with another outcome for the same seed; *other seed*: for two seeds on one machine. "
        f"p is adjusted over the conditions (Holm).\n\n{Table(heads, rows, names=3, align='lllrrrrrrl').markdown()}"
    )


def claims_markdown(found: Sequence[ClaimOnTwo], names: tuple[str, str]) -> str:
    """The statements whose verdict or estimate differs, of how many."""
    shown = [one for one in found if one.verdict_differs or one.beyond_seeds]
    turned = sum({one.first.verdict, one.second.verdict} == {"supported", "contradicted"} for one in found)
    beyond = sum(one.beyond_seeds for one in found)
    verdicts = sum(one.verdict_differs for one in found)
    text = (
        f"## Claims\n\n{len(found)} statements are made on both: {verdicts} with another verdict ({turned} turned from supported "
        f"to contradicted or back), {beyond} with estimates farther apart than their intervals allow.\n"
    )
    if not shown:
        return text
    rows: list[list[Cell]] = [
        [
            TITLES.get(one.first.claim, one.first.claim),
            one.first.subject,
            *(_sentence(side) for side in (one.first, one.second)),
            "beyond seeds"
            if one.beyond_seeds
            else "as seeds differ"
            if not one.first.one_run
            else "seeds are not known",
        ]
        for one in shown
    ]
    return f"{text}\n{Table(['claim', 'of', *names, ''], rows, names=2, align='lllll').markdown()}"


def arithmetic_markdown(first: Mapping[str, Facts], second: Mapping[str, Facts], names: tuple[str, str]) -> str:
    """What the run records say of both machines, stage by stage; sets of instructions by what only one has."""
    stages = [stage for stage in first if stage in second]
    if not stages:
        return "## Arithmetic\n\nThe run records of one side or of both tell no arithmetic.\n"
    rows: list[list[Cell]] = []
    for stage in stages:
        for name in dict.fromkeys([*first[stage], *second[stage]]):
            here, there = first[stage].get(name, ()), second[stage].get(name, ())
            differs = set(here) != set(there)
            if name == "instruction sets" and len(here) == len(there) == 1:
                here, there = _only(here[0], there[0]), _only(there[0], here[0])
            rows.append([stage, name, "; ".join(here), "; ".join(there), "differs" if differs else ""])
    count = sum(row[-1] == "differs" for row in rows)
    summary = f"{count} of {len(rows)} facts differ" if count else "Nothing that is recorded differs"
    return f"## Arithmetic\n\n{summary}.\n\n{Table(['stage', 'fact', *names, ''], rows, names=2, align='lllll').markdown()}"


def _sentence(statement: Statement) -> str:
    scale, form = (1, "+.2f") if statement.unit in ("r", "tau") else (100, "+.1f")
    shown = [f"{scale * value:{form}}" for value in (statement.estimate, statement.low, statement.high)]
    return f"{statement.verdict}, {shown[0]} [{shown[1]}, {shown[2]}]"


def _only(here: str, there: str) -> tuple[str, ...]:
    """The words of one side that the other lacks, or that there are none."""
    others = set(there.split())
    only = [word for word in here.split() if word not in others]
    return (f"only here: {' '.join(only)}",) if only else ("nothing that the other lacks",)
