"""Why finished work would be made again: keys with both values, files, code; causes go down to what is made from it."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import tiny_study

from gradus.planning.due_jobs import DueJob, from_json, to_json
from gradus.planning.inputs import PlanInputs
from gradus.planning.needs import needs_of
from gradus.planning.pending_changes import Change
from gradus.planning.plan import Plan
from gradus.planning.reasons import MADE, pairs, reasons, rounding_alone
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.changed_keys import changed_keys
from gradus.study.config import load, rounding
from gradus.study.config.decodings import Decoding
from gradus.study.config.students import Recipe
from gradus.study.grid import cells
from gradus.study.paths import Artifact
from gradus.teachers.prompts.prompting import Prompts
from gradus.workflow import rounding_changes
from gradus.workflow.rounding_changes import refuse, refuse_jobs

CHANGE = Change("the whole study", 0, 0, 0, 2, 0, 2, 0, 0.0, 6, 0.1)
CODES = ("0123456789abcdef", "fedcba9876543210")


@pytest.fixture
def inputs(tmp_path: Path) -> PlanInputs:
    return PlanInputs(Results(tmp_path, load(tiny_study())), Prompts(tmp_path), tmp_path / "prices.yaml")


def training(student: str, before: dict[str, Any], now: dict[str, Any], **changes: Any) -> DueJob:
    study = load(tiny_study())
    cell = next(cell for cell in cells(study) if cell.student == student and cell.supervision.teacher == "tutor")
    texts = [json.dumps({"recipe": recipe, "seed": 1}) for recipe in (before, now)]
    job = DueJob(
        "train",
        {key: str(value) for key, value in cell.wildcards().items()},
        [paths.WEIGHTS.of(study, cell), paths.WEIGHTS.manifest.of(study, cell)],
        True,
        before=[texts[0]],
        now={"settings": texts[1]},
    )
    return replace(job, **changes)


def test_a_key_is_told_with_both_values_where_the_study_file_has_it(inputs: PlanInputs) -> None:
    jobs = [
        training("mini", {"learning_rate": 0.001, "epochs": 1.0}, {"learning_rate": 0.003, "epochs": 1.0}),
        training("midi", {"learning_rate": 0.002, "ranks": 2}, {"learning_rate": 0.003, "ranks": 1}),
    ]
    found = {one.because: one for one in reasons(inputs, jobs)}
    assert set(found) == {
        "recipe.learning_rate: 0.001 -> 0.003",
        "students.midi.recipe.learning_rate: 0.002 -> 0.003",
        "recipe.ranks: 2 -> 1",
    }
    assert all(one.trainings == 1 and one.rank_hours for one in found.values())
    assert [name for name, one in found.items() if one.rounding] == ["recipe.ranks: 2 -> 1"]
    needs = [needs_of(inputs, "all", [], 0)]
    shown = Plan(needs, {}, [], {"train": 2}, [CHANGE], {}, [], reasons=list(found.values())).to_markdown()
    assert "recipe.ranks: lays out the same sums" in shown and "0.001 -> 0.003" in shown


def test_a_cause_reaches_what_is_made_from_it_and_nothing_that_is_new(inputs: PlanInputs) -> None:
    where = {"dataset": "gradeschool", "teacher": "tutor", "format": "original", "level": "L1"}
    annotation = DueJob(
        "annotate",
        where,
        ["a.jsonl"],
        True,
        before=['{"provider":"tutor","seed":0}', CODES[0]],
        now={"settings": '{"provider":"tutor","seed":1}', "code": CODES[1]},
    )
    trained = training("mini", {"epochs": 1.0}, {"epochs": 2.0}, after=[0])
    new = replace(
        training("midi", {}, {}), made_before=False, before=[], now=None, missing=["manifest.json"], after=[0]
    )
    score = DueJob("score", {}, ["m.json"], True, after=[1, 3])
    predictions = DueJob(
        "generate", {}, ["p.jsonl"], True, missing=["p.jsonl"], inputs=["results/tiny/data/test.jsonl"]
    )
    page = DueJob("explorer", {}, ["page.html"], True, after=[0])
    found = {one.because: one for one in reasons(inputs, [annotation, trained, new, predictions, score, page])}
    counts = {name: (one.annotations, one.trainings, one.predictions, one.scores) for name, one in found.items()}
    assert counts == {
        "teachers.tutor.seed: 0 -> 1": (1, 1, 0, 1),
        "code that decides what `annotate` writes": (1, 1, 0, 1),
        "recipe.epochs: 1.0 -> 2.0": (0, 1, 0, 1),
        "files of `generate` that are not there": (0, 0, 1, 1),
        "another content of results/tiny/data/test.jsonl": (0, 0, 1, 1),
    }


def test_values_of_the_past_find_their_names_by_likeness() -> None:
    before = ["--old option", CODES[0], '{"a":1,"b":2}', '{"c":3}', ""]
    now = {"first": '{"a":1,"b":3}', "second": '{"c":4}', "code": CODES[1], "content": 64 * "a", "extra": '{"d":5}'}
    assert list(pairs(before, now)) == [
        ("first", '{"a":1,"b":2}', '{"a":1,"b":3}'),
        ("second", '{"c":3}', '{"c":4}'),
        ("code", CODES[0], CODES[1]),
        ("content", "", 64 * "a"),
        ("extra", None, '{"d":5}'),
    ]


def test_due_jobs_come_back_from_json() -> None:
    jobs = [DueJob("train", {"seed": "1"}, ["x"], True, after=[0], now={"code": "c"}), DueJob("all", {}, ["y"], False)]
    written = json.loads(json.dumps(to_json(jobs)))
    assert json.loads(json.dumps(to_json(from_json(written)))) == written


def test_the_keys_that_only_round_are_keys() -> None:
    assert set(Recipe.model_fields) >= rounding.RECIPE and set(Decoding.model_fields) >= rounding.DECODING


@pytest.mark.parametrize(("before", "now"), [(1, 1.0), (True, 1), ([1], [1.0])])
def test_numbers_that_are_written_otherwise_are_told(before: object, now: object) -> None:
    """A request's body has another text with each, and so another identity."""
    (found,) = changed_keys({"extra": before}, {"extra": now})
    assert str(found) == f"extra: {json.dumps(before)} -> {json.dumps(now)}"


def test_a_section_that_is_new_is_told_by_its_keys() -> None:
    assert [one.key for one in changed_keys({}, {"a": 1})] == ["a"]


def test_long_values_are_shown_where_they_differ() -> None:
    (found,) = changed_keys({"a": "x" * 100 + "one"}, {"a": "x" * 100 + "other"})
    assert found.before != found.now and found.now.endswith('other"') and len(str(found)) < 170


def test_what_runs_again_has_a_cause_even_where_no_key_differs(inputs: PlanInputs) -> None:
    job = DueJob(
        "annotate",
        {"dataset": "gradeschool", "teacher": "tutor", "format": "original", "level": "L1"},
        ["a.jsonl"],
        True,
        before=['{"a":null,"seed":0}'],
        now={"settings": '{"seed":0}'},
    )
    assert [one.because for one in reasons(inputs, [job])] == ["options of `annotate` (settings)"]


@pytest.mark.parametrize("format_", ["original", "short"])
def test_a_verdict_policy_is_told_where_the_study_file_has_it(inputs: PlanInputs, format_: str) -> None:
    config = tiny_study()
    config["transforms"] = {"short": {"kind": "truncated", "share": 0.5, "verdict_policy": {"agrees": "keep"}}}
    study = replace(inputs, results=Results(inputs.results.root, load(config)))
    job = DueJob("training_set", {"format": format_, "student": "mini"}, ["t.jsonl"], True)
    texts = [json.dumps({"verdict_policy": {"agrees": action}}) for action in ("drop", "keep")]
    (found,) = reasons(study, [replace(job, before=texts[:1], now={"settings": texts[1]})])
    where = "transforms.short." if format_ == "short" else ""
    assert found.because == f'{where}verdict_policy.agrees: "drop" -> "keep"'


def test_what_is_due_for_rounding_alone_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job with another cause too, one that was never made and one that is made from the first's weights."""
    monkeypatch.chdir(tmp_path)
    study = load(tiny_study())
    tokens = {"learning_rate": 0.001, "micro_batch_tokens": 8192}
    first = training("mini", tokens, {**tokens, "micro_batch_tokens": 4096})
    both = training("midi", tokens, {"learning_rate": 0.002, "micro_batch_tokens": 4096})
    after = DueJob("generate", {**first.wildcards, "decoding": "greedy"}, ["predictions.jsonl"], True, after=[0])
    score = DueJob("score", after.wildcards, ["metrics.json"], True, after=[2])
    found = rounding_alone(study, [first, both, after, score, replace(first, made_before=False)])
    keys = "recipe.micro_batch_tokens: 8192 -> 4096"
    assert found == {keys: [first, after, score]}
    Path("predictions.run.json").write_text('{"wall_seconds": 5400}', encoding="utf-8")
    said = f"{keys}: this lays out .* 1 training and 1 set of answers again .1.5 hours .*GRADUS_REMAKE=1"
    with pytest.raises(UserError, match=said):
        refuse_jobs(found, "study.yaml")
    with pytest.raises(UserError, match=r"put it back\. To make") as refused:
        refuse_jobs({"decodings.greedy.batch_size: 8 -> 4": [after]}, "study.yaml")
    assert "students.NAME" not in str(refused.value)
    refuse_jobs({keys: [score]}, "study.yaml")  # two seconds
    refuse_jobs({}, "study.yaml")


def test_weights_made_again_for_the_last_bits_of_answers_are_due_for_rounding_too(tmp_path: Path) -> None:
    """`clean` may have deleted weights whose answers exist; another batch of answers would train them again."""
    study = load(tiny_study())
    train = replace(training("mini", {}, {}), before=[], now=None, missing=["weights"])
    cell = {**train.wildcards, "decoding": "greedy"}
    settings = [json.dumps({"batch_size": size, "temperature": 0.0}) for size in (8, 4)]
    greedy = DueJob("generate", cell, ["a.jsonl"], True, [0], settings[:1], {"settings": settings[1]})
    sampled = DueJob("generate", {**cell, "decoding": "sampled"}, ["b.jsonl"], True, after=[0])
    assert rounding_alone(study, [train, greedy, sampled]) == {"decodings.greedy.batch_size: 8 -> 4": [train, greedy]}
    assert not rounding_alone(study, [train, sampled]), "somebody asked for the weights"
    new = DueJob("generate", cell, ["a.jsonl"], False, [0], missing=["a.jsonl"])
    assert not rounding_alone(study, [train, new]), "answers that are not there"
    assert not rounding_alone(study, [train, replace(greedy, missing=["a.jsonl"])]), (
        "deleted, so that they are made anew"
    )
    lower = {"recipe": {"micro_batch_tokens": 4096}}, {"recipe": {"micro_batch_tokens": 2048}}
    gone = replace(training("mini", *lower), missing=["weights"])
    assert not rounding_alone(study, [gone]), "deleted, so that they are made anew"


def run(reasons_: dict[str, bool], touch: bool = False) -> SimpleNamespace:
    """A workflow with a due job of each rule; whether its settings have changed."""
    jobs = [SimpleNamespace(rule=SimpleNamespace(name=rule)) for rule in reasons_]
    dag = SimpleNamespace(
        needrun_jobs=lambda: iter(jobs), reason=lambda job: SimpleNamespace(params_changed=reasons_[job.rule.name])
    )
    files = SimpleNamespace(configfiles=[Path("study.yaml")])
    return SimpleNamespace(dag=dag, touch=touch, persistence=None, config_settings=files)


def test_a_run_is_refused_by_what_its_jobs_were_made_from_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan before it has written the copy of the study anew."""
    first = training("mini", {"micro_batch_tokens": 8192}, {"micro_batch_tokens": 4096})
    looked: list[object] = []

    def due(*_: object) -> list[DueJob]:
        looked.append(first)
        return [first]

    monkeypatch.setattr(rounding_changes, "due_jobs", due)
    monkeypatch.delenv("GRADUS_REMAKE", raising=False)
    study = load(tiny_study())
    with pytest.raises(
        UserError, match=r"study.yaml: recipe.micro_batch_tokens: .* 1 training again for the last bits"
    ):
        refuse(run({"train": True}), study)
    looked.clear()
    refuse(run({"train": False, "study": True, "score": True}), study)
    refuse(run({"train": True}, touch=True), study)
    monkeypatch.setenv("GRADUS_REMAKE", "1")
    refuse(run({"train": True}), study)
    assert not looked
    monkeypatch.setenv("GRADUS_REMAKE", "no")
    with pytest.raises(UserError):
        refuse(run({"train": True}), study)


def test_dear_rules_are_those_that_make_what_is_dear() -> None:
    assert {rule for kind in rounding_changes._DEAR for rule in MADE[kind]} == rounding_changes.DEAR_RULES


def test_a_refusal_says_hours_and_the_way_out_in_words_that_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = training("mini", {}, {})
    Path(job.outputs[0]).parent.parent.mkdir(parents=True)
    record = Path(Artifact(str(Path(job.outputs[0]).parent)).run_record)
    record.write_text('{"rank_hours": 1248.4}', encoding="utf-8")
    own = "students.mini.recipe.micro_batch_tokens: 8 -> 4"
    with pytest.raises(UserError, match=r"\(2,497 hours when") as refused:
        refuse_jobs({own: [job], f"{own}; decodings.greedy.batch_size: 8 -> 4": [job]}, "study.yaml")
    said = str(refused.value)
    assert "students.NAME" not in said and said.count(own) == 1
