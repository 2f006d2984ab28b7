"""The headline: the numbers that a run ends with, and the lines that say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NotRequired, TypedDict

from gradus.analysis.choice import choose
from gradus.analysis.evidence import Evidence
from gradus.analysis.summaries import ConditionSummary
from gradus.presentation.claims import NOTHING, too_high
from gradus.presentation.number import Number, percent
from gradus.records.vocabulary import ANSWER_ONLY, UNTAUGHT
from gradus.statistics.contrasts import difference
from gradus.statistics.families import chosen_confidence, chosen_interval
from gradus.study.config import Study, is_point

# The summaries of every experiment.
Conditions = Mapping[str, Sequence[ConditionSummary]]


class OverAnswerOnly(TypedDict, total=False):
    """Answer only, where it was asked: its accuracy, and the gain of the best over it (value, low, high)."""

    answer_only: float
    answer_only_above_baselines: bool
    gain_over_answer_only: list[float]
    gain_speaks_of: str
    gain_has_verdict: bool


class Entry(OverAnswerOnly):
    """The best of what a student was taught on a dataset in an experiment; accuracies are shares.

    ``interval``: low and high at 95 %. ``optimism``: how much too high the accuracy is because it was chosen on test problems.
    """

    experiment: str
    dataset: str
    student: str
    best: str
    chosen_on: Literal["development", "test"]
    optimism: float | None
    accuracy: float
    interval: list[float]
    n: int
    seeds: int
    most_frequent_answer: float
    above_baselines: bool
    untaught: NotRequired[float]


class Headline(TypedDict):
    """A study's name and its best cells."""

    study: str
    students: list[Entry]


def headline(study: Study, conditions: Conditions, evidence: Evidence) -> Headline:
    """The numbers that a run ends with: per student the best cell, compared with answer only and the most frequent answer.

    The best is chosen on development problems where the dataset keeps some. Else it is chosen among several on the test
    problems: its interval and that of its gain are those of as many comparisons (Bonferroni), and the optimism is stated.
    """
    return {"study": study.study, "students": list(_entries(study, conditions, evidence))}


def _entries(study: Study, conditions: Conditions, evidence: Evidence) -> Iterator[Entry]:
    for name, experiment in study.experiments.items():
        for dataset in experiment.datasets:
            for student in experiment.students:
                rows = [row for row in conditions[name] if not is_point(row.decoding)]  # of the main decoding
                own = [row for row in rows if (row.student, row.supervision.dataset) == (student, dataset)]
                if any(map(_is_taught, own)):
                    yield _entry(name, own, evidence)


def _entry(experiment: str, own: Sequence[ConditionSummary], evidence: Evidence) -> Entry:
    """The entry of one student on one dataset, from all its conditions."""
    taught = [row for row in own if _is_taught(row)]
    student, dataset = taught[0].student, taught[0].supervision.dataset
    measured = {row.supervision: evidence.students[row.supervision, student] for row in taught}
    choice = choose(measured, evidence.developed(student))
    best = next(row for row in taught if row.supervision == choice.best)
    seeds = evidence.seeds(dataset, student)
    # What was chosen on other problems is one supervision; the best of several here is as many comparisons.
    candidates = 1 if choice.on == "development" else len(taught)
    interval = chosen_interval(measured[best.supervision], candidates, seeds)
    entry: Entry = {
        "experiment": experiment,
        "dataset": dataset,
        "student": student,
        "best": str(best.supervision),
        "chosen_on": choice.on,
        "optimism": choice.optimism,
        "accuracy": best.accuracy,
        "interval": [interval.low, interval.high],
        "n": best.n,
        "seeds": len(best.seeds),
        "most_frequent_answer": best.most_frequent,
        "above_baselines": any(row.above_baselines for row in taught),
    }
    for row in own:
        if row.supervision.format == ANSWER_ONLY:
            gain = difference(measured[best.supervision], evidence.students[row.supervision, student], seeds)
            interval = gain.interval(chosen_confidence(candidates))
            over: OverAnswerOnly = {
                "answer_only": row.accuracy,
                "answer_only_above_baselines": row.above_baselines,
                "gain_over_answer_only": [interval.value, interval.low, interval.high],
                "gain_speaks_of": gain.speaks_of,
                "gain_has_verdict": not gain.one_run,
            }
            entry = {**entry, **over}
    untaught = [row.accuracy for row in own if row.supervision.format == UNTAUGHT]
    return {**entry, "untaught": max(untaught)} if untaught else entry


def _is_taught(row: ConditionSummary) -> bool:
    return row.supervision.format not in (ANSWER_ONLY, UNTAUGHT)


def headline_text(facts: Headline) -> str:
    """The headline numbers as lines for a terminal."""
    return "\n".join(_line(entry) for entry in facts["students"])


def _line(entry: Entry) -> str:
    low, high = entry["interval"]
    best = Number(entry["accuracy"], low, high)
    where = f"  {entry['experiment']}: {entry['student']} on {entry['dataset']}"
    most_frequent = f"most frequent answer {percent(entry['most_frequent_answer'])}"
    if not entry["above_baselines"]:
        # What is said of rationales is no word against answer only, which may be recommended.
        bare = entry.get("answer_only_above_baselines", False)
        outcome = f"no rationale above its baselines; answer only {percent(entry['answer_only'])}" if bare else NOTHING
        highest = f"the highest {percent(entry['accuracy'])} {best.interval()}, n = {entry['n']}"
        return f"{where}: {outcome} ({highest}; {most_frequent})"
    single = entry["seeds"] < 2
    line = (
        f"{where} {_how(entry, single)} with {entry['best'].split('/', 1)[1]}: "
        f"{percent(entry['accuracy'])} {best.interval()} (n = {entry['n']}, {entry['seeds']} seed{'' if single else 's'})"
    )
    if entry["optimism"]:
        line += f"; chosen on test, {too_high(entry['optimism'])}"
    if "answer_only" in entry:
        value, low, high = entry["gain_over_answer_only"]
        gain = Number(value, low, high, unit="points")
        highest = " (the highest of all)" if entry["answer_only"] > entry["accuracy"] else ""
        line += f"; answer only {percent(entry['answer_only'])}{highest}, gain {gain}"
    if "untaught" in entry:
        line += f"; untaught {percent(entry['untaught'])}"
    return f"{line}; {most_frequent}" + (
        "; one run: no verdict" if single or not entry.get("gain_has_verdict", True) else ""
    )


def _how(entry: Entry, single: bool) -> str:
    if entry["chosen_on"] == "development":
        return "was chosen on development"
    # Answer only is compared with, and may be higher: then no rationale is best of all.
    if entry.get("answer_only", 0.0) > entry["accuracy"]:
        return "was highest of the rationales"
    return "was highest" if single else "is best"
