"""Examples held out: which they are, when they are asked, and which weights are kept for them."""

from pathlib import Path
from typing import Any

import pytest
import torch

from gradus.records import Example
from gradus.runtime.errors import UserError
from gradus.students.training import best_weights
from gradus.students.training.batches import evaluation_steps
from gradus.students.training.best_weights import Evaluation
from gradus.students.training_sets import held_out
from gradus.study.config.students import BuiltStudent, Recipe


def example(identifier: str, sample: int = 0, prompt: str | None = None) -> Example:
    return Example(identifier, sample, prompt or f"Question {identifier}?", " 3", "agrees")


def test_the_same_problems_are_held_out_whatever_else_is_in_the_set() -> None:
    """Levels lose other examples to other reasons: a cell's loss must be on the problems of its neighbour's all the same."""
    everything = [example(f"p{number}", sample) for number in range(200) for sample in (0, 1)]
    fewer = everything[40:333]
    whole, part = ({one[index].key for index in held_out(one, 0.1)} for one in (everything, fewer))
    assert 20 < len(whole) < 60 and {key.split("#")[0] for key in whole if key.endswith("0")} == {
        key.split("#")[0] for key in whole if key.endswith("1")
    }
    assert part == whole & {one.key for one in fewer}


def test_one_question_under_two_ids_is_on_one_side() -> None:
    examples = [example(f"p{number}", prompt=f"Question {number % 30}? ") for number in range(60)]
    chosen = set(held_out(examples, 0.2))
    assert chosen and all((index in chosen) == (index + 30 in chosen) for index in range(30))


def test_at_least_one_problem_is_held_out_and_one_stays() -> None:
    assert len(held_out([example("a"), example("b"), example("c")], 0.001)) == 1
    with pytest.raises(UserError, match="validation would hold all 1 examples out"):
        held_out([example("a")], 0.1)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"epochs": 3.0, "validation": {"share": 0.1}}, {3, 5, 8}),  # of 20 samples in steps of 8
        ({"epochs": 1.5, "validation": {"share": 0.1}}, {3, 4}),
        ({"epochs": 0.3, "validation": {"share": 0.1}}, {1}),
        ({"epochs": 3.0, "validation": {"share": 0.1, "every": 3}}, {3, 6, 8}),
        ({"epochs": 3.0}, set()),
    ],
)
def test_evaluations_come_after_each_epoch_or_so_many_steps_and_at_the_end(
    keys: dict[str, Any], expected: set[int]
) -> None:
    assert evaluation_steps(20, Recipe.model_validate({"batch_size": 8, **keys})) == expected


def test_a_checkpoint_brings_the_best_weights_of_its_own_time(tmp_path: Path) -> None:
    progress, older, newer = (tmp_path / name for name in ("progress", "older", "newer"))
    for folder in (progress, older, newer):
        folder.mkdir()
    best_weights.bring(progress, older)  # nothing has been evaluated
    best_weights.keep({"a": torch.ones(2)}, Evaluation(3, 1.5), progress)
    best_weights.bring(progress, newer)
    best_weights.keep({"a": torch.zeros(2)}, Evaluation(6, 1.25), progress)
    assert best_weights.found(progress) == Evaluation(6, 1.25)
    assert best_weights.found(newer) == Evaluation(3, 1.5) and best_weights.kept(newer)["a"].tolist() == [1, 1]
    best_weights.bring(newer, progress)
    assert best_weights.found(progress) == Evaluation(3, 1.5) and best_weights.kept(progress)["a"].tolist() == [1, 1]
    best_weights.bring(older, progress)
    assert best_weights.found(progress) is None
    best_weights.forget(newer)
    assert best_weights.found(newer) is None


def test_a_study_without_validation_keeps_its_identity_and_a_warm_up_has_none() -> None:
    assert "validation" not in Recipe().model_dump()
    student: dict[str, Any] = {"kind": "built", "layers": 1, "hidden": 8, "heads": 1, "vocabulary": 300, "seed": 1}
    student |= {"corpus": {"source": "primer", "seed": 1, "documents": 2}}
    with pytest.raises(ValueError, match="a warm-up has no problems to hold out"):
        BuiltStudent.model_validate({**student, "warm_up": {"validation": {"share": 0.1}}})
