"""Judge a paper's claims by its own published numbers; --check only compares (`make docs` writes the page)."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gradus.analysis import published
from gradus.analysis.claims.catalogue import TITLES
from gradus.analysis.claims.statements import Statement
from gradus.presentation.claims import statements_markdown, tally
from gradus.presentation.table import Table
from gradus.runtime import program
from gradus.runtime.atomic import write_text
from gradus.runtime.errors import UserError

HEAD = """\
# What the published numbers support

The claims of Chen et al. (2025, arXiv 2502.18001), tested on the means and standard deviations that the paper prints
(`published/`), by the same functions that test a study of one's own (docs/background/statistics.md says how). Written by
`python scripts/published.py`; do not edit.

Means and standard deviations of three runs speak of other seeds on the same test problems; single runs speak of the
trained models alone and get no verdict. Verdicts are at 5 %, adjusted within each claim of a section (Holm). Too few
data refute nothing. Estimates, and the p of most claims, are computed a second time by code that shares nothing with the first
(`tests/unit/analysis/test_published_again.py`); those of 3b, 4b, 8 and 8b, intervals, log odds and I2 are not.
"""

# What version 0.1.0 said of each claim, and why that changed.
CHANGED = (
    (
        "Granularity",
        "rationales-help",
        "27 supported, 22 undecided",
        "Answer-only was trained once: its seeds may turn any of these. 31 of the 49 intervals lie above zero, 5 below.",
    ),
    (
        "Granularity",
        "non-monotone",
        "1 supported, 48 undecided",
        "The one (bloom-1b1 on gsm8k) rested on one variance for all levels; with each level's own it does not stand.",
    ),
    (
        "Granularity",
        "non-monotone-mean",
        "7 undecided",
        "Datasets differ more than their own errors say (I² up to 93 %), so nothing is known of another dataset.",
    ),
    (
        "Granularity",
        "finer-for-stronger",
        "1 supported (tau +0.81, p 0.011)",
        "It must hold for other datasets too. It is fragile: in log odds, or without CSQA, tau is +0.62 (p 0.069), four of seven "
        "students are one family, and another dataset may well show the opposite.",
    ),
    (
        "Granularity",
        "teacher-and-student-over-datasets",
        "6 supported, 1 undecided",
        "Its points are datasets, seven of them, and no longer 42 supervisions. The correlations are about as high.",
    ),
    (
        "Granularity",
        "matthew",
        "3 supported (gsm8k r = +1.00, aqua, math)",
        "A gain went with its own ends where answer-only lies at the floor. With strength from the other datasets r stays high "
        "on these three, in log odds too; on svamp the sign depends on the scale. One run decides none of it.",
    ),
    (
        "Formats",
        "format-matters",
        "14 supported, 14 undecided",
        "Welch's test has few degrees of freedom. Two of the three rest on `symbolic`; without it one is left (bloom-560m on "
        "gsm8k).",
    ),
    ("Formats", "format-indifferent", "2 contradicted, 26 undecided", "The same."),
    ("Padding", "length-is-not-granularity", "1 supported, 1 undecided", "One run each."),
)


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--numbers", default="published/chen-2025.csv", help="the published numbers")
    options.add_argument("--output", default="docs/background/published.md", type=Path)
    options.add_argument("--check", action="store_true", help="write nothing; fail where the page does not agree")
    given = options.parse_args()
    found = published.chen_2025(published.read(Path(given.numbers)))
    parts = [HEAD, "## What changed since version 0.1.0", "", changes(found).markdown()]
    for title, statements in found.items():
        parts += [f"## {title}", "", statements_markdown(statements)]
    text = "\n".join(parts).rstrip() + "\n"
    if not given.check:
        write_text(given.output, text)
    elif not given.output.exists() or given.output.read_text(encoding="utf-8") != text:
        raise UserError("does not agree with the code", where=given.output, hint="run `make docs`")


def changes(found: Mapping[str, Sequence[Statement]]) -> Table:
    """What was said of each claim, what is said now, and why."""
    lines = []
    for section, claim, before, why in CHANGED:
        every = [one for title, statements in found.items() if title.startswith(section) for one in statements]
        lines.append([TITLES[claim], before, tally([one for one in every if one.claim == claim]), why])
    return Table(["claim", "version 0.1.0", "now", "why"], lines, align="llll")


if __name__ == "__main__":
    program.run(main)
