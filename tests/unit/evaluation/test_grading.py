"""`score.py --dataset`: anybody's outputs, both accuracies, one clear message for what cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest
from running import program


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def score(folder: Path, dataset: str, problems: list[Any], predictions: list[Any]) -> Any:
    options = ["--dataset", dataset, "--problems", write(folder / "p.jsonl", problems)]
    options += ["--predictions", write(folder / "q.jsonl", predictions), "--rows", folder / "rows.jsonl"]
    return program("score", *options, "--output", folder / "metrics.json", folder=folder)


def test_both_accuracies_and_every_row(tmp_path: Path) -> None:
    problems = [
        {"id": "1", "question": "?", "choices": ["fish", "bird"], "answer": "bird"},
        {"id": "2", "question": "?", "choices": ["fish", "bird"], "answer": "A"},
        {"id": "3", "question": "?", "choices": ["fish", "bird"], "answer": "A"},
    ]
    predictions = [
        {"id": "1", "text": "The answer is (B)."},
        {"id": "2", "text": "The answer is A."},
        {"id": "3", "text": ""},
    ]
    done = score(tmp_path, "obqa", problems, predictions)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows == [
        {"id": "1", "strict": False, "robust": True, "extracted": "B", "failure": None},
        {"id": "2", "strict": True, "robust": True, "extracted": "A", "failure": None},
        {"id": "3", "strict": False, "robust": False, "extracted": None, "failure": "empty"},
    ]
    facts = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert (facts["n"], facts["strict_correct"], facts["robust_correct"], facts["disagreements"]) == (3, 1, 2, 1)
    assert facts["failures"] == {"empty": 1}
    assert facts["robust_interval_low"] < facts["robust_accuracy"] < facts["robust_interval_high"]


@pytest.mark.parametrize(
    ("problems", "predictions", "message"),
    [
        ([{"id": "1", "answer": "seven"}], [{"id": "1", "text": "7"}], "p.jsonl:1: 'seven' is no answer of the kind"),
        ([{"id": "1", "answer": 7}], [{"id": "1", "text": "7"}], "p.jsonl:1: no text under 'answer'"),
        ([{"id": "1", "answer": "7"}, {"id": "1", "answer": "8"}], [], "p.jsonl:2: the id '1' occurs twice"),
        ([{"id": "1", "answer": "7"}], [{"id": "2", "text": "7"}], "q.jsonl:1: prediction for an unknown problem '2'"),
        ([{"id": "1", "answer": "7"}], [{"id": "1"}], "q.jsonl:1: no text under 'text'"),
        ([{"id": "1", "answer": "7"}], [], "q.jsonl: no predictions"),
        ([[1]], [], "p.jsonl:1: no JSON object"),
    ],
)
def test_a_mistake_is_one_message_with_its_place(
    tmp_path: Path, problems: list[Any], predictions: list[Any], message: str
) -> None:
    done = score(tmp_path, "gsm8k", problems, predictions)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr
