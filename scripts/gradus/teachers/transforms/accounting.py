"""Accounting: which rows a transform takes, and what its manifest says of what it removed, found by comparing the texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TypedDict

from gradus.records import Annotation
from gradus.teachers.transforms.steps import split_steps, step_type


class Removed(TypedDict):
    """What a transform took away: rows of the sources and those left out by verdict, texts, answers, words, steps by type."""

    source_rows: int
    left_out: dict[str, int]
    changed_texts: int
    changed_answers: int
    emptied_texts: int
    words_before: int
    words_after: int
    steps_removed: dict[str, int]
    steps_added: dict[str, int]


def taken(rows: Sequence[Annotation], verdicts: Collection[str]) -> list[Annotation]:
    """One row per problem and sample: the first attempt with one of the verdicts; all rows where no verdict is named."""
    if not verdicts:
        return list(rows)
    found: dict[tuple[str, int], Annotation] = {}
    for row in rows:
        if row.verdict in verdicts:
            found.setdefault((row.problem_id, row.sample), row)
    return list(found.values())


def removed(sources: Sequence[Sequence[Annotation]], made: Sequence[Annotation]) -> Removed:
    """Rows of the sources that were left out (by verdict), and words and steps (by type) that went and came.

    A made row is compared with the row of the same answer in the sources, whose texts stay in their own files.
    """
    before: dict[tuple[str, int, int, str], Annotation] = {}
    for row in (row for rows in sources for row in rows):
        before.setdefault(_key(row), row)
    pairs = [(before[_key(row)], row) for row in made if _key(row) in before]
    used = {_key(row) for row in made}
    left_out = Counter(row.verdict for key, row in before.items() if key not in used)
    gone: Counter[str] = Counter()
    come: Counter[str] = Counter()
    for old, new in pairs:
        if old.rationale != new.rationale:
            steps, now = (Counter(step.strip() for step in split_steps(one.rationale)) for one in (old, new))
            gone.update(step_type(step) for step in (steps - now).elements())
            come.update(step_type(step) for step in (now - steps).elements())
    return {
        "source_rows": len(before),
        "left_out": dict(sorted(left_out.items())),
        "changed_texts": sum(old.rationale != new.rationale for old, new in pairs),
        "changed_answers": sum(old.answer != new.answer for old, new in pairs),
        "emptied_texts": sum(bool(old.rationale) and not new.rationale for old, new in pairs),
        "words_before": sum(len(old.rationale.split()) for old, _ in pairs),
        "words_after": sum(len(new.rationale.split()) for _, new in pairs),
        "steps_removed": dict(sorted(gone.items())),
        "steps_added": dict(sorted(come.items())),
    }


def _key(row: Annotation) -> tuple[str, int, int, str]:
    return (row.problem_id, row.sample, row.attempt, row.request_hash)
