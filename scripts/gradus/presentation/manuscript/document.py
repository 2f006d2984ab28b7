"""``main.tex``: the document that shows every table and figure of a study where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gradus.presentation.table import escape_latex
from gradus.study.config import Study

_PREAMBLE = r"""\documentclass[a4paper]{article}
\usepackage[margin=2.2cm]{geometry}
\usepackage{textcomp,amssymb,booktabs,graphicx}
\usepackage[font=footnotesize]{caption}
"""
_AT_ONCE = 4  # floats until the page is filled: LaTeX keeps few waiting


@dataclass(frozen=True)
class FigureFile:
    """A figure: its file without ending, relative to the document, its caption and label."""

    path: str
    caption: str
    label: str


def document(study: Study, tables: Sequence[str], figures: Sequence[FigureFile]) -> str:
    """The document; ``tables`` are files without ending, relative to it, each a float of its own."""
    archive = study.archive
    title = archive.title or next(iter(study.experiments.values())).question
    authors = r" \and ".join(escape_latex(author.name) for author in archive.authors) or "Authors: archive.authors"
    floats = [rf"\input{{{path}}}" for path in tables]
    floats += [_figure(figure) for figure in figures]
    for index in range(_AT_ONCE, len(floats) + len(floats) // _AT_ONCE, _AT_ONCE + 1):
        floats.insert(index, r"\clearpage")
    lines = [
        "% Written by Gradus: compile it in its folder (pdflatex main). Copy what you need; a new run writes it anew.",
        _PREAMBLE.rstrip(),
        r"\input{numbers}",
        rf"\title{{{escape_latex(title)}}}",
        rf"\author{{{authors}}}",
        r"\begin{document}",
        r"\maketitle",
        *([escape_latex(study.about)] if study.about else []),
        r"\section{Methods}",
        r"\input{methods}",
        r"\section{Results}",
        *floats,
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


def _figure(figure: FigureFile) -> str:
    return "\n".join(
        [
            r"\begin{figure}",
            r"\centering",
            rf"\includegraphics[width=\linewidth,height=0.8\textheight,keepaspectratio]{{{figure.path}}}",
            rf"\caption{{{escape_latex(figure.caption)}}}",
            rf"\label{{fig:{figure.label}}}",
            r"\end{figure}",
        ]
    )
