"""What jobs ask a cluster for: by the size of what they work on, and how many share."""

from __future__ import annotations

from typing import Any

import pytest
from builders import tiny_study

from gradus.study.config import Study, load
from gradus.workflow.resources import (
    annotations_per_job,
    cells_per_job,
    generation_memory,
    training_runtime,
    warm_up_memory,
)


def study(**resources: Any) -> Study:
    config = tiny_study()
    config["students"]["mini"]["resources"] = {"gpus_per_rank": 0, **resources}
    config["students"]["llama"] = {"kind": "pretrained", "model": "meta-llama/Llama-3.2-1B", "template": "llama3"}
    config["teachers"]["api"] = {"provider": "openai", "model": "m", "allow_unknown_price": True}
    return load(config)


def test_a_tiny_built_student_asks_for_what_it_needs() -> None:
    """Measured: 450 MB for predictions, 1,100 MB a rank for a warm-up; 8,000 MB and more were asked for."""
    assert 500 < generation_memory(study(), "mini", "greedy", 1) < 2500
    ranks = study().students["mini"].warm_up.ranks  # type: ignore[union-attr]
    assert 2000 * ranks <= warm_up_memory(study(), "mini", 1) < 2500 * ranks
    assert warm_up_memory(study(), "mini", 2) == round(1.5 * warm_up_memory(study(), "mini", 1))


def test_a_model_of_a_billion_weights_asks_for_its_weights() -> None:
    assert generation_memory(study(), "llama", "greedy", 1) > 4 * 1.2e9 / 1e6


@pytest.mark.parametrize(
    ("student", "resources", "cells"),
    [
        ("mini", {}, 4),
        ("mini", {"cells_per_job": 9}, 9),
        ("mini", {"cells_per_job": 1}, 1),
        ("mini", {"nodes": 2}, 1),
        ("llama", {}, 1),
    ],
)
def test_small_students_share_a_job(student: str, resources: dict[str, Any], cells: int) -> None:
    assert cells_per_job(study(**resources), student) == cells


def test_cells_that_share_ask_together_for_the_time_of_one_job() -> None:
    assert training_runtime(study(), "mini") == 60
    assert training_runtime(study(cells_per_job=1), "mini") == 240
    assert training_runtime(study(runtime=90), "mini") == 90


def test_only_teachers_in_this_process_share() -> None:
    assert annotations_per_job(study(), "tutor") == 24
    assert annotations_per_job(study(), "api") == 1
