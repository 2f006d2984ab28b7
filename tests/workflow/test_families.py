"""The real architectures, tiny, from base model to predictions: templates, ends, adapters, chunked heads, padding-free rows."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study
from running import PROJECT, Workflow
from safetensors import safe_open

from gradus.planning.inputs import PlanInputs
from gradus.planning.needs import training_needs
from gradus.records import Example, Prediction, Problem
from gradus.results.store import Results
from gradus.runtime.atomic import canonical_json, sha256_file
from gradus.runtime.jsonl import read_records
from gradus.students import tiny_models
from gradus.students.templates import Template
from gradus.study.config import load
from gradus.teachers.prompts.prompting import Prompts

ANSWERS = "gradeschool/gold/answer-only/native"
WHOLE = ("bloom", "gemma", "llama")
STUDENTS = (*WHOLE, "adapted")
# Large compared with its tokenizer, as real models are.
WIDE: dict[str, dict[str, Any]] = {"llama": {"hidden_size": 128, "intermediate_size": 512}}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """BLOOM, Gemma and Llama fine-tuned whole, and Llama by adapters, on answers until they know how to stop."""
    folder = tmp_path_factory.mktemp("families")
    study = tiny_study("families")
    study["recipe"] |= {"learning_rate": 0.01, "epochs": 40.0, "cutoff_tokens": 1024, "save_every": 1000, "ranks": 1}
    recipes: dict[str, dict[str, object]] = {
        "bloom": {"lm_head": "chunked"},
        "gemma": {"ranks": 2},
        "llama": {"layout": "padding-free", "lm_head": "chunked"},
        "adapted": {"adapter": {"rank": 8, "alpha": 32.0}, "epochs": 4.0, "zero_stage": 3, "ranks": 2},
    }
    study["students"] = {
        name: {
            "kind": "pretrained",
            "model": str(
                tiny_models.make("llama" if name == "adapted" else name, folder / "models" / name, **WIDE.get(name, {}))
            ),
            "template": tiny_models.TEMPLATES["llama" if name == "adapted" else name],
            "recipe": recipe,
        }
        for name, recipe in recipes.items()
    }
    experiment = study["experiments"]["granularity"]
    experiment |= {"students": list(recipes), "levels": ["native"], "teachers": ["gold"], "formats": ["answer-only"]}
    del experiment["baselines"], study["teachers"]["tutor"]
    made = Workflow(folder, study)
    made.run("metrics")
    return made


def checkpoint(trained: Workflow, student: str) -> Path:
    return trained.results / "checkpoints" / ANSWERS / student / "seed1"


@pytest.mark.parametrize("student", WHOLE)
def test_it_has_learned_to_stop(trained: Workflow, student: str) -> None:
    manifest = json.loads((checkpoint(trained, student) / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["final_end_loss"] < 0.3
    predictions = read_records(
        trained.results / "predictions" / ANSWERS / student / "seed1" / "test/greedy.jsonl", Prediction
    )
    assert sum(prediction.finish_reason == "stop" for prediction in predictions) >= 9
    assert all(prediction.completion_tokens > 0 for prediction in predictions)


@pytest.mark.parametrize("student", STUDENTS)
def test_prompts_are_the_same_bytes_in_training_and_evaluation(trained: Workflow, student: str) -> None:
    """Read by transformers' tokenizer from the checkpoint, compared with what generation says it was asked."""
    from transformers import AutoTokenizer

    weights = checkpoint(trained, student) / "weights"
    reference = AutoTokenizer.from_pretrained(str(weights))
    template = Template(**json.loads((weights / "template.json").read_text(encoding="utf-8")))
    problems = {
        split: {
            problem.id: problem
            for problem in read_records(trained.results / f"data/gradeschool/{split}.jsonl", Problem)
        }
        for split in ("train", "test")
    }
    for prediction in read_records(
        trained.results / "predictions" / ANSWERS / student / "seed1" / "test/greedy.jsonl", Prediction
    ):
        ids = reference.encode(template.prompt(problems["test"][prediction.problem_id]), add_special_tokens=False)
        assert prediction.prompt_hash == hashlib.sha256(canonical_json(ids).encode()).hexdigest()[:16]
    for example in read_records(trained.results / "training_sets" / ANSWERS / f"{student}.jsonl", Example):
        assert example.prompt == template.prompt(problems["train"][example.problem_id])


@pytest.mark.parametrize("student", STUDENTS)
def test_the_checkpoint_is_whole_and_says_where_it_comes_from(trained: Workflow, student: str) -> None:
    folder = checkpoint(trained, student)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    present = {
        path.relative_to(folder / "weights").as_posix()
        for path in (folder / "weights").rglob("*")
        if path.is_file() and path.name != ".snakemake_timestamp"
    }
    assert present == manifest["files"].keys()
    assert all(sha256_file(folder / "weights" / name) == digest for name, digest in manifest["files"].items())
    assert not [name for name in present if name.endswith((".pt", ".bin")) or "optim" in name], "optimizer state"
    assert not list((trained.folder / "work").glob("*/identity.json")), "progress of finished trainings"
    assert manifest["base"]["files"]["model.safetensors"]["sha256"] == sha256_file(
        trained.folder / "models" / student / "model.safetensors"
    )
    with safe_open(folder / "weights" / "model.safetensors", framework="numpy") as reader:
        assert "lm_head.weight" not in reader.keys(), "tied embeddings written twice"  # noqa: SIM118 - not a dict
    recipe = json.loads((folder / "weights" / "recipe.json").read_text(encoding="utf-8"))
    # How often progress is kept decides no weights: it stands as it was here, and at its default in the identity.
    assert {**recipe, "save_every": 100} == manifest["identity"]["recipe"]
    assert manifest["samples_seen"] == 24 * recipe["epochs"] == 8 * manifest["steps"]
    assert (
        json.loads((folder / "weights" / "deepspeed.json").read_text(encoding="utf-8"))["zero_optimization"]["stage"]
        == (recipe["zero_stage"])
    )
    assert manifest["versions"]["deepspeed"]


def test_a_checkpoint_is_a_model_for_anybody(trained: Workflow) -> None:
    """transformers alone generates from it and stops at the learned end, which its generation settings name."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    weights = checkpoint(trained, "llama") / "weights"
    model: Any = AutoModelForCausalLM.from_pretrained(weights)
    tokenizer = AutoTokenizer.from_pretrained(weights)
    template = Template(**json.loads((weights / "template.json").read_text(encoding="utf-8")))
    problem = next(iter(read_records(trained.results / "data/gradeschool/test.jsonl", Problem)))
    ids = tokenizer(template.prompt(problem), add_special_tokens=False, return_tensors="pt")["input_ids"]
    written = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)
    assert int(written[0, -1]) == tokenizer.convert_tokens_to_ids("<|eot_id|>")


def test_adapters_change_the_linear_layers_and_are_kept(trained: Workflow) -> None:
    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    points = (checkpoint(trained, "adapted") / "trace.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(points[-1])["loss"] < json.loads(points[0])["loss"]
    weights = checkpoint(trained, "adapted") / "weights"
    base = load_file(trained.folder / "models" / "adapted" / "model.safetensors")
    merged = load_file(weights / "model.safetensors")
    changed = {name for name in base if not base[name].equal(merged[name])}
    assert changed == {name for name in base if "proj" in name}
    fresh = AutoModelForCausalLM.from_pretrained(trained.folder / "models" / "adapted")
    again = PeftModel.from_pretrained(fresh, weights / "adapter").merge_and_unload().state_dict()
    assert all(again[name].equal(merged[name]) for name in merged)
    assert str(trained.folder) not in (weights / "adapter" / "adapter_config.json").read_text(encoding="utf-8")


def test_every_step_had_the_same_number_of_samples_and_hardly_any_padding(trained: Workflow) -> None:
    for student in STUDENTS:
        lines = (checkpoint(trained, student) / "trace.jsonl").read_text(encoding="utf-8").splitlines()
        points = [json.loads(line) for line in lines]
        assert {point["samples"] for point in points} == {8}
        if student == "llama":
            assert {point["padding_share"] for point in points} == {0.0}
        speeds = (checkpoint(trained, student) / "telemetry.run.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["step"] for line in speeds] == [point["step"] for point in points]
        assert all(json.loads(line)["tokens_per_second"] > 0 for line in speeds)


def test_the_plan_predicts_the_disk_that_weights_take(trained: Workflow) -> None:
    results = Results(trained.folder, load(trained.config))
    inputs = PlanInputs(results, Prompts(PROJECT / "prompts"), PROJECT / "prices.yaml")
    needs = training_needs(inputs, "llama", 1000.0, 100.0)
    assert needs is not None and needs.rank_seconds > 0
    taken = sum(path.stat().st_size for path in (checkpoint(trained, "llama") / "weights").iterdir())
    assert needs.weights_bytes == pytest.approx(taken, rel=0.1)
