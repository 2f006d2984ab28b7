"""Show what teachers cost: answers, tokens and US dollars per teacher, day (UTC), key variable and model.

    python scripts/spent.py                 every journal
    python scripts/spent.py gpt-4o --json   one teacher, for other programs

It reads the journals alone and asks nobody. Compare it with the provider's bill of the same day.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from gradus.runtime import program
from gradus.runtime.environment import journal_folder
from gradus.runtime.errors import UserError
from gradus.teachers.requests.spending import Group, Spending, spending

COLUMNS = ("teacher", "day", "key", "model", "answers", "input tokens", "output tokens", "USD", "remarks")


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("teachers", nargs="*", help="names of teachers; all that have a journal if left out")
    options.add_argument("--json", action="store_true", help="one JSON object a line")
    given = options.parse_args()
    root = journal_folder()
    names = given.teachers or sorted(path.name for path in root.glob("*") if path.is_dir())
    found: dict[Group, Spending] = {}
    for name in names:
        if not (root / name).is_dir():
            raise UserError(f"there is no journal of a teacher named {name!r}", where=root)
        found |= spending(Path(root / name))
    if given.json:
        for group, sums in found.items():
            print(json.dumps({**asdict(group), **asdict(sums)}, sort_keys=True))
        return
    rows = [_row(group, sums) for group, sums in found.items()]
    total = Spending(*(sum(getattr(sums, name) for sums in found.values()) for name in asdict(Spending())))
    _print([COLUMNS, *rows, _row(Group("all", "", "", ""), total)])


def _row(group: Group, sums: Spending) -> tuple[str, ...]:
    remarks = {"without a price": sums.unpriced, "unusable": sums.unusable, "by batch": sums.batched}
    said = ", ".join(f"{count} {what}" for what, count in remarks.items() if count)
    numbers = (f"{sums.entries:,}", f"{sums.input_tokens:,}", f"{sums.output_tokens:,}", f"{sums.usd:.4f}")
    return (group.teacher, group.day, group.account, group.model, *numbers, said)


def _print(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[number]) for row in rows) for number in range(len(COLUMNS))]
    for row in rows:
        texts = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        sys.stdout.write("  ".join([*texts[:4], *numbers[4:8], *texts[8:]]).rstrip() + "\n")


if __name__ == "__main__":
    program.run(main)
