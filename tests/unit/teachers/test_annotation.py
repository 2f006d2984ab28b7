"""Annotation: verdicts, the journal in between, teachers that have nothing to say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import problem

from gradus.data.datasets.sources import load_problems
from gradus.records import Annotation, Problem, Supervision
from gradus.runtime.errors import UserError
from gradus.students.training_sets import final_attempts
from gradus.study.config.datasets import GradeschoolDataset
from gradus.study.config.teachers import TutorTeacher
from gradus.teachers.annotation import Counts, Sampling, annotate, usable_originals, verdict_of
from gradus.teachers.answer_sources import LocalAnswers
from gradus.teachers.protocols import LocalTeacher, Task
from gradus.teachers.registry import make_local_teacher
from gradus.teachers.requests.journal import Journal, Response

SECTION = GradeschoolDataset(source="gradeschool", seed=1, train=60, test=5)
PROBLEMS = load_problems("gradeschool", SECTION, "train", None).problems
PLACE = Supervision("gradeschool", "tutor", "original", "L3")

ONCE = Sampling()


def tutor(error_rate: float = 0.0, wordings: int = 3) -> Any:
    return make_local_teacher(TutorTeacher(provider="tutor", wordings=wordings, error_rate=error_rate), None)


def ask(
    problems: list[Problem],
    supervision: Supervision,
    teacher: Any,
    journal: Journal,
    originals: list[Annotation] | None = None,
    sampling: Sampling = ONCE,
) -> tuple[list[Annotation], dict[str, Any]]:
    counts = Counts()
    rows = list(
        annotate(
            problems, supervision, LocalAnswers(teacher, journal), usable_originals(originals or []), sampling, counts
        )
    )
    return rows, counts.facts()


@pytest.mark.parametrize(
    ("finish", "answer", "verdict"),
    [
        ("stop", "3", "agrees"),
        ("stop", "4", "disagrees"),
        ("stop", None, "unparsable"),
        ("length", "3", "truncated"),
        ("content_filter", "3", "refused"),
        ("refusal", None, "refused"),
        ("failed", None, "failed"),
    ],
)
def test_six_outcomes(finish: str, answer: str | None, verdict: str) -> None:
    assert verdict_of(problem(), Response("", finish, "m", {}), answer) == verdict


def test_the_tutor_agrees_and_the_hasty_one_errs_at_its_rate(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        _, counts = ask(PROBLEMS, PLACE, tutor(), journal)
        _, hasty = ask(PROBLEMS, PLACE, tutor(error_rate=0.3), journal)
    assert counts["verdicts"] == {"agrees": 60}
    assert 5 <= hasty["verdicts"]["disagrees"] <= 32


def test_the_tutor_words_its_samples_differently_and_errs_in_all(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        found, _ = ask(
            PROBLEMS, replace(PLACE, level="L4"), tutor(error_rate=0.3), journal, sampling=Sampling(samples=3)
        )
    by_problem: dict[str, list[Annotation]] = {}
    for row in found:
        by_problem.setdefault(row.problem_id, []).append(row)
    assert {len(rows) for rows in by_problem.values()} == {3}
    assert sum(len({row.rationale for row in rows}) > 1 for rows in by_problem.values()) > len(by_problem) / 2
    assert all(len({row.verdict for row in rows}) == 1 for rows in by_problem.values())


def test_a_second_run_asks_nothing_and_gives_the_same(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        first, _ = ask(PROBLEMS, PLACE, tutor(), journal)
        assert (journal.added, journal.found) == (60, 0)

    class Silent(LocalTeacher):
        journaled = True
        content = tutor().content

        def complete(self, task: Task) -> Response:
            raise AssertionError("asked again")

    with Journal(tmp_path) as journal:
        second, _ = ask(list(reversed(PROBLEMS)), PLACE, Silent(), journal)
    assert list(reversed(second)) == first


def test_a_rewrite_starts_from_its_original(tmp_path: Path) -> None:
    supervision = Supervision("gradeschool", "tutor", "symbolic", "L3")
    with Journal(tmp_path) as journal:
        originals, _ = ask(PROBLEMS, PLACE, tutor(), journal)
        rewrites, counts = ask(PROBLEMS, supervision, tutor(), journal, originals[:50])
    assert len(rewrites) == 50
    assert counts["without_annotation"] == [p.id for p in PROBLEMS[50:]]


def test_the_tutor_refuses_problems_without_a_solution(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal, pytest.raises(UserError, match="no solution graph"):
        ask([problem()], PLACE, tutor(), journal)


class Wavering(LocalTeacher):
    """Answers wrong until its third attempt, whatever the sample."""

    journaled = False

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def content(self, task: Task) -> dict[str, Any]:
        return {"id": task.problem.id}

    def complete(self, task: Task) -> Response:
        self.asked.append((task.problem.id, task.sample))
        tries = self.asked.count((task.problem.id, task.sample))
        answer = task.problem.answer if tries >= 3 else "-1"
        return Response(f"So. The answer is {answer}.", "stop", "m", {})


def test_retries_keep_every_attempt_and_stop_at_the_first_good_one(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        rows, counts = ask(PROBLEMS[:4], PLACE, Wavering(), journal, sampling=Sampling(2, ("disagrees",), 5))
    assert counts["verdicts"] == {"agrees": 8, "disagrees": 16}
    assert [row.attempt for row in rows[:6]] == [0, 1, 2, 0, 1, 2]
    assert len({row.key for row in rows}) == 24
    kept = final_attempts(rows, {"agrees": "keep", "disagrees": "retry"})
    assert len(kept) == 8 and all(row.verdict == "agrees" for row in kept)


def test_retries_end(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        rows, _ = ask(PROBLEMS[:3], PLACE, Wavering(), journal, sampling=Sampling(1, ("disagrees",), 1))
    assert [row.attempt for row in rows] == [0, 1] * 3
    assert {row.verdict for row in final_attempts(rows, {"agrees": "keep", "disagrees": "retry"})} == {"disagrees"}
