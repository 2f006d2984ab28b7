"""The guide: what lies in an archive and how to use it, for whoever opens it in ten years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradus.archive.jobs import Job
from gradus.archive.licences import dataset_terms, teacher_terms
from gradus.study.config import Study

_ABOUT = {
    "code": "the workflow: Snakefile, rules, programs, environments, lock file",
    "config": "study files, prices, profiles, and the resolved study: every setting with its value",
    "prompts": "the prompts, and the worked examples that remote teachers were shown",
    "data": "the problems, what was found wrong with them",
    "annotations": "what the teachers wrote, every row with its verdict",
    "training": "manifests of base models, training sets and checkpoints (with the hashes of the weights), losses, speed",
    "predictions": "what the students wrote",
    "metrics": "scores per cell and per problem",
    "tables": "tables, figures, claims, findings, the explorer",
    "cards": "model and dataset cards",
    "provenance": "when and where each job ran and how long it took, and Snakemake's own records of it",
    "weights": "the students' weights",
    "journal": "the teachers' answers as they came",
}


def guide(study: Study, groups: Mapping[str, Mapping[str, Any]], commit: str | None, jobs: list[Job]) -> str:
    """README.md of an archive."""
    spent = (
        f"{len(jobs)} jobs, from {jobs[0].started} to {jobs[-1].ended}" if jobs else "no record of its jobs was left"
    )
    lines = [
        f"# {study.archive.title or f'Study {study.study}'}",
        "",
        *([study.about, ""] if study.about else []),
        *(f"- {one.name}{f' ({one.affiliation})' if one.affiliation else ''}" for one in study.archive.authors),
        *([""] if study.archive.authors else []),
        f"Made with Gradus at commit {commit or '(not in a git checkout)'}; {spent}.",
        "",
        "| file | files in it | bytes | what |",
        "|---|---:|---:|---|",
        *(
            f"| {facts['file']} | {facts['files']} | {facts['bytes']} | {_ABOUT[name]} |"
            for name, facts in groups.items()
        ),
        "",
        "`SHA256SUMS` lists every file in the tars, `manifest.json` which tar holds it, `ro-crate-metadata.json` (RO-Crate) "
        "which job made it from what.",
        "",
        "## Verify and restore",
        "",
        "With `code.tar`, `config.tar` and `prompts.tar` unpacked in one place, in their folder `code`, after `make venv`:",
        "",
        "```bash",
        "python scripts/verify.py path/to/this/archive",
        "python scripts/restore.py path/to/this/archive --into .",
        f"snakemake --configfile results/{study.study}/study.json -n tables figures",
        "```",
        "",
        "The last command finds nothing to train: tables and figures are made again from the scores.",
        "",
        "## Licences and terms",
        "",
        "Code: Apache-2.0."
        + (f" What the authors of the study made: {study.archive.licence}." if study.archive.licence else ""),
        "",
        *(f"- problems of `{name}`: {dataset_terms(study, name)}" for name in study.datasets),
        *(f"- texts of `{name}`: {teacher_terms(study, name)}" for name in study.teachers),
    ]
    return "\n".join(lines) + "\n"
