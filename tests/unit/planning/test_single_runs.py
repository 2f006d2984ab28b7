"""The plan says, before anything runs, which experiments will give no verdict."""

from pathlib import Path

from builders import tiny_study

from gradus.planning.inputs import PlanInputs
from gradus.planning.plan import Plan, plan
from gradus.results.store import Results
from gradus.study.config import load
from gradus.teachers.prompts.prompting import Prompts


def planned(root: Path, seeds: list[int]) -> Plan:
    config = tiny_study()
    for experiment in config["experiments"].values():
        experiment["seeds"] = seeds
    return plan(PlanInputs(Results(root, load(config)), Prompts(root), root / "prices.yaml"), {}, [])


def test_an_experiment_with_one_seed_is_told_what_it_cannot_say(tmp_path: Path) -> None:
    one, three = planned(tmp_path, [1]), planned(tmp_path, [1, 2, 3])
    assert "granularity" in one.single_runs and "one run: no verdict" in one.to_markdown()
    assert list(three.single_runs) == [] and "One seed" not in three.to_markdown()
