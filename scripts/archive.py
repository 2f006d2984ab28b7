"""Archive a study: a deterministic tar per group, SHA-256 sums of all files, a manifest, an RO-Crate and a guide."""

import csv
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gradus.archive import crate
from gradus.archive.artifact import ARTIFACT, Measured, artifact
from gradus.archive.checklist import CHECKLIST, checklist
from gradus.archive.contradictions import refuse_contradictions
from gradus.archive.croissant import CROISSANT, croissant
from gradus.archive.finished_jobs import finished_jobs
from gradus.archive.groups import OPTIONAL, groups, members
from gradus.archive.guide import guide
from gradus.archive.manifest import SUMS, Manifest, Tar
from gradus.archive.portable import portable_study
from gradus.archive.preview import PREVIEW, preview
from gradus.archive.publishing.memory import known_doi
from gradus.archive.tarball import Member, build
from gradus.results.machines import arithmetic
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import atomic_writer, canonical_json, sha256_file, write_json, write_text
from gradus.runtime.environment import commit, versions
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.study import paths
from gradus.study.config import ArchiveGroup, Study, load

_PROJECT = Path(__file__).resolve().parent.parent
_SOFTWARE = ("snakemake", "torch", "transformers", "deepspeed", "datasets", "anthropic", "openai", "math-verify")
_GUIDE = "README.md"
# The crate is written last of all but its own preview: it tells the sizes of the others.
_COMPANIONS = (_GUIDE, ARTIFACT, CHECKLIST, CROISSANT, SUMS, crate.WORKFLOW, crate.METADATA, PREVIEW)


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument(
        "--output", required=True, type=Path, help="the archive's manifest; all other files go beside it"
    )
    options.add_argument("--prompts", required=True, type=Path, help="the folder of prompt files that the study uses")
    given = options.parse_args()
    study = load(read_json(given.study), given.study)
    folder = given.output.parent
    for line in study.archive.unset():
        program.log.warning("the archive will say %s", line)
    with tempfile.TemporaryDirectory() as scratch:
        chosen = {group: members(study, group, _PROJECT, given.prompts) for group in groups(study)}
        chosen["config"] = _with_portable_study(study, chosen["config"], Path(scratch))
        check_budgets(study, chosen)
        refuse_contradictions([member for files in chosen.values() for member in files])
        tars, sums = build_tars(folder, chosen)
    group_of = {member.name: group for group, files in chosen.items() for member in files}
    write_text(folder / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    head = commit()
    files = {name: crate.ArchivedFile(group_of[name], sums[name]) for name in sums}
    describe(Results.open(Path(given.study).parent), folder, tars, files, head)
    manifest = Manifest(
        study=study.study,
        groups=tars,
        companions={name: sha256_file(folder / name) for name in _COMPANIONS},
        members=group_of,
        commit=(head or "").removesuffix("-changed") or None,
        changed_since_commit=None if head is None else head.endswith("-changed"),
    )
    write_json(given.output, manifest.to_json())


def _with_portable_study(study: Study, files: Sequence[Member], scratch: Path) -> list[Member]:
    """The members of a group with the study as it may travel; what is left out of it is logged."""
    name = paths.STUDY_COPY.of(study.study)
    original = next(member for member in files if member.name == name)
    portable = portable_study(original.path.read_bytes(), original.path)
    for line in portable.left_out:
        program.log.info("left out of the archived study: %s", line)
    if portable.offline:
        program.log.info("offline in the archived study: the teachers %s", ", ".join(portable.offline))
    copy = scratch / "study.json"
    with atomic_writer(copy) as stream:
        stream.write(portable.content)
    return [replace(member, path=copy) if member == original else member for member in files]


def check_budgets(study: Study, chosen: Mapping[ArchiveGroup, Sequence[Member]]) -> None:
    """UserError for a group that is larger than its budget; before anything is written."""
    budgets = study.archive.budgets_gib
    for group, files in chosen.items():
        size = sum(member.path.stat().st_size for member in files if member.path.exists()) / 2**30
        key = f"budgets_gib.{group}" if group in budgets else "budget_gib"
        budget = budgets.get(group, study.archive.budget_gib)
        if size > budget:
            raise UserError(
                f"the group {group!r} takes {size:.3g} GiB, more than its budget of {budget:g} GiB",
                where=f"configuration key archive.{key}",
                hint="raise it" + (", or leave the group out" if group in OPTIONAL else ""),
            )


def build_tars(folder: Path, chosen: Mapping[ArchiveGroup, Sequence[Member]]) -> tuple[dict[str, Tar], dict[str, str]]:
    """Write a tar per group; the tars by group, and the SHA-256 of every member."""
    tars: dict[str, Tar] = {}
    sums: dict[str, str] = {}
    for group, files in chosen.items():
        target = folder / f"{group}.tar"
        found = build(files, target)
        sums |= found
        tars[group] = Tar(target.name, len(found), target.stat().st_size, sha256_file(target))
        program.log.info("%s: %d files, %.1f MB", target, len(found), target.stat().st_size / 1e6)
    return tars, sums


def describe(
    results: Results, folder: Path, tars: Mapping[str, Tar], files: Mapping[str, crate.ArchivedFile], head: str | None
) -> None:
    """Write the files that explain the tars: guide, pages for committees, workflow, crate. ``head``: the commit of the code."""
    study = results.study
    jobs = finished_jobs(paths.RESULTS.of(study.study))
    ran = versions(*_SOFTWARE)
    measured = Measured(jobs, arithmetic(results), _spent(study), ran, known_doi(folder.parent / "publication"))
    if not jobs:
        program.log.warning("Snakemake has no records of the jobs: the crate describes none")
    write_text(folder / _GUIDE, guide(study, tars, head, jobs))
    write_text(folder / crate.WORKFLOW, (_PROJECT / crate.WORKFLOW).read_text(encoding="utf-8"))
    write_text(folder / ARTIFACT, artifact(study, tars, head, measured))
    audits = [results.dataset_audit(name) for name in study.datasets]
    write_text(folder / CHECKLIST, checklist(study, audits, measured))
    write_json(folder / CROISSANT, croissant(study, tars, jobs, measured.doi), keep_order=True)
    sizes = {name: (folder / name).stat().st_size for name in _COMPANIONS if name not in (crate.METADATA, PREVIEW)}
    content = crate.metadata(study, tars, sizes, files, jobs, ran)
    write_text(folder / crate.METADATA, canonical_json(content))
    write_text(folder / PREVIEW, preview(content))


def _spent(study: Study) -> Mapping[str, str]:
    """The last row of what the study took, which sums up the others; empty where it is not there."""
    path = Path(paths.SPENT.of(study))
    if not path.exists():
        return {}
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return rows[-1] if rows else {}


if __name__ == "__main__":
    program.run(main)
