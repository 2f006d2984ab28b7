"""Tables of an experiment: CSV for machines, Markdown for people, LaTeX for papers."""

from __future__ import annotations

import csv
import io

from gradus.analysis.rows import Row, label
from gradus.statistics.intervals import minimum_detectable_difference
from gradus.study.config import Experiment

_COLUMNS = (
    "dataset",
    "teacher",
    "format",
    "level",
    "student",
    "seeds",
    "n",
    "accuracy",
    "interval_low",
    "interval_high",
    "seed_sd",
    "truncated",
    "unparsable",
    "mean_completion_tokens",
    "most_frequent_answer_accuracy",
    "chance_accuracy",
    "above_baselines",
    "trained_on_leaked_questions",
    "trained_on_excerpt",
)


def to_csv(rows: list[Row]) -> str:
    """One line per condition, shares between 0 and 1."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        place = row.supervision
        writer.writerow(
            [place.dataset, place.teacher, place.format, place.level, row.student, " ".join(map(str, row.seeds)), row.n]
            + [f"{value:.4f}" for value in (row.accuracy, row.low, row.high)]
            + ["" if row.seed_sd is None else f"{row.seed_sd:.4f}"]
            + [
                f"{value:.4f}"
                for value in (row.truncated, row.unparsable, row.mean_tokens, row.most_frequent, row.chance)
            ]
            + [str(row.above_baselines).lower(), str(row.leaked).lower(), str(row.excerpt).lower()]
        )
    return stream.getvalue()


def to_markdown(rows: list[Row], experiment: Experiment) -> str:
    """Students as columns, conditions as rows, a note that says how to read it."""
    students = list(dict.fromkeys(row.student for row in rows))
    lines = ["| dataset | supervision | " + " | ".join(students) + " |", "|---|---|" + "---:|" * len(students)]
    for (dataset, name), cells in _grouped(rows, experiment).items():
        shown = [_cell(cells[student], "**{}**{} [{}, {}]") for student in students]
        lines.append(f"| {dataset} | {name} | " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n\n" + note(rows) + "\n"


def to_latex(rows: list[Row], experiment: Experiment, name: str) -> str:
    """A booktabs table with caption and label."""
    students = list(dict.fromkeys(row.student for row in rows))
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{tex(experiment.question)} {tex(note(rows))}}}",
        rf"\label{{tab:{name}}}",
        rf"\begin{{tabular}}{{ll{'r' * len(students)}}}",
        r"\toprule",
        "Dataset & Supervision & " + " & ".join(map(tex, students)) + r" \\",
        r"\midrule",
    ]
    for (dataset, condition), cells in _grouped(rows, experiment).items():
        shown = [_cell(cells[student], r"{}{} {{\scriptsize[{}, {}]}}") for student in students]
        lines.append(f"{tex(dataset)} & {tex(condition)} & " + " & ".join(shown) + r" \\")
    return signs("\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"])) + "\n"


def note(rows: list[Row]) -> str:
    """How to read the numbers: unit, interval, n, seeds, baseline, detectable difference, marks."""
    n, seeds = min(row.n for row in rows), len(rows[0].seeds)
    frequent = max(row.most_frequent for row in rows)
    chance = max(row.chance for row in rows)
    detectable = 100 * minimum_detectable_difference(n)
    text = (
        f"Accuracy in percent with 95 % Wilson intervals, n = {n} test problems, {seeds} seed{'s' if seeds > 1 else ''}. "
        f"Always giving the most frequent training answer scores {100 * frequent:.1f}, a blind guess {100 * chance:.1f}; a "
        "dagger marks cells not above both. "
        f"Paired differences below about {detectable:.1f} points cannot be detected at this n "
        "(80 % power, 20 % disagreement)."
    )
    if seeds == 1:
        text += " One seed: two cells compare two checkpoints, not two conditions."
    if any(row.leaked for row in rows):
        text += " A double dagger marks cells trained on test questions (allow_leakage)."
    if any(row.excerpt for row in rows):
        text += " A section sign marks cells trained on an excerpt of the released file (allow_excerpt)."
    return text


def _grouped(rows: list[Row], experiment: Experiment) -> dict[tuple[str, str], dict[str, Row]]:
    grouped: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        name = label(row.supervision, experiment)
        varied = [axis for axis in ("teachers", "formats", "levels") if len(getattr(experiment, axis)) > 1]
        for axis in varied:
            part = getattr(row.supervision, axis[:-1])
            if axis[:-1] != experiment.axis and part not in name and name != "answer only":
                name = f"{name}, {part}"
        grouped.setdefault((row.supervision.dataset, name), {})[row.student] = row
    return grouped


def _cell(row: Row, pattern: str) -> str:
    marks = ("" if row.above_baselines else "†") + ("‡" if row.leaked else "") + ("§" if row.excerpt else "")
    spread = "" if row.seed_sd is None else f" ± {100 * row.seed_sd:.1f}"
    return pattern.format(f"{100 * row.accuracy:.1f}{marks}", spread, f"{100 * row.low:.1f}", f"{100 * row.high:.1f}")


def signs(latex: str) -> str:
    """LaTeX with the signs of our tables as commands that every font has."""
    for sign, command in (("±", r"$\pm$"), ("†", r"\dag{}"), ("‡", r"\ddag{}"), ("§", r"\S{}"), ("–", "--")):
        latex = latex.replace(sign, command)
    return latex


def tex(text: str) -> str:
    """Plain text with LaTeX's special characters escaped."""
    for plain, escaped in (("\\", r"\textbackslash{}"), ("%", r"\%"), ("&", r"\&"), ("_", r"\_"), ("#", r"\#")):
        text = text.replace(plain, escaped)
    return text
