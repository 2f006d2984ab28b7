"""Annotation: verdicts, the journal in between, teachers that have nothing to say."""

from pathlib import Path
from typing import Any

import pytest
from test_jsonl import problem

from gradus.annotation import annotate, judge
from gradus.datasets.sources import load_problems
from gradus.errors import UserError
from gradus.journal import Journal, Response
from gradus.paths import Supervision
from gradus.teachers.providers import Task, make_provider

SETTINGS = {"source": "gradeschool", "seed": 1, "train": 60, "test": 5, "split": "test", "steps": [2, 3, 4, 5]}
PROBLEMS = load_problems("gradeschool", SETTINGS, "train", None)
PLACE = Supervision("gradeschool", "tutor", "original", "L3")


def tutor(error_rate: float = 0.0, wordings: int = 3) -> Any:
    return make_provider({"provider": "tutor", "wordings": wordings, "error_rate": error_rate, "seed": 0}, None)


@pytest.mark.parametrize(
    ("finish", "answer", "verdict"),
    [
        ("stop", "3", "agrees"),
        ("stop", "4", "disagrees"),
        ("stop", None, "unparsable"),
        ("length", "3", "truncated"),
        ("content_filter", "3", "refused"),
        ("refusal", None, "refused"),
    ],
)
def test_five_outcomes(finish: str, answer: str | None, verdict: str) -> None:
    assert judge(problem(), Response("", finish, "m", {}), answer) == verdict


def test_the_tutor_agrees_and_the_hasty_one_errs_at_its_rate(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        _, counts = annotate(PROBLEMS, PLACE, tutor(), journal, {})
        _, hasty = annotate(PROBLEMS, PLACE, tutor(error_rate=0.3), journal, {})
    assert counts["verdicts"] == {"agrees": 60}
    assert 5 <= hasty["verdicts"]["disagrees"] <= 32


def test_a_second_run_asks_nothing_and_gives_the_same(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        first, _ = annotate(PROBLEMS, PLACE, tutor(), journal, {})
        assert (journal.added, journal.found) == (60, 0)

    class Silent:
        journaled = True
        content = tutor().content

        def complete(self, task: Task, content: dict[str, Any]) -> Response:
            raise AssertionError("asked again")

    with Journal(tmp_path) as journal:
        second, _ = annotate(list(reversed(PROBLEMS)), PLACE, Silent(), journal, {})
    assert list(reversed(second)) == first


def test_a_rewrite_starts_from_its_original(tmp_path: Path) -> None:
    place = Supervision("gradeschool", "tutor", "symbolic", "L3")
    with Journal(tmp_path) as journal:
        originals, _ = annotate(PROBLEMS, PLACE, tutor(), journal, {})
        by_id = {row.problem_id: row for row in originals[:50]}
        rewrites, counts = annotate(PROBLEMS, place, tutor(), journal, by_id)
    assert len(rewrites) == 50
    assert counts["without_annotation"] == [p.id for p in PROBLEMS[50:]]


def test_the_tutor_refuses_problems_without_a_solution(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal, pytest.raises(UserError, match="no solution graph"):
        annotate([problem()], PLACE, tutor(), journal, {})
