"""The fit of texts to untrained students beside what these learned from them: one table, one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gradus.analysis.evidence import Evidence
from gradus.presentation.figure import draw_point, finish, panels, style, styled
from gradus.presentation.number import Number
from gradus.presentation.table import Table, csv_text
from gradus.records import Condition
from gradus.records.fits import Fit
from gradus.statistics.intervals import wilson

_SCORES = ("surprisal", "surprisal_se", "rank", "rsr", "local_surprisal", "local_surprisal_se")
_HEADS = ("dataset", "teacher", "format", "level", "student", "texts", "tokens", *_SCORES, "runs", "n", "accuracy")
CAPTION = "How natural texts are to a student before training, and what it learns from them"


def to_csv(evidence: Evidence) -> str:
    """One line per supervision and student: surprisals in nats per token, accuracy as a share (none where nothing is scored)."""
    lines = []
    for (supervision, student), fit in evidence.fits.items():
        measured = evidence.students.get((supervision, student))
        scored = [measured.runs, measured.n, measured.mean] if measured else [None, None, None]
        names = [supervision.dataset, supervision.teacher, supervision.format, supervision.level, student]
        lines.append([*names, fit.texts, fit.tokens, *(getattr(fit, score) for score in _SCORES), *scored])
    return csv_text(_HEADS, lines)


def fits_table(evidence: Evidence) -> Table:
    """Supervisions and students as rows, the four scores and the accuracy as columns."""
    heads = [
        "taught on",
        "student",
        "supervision",
        "texts",
        "surprisal",
        "rank",
        "ratio",
        "local surprisal",
        "accuracy",
    ]
    body: list[list[Number | str | None]] = []
    for (supervision, student), fit in evidence.fits.items():
        scores = (f"{fit.surprisal:.3f}", f"{fit.rank:.2f}", f"{fit.rsr:.2f}", f"{fit.local_surprisal:.3f}")
        body.append(
            [
                supervision.dataset,
                student,
                supervision.short,
                f"{fit.texts}",
                *scores,
                _accuracy(evidence, (supervision, student)),
            ]
        )
    return Table(
        heads,
        body,
        names=3,
        caption=CAPTION,
        label="student-fits",
        note=(
            "Means over texts of means over their tokens, under the untrained student: surprisal in nats, rank among all tokens "
            "(cut at 100), their ratio, and surprisal where a step is read after the two steps before it alone. Accuracy in "
            "percent with 95 % Wilson intervals."
        ),
    )


def fits_figure(evidence: Evidence) -> Figure:
    """Accuracy over surprisal, one panel per dataset; a point is a supervision with one student, named by its level."""
    shown = {key: fit for key, fit in evidence.fits.items() if key in evidence.students}
    datasets = list(dict.fromkeys(supervision.dataset for supervision, _ in shown))
    students = list(dict.fromkeys(student for _, student in shown))
    with styled():
        figure, axes = panels(max(1, len(datasets)), (3.4, 3.0))
        for panel, dataset in zip(axes, datasets or [""], strict=True):
            _draw(panel, {key: fit for key, fit in shown.items() if key[0].dataset == dataset}, students, evidence)
            panel.set_title(dataset)
            panel.set_xlabel("surprisal per token before training (nats)", fontsize=8)
        finish(figure, axes, "accuracy after training (%)")
    return figure


def _draw(panel: Axes, shown: Mapping[Condition, Fit], students: Sequence[str], evidence: Evidence) -> None:
    for (supervision, student), fit in shown.items():
        look = style(students.index(student))
        number = _accuracy(evidence, (supervision, student))
        assert number is not None  # what is shown has been scored
        draw_point(
            panel, fit.surprisal, number, color=look.color, marker=look.marker, markersize=4.5, linestyle="", label=student
        )  # fmt: skip
        name = supervision.level if supervision.format == "original" else supervision.short
        panel.annotate(name, (fit.surprisal, number.scaled), textcoords="offset points", xytext=(5, 3), fontsize=7)


def _accuracy(evidence: Evidence, key: Condition) -> Number | None:
    measured = evidence.students.get(key)
    if measured is None:
        return None
    if measured.n is None:
        return Number(measured.mean, runs=measured.runs, runs_asked=measured.runs)
    interval = wilson(round(measured.mean * measured.n), measured.n)
    return Number(
        measured.mean, interval.low, interval.high, n=measured.n, runs=measured.runs, runs_asked=measured.runs
    )
