"""Findings: what the data of a study support, in words, and what they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradus.analysis import Row, label, outcomes, rows
from gradus.config import Experiment, Study
from gradus.grid import missing_supervisions
from gradus.paths import Cell
from gradus.statistics import Estimate, minimum_detectable_difference, paired_difference
from gradus.tables import to_markdown


@dataclass(frozen=True)
class Comparison:
    """Two conditions of one student on the same problems; ``verdict`` is supported, contradicted or undecided."""

    dataset: str
    student: str
    better: str
    other: str
    difference: Estimate
    seeds: int

    @property
    def verdict(self) -> str:
        if self.difference.low > 0:
            return "supported"
        return "contradicted" if self.difference.high < 0 else "undecided"

    def sentence(self) -> str:
        """The comparison in words, with its interval and its reach."""
        gap = self.difference
        words = {
            "supported": f"is better than {self.other}",
            "contradicted": f"is worse than {self.other}",
            "undecided": f"cannot be told from {self.other}",
        }[self.verdict]
        reach = (
            "one seed, so these two checkpoints" if self.seeds == 1 else f"{self.seeds} seeds, resampling problems only"
        )
        return (
            f"{self.dataset}, {self.student}: {self.better} {words} "
            f"({100 * gap.value:+.1f} points, 95 % interval {100 * gap.low:+.1f} to {100 * gap.high:+.1f}; {reach})."
        )


def compare(study: Study, experiment: Experiment, left: Row, right: Row) -> Comparison:
    """The paired difference of two conditions over the same problems and seeds."""
    wins: list[list[bool]] = [[], []]
    for seed in left.seeds:
        for side, row in enumerate((left, right)):
            wins[side] += outcomes(study, Cell(row.supervision, row.student, seed))
    difference = paired_difference(wins[0], wins[1])
    names = label(left.supervision, experiment), label(right.supervision, experiment)
    return Comparison(left.supervision.dataset, left.student, *names, difference, len(left.seeds))


def comparisons(study: Study, experiment: Experiment, table: list[Row]) -> list[Comparison]:
    """For each student and dataset: the best supervision against the answer-only cell, and against each other one."""
    made = []
    for dataset in experiment.datasets:
        for student in experiment.students:
            mine = [row for row in table if row.student == student and row.supervision.dataset == dataset]
            main = [row for row in mine if row.supervision.format != "answer-only"]
            best = max(main, key=lambda row: row.accuracy)
            others = [row for row in mine if row.supervision.format == "answer-only"]
            others += [row for row in main if row != best]
            made += [compare(study, experiment, best, row) for row in others]
    return made


def headline(study: Study) -> dict[str, Any]:
    """The numbers that a run ends with: per student the best cell, against answer only and the most frequent answer."""
    found: dict[str, Any] = {"study": study.study, "students": []}
    for name, experiment in study.experiments.items():
        table = rows(study, experiment)
        for dataset in experiment.datasets:
            for student in experiment.students:
                mine = [row for row in table if row.student == student and row.supervision.dataset == dataset]
                best = max((r for r in mine if r.supervision.format != "answer-only"), key=lambda row: row.accuracy)
                entry: dict[str, Any] = {
                    "experiment": name,
                    "dataset": dataset,
                    "student": student,
                    "best": str(best.supervision),
                    "accuracy": best.accuracy,
                    "interval": [best.low, best.high],
                    "n": best.n,
                    "seeds": len(best.seeds),
                    "most_frequent_answer": best.most_frequent,
                }
                for row in mine:
                    if row.supervision.format == "answer-only":
                        gap = compare(study, experiment, best, row).difference
                        entry |= {"answer_only": row.accuracy, "gain_over_answer_only": [gap.value, gap.low, gap.high]}
                found["students"].append(entry)
    return found


def headline_text(facts: dict[str, Any]) -> str:
    """The headline numbers as lines for a terminal."""
    lines = []
    for entry in facts["students"]:
        low, high = entry["interval"]
        line = (
            f"  {entry['experiment']}: {entry['student']} on {entry['dataset']} is best with "
            f"{entry['best'].split('/', 1)[1]}: "
            f"{100 * entry['accuracy']:.1f} % [{100 * low:.1f}, {100 * high:.1f}] (n = {entry['n']}, {entry['seeds']} seed(s))"
        )
        if "answer_only" in entry:
            value, low, high = entry["gain_over_answer_only"]
            gain = f"{100 * value:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
            line += f"; answer only {100 * entry['answer_only']:.1f} %, gain {gain}"
        lines.append(line + f"; most frequent answer {100 * entry['most_frequent_answer']:.1f} %")
    return "\n".join(lines)


def findings(study: Study, audits: list[dict[str, Any]], annotations: dict[str, dict[str, Any]]) -> str:
    """The findings page in Markdown."""
    parts = [f"# Findings of the study `{study.study}`", ""]
    if study.about:
        parts += [study.about.strip(), ""]
    parts += _reach(study)
    for name, experiment in study.experiments.items():
        table = rows(study, experiment)
        parts += [f"## {name}: {experiment.question}", "", to_markdown(table, experiment)]
        parts += [f"- {comparison.sentence()}" for comparison in comparisons(study, experiment, table)]
        parts += [f"- {line}" for line in _warnings(table, experiment)] + [""]
    parts += ["## The data", ""] + [_audit_line(audit) for audit in audits] + [""]
    parts += ["| supervision | annotations | mean words | verdicts |", "|---|---:|---:|---|"]
    for name, manifest in annotations.items():
        verdicts = ", ".join(f"{verdict} {count}" for verdict, count in manifest["verdicts"].items())
        absent = len(manifest["without_annotation"])
        verdicts += f"; {absent} problems without annotation" if absent else ""
        parts.append(f"| {name} | {manifest['rows']} | {manifest['mean_words']:.1f} | {verdicts} |")
    return "\n".join(parts) + "\n"


def _reach(study: Study) -> list[str]:
    lines = ["What these numbers can and cannot say:", ""]
    if any(dataset.source == "gradeschool" for dataset in study.datasets.values()):
        lines.append(
            "- `gradeschool` is synthetic: problems, explanations and warm-up text are generated by one program. "
            "The study was built and tuned (on other seeds and a development split) to show an effect on small "
            "machines; it says nothing about natural problems or large models."
        )
    if any(student.kind == "built" for student in study.students.values()):
        lines.append(
            "- Students built from scratch are tiny and warmed up on generated text only; on real datasets an accuracy "
            "near zero is what to expect of them."
        )
    if any(len(experiment.seeds) == 1 for experiment in study.experiments.values()):
        lines.append(
            "- One seed per cell: a difference is one between two checkpoints. Whether it holds for the two conditions "
            "needs several seeds."
        )
    lines.append(
        "- The best supervision of a student is chosen on the same test problems that it is then compared on; the intervals do "
        "not know of that choice, which flatters the best by a little."
    )
    missing = missing_supervisions(study)
    if missing:
        named = ", ".join(str(place) for place in missing[:12]) + (", ..." if len(missing) > 12 else "")
        lines.append(
            f"- {len(missing)} supervisions are missing, because their released files are not in the data folder: {named}."
        )
    return [*lines, ""]


def _warnings(table: list[Row], experiment: Experiment) -> list[str]:
    found = []
    for row in table:
        name = f"{row.supervision.dataset}, {row.student}, {label(row.supervision, experiment)}"
        if not row.above_most_frequent:
            found.append(
                f"{name}: {100 * row.accuracy:.1f} % is not above always giving the most frequent answer "
                f"({100 * row.most_frequent:.1f} %)."
            )
        if row.truncated > 0.05:
            found.append(f"{name}: {100 * row.truncated:.0f} % of the outputs were cut off at the length limit.")
        if row.leaked:
            found.append(
                f"{name}: trained on test questions (allow_leakage); the accuracy is not a measure of anything."
            )
    detectable = 100 * minimum_detectable_difference(min(row.n for row in table))
    found.append(f"Differences below about {detectable:.1f} points are beyond the reach of this test set.")
    return found


def _audit_line(audit: dict[str, Any]) -> str:
    overlap = len(audit["test_questions_in_train_normalised"])
    line = (
        f"- {audit['dataset']} ({audit['source']}): {audit['train']} training and {audit['test']} test problems, "
        f"{overlap} test questions also in training."
    )
    if "shared_structures" in audit:
        line += (
            f" Train and test share {audit['shared_structures']} story structures and "
            f"{audit['shared_number_tuples']} tuples of numbers."
        )
    return line
