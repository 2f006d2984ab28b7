"""Pack a study into an archive: a deterministic tar per group, SHA-256 sums of all files, and a manifest."""

from pathlib import Path

from gradus import program
from gradus.archive.groups import groups, members
from gradus.archive.tarball import build
from gradus.archive.verification import SUMS
from gradus.atomic import sha256_file, write_json, write_text
from gradus.config import load
from gradus.errors import UserError
from gradus.jsonl import read_json


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--output", required=True, help="the archive's manifest; everything else lies beside it")
    given = options.parse_args()
    study = load(read_json(given.study), given.study)
    project = Path(__file__).resolve().parent.parent
    folder = Path(given.output).parent
    chosen = {group: members(study, group, project) for group in groups(study)}
    budget = study.archive.budget_gib * 2**30
    for group, files in chosen.items():
        size = sum(path.stat().st_size for _, path in files if path.exists())
        if size > budget:
            raise UserError(
                f"the group {group!r} takes {size / 2**30:.1f} GiB, more than its budget",
                where="configuration key archive.budget_gib",
                hint="raise it, or leave the group out",
            )
    sums: dict[str, str] = {}
    facts = {}
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
    write_json(given.output, {"study": study.study, "groups": facts, "members": owners})


if __name__ == "__main__":
    program.run(main)
