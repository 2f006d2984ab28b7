"""Logs of inspect (real ones, made here by inspect_ai 0.3.285 with its mock model and problems of our own), and files of
programs that cannot be run here, written after their documented schemas: lighteval, NeMo-Skills, OpenCompass.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from gradus.evaluation.formats import read_run, read_samples
from gradus.runtime.errors import UserError

LOGS = Path(__file__).parent / "files" / "inspect"


def test_inspect_epochs_are_samples() -> None:
    samples = read_samples(LOGS / "apples.eval")  # a zip file packed with Zstandard
    assert [(one.id, one.sample, one.score(), one.golds) for one in samples] == [
        ("1", 0, 1.0, ("5",)),
        ("two", 0, 1.0, ("3",)),
        ("1", 1, 0.0, ("5",)),
        ("two", 1, 1.0, ("3",)),
    ]
    assert samples[0].scores == {"match": 1.0, "includes": 1.0}
    assert samples[3].text == "7 - 4 = 3, so **3** are left."
    assert {(one.run, one.task) for one in samples} == {("mockllm/model", "apples")}


def test_inspect_writes_the_same_in_both_formats() -> None:
    archive, log = read_samples(LOGS / "animals.eval"), read_samples(LOGS / "animals.json")
    assert [one.to_json() | {"where": ""} for one in archive] == [one.to_json() | {"where": ""} for one in log]
    assert log[0].choices == ("a stone", "a trout", "a lamp") and log[0].golds == ("B",)


def test_an_older_log_is_deflated_and_a_broken_off_one_has_no_header(tmp_path: Path) -> None:
    log = json.loads((LOGS / "animals.json").read_text(encoding="utf-8"))
    with zipfile.ZipFile(tmp_path / "old.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_journal/start.json", json.dumps({"eval": log["eval"]}))
        archive.writestr("samples/1_epoch_1.json", json.dumps(log["samples"][0]))
    [one] = read_samples(tmp_path / "old.eval")
    assert (one.task, one.score()) == ("animals", 1.0)


def test_what_is_no_log_is_told(tmp_path: Path) -> None:
    (tmp_path / "torn.eval").write_bytes((LOGS / "apples.eval").read_bytes()[:9000])
    with pytest.raises(UserError, match=r"torn\.eval: no inspect log: File is not a zip file"):
        read_samples(tmp_path / "torn.eval", format="inspect")
    (tmp_path / "head.json").write_text(json.dumps({"eval": {}, "plan": {}}), encoding="utf-8")
    with pytest.raises(UserError, match=r"head\.json: the log holds no samples"):
        read_samples(tmp_path / "head.json")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(UserError, match=r"other\.zip: a zip file that is no inspect log"):
        read_samples(tmp_path / "other.zip")


def test_lighteval_details(tmp_path: Path) -> None:
    folder = tmp_path / "details" / "org" / "talker" / "2026-01-02T03-04-05.000006"
    folder.mkdir(parents=True)
    rows: list[dict[str, Any]] = [
        {
            "doc": {"query": "Q: 2 + 3?", "choices": [" #### 5"], "gold_index": [0], "id": "0", "task_name": "sums|0"},
            "model_response": {"text": ["It is 5.", "It is 6."], "logprobs": []},
            "metric": {"extractive_match": 1.0},
        },
        {
            "doc": {"query": "It swims?", "choices": [" A", " B"], "gold_index": [1], "id": "1", "task_name": "sums|0"},
            "model_response": {"text": [], "logprobs": [-1.0, -2.0]},
            "metric": {"extractive_match": 0.0},
        },
    ]
    path = folder / "details_sums|0_2026-01-02T03-04-05.000006.parquet"
    parquet.write_table(arrow.Table.from_pylist(rows), path)
    samples = read_samples(path)
    assert [(one.run, one.task, one.id, one.sample, one.text, one.golds, one.score()) for one in samples] == [
        ("talker", "sums|0", "0", 0, "It is 5.", (" #### 5",), 1.0),
        ("talker", "sums|0", "0", 1, "It is 6.", (" #### 5",), None),
        ("talker", "sums|0", "1", 0, None, ("B",), 0.0),
    ]


def test_lighteval_details_before_0_10(tmp_path: Path) -> None:
    row = {
        "full_prompt": "Q: 2 + 3?", "predictions": ["It is 5."], "gold": ["5"], "choices": [], "gold_index": [],
        "metrics": {"qem": 1.0},
    }  # fmt: skip
    parquet.write_table(arrow.Table.from_pylist([row]), tmp_path / "details_sums_2024-01-02T03-04-05.parquet")
    [one] = read_samples(tmp_path / "details_sums_2024-01-02T03-04-05.parquet")
    assert (one.task, one.id, one.text, one.golds, one.scores) == ("sums", "0", "It is 5.", ("5",), {"qem": 1.0})


def test_nemo_skills_seeds_are_samples(tmp_path: Path) -> None:
    for seed, right in ((0, True), (1, False)):
        row = {
            "problem": "2 + 3?", "expected_answer": 5, "generation": "\\boxed{5}", "predicted_answer": "5",
            "symbolic_correct": right, "judgement": "Reasoning: same.\nJudgement: Yes",
        }  # fmt: skip
        (tmp_path / f"output-rs{seed}.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    samples = read_run([tmp_path], run="talker")
    assert [(one.run, one.id, one.sample, one.score()) for one in samples] == [
        ("talker", "1", 0, 1.0),
        ("talker", "1", 1, 0.0),
    ]
    assert samples[0].golds == ("5",) and samples[0].scores["judgement"] == 1.0


def test_opencompass_predictions(tmp_path: Path) -> None:
    (tmp_path / "predictions" / "talker").mkdir(parents=True)
    prompt = [{"role": "HUMAN", "prompt": "2 + 3?"}, {"role": "BOT", "prompt": ""}]
    value = {
        "0": {"origin_prompt": prompt, "prediction": "It is 5.", "gold": "5"},
        "1": {"origin_prompt": "3 + 3?", "prediction": ["6", "7"], "gold": ["6", "six"]},
    }
    path = tmp_path / "predictions" / "talker" / "sums.json"
    path.write_text(json.dumps(value, indent=4), encoding="utf-8")
    samples = read_samples(path)
    assert [(one.run, one.task, one.id, one.sample, one.question, one.text, one.golds) for one in samples] == [
        ("talker", "sums", "0", 0, "2 + 3?", "It is 5.", ("5",)),
        ("talker", "sums", "1", 0, "3 + 3?", "6", ("6", "six")),
        ("talker", "sums", "1", 1, "3 + 3?", "7", ("6", "six")),
    ]
