"""Compare runs, or two studies.

RUN... --against RUN... compares two models (recipes, prompts) on the item scores that any harness wrote: files or folders, any
number of runs (seeds) a side, paired by item. Without --against: two folders results/NAME, every supervision and student that
both studies have; of one study on two machines, what differs beyond what seeds do, and the machines' arithmetic.
"""

import argparse
import math
from dataclasses import replace
from pathlib import Path

from gradus.evaluation.formats import FORMATS, Columns, read_columns, read_run
from gradus.runtime import program
from gradus.runtime.errors import UserError
from gradus.runtime.output_files import check_outputs, write_output
from gradus.statistics.margin import MARGIN

SUFFIXES = (".txt", ".csv", ".md", ".tex", ".html")


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="files or folders of one side; or two studies"
    )
    options.add_argument("--against", type=Path, nargs="+", metavar="RUN", help="those of the other side")
    options.add_argument(
        "--output",
        type=Path,
        action="append",
        default=[],
        help="also write it there, as its suffix says; may be repeated",
    )
    reading = options.add_argument_group("how files are read")
    reading.add_argument(
        "--metric", action="append", default=[], help="the score to compare; repeated: the first that a task has"
    )
    reading.add_argument(
        "--format", choices=FORMATS, help="the program that wrote them; without it, their content tells"
    )
    reading.add_argument(
        "--columns", help="names in plain rows, PART=NAME,...: id (or id=line), score, sample, task, ..."
    )
    reading.add_argument("--task", help="one name for the task of all files, whatever they say")
    reading.add_argument(
        "--clusters", metavar="FIELD", help="items with the same value there vary together (a passage, a template)"
    )
    reading.add_argument(
        "--scale", type=_scale, default=(0.0, 1.0), metavar="WORST,BEST", help="the range of scores, 0,1"
    )
    reading.add_argument(
        "--repeats", choices=("mean", "runs"), default="mean", help="several samples of an item in a file"
    )
    reading.add_argument("--missing", choices=("drop", "wrong"), default="drop", help="items that some run lacks")
    questions = options.add_argument_group("what is asked")
    questions.add_argument("--names", nargs=2, default=("A", "B"), metavar="NAME", help="what the two sides are called")
    questions.add_argument(
        "--margin", type=_points, default=MARGIN, metavar="POINTS", help="differences that do not matter (3)"
    )
    questions.add_argument(
        "--effect", type=_points, metavar="POINTS", help="what sample sizes are told for (the margin)"
    )
    given = options.parse_args()
    if given.names[0] == given.names[1]:
        options.error(f"--names: both sides are called {given.names[0]!r}")
    for path in given.output:
        if path.suffix.lower() not in SUFFIXES:
            options.error(f"--output {path}: the suffix is none of {', '.join(SUFFIXES)}")
    check_outputs(given.output, [*given.runs, *(given.against or [])])
    if given.against is None:
        compare_studies(given.runs, given.output)
    else:
        compare_files(given)


def compare_files(given: argparse.Namespace) -> None:
    """The runs of one side against those of the other."""
    from gradus.analysis.run_comparison import compare_runs
    from gradus.evaluation.item_scores import ScoreChoice, clustered, metrics_by_task, scored_runs
    from gradus.presentation.run_comparison import to_csv, to_latex, to_markdown, to_text
    from gradus.presentation.run_comparison_page import to_page

    worst, best = given.scale
    choice = ScoreChoice(tuple(given.metric), worst, best, given.repeats, given.task)
    columns = replace(read_columns(given.columns) if given.columns else Columns(), cluster=given.clusters)
    sides = [
        [
            (str(path), clustered(read_run([path], format=given.format, columns=columns), given.clusters))
            for path in side
        ]
        for side in (given.runs, given.against)
    ]
    metrics = metrics_by_task((samples for side in sides for _, samples in side), choice)
    first, second = ([run for file in side for run in scored_runs(*file, metrics, choice)] for side in sides)
    found = compare_runs(
        first,
        second,
        names=(given.names[0], given.names[1]),
        margin=given.margin,
        effect=given.effect,
        missing=given.missing,
    )
    print(to_text(found), end="")
    forms = {".txt": to_text, ".csv": to_csv, ".md": to_markdown, ".tex": to_latex, ".html": to_page}
    for path in given.output:
        write_output(path, forms[path.suffix.lower()](found))


def compare_studies(folders: list[Path], outputs: list[Path]) -> None:
    """Two studies, differences second minus first; of one study on two machines also what the machine changed."""
    from gradus.presentation.comparison import compare, to_csv, to_markdown
    from gradus.presentation.pages import to_page

    if len(folders) != 2:
        hint = "name two studies, or RUN... --against RUN..."
        raise UserError(f"{len(folders)} folders and nothing to compare them against", hint=hint)
    first, second = folders
    for folder in folders:
        if folder.is_file():
            raise UserError(
                "a file, no folder of a study", where=folder, hint="name two sides: RUN... --against RUN..."
            )
    comparisons = compare(first, second)
    names = _apart(first, second)
    study = first.resolve().name
    if study == second.resolve().name:
        text = f"# {study} on two machines\n\n{_machines(first, second, names)}"
    else:
        text = to_markdown(comparisons, *names)
    print(text, end="")
    for path in outputs:
        suffix = path.suffix.lower()
        if suffix == ".csv":
            write_output(path, to_csv(comparisons))
        elif suffix in (".md", ".html"):
            write_output(path, text if suffix == ".md" else to_page(text, " and ".join(names)))
        else:
            raise UserError("two studies are written as .csv, .md or .html", where=path)


def _machines(first: Path, second: Path, names: tuple[str, str]) -> str:
    """One study on two machines: conditions, claims where all is scored, arithmetic."""
    from gradus.analysis.collection import collect
    from gradus.analysis.machines import claims_on_two, conditions_on_two
    from gradus.presentation.findings import study_statements
    from gradus.presentation.machines import arithmetic_markdown, claims_markdown, conditions_markdown
    from gradus.results.machines import arithmetic
    from gradus.results.store import Results

    here, there = Results.open(first), Results.open(second)
    parts = [conditions_markdown(conditions_on_two(here, there), names)]
    try:
        statements = [study_statements(results.study, collect(results)) for results in (here, there)]
    except UserError as error:
        parts.append(f"## Claims\n\nNot compared, for one side is not finished: {error}\n")
    else:
        parts.append(claims_markdown(claims_on_two(*statements), names))
    return "\n".join([*parts, arithmetic_markdown(arithmetic(here), arithmetic(there), names)])


def _apart(first: Path, second: Path) -> tuple[str, str]:
    """Names that tell two folders apart: their own, or of copies of one study the first differing parts above them."""
    for one, other in zip(reversed(first.resolve().parts), reversed(second.resolve().parts), strict=False):
        if one != other:
            return one, other
    return "first", "second"


def _points(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a number: {text!r}") from None
    if not 0 < value < 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100 points")
    return value / 100


def _scale(text: str) -> tuple[float, float]:
    try:
        worst, best = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"not two numbers: {text!r}") from None
    if worst == best or not (math.isfinite(worst) and math.isfinite(best)):
        raise argparse.ArgumentTypeError(f"{text} are no two different numbers")
    return worst, best


if __name__ == "__main__":
    program.run(main)
