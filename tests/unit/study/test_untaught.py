"""The base model itself as a cell: no annotation, no training, one seed, asked as every cell is."""

import re
from typing import Any

import pytest
import yaml
from builders import tiny_study
from running import PROJECT

from gradus.analysis.summaries import label
from gradus.archive.groups import archived
from gradus.records import Cell, Supervision
from gradus.runtime.errors import UserError
from gradus.study.config import load
from gradus.study.grid import cells, supervisions, trained

UNTAUGHT = Supervision("gradeschool", "none", "untaught", "native")


def with_untaught(**shots: Any) -> dict[str, Any]:
    config = tiny_study()
    config["teachers"] |= {"none": {"provider": "none"}, "four-shot": {"provider": "none", "shots": 4, **shots}}
    experiment = config["experiments"]["granularity"]
    experiment["baselines"] += ["none/untaught/native", "four-shot/untaught/native"]
    experiment["seeds"] = [1, 2, 3]
    return config


def test_every_shipped_study_with_bare_answers_has_the_untaught_student_beside_them() -> None:
    files = [PROJECT / "config.yaml", *sorted((PROJECT / "studies").glob("*.yaml"))]
    studies = [load(yaml.safe_load(path.read_text(encoding="utf-8")), str(path)) for path in files]
    formats = {one.study: {cell.supervision.format for cell in cells(one)} for one in studies}
    assert sum("answer-only" in found for found in formats.values()) > 6
    assert [name for name, found in formats.items() if "answer-only" in found and "untaught" not in found] == []


def test_it_is_one_cell_a_student_and_no_training() -> None:
    before, study = load(tiny_study()), load(with_untaught())
    found = [cell for cell in cells(study) if cell not in trained(cells(study))]
    assert [str(cell) for cell in found] == [
        f"gradeschool/{teacher}/untaught/native/{student}/seed0"
        for teacher in ("none", "four-shot")
        for student in ("mini", "midi")
    ]
    assert supervisions(study) == supervisions(before), "nobody is asked for it"
    assert Cell(UNTAUGHT, "mini", 0) in cells(study)
    kept = [path for path in archived(study) if "untaught" in path]
    assert kept and {path.split("/")[2] for path in kept} == {"predictions", "metrics"}


def test_tables_call_it_untaught() -> None:
    experiment = load(with_untaught()).experiments["granularity"]
    other = Supervision("gradeschool", "four-shot", "untaught", "native")
    assert [label(one, experiment) for one in (UNTAUGHT, other)] == ["untaught", "untaught four-shot"]


@pytest.mark.parametrize(
    "named", ["tutor/untaught/native", "none/original/L1", "none/untaught/L1", "none/answer-only/native"]
)
def test_nobody_teaches_nothing_else(named: str) -> None:
    config = with_untaught()
    config["experiments"]["granularity"]["baselines"] = [named]
    with pytest.raises(UserError, match=f"{named} is nothing that can be taught or tested"):
        load(config)


def test_nobody_cannot_be_an_axis_of_levels() -> None:
    config = with_untaught()
    config["experiments"]["granularity"]["teachers"] = ["none"]
    with pytest.raises(UserError, match=r"experiments[.]granularity"):
        load(config)


@pytest.mark.parametrize(
    ("teacher", "asked", "told"),
    [
        ("gold", {"levels": ["L1", "L3"]}, "provider gold gives answers without rationales: it/answer-only/native"),
        ("gold", {"formats": ["original", "symbolic"], "levels": ["native"], "axis": "format"}, "without rationales"),
        ("human", {"levels": ["L1", "L3"]}, "wrote one rationale a problem, at no chosen level: it/original/native"),
        ("human", {"baselines": ["it/answer-only/native"]}, "wrote one rationale a problem"),
    ],
)
def test_a_teacher_that_writes_one_thing_has_no_levels(teacher: str, asked: dict[str, Any], told: str) -> None:
    """Levels of bare answers were trained and compared with each other, and with bare answers."""
    config = with_untaught()
    config["teachers"]["it"] = {"provider": teacher}
    config["experiments"]["granularity"] |= asked if "baselines" in asked else {"teachers": ["it"], **asked}
    with pytest.raises(UserError, match=re.escape(told)):
        load(config)
    config["experiments"]["granularity"] |= {
        "teachers": ["tutor"],
        "levels": ["L1"],
        "formats": ["original"],
        "axis": "level",
    }
    config["experiments"]["granularity"]["baselines"] = [
        "it/answer-only/native" if teacher == "gold" else "it/original/native"
    ]
    load(config)
