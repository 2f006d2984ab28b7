"""Pack a study into an archive: a deterministic tar per group, sums of all files, a manifest, an RO-Crate and a guide."""

from pathlib import Path

from gradus.archive import crate
from gradus.archive.groups import OPTIONAL, groups, members
from gradus.archive.guide import guide
from gradus.archive.jobs import finished_jobs
from gradus.archive.tarball import build
from gradus.archive.verification import SUMS
from gradus.runtime import program
from gradus.runtime.atomic import canonical_json, sha256_file, write_json, write_text
from gradus.runtime.environment import commit, versions
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.study import paths
from gradus.study.config import load

_SOFTWARE = ("snakemake", "torch", "transformers", "deepspeed", "datasets", "anthropic", "openai", "math-verify")


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--output", required=True, help="the archive's manifest; everything else lies beside it")
    options.add_argument("--prompts", required=True, help="the folder of prompt files that the study uses")
    given = options.parse_args()
    study = load(read_json(given.study), given.study)
    project = Path(__file__).resolve().parent.parent
    folder = Path(given.output).parent
    chosen = {group: members(study, group, project, Path(given.prompts)) for group in groups(study)}
    settings = study.archive
    for group, files in chosen.items():
        size = sum(path.stat().st_size for _, path in files if path.exists()) / 2**30
        budget = settings.budgets_gib.get(group, settings.budget_gib)
        if size > budget:
            key = f"budgets_gib.{group}" if group in settings.budgets_gib else "budget_gib"
            raise UserError(
                f"the group {group!r} takes {size:.3g} GiB, more than its budget of {budget:g} GiB",
                where=f"configuration key archive.{key}",
                hint="raise it" + (", or leave the group out" if group in OPTIONAL else ""),
            )
    sums: dict[str, str] = {}
    facts: dict[str, dict[str, object]] = {}
    for group, files in chosen.items():
        target = folder / f"{group}.tar"
        found = build(files, target)
        sums |= found
        facts[group] = {
            "file": target.name,
            "files": len(found),
            "bytes": target.stat().st_size,
            "sha256": sha256_file(target),
        }
        program.log.info("%s: %d files, %.1f MB", target, len(found), target.stat().st_size / 1e6)
    owners = {name: group for group, files in chosen.items() for name, _ in files}
    write_text(folder / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    jobs = finished_jobs(paths.fill(paths.RESULTS, study.study))
    head = commit()
    write_text(folder / "README.md", guide(study, facts, head, jobs))
    write_text(folder / crate.WORKFLOW, (project / crate.WORKFLOW).read_text(encoding="utf-8"))
    beside = {name: (folder / name).stat().st_size for name in ("README.md", SUMS, crate.WORKFLOW)}
    held = {name: (owners[name], digest) for name, digest in sums.items()}
    described = crate.metadata(study, facts, beside, held, jobs, versions(*_SOFTWARE))
    write_text(folder / crate.METADATA, canonical_json(described))
    if not jobs:
        program.log.warning("Snakemake has no record of the jobs: the crate tells of none")
    told = ("README.md", SUMS, crate.WORKFLOW, crate.METADATA)
    manifest = {
        "study": study.study,
        "commit": (head or "").removesuffix("-changed") or None,
        "changed_since_commit": None if head is None else head.endswith("-changed"),
        "groups": facts,
        "beside": {name: sha256_file(folder / name) for name in told},
        "members": owners,
    }
    write_json(given.output, manifest)


if __name__ == "__main__":
    program.run(main)
