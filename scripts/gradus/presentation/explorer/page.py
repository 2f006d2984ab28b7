"""The page: template, style and program of the explorer put together with its data.

Texts of predictions are most of the bytes: each cell's are deflated and stand in base64, a line each, and are inflated in the
browser when the cell is opened. A policy inside the page forbids it any request, but for scripts that lie beside it where not all
texts have room in it (``more_texts``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from gradus.presentation.explorer.collection import collect, samples, shown
from gradus.presentation.explorer.facts import StudyFacts
from gradus.presentation.explorer.glossary import terms
from gradus.presentation.explorer.packing import in_script, packed
from gradus.presentation.explorer.rationales import rationales
from gradus.results.store import Results
from gradus.study.grid import requested_cells

_HERE = Path(__file__).resolve().parent
# In the order in which they are read: what a page needs before the pages, and the start last.
_PROGRAM = ("base", "texts", "experiments", "grid", "cell", "problems", "claims", "start")


def explorer(results: Results, folder: Path | None = None, reload_seconds: float | None = None) -> str:
    """The explorer of whatever is there of a study; ``folder`` is where the page will lie.

    ``reload_seconds``: the page loads itself anew after so many, for as long as it is written anew; what it shows stays.
    """
    problems = shown(results)
    texts = (
        samples(results, cell, problems[cell.supervision.dataset, "test"]) for cell in requested_cells(results.study)
    )
    written = list(rationales(results, problems))
    facts = collect(results, problems, folder)
    facts["rationales"] = [found.facts() for found in written]
    if reload_seconds is not None:
        facts["reload_seconds"] = reload_seconds
    return to_page(facts, texts, [found.rows for found in written])


def to_page(facts: StudyFacts, samples: Iterable[list[list[Any]]], rationales: Iterable[list[list[Any]]] = ()) -> str:
    """The HTML document; ``samples`` has an entry per cell, in the order of ``facts["cells"]``, and ``rationales`` one per
    entry of ``facts["rationales"]``."""
    program = "".join((_HERE / f"{name}.js").read_text(encoding="utf-8") for name in _PROGRAM)
    parts = {
        "BESIDE": " 'self' file:" if any(facts["more"].values()) else "",
        "TITLE": escape(f"{facts['study']} - Gradus"),
        "STYLE": (_HERE / "explorer.css").read_text(encoding="utf-8"),
        "PROGRAM": program,
        "FACTS": in_script(json.dumps({**facts, "terms": terms(program)}, ensure_ascii=False, separators=(",", ":"))),
        "SAMPLES": "\n".join(packed(cell) for cell in samples),
        "RATIONALES": "\n".join(packed(rows) for rows in rationales),
    }
    page = (_HERE / "explorer.html").read_text(encoding="utf-8")
    head, *rest = page.split("{{")
    pieces = [head]
    for piece in rest:
        name, _, after = piece.partition("}}")
        pieces += [parts[name], after]
    return "".join(pieces)
