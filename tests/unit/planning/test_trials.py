"""The plan: what it says of pretrained students before and after their trial."""

import re
from pathlib import Path
from typing import Any

from builders import tiny_study

from gradus.planning.inputs import PlanInputs
from gradus.planning.plan import TRIED, plan
from gradus.results.store import Results
from gradus.runtime.atomic import write_json
from gradus.students import trial
from gradus.study import paths
from gradus.study.config import load
from gradus.study.config.students import Recipe
from gradus.teachers.prompts.prompting import Prompts


def planned(root: Path, resources: dict[str, Any] | None = None, **recipe: Any) -> str:
    config = tiny_study()
    student = {"kind": "pretrained", "model": "somewhere/gemma", "recipe": recipe, "resources": resources or {}}
    config["students"] = {"gemma": student}
    config["experiments"]["granularity"]["students"] = ["gemma"]
    inputs = PlanInputs(Results(root, load(config)), Prompts(root), root / "prices.yaml")
    return plan(inputs, {}, []).to_markdown()


def test_the_trial_of_a_pretrained_student_is_shown_where_it_is_there(tmp_path: Path) -> None:
    assert "not tried yet" in planned(tmp_path)
    study = load(tiny_study())
    found = {"architecture": "Gemma3ForConditionalGeneration", "parameters": 9, "positions": 131_072}
    found |= {"notes": ["it sees pictures"], "demands": {"recipe": study.recipe.model_dump()}}
    write_json(tmp_path / paths.STUDENT.of("tiny", student="gemma").run_record, {"trial": found})
    line = next(line for line in planned(tmp_path).splitlines() if "Gemma3" in line)
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "gemma", "fits", "Gemma3ForConditionalGeneration", "131,072", "it sees pictures",
    ]  # fmt: skip
    assert "fits another recipe" in planned(tmp_path, adapter={})
    assert "fits another recipe" not in planned(tmp_path, learning_rate=0.5, epochs=7.0)


def test_all_that_a_trial_reads_of_a_recipe_is_compared() -> None:
    room = Path(trial.__file__).parent
    read = {
        key for path in room.glob("*.py") for key in re.findall(r"\brecipe\.(\w+)", path.read_text(encoding="utf-8"))
    }
    assert read & set(Recipe.model_fields) == set(TRIED)


def test_half_precision_on_a_cpu_is_told(tmp_path: Path) -> None:
    told = "bf16 takes most CPUs several times as long"
    assert told in planned(tmp_path, {"gpus_per_rank": 0}, precision="bf16")
    assert told not in planned(tmp_path, {"gpus_per_rank": 0}, precision="fp32")
    assert told not in planned(tmp_path, precision="bf16")
