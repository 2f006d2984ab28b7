"""Writing: the files of one exhibit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gradus.analysis.published import Printed
from gradus.presentation.exhibits.catalogue import EXHIBITS
from gradus.presentation.exhibits.conditions import CONDITIONS, FIGURES
from gradus.presentation.exhibits.points import measure
from gradus.presentation.exhibits.tables import to_csv, to_latex, to_markdown
from gradus.results.store import Results
from gradus.runtime.atomic import write_text
from gradus.runtime.errors import UserError


def write(results: Results, name: str, printed: Sequence[Printed], output: Path) -> None:
    """An exhibit as CSV (``output``), Markdown and LaTeX or SVG and PDF beside it; UserError where the study has none."""
    study = results.study
    conditions = CONDITIONS[name](study)
    if not conditions:
        raise UserError(f"the study asks for nothing that {name} shows", where=f"study {study.study}")
    points = EXHIBITS[name].points(study, measure(results, conditions, printed))
    write_text(output, to_csv(points))
    write_text(output.with_suffix(".md"), to_markdown(name, points))
    if name in FIGURES:
        # matplotlib takes a second to import.
        from gradus.presentation.exhibits.figures import draw
        from gradus.presentation.figure import save

        for suffix in (".svg", ".pdf"):
            save(draw(name, points), output.with_suffix(suffix))
    else:
        write_text(output.with_suffix(".tex"), to_latex(name, points))
