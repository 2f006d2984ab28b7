"""The report's list of cells has the accuracy of those that are scored."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import tiny_study

from gradus.study import paths
from gradus.study.config import load
from gradus.workflow.evaluation import cell_labels


def test_a_scored_cell_tells_its_accuracy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = load(tiny_study())
    names = ("dataset", "teacher", "format", "level", "student", "seed", "problems", "decoding")
    values = ("gradeschool", "tutor", "original", "L1", "mini", "1", "test", "greedy")
    wildcards: Any = SimpleNamespace(**dict(zip(names, values, strict=True)))
    assert list(cell_labels(study, wildcards)) == list(names[:-1])
    pattern = dict(zip(names, values, strict=True))
    path = Path("results", study.study, "metrics/gradeschool/tutor/original/L1/mini/seed1/test/greedy.json")
    assert str(paths.METRICS).format(study=study.study, **pattern).endswith(path.name)
    path.parent.mkdir(parents=True)
    path.write_text('{"accuracy": 0.8267}', encoding="utf-8")
    assert cell_labels(study, wildcards)["accuracy"] == "82.7 %"
