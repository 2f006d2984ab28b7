"""More texts: those of test problems that the page has no room for, in files beside it.

A page that was opened from a file may fetch nothing, but may run a script that lies beside it. So every file calls the page with
a block of problems and with what the cells wrote for them; it is read when somebody asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from gradus.presentation.explorer.collection import Shown, samples
from gradus.presentation.explorer.facts import BlockFacts
from gradus.presentation.explorer.packing import in_script, packed
from gradus.presentation.explorer.rationales import rationales
from gradus.presentation.explorer.sampling import blocks, problem_facts
from gradus.records import Problem
from gradus.results.store import Results
from gradus.runtime.atomic import write_text
from gradus.study.grid import requested_cells


def write_more(results: Results, shown: Shown, folder: Path) -> int:
    """Write the files of all datasets into a folder; the number of files, 0 where the page shows all texts."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for dataset in results.study.datasets:
        for number, block in enumerate(_blocks(results, shown, dataset)):
            write_text(
                folder / f"{dataset}-{number}.js", f"gradusTexts({in_script(json.dumps(block, ensure_ascii=False))});\n"
            )
            count += 1
    return count


def _blocks(results: Results, shown: Shown, dataset: str) -> Iterator[BlockFacts]:
    """What each file of a dataset holds; every file of results is read once."""
    own = [(i, cell) for i, cell in enumerate(requested_cells(results.study)) if cell.supervision.dataset == dataset]
    cut = blocks(results.find_problems(dataset, "test"), shown[dataset, "test"], len(own))
    rest = [problem for block in cut for problem in block]
    if not rest:
        return
    written = {index: _packed(samples(results, cell, rest), cut) for index, cell in own}
    answered = {
        index: _packed(found.rows, cut)
        for index, found in enumerate(rationales(results, {**shown, (dataset, "test"): rest}))
        if (found.supervision.dataset, found.split) == (dataset, "test")
    }
    for number, problems in enumerate(cut):
        yield {
            "problems": [problem_facts(problem) for problem in problems],
            "samples": {str(index): parts[number] for index, parts in written.items() if parts},
            "rationales": {str(index): parts[number] for index, parts in answered.items() if parts},
        }


def _packed(rows: Sequence[list[Any]], cut: Sequence[Sequence[Problem]]) -> list[str]:
    """The rows of all problems as a packed text for each block; nothing where there are none."""
    remaining = iter(rows)
    return [packed(list(islice(remaining, len(block)))) for block in cut] if rows else []
