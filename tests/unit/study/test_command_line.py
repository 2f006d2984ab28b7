"""`--config key=value` takes values as a study file would: Snakemake hands most of them over as texts."""

from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study
from snakemake.cli import parse_config
from snakemake.utils import update_config

from gradus.runtime.errors import UserError
from gradus.study.config import load


def changed(*entries: str) -> Any:
    config: dict[str, Any] = tiny_study()
    said = parse_config(list(entries))
    update_config(config, said)
    return load(config, said=said)


@pytest.mark.parametrize(
    ("entry", "read", "value"),
    [
        ("allow_leakage=true", lambda study: study.allow_leakage, True),
        ("allow_leakage=True", lambda study: study.allow_leakage, True),
        ("retries=3", lambda study: study.retries, 3),
        ("budget_gpu_hours=1e2", lambda study: study.budget_gpu_hours, 100.0),
        ("budget_gpu_hours=null", lambda study: study.budget_gpu_hours, None),
        ("recipe={learning_rate: 0.005}", lambda study: study.recipe.learning_rate, 0.005),
        ("recipe={learning_rate: 5e-3, epochs: 2.0}", lambda study: study.recipe.learning_rate, 0.005),
        ("recipe={adapter: {rank: 4, modules: [q_proj]}}", lambda study: study.recipe.adapter.modules, ["q_proj"]),
        ("recipe={adapter: {rank: 4, modules: [q_proj]}}", lambda study: study.recipe.adapter.rank, 4),
        (
            "experiments={granularity: {seeds: [1, 2]}}",
            lambda study: study.experiments["granularity"].seeds,
            [1, 2],
        ),
        ("about='\"a question, 2026\"'", lambda study: study.about, "a question, 2026"),
        ("study=other", lambda study: study.study, "other"),
    ],
)
def test_a_value_is_read_as_in_a_file(entry: str, read: Any, value: Any) -> None:
    assert read(changed(entry)) == value
    assert changed(entry).students["midi"].recipe == {"learning_rate": 0.002}, "nothing else is another"


def test_a_text_of_the_file_stays_a_text() -> None:
    config = tiny_study()
    config["about"] = "true"
    assert load(config, said={"retries": "3"}).about == "true"


def test_a_wrong_value_is_named() -> None:
    with pytest.raises(UserError, match=r"recipe\.learning_rate"):
        changed("recipe={learning_rate: fast}")


def test_a_wrong_value_is_named_where_it_was_said(tmp_path: Path) -> None:
    """Not on the line of the file whose value does not count, nor in the first of two files."""
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("study: tiny\nretries: 2\nrecipe:\n  learning_rate: 0.1\n", encoding="utf-8")
    second.write_text("\nrecipe:\n  learning_rate: fast\n", encoding="utf-8")
    config = {**tiny_study(), "recipe": {"learning_rate": "fast"}}
    with pytest.raises(UserError, match=r"^.*second\.yaml:3: configuration key recipe\.learning_rate"):
        load(config, files=[first, second])
    with pytest.raises(UserError, match=r"^--config: configuration key recipe\.learning_rate"):
        load(config, files=[first, second], said={"recipe": {"learning_rate": "fast"}})
    with pytest.raises(UserError, match=r"^.*first\.yaml:2: configuration key retries"):
        load({**tiny_study(), "retries": -1}, files=[first, second], said={"recipe": {"learning_rate": "0.1"}})
