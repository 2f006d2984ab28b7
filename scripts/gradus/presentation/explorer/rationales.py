"""Rationales: what the teachers wrote for some training problems, and for test problems where they were tested themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gradus.presentation.explorer.facts import RationaleFacts
from gradus.presentation.explorer.sampling import cut
from gradus.records import Annotation, Problem, Supervision
from gradus.records.vocabulary import UNTAUGHT, Split
from gradus.results.store import Results
from gradus.study.grid import accuracy_supervisions, supervisions


@dataclass(frozen=True)
class Texts:
    """The texts of one supervision, one per shown problem of a split: rationale, answer, verdict; empty where there is none."""

    supervision: Supervision
    split: Split
    rows: list[list[Any]]

    def facts(self) -> RationaleFacts:
        """Whose they are."""
        supervision = self.supervision
        return {
            "dataset": supervision.dataset,
            "teacher": supervision.teacher,
            "format": supervision.format,
            "level": supervision.level,
            "supervision": supervision.short,
            "split": self.split,
        }


def rationales(results: Results, shown: Mapping[tuple[str, Split], Sequence[Problem]]) -> Iterable[Texts]:
    """The texts of all supervisions that are there, for the shown problems of each dataset and split."""
    for supervision in supervisions(results.study):
        if supervision.format != UNTAUGHT:
            rows = results.find_annotations(supervision)
            if rows:
                yield Texts(supervision, "train", _chosen(rows, shown[supervision.dataset, "train"]))
    for supervision in accuracy_supervisions(results.study):
        rows = results.find_teacher_answers(supervision)
        if rows:
            yield Texts(supervision, "test", _chosen(rows, shown[supervision.dataset, "test"]))


def _chosen(rows: Iterable[Annotation], shown: Sequence[Problem]) -> list[list[Any]]:
    first: dict[str, Annotation] = {}
    wanted = {problem.id for problem in shown}
    for row in rows:
        if row.problem_id in wanted and row.sample == 0:
            first[row.problem_id] = row  # a later attempt is the one that counts
    found = [first.get(problem.id) for problem in shown]
    return [[] if row is None else [cut(row.rationale), row.answer, row.verdict] for row in found]
