"""What a study declares before it trains: checked, recorded once, and told when."""

import json
from pathlib import Path
from typing import Any

import pytest

from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.config import Study, load
from gradus.study.declaration import declare, is_due, primaries, trainings_before
from gradus.study.grid import cells

SIDES = {
    "first": "tutor/original/L3",
    "second": "gold/answer-only/native",
    "datasets": ["words"],
    "students": ["small"],
}


def study(**changed: Any) -> Study:
    words = {"source": "gradeschool", "seed": 1, "train": 10, "test": 10}
    experiment: dict[str, Any] = {"question": "?", "axis": "level", "datasets": ["words"], "teachers": ["tutor"]}
    experiment |= {
        "levels": ["L1", "L3"],
        "baselines": ["gold/answer-only/native"],
        "students": ["small"],
        "seeds": [1, 2],
    }
    raw: dict[str, Any] = {"study": "made", "datasets": {"words": words}, "decodings": {"greedy": {}}}
    raw |= {"teachers": {"tutor": {"provider": "tutor"}, "gold": {"provider": "gold"}}}
    raw |= {"students": {"small": {"kind": "pretrained", "model": "m", "template": "plain"}}}
    raw |= {"experiments": {"levels": experiment}, "margins": {"words": 0.05}}
    raw |= {"primary": {"gain": {"question": "Do rationales help?", **SIDES}}, **changed}
    return load(raw)


def test_a_declared_comparison_has_its_margin_and_the_seeds_of_both_cells() -> None:
    (one,) = primaries(study())
    assert (one.subject, one.margin, one.seeds) == ("gain: words, small", 0.05, (1, 2))
    assert primaries(study(primary={})) == []


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"first": "tutor/L3"}, "is not teacher/format/level"),
        ({"first": "tutor/original/L5"}, "no experiment trains small with tutor/original/L5 on words"),
        ({"students": ["other"]}, "unknown name 'other'"),
        ({"second": "tutor/original/L3"}, "nothing that was taught is compared with anything else"),
    ],
)
def test_what_is_declared_must_be_measured(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        study(primary={"gain": {"question": "?", **SIDES, **changed}})
    with pytest.raises(UserError, match="unknown name"):
        study(margins={"other": 0.1})


def test_a_declaration_is_recorded_once_and_another_beside_it(tmp_path: Path) -> None:
    made = study()
    declare(made, tmp_path)
    declare(made, tmp_path)
    (record,) = (tmp_path / paths.RESULTS.of(made)).iterdir()
    facts = json.loads(record.read_text(encoding="utf-8"))
    assert facts["trainings_before"] == 0 == trainings_before(made, tmp_path)
    assert facts["declared"][0]["seeds"] == [1, 2] and facts["sha256"][:12] in record.name
    trained = tmp_path / paths.WEIGHTS.manifest.of(made, cells(made)[0])
    trained.parent.mkdir(parents=True)
    trained.write_text("{}", encoding="utf-8")
    assert trainings_before(made, tmp_path) == 0, "what was recorded stays"
    later = study(margins={"words": 0.01})
    assert trainings_before(later, tmp_path) is None
    declare(later, tmp_path)
    assert (trainings_before(later, tmp_path), trainings_before(made, tmp_path)) == (1, 0)
    declare(study(primary={}), tmp_path)
    assert len(list((tmp_path / paths.RESULTS.of(made)).glob("declared-*.run.json"))) == 2


def test_a_transfer_to_the_only_dataset_of_an_experiment_is_none() -> None:
    experiment = study().experiments["levels"].model_dump() | {"transfer": ["words"]}
    with pytest.raises(UserError, match="taught on 'words' and asked its test problems anyway"):
        study(experiments={"levels": experiment}, primary={})


def test_a_plan_declares_nothing() -> None:
    """Who plans looks ahead and may change the study; who annotates, trains or scores begins to see evidence."""
    assert not is_due([]) and not is_due(["plan", "study"])
    assert is_due(["plan", "study", "annotate"]) and is_due(["train"])
