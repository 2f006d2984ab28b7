"""Write a LaTeX document with every table and figure of a study, its methods in words and each number as a macro."""

import csv
import os
from pathlib import Path

from gradus import __version__
from gradus.analysis.summaries import summaries
from gradus.presentation.exhibits.catalogue import EXHIBITS
from gradus.presentation.manuscript.document import FigureFile, document
from gradus.presentation.manuscript.macros import of_claims, of_conditions, of_sizes, to_latex
from gradus.presentation.manuscript.methods import methods
from gradus.records.vocabulary import Split
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_text

_LOSS = "Training loss of every cell."
_FITS = "How well each supervision fits a student before training."


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--claims", required=True, help="the tested statements as a table")
    options.add_argument("--tables", nargs="*", default=[], help="LaTeX tables, each a float")
    options.add_argument("--figures", nargs="*", default=[], help="PDF figures")
    options.add_argument("--output", required=True, help="main.tex; methods.tex and numbers.tex lie beside it")
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    study, output = results.study, Path(given.output)
    splits: tuple[Split, ...] = ("train", "test")
    problems = {(name, split): len(results.find_problems(name, split)) for name in study.datasets for split in splits}
    conditions = {name: summaries(results, experiment) for name, experiment in study.experiments.items()}
    with open(given.claims, encoding="utf-8", newline="") as stream:
        claims = list(csv.DictReader(stream))
    macros = [*of_sizes(study, problems, __version__), *of_conditions(conditions), *of_claims(claims)]
    captions = {name: experiment.question for name, experiment in study.experiments.items()}
    captions |= {name: exhibit.question for name, exhibit in EXHIBITS.items()}
    captions |= {"training_loss": _LOSS, "student_fits": _FITS}
    figures = [
        FigureFile(_relative(output, path), captions.get(Path(path).stem, Path(path).stem), Path(path).stem)
        for path in given.figures
    ]
    write_text(output.with_name("numbers.tex"), to_latex(macros))
    write_text(output.with_name("methods.tex"), methods(study))
    write_text(output, document(study, [_relative(output, path) for path in given.tables], figures))


def _relative(output: Path, path: str) -> str:
    """A file as the document names it: relative to it, without its ending."""
    return Path(os.path.relpath(path, output.parent)).with_suffix("").as_posix()


if __name__ == "__main__":
    program.run(main)
