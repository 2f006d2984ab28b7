"""Clean up after a study: what left it, progress of finished trainings, weights whose predictions exist.

Shows what may go, and how large it is; removes nothing without --yes.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from gradus.results.leftovers import Leftover, find, other_studies, remove
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.environment import work_folder


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("results", type=Path, help="the folder of the study, results/NAME")
    options.add_argument("--weights", action="store_true", help="also weights whose predictions all exist")
    options.add_argument("--list", action="store_true", help="name every single thing")
    options.add_argument("--yes", action="store_true", help="remove what may go; without it nothing is removed")
    given = options.parse_args()
    results = Results.open(given.results)
    work = Path(os.path.abspath(results.root / work_folder()))
    found = find(results, work, other_studies(results.root, results.study.study))
    chosen = [one for one in found if not one.stays and (given.weights or one.kind != "weights")]
    freed = sum(one.size for one in chosen)
    print(table(found, given.weights))
    if given.list:
        print("\n".join(f"{one.kind}: {one.name}{f' (stays: {one.stays})' if one.stays else ''}" for one in found))
    if not given.yes:
        print(f"--yes removes {len(chosen)} things, {megabytes(freed)}. Nothing was removed.")
        return
    for one in chosen:
        remove(one, results.root)
    print(f"Removed {len(chosen)} things, {megabytes(freed)}.")


def table(found: Sequence[Leftover], weights: bool) -> str:
    """One line a kind: how many may go and stay, and how large they are."""
    lines = []
    for kind in ("left the study", "progress", "weights"):
        mine = [one for one in found if one.kind == kind]
        going = [one for one in mine if not one.stays]
        asked = " (kept; --weights)" if kind == "weights" and not weights else ""
        lines.append(f"{kind + ':':16} {len(going):6} may go, {megabytes(sum(one.size for one in going))}{asked}")
        for reason in dict.fromkeys(one.stays for one in mine if one.stays):
            lines.append(f"{'':16} {sum(one.stays == reason for one in mine):6} stay: {reason}")
    return "\n".join(lines)


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


if __name__ == "__main__":
    program.run(main)
