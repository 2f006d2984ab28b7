"""How many weights a student has, also where its model is not."""

from pathlib import Path

from builders import tiny_study

from gradus.results.store import Results
from gradus.results.weights import weights_of
from gradus.runtime.atomic import write_json
from gradus.study import paths
from gradus.study.config import load


def test_a_restored_study_knows_how_large_its_pretrained_student_was(tmp_path: Path) -> None:
    config = tiny_study()
    config["students"] = {"smol": {"kind": "pretrained", "model": str(tmp_path / "not here")}}
    config["experiments"]["granularity"]["students"] = ["smol"]
    results = Results(tmp_path, load(config))
    assert weights_of(results, "smol") is None
    write_json(tmp_path / paths.STUDENT.of("tiny", student="smol").run_record, {"trial": {"parameters": 134_515_008}})
    assert weights_of(results, "smol") == 134_515_008
