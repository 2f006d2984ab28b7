"""Reading: which program wrote a file, by what is in it; its samples, and those of several files of one run."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradus.evaluation.formats.inspect_logs as inspect_logs
import gradus.evaluation.formats.lighteval as lighteval
import gradus.evaluation.formats.lm_eval as lm_eval
import gradus.evaluation.formats.nemo_skills as nemo_skills
import gradus.evaluation.formats.opencompass as opencompass
import gradus.evaluation.formats.own as own
import gradus.evaluation.formats.plain as plain
from gradus.evaluation.formats.columns import USUAL_NAMES, Columns
from gradus.evaluation.formats.files import Row, Rows, content, rows, shown, whole
from gradus.evaluation.formats.source import Source
from gradus.records.samples import Sample
from gradus.runtime.errors import Mistakes, UserError

Reader = Callable[[Rows, Source], Iterator[Sample]]

# Formats of rows, in the order in which a first row is looked at; plain rows are what is left.
_OF_ROWS: dict[str, tuple[Callable[[Row], bool], Reader]] = {
    "lm-eval": (lm_eval.is_row, lm_eval.samples),
    "lighteval": (lighteval.is_row, lighteval.samples),
    "nemo-skills": (nemo_skills.is_row, nemo_skills.samples),
    "gradus": (own.is_row, own.samples),
}
INSPECT, OPENCOMPASS, PLAIN = "inspect", "opencompass", "plain"
FORMATS = (*_OF_ROWS, INSPECT, OPENCOMPASS, PLAIN)


def read_samples(
    path: str | Path,
    *,
    format: str | None = None,
    columns: Columns = USUAL_NAMES,
    run: str | None = None,
    bad: Mistakes | None = None,
) -> list[Sample]:
    """The samples of a file (``-``: standard input), in its order.

    ``format`` is one of ``FORMATS``, by default what the content tells; any named column makes it plain. ``run`` names the run
    where the file's or folder's name should not. ``bad`` collects rows that cannot be read.

    Raises UserError with file and line for anything that cannot be read, for a file
    without samples, and for two samples with one task, id and number.
    """
    source = Source(str(path), run, columns, bad)
    found = list(_read(content(path), source, format))
    if not found:
        left_out = f" but {len(bad.found)} bad rows, the first: {bad.found[0]}" if bad and bad.found else ""
        raise UserError(f"no samples{left_out}", where=shown(path))
    return _distinct(found, bad)


def read_run(
    paths: Iterable[str | Path],
    *,
    format: str | None = None,
    columns: Columns = USUAL_NAMES,
    run: str | None = None,
    bad: Mistakes | None = None,
) -> list[Sample]:
    """The samples of several files as one run; a folder stands for the files in it. A sample of two files is a UserError."""
    found: list[Sample] = []
    for path in paths:
        for file in _files(path):
            found += read_samples(file, format=format, columns=columns, run=run, bad=bad)
    return _distinct([replace(one, run=run) if run else one for one in found], bad)


def read_problems(path: str | Path, *, columns: Columns = USUAL_NAMES, bad: Mistakes | None = None) -> list[Sample]:
    """Problems with their gold answers: plain rows with an id and an answer, as datasets have them. Errors as above."""
    source = Source(str(path), None, columns, bad)
    found = list(plain.problems(rows(content(path), source.path, bad), source))
    if not found:
        raise UserError("no problems", where=shown(path))
    return found


def _read(data: bytes, source: Source, format: str | None) -> Iterator[Sample]:
    if inspect_logs.packed(data):
        yield from inspect_logs.samples_of_archive(data, source)
        return
    document = _document(data, source.path) if format in (None, INSPECT, OPENCOMPASS) else None
    if inspect_logs.is_log(document):
        yield from inspect_logs.samples_of_log(document, source)
        return
    if opencompass.is_predictions(document):
        yield from opencompass.samples(document, source)
        return
    if format in (INSPECT, OPENCOMPASS):
        raise UserError(f"no file of the format {format!r}", where=shown(source.path))
    given = rows(data, source.path, source.bad)
    first = next(given, None)
    if first is None:
        return
    format = format or (PLAIN if replace(source.columns, cluster=None) != USUAL_NAMES else None)
    format = format or next((name for name, (is_row, _) in _OF_ROWS.items() if is_row(first[1])), PLAIN)
    every = itertools.chain([first], given)
    if format == PLAIN:
        yield from plain.samples(every, source)
    else:
        is_row, reader = _OF_ROWS[format]
        yield from reader(_alike(every, is_row, format, source), source)


def _alike(given: Rows, is_row: Callable[[Row], bool], format: str, source: Source) -> Rows:
    """The rows as they are; one that is none of the format is a mistake."""
    for where, row in given:
        with source.row():
            if not is_row(row):
                there = f"there are {', '.join(map(str, row)) or 'no fields'}"
                raise UserError(f"no row of the format {format!r}", where=where, hint=there)
            yield where, row


def _document(data: bytes, path: str) -> Any:
    """The file's one JSON object; None for lines of objects and everything else."""
    if data.lstrip()[:1] != b"{":
        return None
    first = data.lstrip().partition(b"\n")[0]
    try:
        row = json.loads(first)
    except RecursionError:
        return None
    except ValueError:
        return (
            whole(data, path)
            if first.strip() == b"{" or not path.lower().removesuffix(".gz").endswith(".jsonl")
            else None
        )
    return row if not data.lstrip().partition(b"\n")[2].strip() else None


def _files(path: str | Path) -> list[str | Path]:
    if str(path) == "-" or not Path(path).is_dir():
        return [path]
    if (Path(path) / "study.json").exists():
        hint = "name folders below its predictions/ or metrics/ that hold files"
        raise UserError("the folder of a study, not of samples", where=path, hint=hint)
    found = sorted(file for file in Path(path).iterdir() if _is_data(file))
    if not found:
        raise UserError("no file with samples in this folder", where=path)
    return list(found)


def _is_data(file: Path) -> bool:
    """Whether a file of a folder may hold samples; what Gradus itself lays beside them does not."""
    name = file.name.lower().removesuffix(".gz")
    if name.endswith((".manifest.json", ".run.json", ".run.jsonl")) or file.with_suffix(".rows.jsonl").exists():
        return False
    return (
        file.is_file()
        and not name.startswith((".", "results"))
        and name.endswith((".jsonl", ".json", ".eval", ".parquet", ".csv", ".tsv"))
    )


def _distinct(samples: list[Sample], bad: Mistakes | None) -> list[Sample]:
    seen: dict[str, Sample] = {}
    for one in samples:
        with bad or nullcontext():
            if one.key in seen:
                what = f"sample {one.sample} of {one.id!r}" + (f" ({one.task})" if one.task else "")
                raise UserError(f"{what} a second time, first at {seen[one.key].where}", where=one.where)
            seen[one.key] = one
    return list(seen.values())
