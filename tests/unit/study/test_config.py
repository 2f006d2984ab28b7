"""Study files: one clear message per mistake, naming the key and what is accepted."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import tiny_study
from running import PROJECT

from gradus.records import Supervision
from gradus.runtime.errors import UserError
from gradus.study.config import Study, load
from gradus.study.grid import cells, exemplars, supervisions
from gradus.workflow.resources import (
    gpus_per_node,
    training_cpus,
    training_gpus,
    training_memory,
    training_runtime,
)
from gradus.workflow.training import student_settings, training_settings


def changed(path: str, value: Any) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(
        json.dumps(tiny_study())
    )  # sections are shared there, and one change would be two
    holder = config
    *parents, last = path.split(".")
    for key in parents:
        holder = holder[key]
    holder[last] = value
    return config


@pytest.mark.parametrize(
    ("path", "value", "parts"),
    [
        ("recipe.learning_rat", 1.0, ["recipe.learning_rat:", "unknown key", "learning_rate"]),
        ("recipe.learning_rate", -1.0, ["recipe.learning_rate:", "greater than 0", "-1.0"]),
        ("recipe.zero_stage", 4, ["recipe.zero_stage:", "0, 1, 2 or 3", "4"]),
        ("students.mini.widht", 3, ["students.mini.widht:", "unknown key", "hidden"]),
        ("students.mini.recipe", {"epoch": 1.0}, ["students.mini.recipe.epoch:", "unknown key", "epochs"]),
        ("students.mini.corpus.sauce", "x", ["students.mini.corpus.sauce:", "unknown key", "documents"]),
        ("teachers.tutor.provider", "openia", ["teachers.tutor", "'tutor'", "openia"]),
        ("teachers.tutor.error_rate", 2.0, ["teachers.tutor.error_rate:", "less than or equal to 1"]),
        ("experiments.granularity.levels", ["L7"], ["experiments.granularity.levels:", "unknown level 'L7'", "L1, L2"]),
        ("experiments.granularity.students", ["maxi"], ["experiments.granularity.students.0:", "'maxi'", "mini"]),
        (
            "experiments.granularity.baselines",
            ["gold"],
            ["experiments.granularity.baselines.0:", "teacher/format/level"],
        ),
        ("study", "a/b", ["study:", "'a/b' cannot be a folder name"]),
        ("students", {"we/ak": tiny_study()["students"]["mini"]}, ["students:", "'we/ak' cannot be a folder name"]),
        ("datasets.gradeschool.train", "many", ["datasets.gradeschool.train:", "valid integer", "many"]),
        ("decodings", {}, ["decodings:", "at least 1"]),
    ],
)
def test_a_mistake_is_one_message_with_key_and_accepted_values(path: str, value: Any, parts: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        load(changed(path, value))
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, message


def test_a_missing_key_is_named() -> None:
    config = tiny_study()
    del config["datasets"]["gradeschool"]["seed"]
    with pytest.raises(UserError, match=r"datasets\.gradeschool\.seed: required key is missing"):
        load(config)


@pytest.mark.parametrize(
    "path", [PROJECT / "config.yaml", *sorted((PROJECT / "studies").glob("*.yaml"))], ids=lambda p: p.name
)
def test_shipped_studies_are_valid(path: Path) -> None:
    study = load(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert cells(study)


def test_the_default_study_is_small_and_shares_cells() -> None:
    study = load(yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8")))
    assert len(cells(study)) <= 14
    assert len(supervisions(study)) == len(set(supervisions(study)))


def test_a_student_override_changes_that_student_only() -> None:
    config = tiny_study()
    config["students"]["midi"]["recipe"] = {"learning_rate": 0.5}
    study = load(config)
    assert '"learning_rate":0.5' in training_settings(study, "midi", 1)
    assert '"learning_rate":0.001' in training_settings(study, "mini", 1)


@pytest.mark.parametrize(("preset", "rate"), [("paper", 3e-5), ("released", 5e-5)])
def test_a_preset_is_a_whole_recipe_that_keys_change(preset: str, rate: float) -> None:
    """The published recipes; a student's own preset goes before the study's keys, single keys go before both."""
    study = tiny_study()
    study["students"]["midi"]["recipe"] = {"preset": preset, "epochs": 1.0}
    found = load(study).recipe_of("midi")
    assert (found.learning_rate, found.batch_size, found.warmup_share, found.epochs) == (rate, 64, 0.0, 1.0)
    assert (found.weight_decay, found.max_grad_norm, found.cutoff_tokens, found.precision) == (0.0, 1.0, 4096, "bf16")
    assert "preset" not in found.model_dump(), "two names of the same recipe must not be two cells"
    study["recipe"] = {"preset": preset}
    assert load(study).recipe_of("mini").learning_rate == rate
    again = load(json.loads(load(study).model_dump_json()))
    assert again.recipe_of("mini").model_dump() == load(study).recipe_of("mini").model_dump()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"offload": "parameters", "zero_stage": 2}, "offload 'parameters' needs zero_stage 3"),
        ({"offload": "optimizer", "zero_stage": 0}, "offload 'optimizer' needs zero_stage 1, 2 or 3"),
        ({"preset": "papre"}, "preset"),
    ],
)
def test_recipes_that_cannot_be(keys: dict[str, object], message: str) -> None:
    study = tiny_study()
    study["recipe"] |= keys
    with pytest.raises(UserError, match=message):
        load(study)


def test_what_a_training_asks_a_cluster_for_is_no_part_of_its_identity() -> None:
    study = tiny_study()
    plain = load(study)
    study["students"]["mini"]["resources"] = {"nodes": 2, "gpus_per_rank": 1, "cpus_per_rank": 3, "runtime": 9}
    asking = load(study)
    assert training_settings(asking, "mini", 1) == training_settings(plain, "mini", 1)
    assert student_settings(asking, "mini") == student_settings(plain, "mini")
    assert (training_gpus(plain, "mini"), gpus_per_node(plain, "mini"), training_cpus(plain, "mini")) == (0, "", 2)
    assert (training_gpus(asking, "mini"), gpus_per_node(asking, "mini")) == (2, "--gpus-per-node=1")
    assert (training_cpus(asking, "mini"), training_runtime(asking, "mini")) == (3, 9)


def earlier(of: str, share: float) -> Study:
    study = tiny_study()
    study["students"]["mini"]["keep_at"] = [0.5]
    study["students"]["far"] = {"kind": "pretrained", "model": "x"}
    study["students"]["less"] = {"kind": "earlier", "of": of, "share": share}
    return load(study)


def test_an_earlier_student_has_the_shape_of_the_whole_one() -> None:
    study = earlier("mini", 0.5)
    assert study.origin_of("less") is study.students["mini"]
    assert training_memory(study, "less", 1) == training_memory(study, "mini", 1)
    assert "keep_at" not in load(tiny_study()).students["mini"].model_dump()


@pytest.mark.parametrize(
    ("of", "share", "message"),
    [
        ("mini", 0.3, "the warm-up of 'mini' keeps no weights after 0.3 of its steps"),
        ("far", 0.5, "'far' has no warm-up"),
        ("nobody", 0.5, "nobody"),
    ],
)
def test_an_earlier_student_needs_a_warm_up_that_keeps_it(of: str, share: float, message: str) -> None:
    with pytest.raises(UserError, match=message):
        earlier(of, share)


def test_memory_grows_with_the_student_and_with_each_try() -> None:
    study = tiny_study()
    study["students"]["big"] = {"kind": "pretrained", "model": "bigscience/bloom-3b", "template": "alpaca"}
    study["students"]["big"]["recipe"] = {"precision": "bf16", "ranks": 4}
    found = load(study)
    small, big = training_memory(found, "mini", 1), training_memory(found, "big", 1)
    assert 4000 <= small < 5000
    assert big == round(4 * (2000 + 2 * 2 * 3002.55744))  # a copy of the weights in each rank, twice while it is loaded
    assert training_memory(found, "big", 2) == round(1.5 * big)
    study["students"]["big"]["recipe"] |= {"offload": "optimizer"}
    assert training_memory(load(study), "big", 1) > big + 40_000
    study["students"]["big"]["resources"] = {"mem_mb": 9000}
    assert training_memory(load(study), "big", 1) == 9000


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "vicuna",
            "configuration key students.mini.template: input should be 'plain', 'alpaca', 'gemma', 'llama3' or 'chat'",
        ),
        ({"before": "Q: "}, "configuration key students.mini.template.after: required key is missing"),
        (
            {"file": "my.jinja", "lead": " "},
            "configuration key students.mini.template.lead: unknown key (accepted here: file)",
        ),
    ],
)
def test_a_template_that_is_none_names_its_key(template: Any, message: str) -> None:
    config = tiny_study()
    config["students"]["mini"] = {"kind": "pretrained", "model": "x", "template": template}
    with pytest.raises(UserError) as caught:
        load(config)
    assert str(caught.value).startswith(message)


def test_only_an_original_at_level_native_needs_no_worked_example() -> None:
    study = load(changed("teachers.api", {"provider": "openai", "model": "m"}))
    own = Supervision("gradeschool", "api", "original", "native")
    rewrite = Supervision("gradeschool", "api", "symbolic", "native")
    assert exemplars(study, [own]) == []
    both = [("gradeschool", "api", "original"), ("gradeschool", "api", "symbolic")]
    assert exemplars(study, [own, rewrite]) == both
    assert exemplars(study, [Supervision("gradeschool", "api", "original", "L1")]) == both[:1]


def test_lists_within_lists_without_end_are_one_message() -> None:
    """YAML can name a list within itself; JSON can nest as deep as somebody likes."""
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(UserError, match="the study file: holds lists within lists without end"):
        load({"study": endless})
