"""The plan: what a study needs, and what an edit of it would make again."""

import json
from collections.abc import Callable
from typing import Any

from running import Workflow


def test_the_plan_counts_before_anything_runs(workflow: Callable[..., Workflow]) -> None:
    made = workflow()
    (experiment,) = made.config["experiments"].values()
    dataset, student = experiment["datasets"][0], experiment["students"][0]
    first = f"{experiment['teachers'][0]}/original/{experiment['levels'][0]}"
    sides = {"first": first, "second": experiment["baselines"][0], "datasets": [dataset], "students": [student]}
    made.config["primary"] = {"gain": {"question": "Do rationales help?", **sides}}
    output = made.run("plan")
    plan = json.loads((made.results / "plan" / "plan.json").read_text(encoding="utf-8"))
    whole = plan["lines"][-1]
    assert (whole["cells"], whole["supervisions"]) == (4, 2)
    assert plan["quotes"]["the whole study"]["requests"] == 24
    assert whole["optimizer_steps"] == 4 * 3
    assert whole["weights_bytes"] == 2 * (plan["lines"][0]["weights_bytes"] // 2) > 0
    assert whole["progress_bytes"] > whole["weights_bytes"] // 4
    assert 0 < whole["rank_hours"] < 1
    assert plan["jobs"]["train"] == 4
    assert "the whole study" in output
    # What is declared is written down when the study begins, not when it is planned.
    assert sorted(path.name for path in made.results.iterdir()) == [
        "benchmarks",
        "logs",
        "plan",
        "study.json",
    ]
    (declared,) = plan["declared"]
    assert declared["declared"] == f"gain: {dataset}, {student}" and "prior: the paper's runs" in declared["noise_from"]
    assert "power for the margin" in output
    (made.results / "plan" / "plan.json").unlink()
    made.run("plan")
    assert (made.results / "plan" / "plan.json").exists(), "the plan is always made anew"
    made.run(f"results/{made.config['study']}/data/{dataset}/test.jsonl")
    (record,) = made.results.glob("declared-*.run.json")
    assert json.loads(record.read_text(encoding="utf-8"))["trainings_before"] == 0


def test_one_more_value_of_an_axis_is_one_more_point(workflow: Callable[..., Workflow]) -> None:
    """The points of a recipe share base model and annotations; a value that a student has anyway is that student."""
    made = workflow()
    experiment = made.config["experiments"]["granularity"]
    along = {**experiment, "axis": "recipe.learning_rate", "students": ["mini"], "baselines": []}
    few, more = ({**along, "values": values} for values in ([0.001, 0.004], [0.001, 0.004, 0.008]))
    made.config["experiments"] = {"granularity": experiment}
    alone = made.jobs("metrics")
    made.config["experiments"]["along"] = few
    with_two = made.jobs("metrics")
    made.config["experiments"]["along"] = more
    with_three = made.jobs("metrics")
    for before, after in ((alone, with_two), (with_two, with_three)):
        added = {rule: after[rule] - before.get(rule, 0) for rule in after if after[rule] != before.get(rule, 0)}
        assert added == {"training_set": 1, "train": 1, "generate": 1, "score": 1}


def would_run(run: Workflow) -> dict[str, dict[str, Any]]:
    output = run.run("plan")
    plan = json.loads((run.results / "plan" / "plan.json").read_text(encoding="utf-8"))
    assert ("Nothing is left to run" in output) == (not plan["jobs"])
    return {one["would_run_in"]: one for one in plan["would_run"]}


def because(run: Workflow) -> dict[str, dict[str, int]]:
    """What the last plan says of each cause: finished jobs by kind, those of which there are some."""
    plan = json.loads((run.results / "plan" / "plan.json").read_text(encoding="utf-8"))
    kinds = ("problems", "base_models", "annotations", "training_sets", "trainings", "predictions", "scores")
    return {one["because"]: {kind: one[kind] for kind in kinds if one[kind]} for one in plan["made_again_because"]}


def test_everything_is_new_before_anything_ran(workflow: Callable[..., Workflow]) -> None:
    made = workflow()
    whole = would_run(made)["the whole study"]
    assert because(made) == {}
    assert (whole["annotations_new"], whole["trainings_new"], whole["scores_new"]) == (2, 4, 4)
    assert (whole["annotations_again"], whole["trainings_again"], whole["requests"]) == (0, 0, 24)


def test_a_finished_study_has_nothing_to_do(copied: Workflow) -> None:
    assert would_run(copied) == {}


def test_an_edit_is_told_in_cells_steps_and_hours(copied: Workflow) -> None:
    copied.config["students"]["midi"]["recipe"] = {"epochs": 2.0}
    found = would_run(copied)
    assert set(found) == {"granularity", "the whole study"}
    whole = found["the whole study"]
    assert (whole["trainings_new"], whole["trainings_again"], whole["scores_again"]) == (0, 2, 2)
    assert (whole["annotations_again"], whole["requests"], whole["usd"]) == (0, 0, 0.0)
    assert whole["optimizer_steps"] == 2 * 6 and whole["rank_hours"] > 0
    assert found["granularity"] == {**whole, "would_run_in": "granularity"}
    cells_of_midi = {"trainings": 2, "predictions": 2, "scores": 2}
    assert because(copied) == {
        "students.midi.recipe.epochs: 1.0 -> 2.0": cells_of_midi,
        "recipe.learning_rate: 0.002 -> 0.001": cells_of_midi,  # its own went with the edit
    }


def test_several_edits_are_told_apart(copied: Workflow) -> None:
    """Of a key, a file that was deleted and a key that only rounds, each with what it reaches."""
    copied.config["teachers"]["tutor"]["seed"] = 1
    copied.config["decodings"]["greedy"]["batch_size"] = 5
    copied.config["experiments"]["granularity"]["seeds"] = [1, 2]
    next(copied.results.glob("metrics/**/native/mini/seed1/test/greedy.json")).unlink()
    whole = would_run(copied)["the whole study"]
    assert (whole["trainings_new"], whole["trainings_again"]) == (4, 2)
    assert because(copied) == {
        "teachers.tutor.seed: 0 -> 1": {
            "annotations": 1,
            "training_sets": 2,
            "trainings": 2,
            "predictions": 2,
            "scores": 2,
        },
        "decodings.greedy.batch_size: 4 -> 5": {"predictions": 4, "scores": 4},
        "files of `score` that are not there": {"scores": 1},
    }
    page = (copied.results / "plan" / "plan.md").read_text(encoding="utf-8")
    assert "decodings.greedy.batch_size: lays out the same sums" in page


def test_a_level_more_is_new_work_alone(copied: Workflow) -> None:
    copied.config["experiments"]["granularity"]["levels"].append("L2")
    whole = would_run(copied)["the whole study"]
    assert (whole["annotations_new"], whole["trainings_new"], whole["scores_new"]) == (1, 2, 2)
    assert (whole["annotations_again"], whole["trainings_again"], whole["scores_again"]) == (0, 0, 0)
    assert whole["requests"] == 24
