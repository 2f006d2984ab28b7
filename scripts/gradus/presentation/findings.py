"""Findings: what the data of a study support, in words, and what they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradus.analysis.claims.catalogue import judged_claims
from gradus.analysis.claims.primary import when_declared
from gradus.analysis.claims.statements import Statement
from gradus.analysis.evidence import Evidence
from gradus.analysis.kinds import ByKind
from gradus.analysis.recommendation import Recommendation
from gradus.analysis.summaries import ConditionSummary, label, plain, swept_values
from gradus.presentation.claims import recommendations_markdown, statements_markdown, tally
from gradus.presentation.exhibits.experiments import experiment_table
from gradus.presentation.headline import Conditions, headline, headline_text
from gradus.presentation.number import percent
from gradus.presentation.table import Table
from gradus.records import Supervision
from gradus.results.facts import AnnotationManifest, DatasetAudit
from gradus.runtime.markdown import one_line
from gradus.study.config import Experiment, PaddedTransform, Study
from gradus.study.config.axes import text_of
from gradus.study.declaration import primaries
from gradus.study.grid import missing_supervisions


def study_statements(study: Study, evidence: Evidence, trainings_before: int | None = None) -> list[Statement]:
    """The claims of a study: a family is a claim in the whole study, however its cells are dealt to experiments.

    ``trainings_before``: how many trainings were there when its primary comparisons were declared.
    """
    padded = {name: made.target for name, made in study.transforms.items() if isinstance(made, PaddedTransform)}
    return judged_claims(evidence, padded, primaries(study), when_declared(trainings_before))


def picture_of(experiment: str) -> str:
    """The figure of an experiment, as the findings' folder names it."""
    return f"../figures/{experiment}.svg"


def findings(
    study: Study,
    conditions: Conditions,
    evidence: Evidence,
    statements: Sequence[Statement],
    recommended: Sequence[Recommendation],
    audits: Sequence[DatasetAudit],
    manifests: Mapping[Supervision, AnnotationManifest],
    kinds: Sequence[ByKind] = (),
) -> str:
    """The findings page in Markdown: the answer first, then what it rests on, then how far it reaches."""
    parts = [f"# Findings of the study `{study.study}`", ""]
    if study.about:
        parts += [study.about.strip(), ""]
    parts += ["## The answer", ""]
    parts += [f"- {line.strip()}" for line in headline_text(headline(study, conditions, evidence)).splitlines()]
    if statements:
        parts.append(f"- Of all statements: {tally(statements)}")
    parts += ["", *_FURTHER, ""]
    parts += ["## What to use", "", _how_to_recommend(recommended), "", recommendations_markdown(recommended)]
    for name, experiment in study.experiments.items():
        table = experiment_table(name, experiment, conditions[name])
        parts += [f"## {name}: {one_line(experiment.question)}", "", f"![{name}]({picture_of(name)})", ""]
        parts += [table.markdown(), table.note, ""]
        parts += [f"- {line}" for line in _warnings(conditions[name], experiment)] + [""]
    parts += ["## What these numbers can and cannot say", "", *_limits(study)]
    if statements:
        parts += ["## The claims", "", _HOW_TO_READ, "", statements_markdown(statements)]
    if kinds:
        parts += ["## By kind of problem", "", _HOW_TO_READ_KINDS, "", *map(_kinds_table, kinds)]
    if evidence.teachers:
        parts += ["## The teachers on the test problems, gold hidden", "", _teacher_table(evidence).markdown()]
    parts += ["## The data", "", *map(_audit_line, audits), "", _annotation_table(manifests).markdown()]
    return "\n".join(parts)


# What the workflow makes beside the findings, from their folder.
_FURTHER = (
    "Every text, the grid and the claims to look through: [explorer](explorer.html).",
    "Defects of problems and of the teachers' texts: [audit](../diagnostics/annotations.html).",
    "The numbers as files: [tables](../tables/) and the [metric file](../metrics/) of every cell.",
    "All of it to hand on: [report.zip](report.zip).",
)

_HOW_TO_READ = (
    "A verdict is at 5 %, adjusted (Holm) for all statements of its claim in the whole study; the claims are not adjusted "
    "for one another. `supported`: the statement holds. `contradicted`: its opposite holds, by more than the margin. "
    "`shown to be small`: any effect lies within the margin. `too few data`: none of these can be told, which refutes "
    "nothing. `one run: no verdict`: some cell that is compared has one seed, and what its seeds would do is not known. "
    "An interval is of each statement by itself. `n` tells of how many groups the problems are variants (a template, a base "
    "problem): these vary together. `log odds` is the same difference on a scale on which 2 points at 5 % are more than at 50 %. "
    "`another dataset` is where the effect on another dataset like these lies, and I² how much of what datasets differ is no "
    "error of their own."
)


_HOW_TO_READ_KINDS = (
    "Accuracy in percent of the test problems of a kind (how many there are stands in brackets): so many steps as the data "
    "count them, the subject or the difficulty that their authors name. It shows where a difference lies; nothing here is tested."
)


def _kinds_table(found: ByKind) -> str:
    """The conditions of one dataset, a column per kind."""
    heads = [f"{found.trait}: {kind} ({n})" for kind, n in found.problems.items()]
    lines = [
        [found.dataset, student, supervision.short, *(f"{100 * one:.1f}" for one in each)]
        for (supervision, student), each in found.accuracies.items()
    ]
    names = ["dataset", "student", "supervision"]
    return Table([*names, *heads], lines, names=len(names)).markdown()


def _how_to_recommend(recommended: Sequence[Recommendation]) -> str:
    text = (
        "Per student and dataset the supervision with the highest accuracy (on development problems where the dataset keeps "
        "some, else on test problems, with the optimism of that choice), and every one that cannot be told from the best on "
        "test problems (multiple comparisons). Answer only is one of them here, as a student can be taught so; the answer above "
        "ranks rationales, and has answer only beside the best of them."
    )
    if all(one.runs < 2 for one in recommended):
        return f"{text} With one run of each this ranks these checkpoints; it recommends nothing for another training."
    return f"{text} With several runs of each, the truly best one is among them in about 95 % of studies."


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
    lines = ["- Intervals of accuracies are for these test problems with these checkpoints."]
    if any(dataset.source == "gradeschool" for dataset in study.datasets.values()):
        lines.append(
            "- `gradeschool` is synthetic: problems, explanations and warm-up text are generated by one program. "
            "The study was built and tuned (on other seeds and a development split) to show an effect on small "
            "machines; it says nothing about natural problems or large models."
        )
    if any(student.kind != "pretrained" for student in study.students.values()):
        lines.append(
            "- Students built from scratch are tiny and warmed up on generated text only; on real datasets an accuracy "
            "near zero is what to expect of them."
        )
    if any(len(experiment.seeds) == 1 for experiment in study.experiments.values()):
        lines.append(
            "- Some cells have one seed. A difference of two of them is one between two checkpoints: training again, or on "
            "another machine, can turn it. Such statements get no verdict; two seeds are the fewest that do, three are "
            "advised."
        )
    missing = missing_supervisions(study)
    if missing:
        named = ", ".join(str(supervision) for supervision in missing[:12]) + (", ..." if len(missing) > 12 else "")
        lines.append(
            f"- {len(missing)} supervisions are missing, because their released files are not in the data folder: {named}."
        )
    return [*lines, ""]


def _sweeps(conditions: Sequence[ConditionSummary], experiment: Experiment) -> list[str]:
    """What a sweep says: the value that was chosen for each student, and whose order depends on it."""
    sentences: dict[str, None] = {}
    for row in conditions:
        name = f"{plain(row.supervision.dataset, experiment)}, {plain(row.student, experiment)}"
        values = ", ".join(f"{key} {text_of(value)}" for key, value in swept_values(row, experiment).items())
        keys = " and ".join(experiment.sweep)
        if row.chosen:
            on = "test problems, for there are no development problems: its accuracy is too good"
            sentences[
                f"{name}: {values} was chosen on {'development problems' if row.development is not None else on}."
            ] = None
        for other in row.order_changes_with:
            pair = " and ".join(sorted((row.supervision.short, other.short)))
            sentences[
                f"{name}: the order of {pair} changes with {keys}: what is said of them holds at one value alone."
            ] = None
    return list(sentences)


def _warnings(conditions: Sequence[ConditionSummary], experiment: Experiment) -> list[str]:
    found = _sweeps(conditions, experiment)
    for row in conditions:
        name = f"{row.supervision.dataset}, {row.student}, {label(row.supervision, experiment)}"
        if not row.above_baselines:
            found.append(
                f"{name}: {percent(row.accuracy)} is not shown to be above always giving the most frequent answer "
                f"({percent(row.most_frequent)}) and a blind guess ({percent(row.chance)})."
            )
        if row.truncated > 0.05:
            found.append(f"{name}: {percent(row.truncated, digits=0)} of the outputs were cut off at the length limit.")
        if row.leaked:
            found.append(
                f"{name}: trained on test questions (allow_leakage); the accuracy is not a measure of anything."
            )
    return found


def _audit_line(audit: DatasetAudit) -> str:
    overlap = len(audit["test_questions_in_train_normalised"])
    line = (
        f"- {audit['dataset']} ({audit['source']}): {audit['train']} training and {audit['test']} test problems, "
        f"{overlap} test questions also in training."
    )
    if "test_questions_templated_in_train" in audit:
        near, templated = (
            len(audit[name]) for name in ("test_questions_near_train", "test_questions_templated_in_train")
        )
        line += f" Near copies: {near}; with other names and numbers: {templated}."
    for name, found in audit.get("test_questions_of_others", {}).items():
        same, near, templated = (len(found[rule]) for rule in ("normalised", "near", "templated"))
        if same or near or templated:
            line += (
                f" Of the {found['test']} test questions of {name} its training questions hold {same} word for word, {near} as "
                f"near copies, {templated} with other names and numbers."
            )
    if "shared_structures" in audit:
        line += (
            f" Train and test share {audit['shared_structures']} story structures and "
            f"{audit['shared_number_tuples']} tuples of numbers."
        )
    return line
