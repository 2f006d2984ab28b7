"""Accuracy by number of steps, where the data know it."""

from dataclasses import replace

import numpy as np
import pytest

from gradus.analysis.evidence import Evidence
from gradus.analysis.kinds import by_steps, steps
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
    place = Supervision("d", "t", "original", "L1")
    evidence = Evidence({(place, "s"): Rows(np.array([[1.0, 0, 1, 0], [1, 1, 1, 0]]))})
    found = by_steps(evidence, "d", problems, "gradeschool")
    assert found is not None and found.problems == {2: 2, 3: 1, 6: 1}
    assert found.accuracies[place, "s"] == [0.75, 1.0, 0.0]
    assert by_steps(evidence, "d", problems[:2], "gradeschool") is None, "all alike"
    assert by_steps(evidence, "d", [PROBLEM] * 4, "aqua") is None
