"""`score.py --dataset | --kind`: anybody's outputs, both accuracies, one clear message for what cannot be read."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT, program

FILES = Path(__file__).parent / "formats" / "files"


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def scored(folder: Path, *options: Any) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """Metrics, rows, and what was said."""
    files = ("--rows", folder / "rows.jsonl", "--output", folder / "metrics.json")
    done = program("score", *options, *files, folder=folder)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8")), rows, done.stdout + done.stderr


def score(folder: Path, dataset: str, problems: list[Any], predictions: list[Any], *more: Any) -> Any:
    options = ["--dataset", dataset, "--problems", write(folder / "p.jsonl", problems)]
    options += ["--predictions", write(folder / "q.jsonl", predictions), "--rows", folder / "rows.jsonl"]
    return program("score", *options, "--output", folder / "metrics.json", *more, folder=folder)


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
        {"id": "1", "sample": 0, "strict": False, "robust": True, "extracted": "B", "failure": None},
        {"id": "2", "sample": 0, "strict": True, "robust": True, "extracted": "A", "failure": None},
        {"id": "3", "sample": 0, "strict": False, "robust": False, "extracted": None, "failure": "empty"},
    ]
    facts = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
    assert (facts["n"], facts["strict_correct"], facts["robust_correct"], facts["disagreements"]) == (3, 1, 2, 1)
    assert facts["failures"] == {"empty": 1}
    assert facts["robust_interval_low"] < facts["robust_accuracy"] < facts["robust_interval_high"]


@pytest.mark.parametrize(
    ("dataset", "problem", "text"),
    [
        ("GSM8K", {"id": 7, "question": "?", "answer": "9 * 2 = <<9*2=18>>18.\n#### 18"}, "It is 18."),
        ("svamp", {"ID": "chal-1", "Body": "A.", "Question": "B?", "Answer": 18.0}, "18"),
        ("aqua", {"id": 1, "question": "?", "options": ["A)21", "B)-3"], "rationale": "", "correct": "B"}, "so x = -3"),
        ("csqa", {"id": "a", "question": "?", "choices": {"label": ["A", "B"], "text": ["sea", "sky"]}, "answerKey": "B"}, "sky"),
        ("obqa", {"id": "a", "question_stem": "?", "choices": [{"label": "A", "text": "sea"}], "answerKey": "A"}, "(A)"),
        ("strategyqa", {"qid": "q", "question": "?", "answer": True}, "So the answer is yes."),
        ("math", {"unique_id": "u", "problem": "?", "solution": "It is $\\boxed{\\frac{1}{2}}$."}, "$0.5$"),
    ],
)  # fmt: skip
def test_problems_as_their_datasets_have_them(tmp_path: Path, dataset: str, problem: dict[str, Any], text: str) -> None:
    name = next(problem[key] for key in ("id", "ID", "qid", "unique_id") if key in problem)
    done = score(tmp_path, dataset, [problem], [{"id": name, "text": text}])
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))["robust_accuracy"] == 1.0


def test_several_outputs_of_a_problem_vote_and_are_no_further_problems(tmp_path: Path) -> None:
    texts = {"a": ["5", "5", "6", "5"], "b": ["1", "2", "2", "7"]}
    rows = [
        {"id": name, "text": text, "answer": {"a": 5, "b": 7}[name]} for name, mine in texts.items() for text in mine
    ]
    facts, written, _ = scored(tmp_path, "--kind", "number", "--predictions", write(tmp_path / "q.jsonl", rows))
    assert (facts["n"], facts["outputs"], facts["samples"], facts["dataset"]) == (2, 8, 4, "number")
    assert (facts["robust_accuracy"], facts["majority_accuracy"]) == (0.5, 0.5)
    assert facts["pass_at"] == {"1": 0.5, "2": 0.75, "4": 1.0}
    assert facts["robust_interval_low"] == pytest.approx(0.0945, abs=1e-4), "Wilson's interval of 1 of 2 problems"
    assert [(row["id"], row["sample"]) for row in written[:5]] == [("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 0)]


def test_missing_outputs_are_told_and_counted_by_choice(tmp_path: Path) -> None:
    problems = [{"id": name, "answer": 1} for name in "abcd"]
    for more, accuracy, n in (((), 1.0, 1), (("--missing", "wrong"), 0.25, 4)):
        done = score(tmp_path, "gsm8k", problems, [{"id": "b", "text": "1"}], *more)
        assert "3 problems have no output" in done.stderr
        facts = json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8"))
        assert (facts["robust_accuracy"], facts["n"], facts["problems_without_prediction"]) == (accuracy, n, 3)


def test_a_log_of_lm_eval_is_scored_beside_its_own_scores(tmp_path: Path) -> None:
    log = next((FILES / "talker").glob("samples_pens_2*"))
    options = ("--dataset", "gsm8k", "--predictions", log, "--with-texts", "--show-disagreements")
    facts, rows, said = scored(tmp_path, *options)
    assert (facts["robust_correct"], facts["n"]) == (3, 4)
    assert facts["given"]["exact_match,strict-match"] == {"outputs": 4, "mean": 0.5, "agree": 3}
    assert rows[2]["question"] == "A box holds 6 pens. How many pens do 4 boxes hold?"
    assert (rows[2]["gold"], rows[2]["text"]) == (["24"], " 6 * 4 = 24 pens\u2028#### 24")
    assert "1 #0" in said and "gold 3, read 3" in said and "    |  7 - 4 = 3. The answer is 3." not in said
    assert "exact_match,strict-match 0" in said


def test_logs_of_inspect_and_several_tasks(tmp_path: Path) -> None:
    facts, _, _ = scored(tmp_path, "--kind", "number", "--predictions", FILES / "inspect" / "apples.eval")
    assert (facts["n"], facts["samples"], facts["robust_accuracy"]) == (2, 2, 0.75)
    facts, _, _ = scored(tmp_path, "--kind", "choice", "--predictions", FILES / "inspect" / "animals.json")
    assert (facts["robust_correct"], facts["given"]["choice"]["agree"]) == (1, 2)
    logs = [next((FILES / "talker").glob(f"samples_{task}*")) for task in ("pens_2", "pens_repeated")]
    facts, rows, _ = scored(tmp_path, "--kind", "number", "--predictions", *logs)
    assert [(group["task"], group["n"], group["outputs"]) for group in facts["groups"]] == [
        ("pens", 4, 4),
        ("pens_repeated", 4, 12),
    ]
    assert {(row["run"], row["task"]) for row in rows} == {("talker", "pens"), ("talker", "pens_repeated")}


def test_columns_tolerance_and_standard_input(tmp_path: Path) -> None:
    row = {"said": "about 0.333", "truth": "1/3"}
    options = [
        "--kind",
        "number",
        "--columns",
        "id=line,text=said,gold=truth",
        "--predictions",
        "-",
        "--tolerance",
        "0.01",
    ]
    done = subprocess.run(
        [sys.executable, PROJECT / "scripts" / "score.py", *options],
        input=gzip.compress(json.dumps(row).encode()),
        capture_output=True,
        check=True,
    )
    assert b"number: 100.00 % [20.7, 100.0] robust" in done.stderr and b"(95 % intervals; 1 problem)" in done.stderr


@pytest.mark.parametrize(
    ("problems", "predictions", "message"),
    [
        ([{"id": "1", "answer": "seven"}], [{"id": "1", "text": "7"}], "p.jsonl:1: 'seven' is no answer of the kind"),
        ([{"id": "1", "answer": None}], [{"id": "1", "text": "7"}], "p.jsonl:1: no gold answer of '1'"),
        ([{"id": "1"}], [{"id": "1", "text": "7"}], "p.jsonl:1: no column with a gold answer (there are id; name the column)"),
        ([{"answer": 1}], [{"id": "1", "text": "7"}], "p.jsonl:1: no column with the problem's id (there are answer; name"),
        ([{"id": "1", "answer": "7"}, {"id": "1", "answer": "8"}], [], "p.jsonl:2: the id '1' occurs twice"),
        ([{"id": "1", "answer": "7"}], [{"id": "2", "text": "7"}], "q.jsonl:1: prediction for an unknown problem '2'"),
        ([{"id": "1", "answer": "7"}], [{"id": "1"}], "q.jsonl:1: no column with a text or a score (there are id;"),
        ([{"id": "1", "answer": "7"}], [{"id": "1", "score": 1}], "q.jsonl:1: no text of '1'"),
        ([{"id": "1", "answer": "7"}], [], "q.jsonl: no samples"),
        ([], [{"id": "1", "text": "7"}], "p.jsonl: no problems"),
        ([7], [], "p.jsonl:1: no JSON object"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_message_with_its_place(
    tmp_path: Path, problems: list[Any], predictions: list[Any], message: str
) -> None:
    done = score(tmp_path, "gsm8k", problems, predictions)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "say --dataset (gsm8k, math, ...) or --kind"),
        (["--dataset", "gsm9k"], "unknown dataset 'gsm9k' (one of aqua, csqa,"),
        (
            ["--kind", "number", "--columns", "name=x"],
            "no column 'name=x' (write PART=NAME,..., with a part of id, text",
        ),
    ],
)
def test_mistakes_in_options(tmp_path: Path, options: list[str], message: str) -> None:
    done = program(
        "score", *options, "--predictions", write(tmp_path / "q.jsonl", [{"id": 1, "text": ""}]), folder=tmp_path
    )
    assert done.returncode in (1, 2) and message in done.stderr and done.stderr.count("\n") == 1
