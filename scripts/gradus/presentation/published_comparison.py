"""The comparison of a study with a paper's printed numbers, as a table and as a section of the findings."""

from __future__ import annotations

from collections.abc import Sequence

from gradus.analysis.published_comparison import PublishedComparison
from gradus.presentation import difference
from gradus.presentation.table import csv_text

_COLUMNS = ("dataset", "supervision", "student", "here", "runs_here", "published", "runs_published", "table")


def to_csv(comparisons: Sequence[PublishedComparison]) -> str:
    """One line per accuracy, shares between 0 and 1; the head alone where a study has nothing that was published."""
    return csv_text(
        [*_COLUMNS, *difference.CSV_COLUMNS],
        [
            [
                *(row.supervision.dataset, row.supervision.short, row.student),
                *(row.here.mean, row.here.runs, row.printed.mean, row.printed.runs, row.table),
                *difference.csv_values(row.difference),
            ]
            for row in comparisons
        ],
    )


def to_markdown(comparisons: Sequence[PublishedComparison]) -> str:
    """The same as a section with its summary; nothing where there is nothing to compare."""
    if not comparisons:
        return ""
    heads = ["dataset", "supervision", "student", "here (runs)", "published (runs)", "difference, 95 % interval", ""]
    differences = [
        difference.between(row.supervision, row.student, row.here, row.printed, row.difference) for row in comparisons
    ]
    return (
        "## Comparison with the published numbers\n\n"
        f"{len(comparisons)} accuracies are printed in the paper too; "
        f"{difference.summary([row.difference for row in comparisons])}\n\n"
        f"{difference.table(heads, differences, align='lllrrrl').markdown()}"
    )
