"""Compare the fit of supervisions, known before training, with accuracies: the study's own, and those that the paper printed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from gradus.analysis.claims.fits import fit_grids
from gradus.analysis.fit_prediction import SCORES, Grid, association, choices
from gradus.analysis.published import granularity, read
from gradus.records import Supervision
from gradus.records.fits import Fit
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.errors import UserError
from gradus.runtime.markdown import markdown_table
from gradus.runtime.output_files import check_outputs, write_output
from gradus.statistics.families import holm
from gradus.study import grid as study_grid

Fits = dict[Supervision, Fit]
Accuracies = dict[tuple[Supervision, str], float]


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("study", help="the results folder of a study whose `student_fits` are there")
    options.add_argument("--student", help="the base model whose fits are taken; default: the study's first")
    options.add_argument(
        "--numbers", help="a file of published numbers (published/chen-2025.csv); default: the study's own cells"
    )
    options.add_argument("--teacher", help="whose texts; default: the only teacher with fits")
    options.add_argument("--printed-teacher", default="gpt-4o", help="whose published numbers; default: gpt-4o")
    options.add_argument("--output", required=True, help="a Markdown file")
    given = options.parse_args()
    check_outputs([given.output], [given.numbers] if given.numbers else [])
    results = Results.open(Path(given.study))
    student = given.student or next(iter(results.study.students))
    if student not in results.study.students:
        raise UserError(f"the study has no student {student!r}", hint=f"one of {', '.join(results.study.students)}")
    if given.teacher is not None and given.teacher not in results.study.teachers:
        raise UserError(
            f"the study has no teacher {given.teacher!r}", hint=f"one of {', '.join(results.study.teachers)}"
        )
    fits = {
        supervision: found
        for supervision in study_grid.supervisions(results.study)
        if (found := results.find_fit(supervision, student)) is not None
        and supervision.format == "original"
        and given.teacher in (None, supervision.teacher)
    }
    teachers = list(dict.fromkeys(supervision.teacher for supervision in fits))
    if len(teachers) > 1:
        raise UserError(f"fits of {' and '.join(teachers)} are there", hint="name one with --teacher")
    if not fits:
        raise UserError("no fits are there", where=given.study, hint="run `snakemake ... student_fits` first")
    if given.numbers:
        accuracies = _printed(Path(given.numbers), given.printed_teacher, teachers[0])
        grids = fit_grids({key: fits[key[0]] for key in accuracies if key[0] in fits}, accuracies)
    else:
        grids = fit_grids({(source, student): fit for source, fit in fits.items()}, _own(results, fits, student))
    if not grids:
        raise UserError("no dataset has both fits and accuracies of three supervisions", where=given.study)
    write_output(given.output, _text(grids, student))
    program.log.info("%d datasets: %s", len(grids), given.output)


def _own(results: Results, fits: Fits, student: str) -> Accuracies:
    found: dict[tuple[Supervision, str], list[float]] = {}
    for cell in study_grid.cells(results.study):
        if cell.student == student and cell.supervision in fits:
            metrics = results.find_metrics(cell)
            if metrics is not None:
                found.setdefault((cell.supervision, student), []).append(metrics.accuracy)
    return {key: fmean(values) for key, values in found.items()}


def _printed(numbers: Path, teacher: str, called: str) -> Accuracies:
    """The published accuracies of a teacher, as those of the study's teacher ``called``."""
    measured = granularity(read(numbers)).students
    teachers = list(dict.fromkeys(place.teacher for place, _ in measured))
    if teacher not in teachers:
        hint = f"--printed-teacher is one of {', '.join(teachers)}" if teachers else None
        raise UserError(f"no accuracies of teacher {teacher!r}", where=numbers, hint=hint)
    return {
        (replace(supervision, teacher=called), student): one.mean
        for (supervision, student), one in measured.items()
        if supervision.teacher == teacher and supervision.format == "original"
    }


def _text(grids: Sequence[Grid], student: str) -> str:
    datasets = ", ".join(
        f"{grid.dataset} ({len(grid.students)} students, {len(grid.supervisions)} levels)" for grid in grids
    )
    fits = [
        [grid.dataset, level, *(f"{grid.fits[score][:, index].mean():.3f}" for score in SCORES), f"{100 * mean:.1f}"]
        for grid in grids
        for index, (level, mean) in enumerate(zip(grid.supervisions, grid.accuracies.mean(axis=0), strict=True))
    ]
    found = [association(grids, score) for score in SCORES]
    adjusted = holm([one.p for one in found])
    tests = [[one.score, f"{one.r:+.2f}", f"{one.p:.3f}", f"{p:.3f}"] for one, p in zip(found, adjusted, strict=True)]
    chosen = sorted(choices(grids), key=lambda choice: choice.loss)
    losses = [
        [choice.rule, *(f"{100 * choice.losses[grid.dataset]:.2f}" for grid in grids), f"{100 * choice.loss:.2f}"]
        for choice in chosen
    ]
    return (
        f"# Does the fit to {student} predict accuracy?\n\n{datasets}.\n\n## Fits and mean accuracies\n\n"
        + markdown_table(["dataset", "level", *SCORES, "accuracy, %"], fits, "ll" + "r" * (len(SCORES) + 1))
        + "\n## Rank correlation within datasets and students\n\nTwo-sided p by exchanging the levels of a dataset for all "
        "students at once, and adjusted by Holm.\n\n"
        + markdown_table(["score", "r", "p", "p, Holm"], tests, "lrrr")
        + "\n## What a choice loses\n\nPoints below the best level of each student, mean over students. Directions and the "
        "level that is best elsewhere are learned on the other datasets. The best level is that of the test problems themselves, "
        "so that every loss is too large.\n\n"
        + markdown_table(["rule", *(grid.dataset for grid in grids), "mean"], losses, "l" + "r" * (len(grids) + 1))
    )


if __name__ == "__main__":
    program.run(main)
