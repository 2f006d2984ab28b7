"""The guide: what an archive holds and how to use it, for a reader ten years from now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gradus.archive.finished_jobs import FinishedJob
from gradus.archive.licences import dataset_terms, teacher_terms
from gradus.archive.manifest import SUMS, Tar
from gradus.presentation.table import Table
from gradus.study.config import Study

_CONTENTS = {
    "code": "the workflow: Snakefile, rules, programs, environments, lock file",
    "config": "study files, prices, profiles, and the resolved study: every setting with its value",
    "prompts": "the prompts, and the worked examples that remote teachers were shown",
    "data": "the problems, and what is known to be wrong with them",
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


def guide(study: Study, groups: Mapping[str, Tar], commit: str | None, jobs: Sequence[FinishedJob]) -> str:
    """README.md of an archive."""
    jobs_shown = (
        f"{len(jobs)} jobs, from {jobs[0].started} to {jobs[-1].ended}" if jobs else "no record of its jobs was left"
    )
    lines = [
        f"# {study.archive.title or f'Study {study.study}'}",
        "",
        *([study.about, ""] if study.about else []),
        *(
            f"- {author.name}{f' ({author.affiliation})' if author.affiliation else ''}"
            for author in study.archive.authors
        ),
        *([""] if study.archive.authors else []),
        f"Made with Gradus at commit {commit or '(not in a git checkout)'}; {jobs_shown}.",
        "",
        Table(
            ["file", "files in it", "bytes", "what"],
            [[tar.file, str(tar.files), str(tar.bytes), _CONTENTS[name]] for name, tar in groups.items()],
            align="lrrl",
        ).markdown(),
        f"`{SUMS}` lists every file in the tars, `manifest.json` which tar holds it, `ro-crate-metadata.json` (RO-Crate) "
        "which job made it from what (`ro-crate-preview.html` for people). `ARTIFACT.md` tells a committee hardware, time, "
        "disk and steps, `checklist.md` answers the checklists of conferences, `croissant.json` describes the annotations "
        "(Croissant).",
        "",
        "## Verify and restore",
        "",
        "Unpack `code.tar`, `config.tar` and `prompts.tar` in one folder. In its folder `code`:",
        "",
        "```bash",
        "make venv && source .venv/bin/activate",
        "python scripts/verify.py path/to/this/archive",
        "python scripts/restore.py path/to/this/archive --into .",
        f"snakemake --configfile results/{study.study}/study.json -n",
        "```",
        "",
        "The last command finds nothing to do. After "
        "`restore.py --with-records`, Snakemake also knows which settings and code made each file, and an edit reruns what "
        "depends on it. Records decide what counts as up to date: restore them only if you trust whoever packed the archive. "
        "The same holds for the teachers' answers, which `--with-journal` restores where the archive has them.",
        "",
        "The archived study holds no commands, folders or key names of the machine that it ran on, and its teachers answer from "
        "the journal alone. Set your own in a second file, which Snakemake merges over the first:",
        "",
        "```bash",
        f"snakemake --configfile results/{study.study}/study.json mine.yaml",
        "```",
        "",
        "For example `interpreters: {train: /path/to/python}`, or `teachers: {NAME: {offline: false}}`.",
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
