"""Axes: any key over several values, as ordinary named entries that experiments share."""

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from builders import tiny_study

from gradus.data.datasets.sources import load_problems
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.config import load
from gradus.study.config.datasets import GradeschoolDataset
from gradus.study.grid import cells, experiment_cells, metrics_files
from gradus.workflow.training import base_model


def study_along(axis: str, values: list[Any], **changes: Any) -> dict[str, Any]:
    """The tiny study, and an experiment that varies a key."""
    config = tiny_study()
    config["transforms"] = {"half": {"kind": "truncated", "share": 0.5}, "one": {"kind": "drawn", "per_problem": 1}}
    formats = {"transform.share": ["half"], "samples": ["one"]}.get(axis, ["original"])
    changes = {"formats": formats, **changes}
    experiment = {**config["experiments"]["granularity"], "axis": axis, "values": values, "baselines": [], **changes}
    config["experiments"]["along"] = {**experiment, "students": changes.get("students", ["mini"])}
    return config


def test_a_value_makes_an_entry_whose_name_says_it() -> None:
    study = load(study_along("dataset.train_size", [16, 8]))
    assert study.experiments["along"].datasets == ["gradeschool@train-8", "gradeschool@train-16"]
    assert study.experiments["along"].points == {"gradeschool@train-8": 8, "gradeschool@train-16": 16}
    assert study.datasets["gradeschool@train-8"].model_dump() == {
        **study.datasets["gradeschool"].model_dump(),
        "train_size": 8,
    }


def test_a_value_that_an_entry_has_anyway_is_the_entry_itself() -> None:
    """So its cells are those of the other experiments."""
    config = study_along("recipe.learning_rate", [0.004, 0.001])
    study = load(config)
    along, whole = study.experiments["along"], study.experiments["granularity"]
    assert along.students == ["mini", "mini@learning-rate-0.004"]
    assert along.points == {"mini": 0.001, "mini@learning-rate-0.004": 0.004}
    assert set(experiment_cells(study, along)) & set(experiment_cells(study, whole))
    assert study.recipe_of("mini@learning-rate-0.004").learning_rate == 0.004
    whole_set = load(study_along("dataset.train_size", [8, 24])).experiments["along"]
    assert whole_set.points == {"gradeschool@train-8": 8, "gradeschool": 24}, "24 are all that are generated"
    # midi has a rate of its own, of the same experiment.
    config["experiments"]["along"]["students"] = ["midi"]
    assert load(config).experiments["along"].students == ["midi@learning-rate-0.001", "midi@learning-rate-0.004"]


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("dataset.train_size", [8, 16]),
        ("dataset.train", [12, 24]),
        ("recipe.epochs", [1.0, 2.0, 3]),
        ("recipe.schedule", ["cosine", "constant"]),
        ("recipe.supervise.rationale", [0.0, 0.5, 1.0]),
        ("teacher.error_rate", [0.0, 0.5]),
        ("decoding.max_new_tokens", [8, 12, 16]),
        ("transform.share", [0.25, 0.5]),
        ("samples", [1, 2]),
    ],
)
def test_what_was_expanded_once_is_what_it_was(axis: str, values: list[Any]) -> None:
    """Programs read the study that a run wrote down, which has the entries already."""
    once = load(study_along(axis, values))
    again = load(once.model_dump(mode="json"))
    assert again.model_dump_json() == once.model_dump_json()
    assert len(once.experiments["along"].points) == len(values)


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("dataset.train_size", [8, 12, 16]),
        ("recipe.epochs", [0.25, 0.5, 0.75]),
        ("teacher.error_rate", [0.1, 0.2, 0.3]),
    ],
)
def test_one_more_value_is_one_more_cell(axis: str, values: list[Any]) -> None:
    few, more = (set(cells(load(study_along(axis, chosen)))) for chosen in (values[:2], values))
    assert few < more
    assert len(more) == len(few) + 1


def test_the_points_of_a_decoding_are_for_their_own_cells() -> None:
    study = load(study_along("decoding.max_new_tokens", [8, 12]))
    assert study.experiments["along"].decodings == ["greedy@max-new-tokens-8", "greedy"]
    files = metrics_files(study, cells(study))
    assert len([path for path in files if "/greedy@max-new-tokens-8." in path]) == 1
    assert len([path for path in files if path.endswith("/greedy.json")]) == len(cells(study))


def test_an_axis_without_values_keeps_the_identity_of_a_study() -> None:
    study = load(tiny_study())
    assert set(study.experiments["granularity"].model_dump()) & {"values", "decodings", "sweep"} == set()
    assert "train_size" not in study.datasets["gradeschool"].model_dump()


def test_names_can_be_an_axis() -> None:
    config = study_along("student", ["midi", "mini"])
    del config["experiments"]["along"]["students"]
    assert load(config).experiments["along"].students == ["midi", "mini"]
    config["experiments"]["along"]["students"] = ["mini"]
    with pytest.raises(UserError, match="name different ones"):
        load(config)


@pytest.mark.parametrize(
    ("axis", "values", "told", "where"),
    [
        ("dataset.train_size", [8, 0], "train_size", "experiments.along.values.1"),
        ("dataset.colour", [1, 2], "colour", "experiments.along.values.0"),
        ("recipe.learning_rate", [0.1, -1], "learning_rate", "experiments.along.values.1"),
        ("recipe.learning_rate", [0.1], "two or more", "experiments.along"),
        ("recipe.learning_rate", [0.1, 0.1], "twice", "experiments.along"),
        ("weather.rain", [1, 2], "axis", "experiments.along.axis"),
        ("level", [1, 2], "values", "experiments.along"),
    ],
)
def test_a_value_that_nothing_accepts_is_named(axis: str, values: list[Any], told: str, where: str) -> None:
    with pytest.raises(UserError) as failed:
        load(study_along(axis, values))
    assert where in str(failed.value.where)
    assert told in str(failed.value)


def test_a_name_with_an_at_is_a_point_or_nothing() -> None:
    config = tiny_study()
    config["students"]["mini@wide"] = {**copy.deepcopy(config["students"]["mini"]), "hidden": 32}
    with pytest.raises(UserError, match="no point of a student"):
        load(config)


def test_a_smaller_set_is_part_of_the_larger_and_the_test_is_one() -> None:
    """And problems have the names that they have in the whole set, so that teachers write of them what they write there."""
    whole = {"source": "gradeschool", "seed": 5, "train": 24, "test": 10, "development": {"share": 0.2}}
    kept = {size: GradeschoolDataset.model_validate({**whole, "train_size": size}) for size in (8, 16)}
    train = {size: load_problems("d", section, "train", None).problems for size, section in kept.items()}
    assert train[16][:8] == train[8]
    assert [len(found) for found in train.values()] == [8, 16]
    for split in ("test", "development"):
        found = [load_problems("d", section, split, None).problems for section in kept.values()]
        assert found[0] == found[1]


def test_points_of_a_recipe_share_their_base_model() -> None:
    study = load(study_along("recipe.learning_rate", [0.004, 0.002]))
    wildcards: Any = SimpleNamespace(student="mini@learning-rate-0.004")
    assert base_model(study, wildcards) == [paths.BASE_MODEL.of(study, student="mini")]


def test_sizes_that_are_no_part_of_one_another_are_refused() -> None:
    config = tiny_study()
    config["datasets"]["svamp"] = {"source": "svamp", "origin": "files", "sample_seed": 1}
    config["experiments"]["granularity"] |= {"axis": "dataset.train_size", "values": [10, 20], "datasets": ["svamp"]}
    with pytest.raises(
        UserError, match=r"granularity.axis: every size of 'svamp' would be a sample of its own.*nested"
    ):
        load(config)
    config["datasets"]["svamp"]["sample"] = "nested"
    assert load(config).experiments["granularity"].datasets == ["svamp@train-10", "svamp@train-20"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"axis": "transform.share", "values": [0.1, 0.2]},
            "nothing in its formats has a key that axis transform.share",
        ),
        ({"axis": "samples", "values": [1, 2]}, "nothing in its formats has a key that axis samples varies"),
        (
            {"axis": "recipe.attention", "values": ["eager", "a/b"]},
            "values.1: recipe.attention: 'a/b' cannot be part of",
        ),
        (
            {"axis": "recipe.adapter", "values": [None, {"rank": 4}]},
            "^configuration key experiments.granularity.values.1: ",
        ),
        (
            {"axis": "recipe.learning_rate", "values": [float("inf"), 1.0]},
            "values.0: recipe.learning_rate: .* finite number",
        ),
        ({"axis": "dataset.train_size", "values": [4, 10**9]}, "train_size 1,000,000,000 is more than the"),
        (
            {"axis": "recipe.epochs", "values": [1, 2], "sweep": {"recipe.epochs": [1, 2]}},
            "recipe.epochs is the axis and is swept too",
        ),
        (
            {"sweep": {"recipe.epochs": []}},
            "^configuration key experiments.granularity.sweep: a sweep of recipe.epochs",
        ),
        ({"seeds": [2**70]}, "seeds.0: input should be less than 4294967296"),
    ],
)
def test_an_axis_that_varies_nothing_is_told(keys: dict[str, Any], message: str) -> None:
    config = tiny_study()
    config["experiments"]["granularity"] |= keys
    with pytest.raises(UserError, match=message):
        load(config)
