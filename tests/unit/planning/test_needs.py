"""What a training takes: on a CPU as a CPU, at a measured speed where there is one, and said which."""

from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study

from gradus.planning.inputs import PlanInputs
from gradus.planning.needs import WHOLE, Needs, needs_of
from gradus.results.store import Results
from gradus.runtime.atomic import write_json
from gradus.study import paths
from gradus.study.config import load
from gradus.study.grid import cells
from gradus.teachers.prompts.prompting import Prompts


def needed(root: Path, resources: dict[str, Any], **recipe: Any) -> Needs:
    """Of a study whose only student is a published model of 0.56 billion weights; the training is of 24 short examples."""
    config = tiny_study()
    student = {"kind": "pretrained", "model": "bigscience/bloom-560m", "resources": resources, "recipe": recipe}
    config["students"] = {"bloom": student}
    config["experiments"]["granularity"]["students"] = ["bloom"]
    study = load(config)
    return needs_of(PlanInputs(Results(root, study), Prompts(root), root / "prices.yaml"), WHOLE, cells(study), 2)


def test_a_student_without_gpus_is_priced_as_what_it_trains_on(tmp_path: Path) -> None:
    """Per token 6 operations a body's weight (0.3 billion) and target's head weight: 3.4e9, at 5e10 a second and core."""
    gpu = needed(tmp_path, {})
    one = needed(tmp_path, {"gpus_per_rank": 0})
    four = needed(tmp_path, {"gpus_per_rank": 0, "cpus_per_rank": 4})
    assert None not in (gpu.rank_hours, one.rank_hours, four.rank_hours)
    fixed = 2 * 2 * 8 / 3600  # of two cells of two ranks, 8 s each
    steps = one.training_tokens * 3.4e9 / 5e10 / 3600
    assert one.rank_hours == pytest.approx(fixed + steps, rel=0.05)
    assert four.rank_hours == pytest.approx(fixed + steps / 4, rel=0.05)
    assert gpu.rank_hours == pytest.approx(2 * 2 * 60 / 3600, rel=0.05), "the steps take a GPU next to no time"
    assert one.speed == four.speed == gpu.speed == "assumed"


def test_a_finished_training_is_believed_before_any_assumption(tmp_path: Path) -> None:
    config = tiny_study()
    study = load(config)
    inputs = PlanInputs(Results(tmp_path, study), Prompts(tmp_path), tmp_path / "prices.yaml")
    both = cells(study)
    assert needs_of(inputs, WHOLE, both, 2).speed == "assumed"
    first = next(cell for cell in both if cell.student == "mini")
    record = {"tokens_per_second": 8.0, "rank_hours": 1.0, "mfu": None}
    write_json(inputs.results.path(paths.CHECKPOINT.run_record, first), record)
    inputs = PlanInputs(Results(tmp_path, study), Prompts(tmp_path), tmp_path / "prices.yaml")
    found = needs_of(inputs, WHOLE, [cell for cell in both if cell.student == "mini"], 2)
    assert found.speed == "measured"
    assert found.rank_hours == pytest.approx((found.training_tokens / 4.0 + 2 * 16) / 3600, abs=0.001)
    assert needs_of(inputs, WHOLE, both, 2).speed == "partly assumed"


def test_weights_are_counted_in_the_format_in_which_they_are_saved(tmp_path: Path) -> None:
    whole, half = (needed(tmp_path, {}, save_precision=one) for one in ("fp32", "bf16"))
    assert whole.weights_bytes == 2 * half.weights_bytes and whole.progress_bytes == half.progress_bytes
