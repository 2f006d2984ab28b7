"""Machines: what decided the arithmetic of a study's jobs, as their run records keep it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from gradus.results.store import Results
from gradus.runtime.arithmetic import Arithmetic
from gradus.runtime.folders import files_below
from gradus.runtime.jsonl import read_json
from gradus.study import paths

# Stages whose numbers depend on the machine, by the folder of their files.
STAGES = ("students", "checkpoints", "predictions")
# What a stage was computed with, by name; several values where its jobs ran on several machines.
Facts = dict[str, tuple[str, ...]]


def arithmetic(results: Results) -> dict[str, Facts]:
    """By stage: processor, instruction sets, variables, and what torch chose; a stage without run records is left out.

    An archive that was restored has none: its run records stay where the jobs ran.
    """
    found: dict[str, Facts] = {}
    folder = results.root / paths.RESULTS.of(results.study)
    for stage in STAGES:
        facts: dict[str, dict[str, None]] = {}
        for path in files_below(folder / stage, ".run.json"):
            for name, value in _facts_of(path):
                facts.setdefault(name, {})[value] = None
        if facts:
            found[stage] = {name: tuple(values) for name, values in facts.items()}
    return found


def _facts_of(path: Path) -> Iterator[tuple[str, str]]:
    """The facts of one run record; nothing of one from before they were kept."""
    record = read_json(path)
    kept: Arithmetic | None = record.get("arithmetic")
    if not kept:
        return
    yield "processor", kept["processor"]
    yield "instruction sets", " ".join(kept["flags"])
    torch: Mapping[str, object] = kept.get("torch") or {}
    names = {"version": "torch", "capability": "capability", "threads": "threads", "blas": "BLAS"}
    for key, name in names.items():
        if key in torch:
            yield name, str(torch[key])
    for key, value in sorted(kept["variables"].items()):
        yield key, value
    yield "Python", str(record.get("python"))
