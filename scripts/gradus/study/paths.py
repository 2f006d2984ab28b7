"""The cell and every path (DESIGN section 2): the one place where file patterns are written.

A *supervision* is (dataset, teacher, format, level); a *cell* is a supervision x student x seed. The patterns use
Snakemake's ``{wildcard}`` syntax; rules take them as they are, programs and tests fill them with ``fill``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from gradus.records import Cell, Supervision

RESULTS = "results/{study}"
_SUP = "{dataset}/{teacher}/{format}/{level}"
_CELL = f"{_SUP}/{{student}}/seed{{seed}}"

PROBLEMS = f"{RESULTS}/data/{{dataset}}/{{split}}.jsonl"
EXEMPLAR = f"{RESULTS}/exemplars/{{dataset}}/{{teacher}}/{{format}}.json"
ANNOTATIONS = f"{RESULTS}/annotations/{_SUP}.jsonl"
ANNOTATION_AUDIT = f"{RESULTS}/diagnostics/annotations.json"
ANNOTATION_AUDIT_TEXT = f"{RESULTS}/diagnostics/annotations.md"
ANNOTATION_AUDIT_PAGE = f"{RESULTS}/diagnostics/annotations.html"
BATCH = f"{RESULTS}/batches/{_SUP}.{{phase}}.json"
TEACHER_ANSWERS = f"{RESULTS}/teacher_answers/{_SUP}.jsonl"
TEACHER_ACCURACY = f"{RESULTS}/teacher_accuracy/{_SUP}.json"
STUDENT = f"{RESULTS}/students/{{student}}"
TRAINING_SET = f"{RESULTS}/training_sets/{_SUP}/{{student}}.jsonl"
CHECKPOINT = f"{RESULTS}/checkpoints/{_CELL}"
TRACE = f"{CHECKPOINT}/trace.jsonl"
TELEMETRY = (
    f"{CHECKPOINT}/telemetry.run.jsonl"  # facts of a machine and an hour: ``.run.`` files are no part of results
)
PREDICTIONS = f"{RESULTS}/predictions/{_CELL}/{{decoding}}.jsonl"
METRICS = f"{RESULTS}/metrics/{_CELL}/{{decoding}}.json"
SCORED = f"{RESULTS}/metrics/{_CELL}/{{decoding}}.rows.jsonl"
AUDIT = f"{RESULTS}/data/{{dataset}}/audit.json"
TABLE = f"{RESULTS}/tables/{{experiment}}.{{suffix}}"
CLAIMS = f"{RESULTS}/tables/claims.csv"
BESIDE_PUBLISHED = f"{RESULTS}/tables/beside_published.csv"
RECOMMENDATION = f"{RESULTS}/tables/recommendation.csv"
FIGURE = f"{RESULTS}/figures/{{experiment}}.{{suffix}}"
LOSS_FIGURE = f"{RESULTS}/figures/training_loss.{{suffix}}"
SPEED_FIGURE = f"{RESULTS}/figures/training_speed.run.{{suffix}}"
EXHIBIT = f"{RESULTS}/paper/{{exhibit}}.{{suffix}}"
FINDINGS = f"{RESULTS}/report/findings.md"
FINDINGS_PAGE = f"{RESULTS}/report/findings.html"
EXPLORER = f"{RESULTS}/report/explorer.html"
HEADLINE = f"{RESULTS}/report/headline.json"
REPORT = f"{RESULTS}/report/report.zip"
DATASET_CARD = f"{RESULTS}/cards/annotations.md"
MODEL_CARD = f"{RESULTS}/cards/models/{_CELL}.md"
PLAN = f"{RESULTS}/plan"
SO_FAR = f"{RESULTS}/so_far"
ARCHIVE = f"{RESULTS}/archive"
ARCHIVE_TAR = f"{ARCHIVE}/{{group}}.tar"
ARCHIVE_MANIFEST = f"{ARCHIVE}/manifest.json"
ARCHIVE_CRATE = f"{ARCHIVE}/ro-crate-metadata.json"
ARCHIVE_SUMS = f"{ARCHIVE}/SHA256SUMS"
STUDY_COPY = f"{RESULTS}/study.json"


def manifest(pattern: str) -> str:
    """The small file that tells a large one's content: ``x.jsonl`` -> ``x.manifest.json``."""
    return pattern.removesuffix(".jsonl") + ".manifest.json"


def with_manifest(pattern: str) -> list[str]:
    """A large file and the small one beside it."""
    return [pattern, manifest(pattern)]


def run_record(pattern: str) -> str:
    """Where a job tells when and how long it ran: ``x.jsonl`` -> ``x.run.json``."""
    return pattern.removesuffix(".jsonl").removesuffix(".json") + ".run.json"


def log(pattern: str) -> str:
    """The log that mirrors an output: ``results/S/a/b.jsonl`` -> ``results/S/logs/a/b.log``."""
    return _mirror(pattern, "logs", ".log")


def benchmark(pattern: str) -> str:
    """The benchmark file that mirrors an output."""
    return _mirror(pattern, "benchmarks", ".tsv")


def _mirror(pattern: str, folder: str, suffix: str) -> str:
    inside = pattern.removeprefix(f"{RESULTS}/")
    return f"{RESULTS}/{folder}/{re.sub(r'[.](jsonl|json|md|zip|tar)$', '', inside)}{suffix}"


def fill(pattern: str, study: str, place: Supervision | Cell | None = None, **wildcards: str | int) -> str:
    """A pattern with its wildcards filled; KeyError where one is missing."""
    if isinstance(place, Cell):
        wildcards = {**place.wildcards(), **wildcards}
    elif place is not None:
        wildcards = {**asdict(place), **wildcards}
    return pattern.format(study=study, **wildcards)


def wildcards_of(pattern: str, path: str) -> dict[str, str] | None:
    """What the wildcards of a pattern are in a path (which may have folders before it); None where it does not fit."""
    regex = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(pattern))
    match = re.fullmatch(f"(?:.*/)?{regex}", path)
    return match.groupdict() if match else None


def journal_folder() -> Path:
    """Paid answers: ``GRADUS_JOURNAL``, else ``journal``; the one folder never to delete."""
    return Path(os.environ.get("GRADUS_JOURNAL") or "journal")


def work_folder() -> Path:
    """Resumable progress: ``GRADUS_WORK``, else ``work``."""
    return Path(os.environ.get("GRADUS_WORK") or "work")


def data_folder() -> Path | None:
    """Where local datasets and released annotations lie: ``GRADUS_DATA`` (the workflow sets it from the study file)."""
    chosen = os.environ.get("GRADUS_DATA")
    return Path(chosen) if chosen else None


def alternatives(names: Iterable[str]) -> str:
    """A wildcard constraint that accepts exactly these names (where there is none: a name that cannot exist)."""
    return "|".join(re.escape(name) for name in names) or "_none_"
