"""Accuracy by number of steps, subject and difficulty, where the data know them."""

from dataclasses import replace

import numpy as np
import pytest

from gradus.analysis.evidence import Evidence
from gradus.analysis.kinds import by_kind, steps
from gradus.records import Problem, Supervision
from gradus.statistics.measurements import Rows

PROBLEM = Problem("p", "d", "test", "?", None, "1", "number", None, None, "here", None)


@pytest.mark.parametrize(
    ("changed", "source", "count"),
    [
        ({"solution": {"steps": [{}, {}, {}]}}, "gradeschool", 3),
        ({"rationale": "She had 3 + 4 = 7.\n\nThen 7 - 2 = 5."}, "gsm8k", 2),
        ({"rationale": "( 8.0 + 3 ) - 2 = 9."}, "svamp", 2),
        ({"rationale": "So it is."}, "csqa", None),
        ({}, "gsm8k", None),
    ],
)
def test_steps_are_counted_where_the_data_know_them(changed: dict[str, object], source: str, count: int | None) -> None:
    assert steps(replace(PROBLEM, **changed), source) == count  # type: ignore[arg-type]


def test_each_kind_has_its_own_accuracy() -> None:
    problems = [replace(PROBLEM, id=str(n), solution={"steps": [{}] * count}) for n, count in enumerate((2, 2, 3, 9))]
    supervision = Supervision("d", "t", "original", "L1")
    evidence = Evidence({(supervision, "s"): Rows(np.array([[1.0, 0, 1, 0], [1, 1, 1, 0]]))})
    (found,) = by_kind(evidence, "d", problems, "gradeschool")
    assert found.trait == "steps" and found.problems == {"2": 2, "3": 1, "6 or more": 1}
    assert found.accuracies[supervision, "s"] == [0.75, 1.0, 0.0]
    assert by_kind(evidence, "d", problems[:2], "gradeschool") == [], "all alike"
    assert by_kind(evidence, "d", [PROBLEM] * 4, "aqua") == []
    named = [replace(PROBLEM, subject=subject, difficulty=level) for subject, level in zip("aabb", "1255", strict=True)]
    subjects, levels = by_kind(evidence, "d", named, "math")
    assert (subjects.trait, subjects.accuracies[supervision, "s"]) == ("subject", [0.75, 0.5])
    assert (levels.trait, levels.problems) == ("difficulty", {"1": 1, "2": 1, "5": 2})
    assert [one.trait for one in by_kind(evidence, "d", [*named[:3], PROBLEM], "math")] == [], "some have none"


def test_a_problem_without_a_subject_is_written_as_before() -> None:
    assert "subject" not in PROBLEM.to_json() and Problem.from_json(PROBLEM.to_json()) == PROBLEM
    named = replace(PROBLEM, subject="Algebra", difficulty="5")
    assert named.to_json()["subject"] == "Algebra" and Problem.from_json(named.to_json()) == named
