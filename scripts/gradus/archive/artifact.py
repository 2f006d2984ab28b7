"""``ARTIFACT.md``: what artifact-evaluation committees ask of an archive, answered from the study's own records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gradus.archive.finished_jobs import FinishedJob
from gradus.archive.manifest import Tar
from gradus.archive.reproduction.depths import DEPTHS, Depth, folders
from gradus.presentation.table import Table
from gradus.results.machines import Facts
from gradus.study import paths
from gradus.study.config import Study

ARTIFACT = "ARTIFACT.md"
_DEPTH_MAKES: Mapping[Depth, str] = {
    "tables": "claims, headline numbers, tables, exhibits",
    "scores": "and every score, from what the students wrote",
    "predictions": "and what the students write, from the archived weights",
    "train": "and the students themselves, from the archived annotations",
}


@dataclass(frozen=True)
class Measured:
    """What records say of a run.

    ``jobs``: those that Snakemake recorded; ``machines``: by stage, what its numbers were computed with; ``spent``: the last
    row of ``tables/spent.csv`` (all stages), empty where it is not there; ``versions`` of software that ran; ``doi`` that the
    archive was given, None where it has none yet.
    """

    jobs: Sequence[FinishedJob]
    machines: Mapping[str, Facts]
    spent: Mapping[str, str]
    versions: Mapping[str, str | None]
    doi: str | None = None


def artifact(study: Study, groups: Mapping[str, Tar], commit: str | None, measured: Measured) -> str:
    """The page for a committee: DOI, hardware, software, time, disk, and the steps with what each shows."""
    size = sum(tar.bytes for tar in groups.values())
    lines = [
        f"# Artifact of the study {study.study}",
        "",
        "What a committee asks, from the records of the study. `README.md` says what is in the archive, "
        "`checklist.md` answers the checklists of conferences.",
        "",
        f"- DOI: {measured.doi or 'none yet (scripts/publish.py reserves one)'}",
        f"- code: Gradus, commit {commit or '(not in a git checkout)'}, in `code.tar`; licence Apache-2.0",
        f"- authors: {', '.join(author.name for author in study.archive.authors) or 'the study names none (archive.authors)'}",
        "",
        "## Hardware and software",
        "",
        *_hardware(measured),
        f"- software: {', '.join(f'{name} {version}' for name, version in measured.versions.items() if version)}; "
        "every package with its version: `requirements.lock` in `code.tar`",
        "- reproducing tables and scores needs no accelerator, no network and no key; Python 3.11 or later on Linux",
        "",
        "## Time and disk",
        "",
        _spent(measured),
        "",
        f"The archive takes {size / 1e6:.1f} MB, what is restored as much again"
        + (
            ", weights included."
            if "weights" in groups
            else ". It holds no weights; their hashes are in `training.tar`."
        ),
        "",
        "## Steps",
        "",
        "Unpack `code.tar`, `config.tar` and `prompts.tar` in one folder. In its folder `code`:",
        "",
        "1. `make venv` makes `.venv` from the lock file (a few minutes, about 3 GB, a package index); "
        "`source .venv/bin/activate` takes it.",
        "2. `python scripts/verify.py path/to/this/archive` checks every sum. It ends with status 0 where nothing was changed.",
        "3. `python scripts/reproduce.py path/to/this/archive --depth DEPTH` makes the results again in a folder of its own, "
        "and says of every claim and headline number whether it is the same, within tolerance or different. It tells its "
        "time and disk first.",
        "",
        _depths(study, groups, measured.jobs),
        "Times are those of the archived run, one job after the other. The numbers to compare are in "
        f"`{paths.CLAIMS.of(study)}` and `{paths.HEADLINE.of(study)}`, both in `tables.tar`.",
    ]
    return "\n".join(lines) + "\n"


def _hardware(measured: Measured) -> list[str]:
    if not measured.machines:
        return ["- machines: no run record tells which"]
    found = []
    for stage, facts in measured.machines.items():
        described = [f"{name} {', '.join(values)}" for name, values in facts.items() if name != "instruction sets"]
        found.append(f"- {stage}: {'; '.join(described)}")
    return found


def _spent(measured: Measured) -> str:
    spent = measured.spent
    if not spent:
        return "No record tells what the study took."
    return (
        f"The study took {spent['wall_hours']} hours of jobs, {spent['cpu_hours']} CPU hours, {spent['gpu_hours']} GPU hours and "
        f"{spent['usd']} USD of teachers, failed tries included (by stage: `tables/spent.csv` in `tables.tar`)."
    )


def _depths(study: Study, groups: Mapping[str, Tar], jobs: Sequence[FinishedJob]) -> str:
    rows = []
    for depth in DEPTHS:
        wanted = tuple(f"{paths.RESULTS.of(study)}/{folder}/" for folder in folders(depth))
        spans = [_seconds(job) for job in jobs if any(output.startswith(wanted) for output in job.outputs)]
        time = f"{sum(spans) / 60:.1f} minutes" if spans else "not recorded"
        possible = depth != "predictions" or "weights" in groups
        rows.append([f"`{depth}`", _DEPTH_MAKES[depth], str(len(spans)), time if possible else "needs weights"])
    return Table(["depth", "makes", "jobs", "time"], rows, align="llrr").markdown()


def _seconds(job: FinishedJob) -> float:
    return (datetime.fromisoformat(job.ended) - datetime.fromisoformat(job.started)).total_seconds()
