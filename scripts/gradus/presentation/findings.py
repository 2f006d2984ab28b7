"""Findings: what the data of a study support, in words, and what they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradus.analysis.claims.catalogue import judged_claims
from gradus.analysis.claims.statements import Statement
from gradus.analysis.evidence import Evidence, answer_only
from gradus.analysis.recommendation import Recommendation
from gradus.analysis.summaries import ConditionSummary, label
from gradus.presentation.claims import recommendations_markdown, statements_markdown
from gradus.presentation.exhibits.experiments import experiment_table
from gradus.presentation.number import Number, percent
from gradus.presentation.table import Table
from gradus.records import Supervision
from gradus.records.vocabulary import ANSWER_ONLY
from gradus.results.facts import AnnotationManifest, DatasetAudit
from gradus.runtime.markdown import one_line
from gradus.statistics.contrasts import difference
from gradus.statistics.intervals import minimum_detectable_difference
from gradus.study.config import Experiment, PaddedTransform, Study
from gradus.study.grid import experiment_supervisions, missing_supervisions

# The summaries of every experiment.
Conditions = Mapping[str, Sequence[ConditionSummary]]


def experiment_statements(study: Study, experiment: Experiment, evidence: Evidence) -> list[Statement]:
    """The claims of one experiment, each a family of its own.

    Levels are held against the study's answer-only cells also where another experiment has them.
    """
    padded = {name: made.target for name, made in study.transforms.items() if isinstance(made, PaddedTransform)}
    supervisions = experiment_supervisions(study, experiment)
    if experiment.axis == "level":
        supervisions += [answer_only(dataset) for dataset in experiment.datasets]
    return judged_claims(evidence.limited(supervisions, experiment.students), padded)


def headline(study: Study, conditions: Conditions, evidence: Evidence) -> dict[str, Any]:
    """The numbers that a run ends with: per student the best cell, compared with answer only and the most frequent answer.

    The best is chosen among several, so the interval of its gain is that of as many comparisons (Bonferroni).
    """
    entries = []
    for name, experiment in study.experiments.items():
        for dataset in experiment.datasets:
            for student in experiment.students:
                own = [row for row in conditions[name] if (row.student, row.supervision.dataset) == (student, dataset)]
                taught = [row for row in own if row.supervision.format != ANSWER_ONLY]
                if not taught:
                    continue
                best = max(taught, key=lambda row: row.accuracy)
                entry = {
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
                for row in (row for row in own if row.supervision.format == ANSWER_ONLY):
                    first, second = (evidence.students[one.supervision, student] for one in (best, row))
                    gain = difference(first, second, evidence.seeds(dataset, student))
                    interval = gain.interval(1 - 0.05 / max(1, len(own) - 1))
                    entry |= {
                        "answer_only": row.accuracy,
                        "gain_over_answer_only": [interval.value, interval.low, interval.high],
                        "gain_speaks_of": gain.speaks_of,
                    }
                entries.append(entry)
    return {"study": study.study, "students": entries}


def headline_text(facts: dict[str, Any]) -> str:
    """The headline numbers as lines for a terminal."""
    lines = []
    for entry in facts["students"]:
        low, high = entry["interval"]
        best = Number(entry["accuracy"], low, high)
        line = (
            f"  {entry['experiment']}: {entry['student']} on {entry['dataset']} is best with "
            f"{entry['best'].split('/', 1)[1]}: "
            f"{percent(entry['accuracy'])} {best.interval()} (n = {entry['n']}, {entry['seeds']} seed(s))"
        )
        if "answer_only" in entry:
            value, low, high = entry["gain_over_answer_only"]
            gain = Number(value, low, high, unit="points")
            line += f"; answer only {percent(entry['answer_only'])}, gain {gain}"
        lines.append(f"{line}; most frequent answer {percent(entry['most_frequent_answer'])}")
    return "\n".join(lines)


def findings(
    study: Study,
    conditions: Conditions,
    evidence: Evidence,
    statements: Sequence[tuple[str, Sequence[Statement]]],
    recommended: Sequence[Recommendation],
    audits: Sequence[DatasetAudit],
    manifests: Mapping[Supervision, AnnotationManifest],
) -> str:
    """The findings page in Markdown; ``statements`` by experiment."""
    parts = [f"# Findings of the study `{study.study}`", ""]
    if study.about:
        parts += [study.about.strip(), ""]
    parts += _limits(study)
    parts += ["## What to use", "", _HOW_TO_RECOMMEND, "", recommendations_markdown(recommended)]
    for name, found in statements:
        experiment = study.experiments[name]
        table = experiment_table(name, experiment, conditions[name])
        parts += [f"## {name}: {one_line(experiment.question)}", "", table.markdown(), table.note, ""]
        parts += [f"- {line}" for line in _warnings(conditions[name], experiment)] + [""]
        parts += [statements_markdown(found)]
    if evidence.teachers:
        parts += ["## The teachers on the test problems, gold hidden", "", _teacher_table(evidence).markdown()]
    parts += ["## The data", "", *map(_audit_line, audits), "", _annotation_table(manifests).markdown()]
    return "\n".join(parts)


_HOW_TO_RECOMMEND = (
    "Per student and dataset the supervision with the highest accuracy, and every other one that cannot be told from the "
    "best (multiple comparisons with the best; the truly best one is among them in 95 % of studies)."
)


def _teacher_table(evidence: Evidence) -> Table:
    """What the teachers solve themselves, gold hidden."""
    measured = evidence.teachers.items()
    lines = [[str(name), percent(one.mean), str(one.n), str(one.runs)] for name, one in measured]
    return Table(["supervision", "accuracy", "n", "samples"], lines)


def _annotation_table(manifests: Mapping[Supervision, AnnotationManifest]) -> Table:
    lines = []
    for supervision, manifest in manifests.items():
        verdicts = ", ".join(f"{verdict} {count}" for verdict, count in manifest["verdicts"].items())
        absent = len(manifest["without_annotation"])
        verdicts += f"; {absent} problems without annotation" if absent else ""
        lines.append([str(supervision), str(manifest["rows"]), f"{manifest['mean_words']:.1f}", verdicts])
    return Table(["supervision", "annotations", "mean words", "verdicts"], lines, align="lrrl")


def _limits(study: Study) -> list[str]:
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
        "- A verdict is at 5 %, adjusted for all statements of its claim within the experiment (Holm); power is before "
        "that adjustment. An undecided statement is not a refuted one: see its interval and its power."
    )
    missing = missing_supervisions(study)
    if missing:
        named = ", ".join(str(supervision) for supervision in missing[:12]) + (", ..." if len(missing) > 12 else "")
        lines.append(
            f"- {len(missing)} supervisions are missing, because their released files are not in the data folder: {named}."
        )
    return [*lines, ""]


def _warnings(conditions: Sequence[ConditionSummary], experiment: Experiment) -> list[str]:
    found = []
    for row in conditions:
        name = f"{row.supervision.dataset}, {row.student}, {label(row.supervision, experiment)}"
        if not row.above_baselines:
            found.append(
                f"{name}: {percent(row.accuracy)} is not above always giving the most frequent answer "
                f"({percent(row.most_frequent)}) and a blind guess ({percent(row.chance)})."
            )
        if row.truncated > 0.05:
            found.append(f"{name}: {percent(row.truncated, digits=0)} of the outputs were cut off at the length limit.")
        if row.leaked:
            found.append(
                f"{name}: trained on test questions (allow_leakage); the accuracy is not a measure of anything."
            )
    detectable = 100 * minimum_detectable_difference(min(row.n for row in conditions))
    found.append(f"Differences below about {detectable:.1f} points are beyond the reach of this test set.")
    return found


def _audit_line(audit: DatasetAudit) -> str:
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
