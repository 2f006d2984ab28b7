"""Reproduce an archive: restore it aside, compute it again to a depth, and compare every claim and number.

tables: claims, tables and headline numbers from the archived scores. scores: from what the students wrote. predictions: the
archived students write again (needs the group weights). train: students are trained again on the archived annotations.

Ends with 0 where everything is the same or within tolerance, with 1 where something differs.
"""

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from gradus.archive.manifest import Manifest, read_manifest
from gradus.archive.naming import archive_folder
from gradus.archive.reproduction import comparison
from gradus.archive.reproduction.comparison import Compared
from gradus.archive.reproduction.depths import DEPTHS, cost, refuse_earlier_version, refuse_without_weights
from gradus.archive.reproduction.run import BY_INTERVAL, compared, make_again
from gradus.archive.verification import archive_problems
from gradus.presentation.table import Table
from gradus.runtime import program
from gradus.runtime.environment import commit
from gradus.runtime.errors import UserError
from gradus.runtime.output_files import check_outputs, write_output

_PROJECT = Path(__file__).resolve().parent.parent
# What Snakemake and a program's imports add to each job, in seconds.
_START = 5


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("archive", help="the folder of the archive, or the DOI of its record on Zenodo")
    options.add_argument("--url", help="another address of Zenodo")
    options.add_argument("--depth", choices=DEPTHS, default="tables", help="how much is computed again (tables)")
    options.add_argument("--into", type=Path, help="an empty folder for it, which is kept; without it, one that is not")
    options.add_argument(
        "--tolerance",
        type=program.number_option(0, 100),
        help="points that do not matter (0.1; after training: intervals)",
    )
    options.add_argument(
        "--cores", type=program.whole_number_option(1), default=os.cpu_count() or 1, help="jobs at a time"
    )
    options.add_argument("--dry-run", action="store_true", help="tell time and disk, and compute nothing")
    options.add_argument("--output", type=Path, help="the report also goes there, as Markdown")
    given = options.parse_args()
    check_outputs([given.output], [])
    archive = archive_folder(given.archive, given.url).resolve()
    manifest = read_manifest(archive)
    problems = archive_problems(archive)
    if problems:
        what = f"the archive is not what its sums say: {'; '.join(problems[:5])}"
        raise UserError(what, where=archive, hint="fetch it again")
    refuse_earlier_version(manifest)
    refuse_without_weights(manifest, given.depth)
    _tell_cost(archive, manifest, given.depth, given.into or Path(tempfile.gettempdir()))
    if given.dry_run:
        return
    if given.into is not None and given.into.exists() and any(given.into.iterdir()):
        raise UserError("is not empty", where=given.into, hint="name a new folder")
    folder = given.into.resolve() if given.into else Path(tempfile.mkdtemp(prefix="gradus-reproduce-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        make_again(archive, folder, given.depth, _PROJECT, given.cores)
        tolerance = None if given.tolerance is None else given.tolerance / 100
        found = compared(archive, folder, given.depth, tolerance)
    finally:
        if given.into is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(to_text(found), end="")
    if given.output:
        write_output(given.output, to_markdown(manifest.study, given.depth, found, tolerance))
    if any(one.outcome == "differs" for one in found):
        sys.exit(1)


def _tell_cost(archive: Path, manifest: Manifest, depth: str, where: Path) -> None:
    """Say what the depth takes before it starts; UserError where the disk is too small."""
    needs = cost(archive, depth)  # type: ignore[arg-type]
    if needs.jobs is None or needs.seconds is None:
        time = "the archive has no record of how long it took"
    else:
        minutes = (needs.seconds + _START * needs.jobs) / 60
        time = f"about {minutes:.1f} minutes of single jobs ({needs.jobs}), as fast as the machine of the archive"
    weights = " and the weights of its students" if depth == "train" else ""
    program.log.info("%s, depth %s: %s; %.0f MB of disk%s", manifest.study, depth, time, needs.bytes / 1e6, weights)
    here = (commit() or "no commit").removesuffix("-changed")
    if here != manifest.commit:
        program.log.info("code: %s here, the archive was made at %s", here[:12], (manifest.commit or "no commit")[:12])
    present = next(parent for parent in (where.absolute(), *where.absolute().parents) if parent.exists())
    free = shutil.disk_usage(present).free
    if free < needs.bytes:
        raise UserError(f"has {free / 1e6:.0f} MB left, less than it takes", where=present, hint="name another: --into")


def to_text(found: Sequence[Compared]) -> str:
    """A line per claim, headline number and difference, and a count per kind."""
    lines = []
    for one in found:
        if one.kind in ("claim", "headline") or one.outcome == "differs":
            details = f" ({'; '.join(one.differences)})" if one.differences else ""
            lines.append(f"{one.outcome:16} {one.kind:8} {one.what}{details}")
    return "\n".join([*lines, *_counts(found)]) + "\n"


def _counts(found: Sequence[Compared]) -> list[str]:
    names = {"claim": "claims", "headline": "headline numbers", "table": "rows of tables", "score": "metric files"}
    lines = []
    for kind in dict.fromkeys(one.kind for one in found):
        counted = Counter(one.outcome for one in found if one.kind == kind)
        tally = ", ".join(f"{counted[outcome]} {outcome}" for outcome in ("same", "within tolerance", "differs"))
        lines.append(f"{names.get(kind, 'files')}: {tally}")
    return lines


def to_markdown(study: str, depth: str, found: Sequence[Compared], tolerance: float | None = None) -> str:
    """The same as a document that a committee can file; ``tolerance`` that was asked for, in shares."""
    shown = [one for one in found if one.kind in ("claim", "headline") or one.outcome == "differs"]
    rows = [[one.kind, one.what, one.outcome, "; ".join(one.differences)] for one in shown]
    within = comparison.TOLERANCE if tolerance is None else tolerance
    note = f"Within tolerance: no more than {100 * within:g} points apart"
    if tolerance is None and depth in BY_INTERVAL:
        note += "; where students wrote again: the same verdict, and each estimate in the other's interval"
    parts = [
        f"# {study}, reproduced to the depth `{depth}`",
        "",
        *(f"- {line}" for line in _counts(found)),
        "",
        f"{note}.",
        "",
    ]
    return "\n".join([*parts, Table(["kind", "what", "outcome", "differences"], rows, names=4).markdown()]) + "\n"


if __name__ == "__main__":
    program.run(main)
