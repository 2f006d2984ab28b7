"""List or forget what is stuck in a teacher's journal: open batches, and requests that failed.

    python scripts/batches.py list [TEACHER ...]       what waits, and what failed, with the provider's words
    python scripts/batches.py forget TEACHER NAME      a batch by its id or tag, a request by its key, or `failed` for all

What is forgotten is asked again by the next run. A forgotten batch may still be billed, and its answers are not collected.
"""

import sys
from datetime import UTC, datetime

from gradus.runtime import program
from gradus.runtime.environment import journal_folder
from gradus.runtime.errors import UserError
from gradus.teachers.requests.stuck import failed_requests, forget, open_batches


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("action", choices=["list", "forget"])
    options.add_argument("names", nargs="*", help="names of teachers; for forget: one teacher, and what to forget")
    given = options.parse_args()
    root = journal_folder()
    if given.action == "forget":
        if len(given.names) != 2:
            raise UserError("forget takes a teacher and what to forget", hint="`list` shows both")
        teacher, name = given.names
        count = forget(root / teacher, name) if (root / teacher).is_dir() else 0
        if not count:
            raise UserError(f"nothing of that name is stuck: {name}", where=root / teacher, hint="`list` shows what is")
        program.log.info("%d forgotten; the next run asks again", count)
        return
    for teacher in given.names or sorted(path.name for path in root.glob("*") if path.is_dir()):
        for batch in open_batches(root / teacher):
            when = datetime.fromtimestamp(batch.created, UTC).isoformat(" ", "minutes")
            _write(
                teacher, "batch", batch.id or f"{batch.tag} (not confirmed)", f"{batch.requests} requests since {when}"
            )
        for failed in failed_requests(root / teacher):
            _write(teacher, "failed", failed.key[:16], failed.words)


def _write(*cells: str) -> None:
    sys.stdout.write("  ".join(cells) + "\n")


if __name__ == "__main__":
    program.run(main)
