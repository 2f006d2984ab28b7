"""Files of other programs as samples: what a file tells, whatever dress it comes in, and one message for what cannot be read."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT

from gradus.evaluation.formats import Columns, read_run, read_samples
from gradus.records.samples import Sample
from gradus.runtime.errors import UserError

FILES = Path(__file__).parent / "files"


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def told(samples: list[Sample]) -> list[tuple[Any, ...]]:
    return [(one.id, one.sample, one.text, one.golds, one.score()) for one in samples]


def test_lm_eval_tells_outputs_and_the_metrics_of_all_filters() -> None:
    """A real file of lm-evaluation-harness 0.4.13, made here with a task and a model of our own."""
    samples = read_samples(next((FILES / "talker").glob("samples_pens_2*")))
    assert [(one.run, one.task, one.id, one.sample) for one in samples] == [
        ("talker", "pens", str(i), 0) for i in range(4)
    ]
    assert samples[1].question == "Ben has 7 marbles and loses 4. How many are left?"
    assert samples[1].golds == ("7 - 4 = 3 are left.\n#### 3",)
    assert samples[1].scores == {"exact_match,strict-match": 0.0, "exact_match,flexible-extract": 1.0}
    assert samples[1].score("exact_match,flexible-extract") == 1.0 and samples[1].score() == 0.0
    assert samples[2].text == " 6 * 4 = 24 pens\u2028#### 24"  # the file holds U+2028 as it is


def test_lm_eval_repeats_are_samples_of_one_problem() -> None:
    samples = read_samples(next((FILES / "talker").glob("samples_pens_repeated*")))
    assert [(one.id, one.sample) for one in samples] == [(str(i), k) for i in range(4) for k in range(3)]
    assert all(bool(one.scores) == (one.sample == 0) for one in samples)


def test_lm_eval_options_compared_by_likelihood_have_no_text() -> None:
    samples = read_samples(next((FILES / "talker").glob("samples_animals*")))
    assert told(samples) == [("0", 0, None, ("B",), 0.0), ("1", 0, None, ("A",), 0.0), ("2", 0, None, ("C",), 1.0)]
    assert samples[0].choices == ("a stone", "a trout", "a lamp")


def test_lm_eval_before_metrics_had_their_names_listed(tmp_path: Path) -> None:
    """Versions up to 0.4.2 wrote one JSON list and prompts as lists (written after their schema)."""
    row = {
        "doc_id": 3, "doc": {"question": "2 + 2?"}, "target": "#### 4", "arguments": [["2 + 2?", {"until": []}]],
        "resps": [["It is 4."]], "filtered_resps": ["4"], "exact_match": 1.0,
    }  # fmt: skip
    (tmp_path / "samples_sums.jsonl").write_text(json.dumps([row], indent=2), encoding="utf-8")
    [one] = read_samples(tmp_path / "samples_sums.jsonl")
    assert (one.id, one.text, one.golds, one.scores) == ("3", "It is 4.", ("#### 4",), {"exact_match": 1.0})


def test_a_folder_is_one_run_of_its_tasks() -> None:
    assert {one.task for one in read_run([FILES / "talker"])} == {"pens", "pens_repeated", "animals"}


def test_own_predictions_rows_and_rows_of_score(tmp_path: Path) -> None:
    prediction = {"problem_id": "p", "sample": 1, "prompt_hash": "", "text": "#### 4", "finish_reason": "stop"}
    scored = {"problem_id": "p", "sample": 0, "extracted": "4", "correct": True, "strict": False, "failure": None}
    row = {"id": "p", "strict": True, "robust": True, "extracted": "4", "failure": None}
    assert told(read_samples(write(tmp_path / "a.jsonl", prediction))) == [("p", 1, "#### 4", (), None)]
    [one] = read_samples(write(tmp_path / "b.jsonl", scored))
    assert one.scores == {"robust": 1.0, "strict": 0.0}
    assert told(read_samples(write(tmp_path / "c.jsonl", row))) == [("p", 0, None, (), 1.0)]


def test_plain_rows_in_every_dress(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": "it is\u20284", "answer": 4}, {"id": 2.0, "text": "5\x85", "answer": True}]
    expected = [("1", 0, "it is\u20284", ("4",), None), ("2", 0, "5\x85", ("True",), None)]
    lines = write(tmp_path / "plain.jsonl", *rows).read_bytes()
    assert told(read_samples(tmp_path / "plain.jsonl")) == expected
    for name, data in {
        "packed.jsonl.gz": gzip.compress(lines),
        "packed-without-a-name": gzip.compress(lines),
        "marked.jsonl": b"\xef\xbb\xbf" + lines,
        "windows.jsonl": lines.replace(b"\n", b"\r\n"),
        "listed.json": json.dumps(rows).encode(),
        "without-an-end.jsonl": lines.rstrip(b"\n"),
    }.items():
        (tmp_path / name).write_bytes(data)
        assert told(read_samples(tmp_path / name)) == expected, name


def test_csv_and_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,output,label\n7,"two\nlines, one cell",B\n8,x,C\n', encoding="utf-8-sig")
    assert told(read_samples(tmp_path / "a.csv"))[0] == ("7", 0, "two\nlines, one cell", ("B",), None)
    import pyarrow as arrow
    from pyarrow import parquet

    parquet.write_table(
        arrow.table({"idx": [0, 1], "response": ["a", "b"], "is_correct": [True, False]}), tmp_path / "b"
    )
    assert told(read_samples(tmp_path / "b")) == [("0", 0, "a", (), 1.0), ("1", 0, "b", (), 0.0)]


def test_columns_by_name_and_problems_by_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"said": "x", "truth": [1, 2]}, {"said": "y", "truth": 3})
    columns = Columns(id="line", text="said", gold="truth")
    assert told(read_samples(path, columns=columns)) == [("1", 0, "x", ("1", "2"), None), ("2", 0, "y", ("3",), None)]


def test_rows_of_one_id_are_its_samples(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *({"id": name, "text": "x"} for name in "aba"))
    assert [(one.id, one.sample) for one in read_samples(path)] == [("a", 0), ("b", 0), ("a", 1)]


def test_choices_as_people_have_them(tmp_path: Path) -> None:
    texts = ("fish", "bird")
    for choices, answer, gold in (
        (["fish", "bird"], "bird", "bird"),
        ({"label": ["A", "B"], "text": ["fish", "bird"]}, "B", "B"),
        ({"label": ["1", "2"], "text": ["fish", "bird"]}, "2", "B"),
        ([{"label": "A", "text": "fish"}, {"label": "B", "text": "bird"}], "A", "A"),
        (["A)fish", "B)bird"], "A", "A"),
    ):
        [one] = read_samples(write(tmp_path / "a.jsonl", {"id": 1, "text": "", "choices": choices, "answer": answer}))
        assert (one.choices, one.golds) == (texts, (gold,)), choices


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "a.jsonl: no samples"),
        (b"\n\n", "a.jsonl: no samples"),
        (b'{"id": 1, "text": "a"}\n{"id": 1, "te', "a.jsonl:2: no JSON: Unterminated string"),
        (b'{"id": 1, "text": "\xff"}\n', "a.jsonl:1: no UTF-8: invalid start byte at byte 20 of the line"),
        (b"[1]", "a.jsonl, element 1: no JSON object"),
        (b"7\n", "a.jsonl:1: no JSON object"),
        (b"\x1f\x8b\x08\x00torn", "a.jsonl: cannot be unpacked"),
        (b"PAR1torn", "a.jsonl: no parquet: "),
        (b'{"text": "a"}\n', "a.jsonl:1: no column with the problem's id (there are text; name the column, or say id=line"),
        (b'{"id": 1}\n', "a.jsonl:1: no column with a text or a score (there are id; name the column)"),
        (b'{"id": [1], "text": "a"}\n', "a.jsonl:1: no text under 'id' (it is list)"),
        (b'{"id": 1, "text": null}\n', "a.jsonl:1: no text under 'text' (it is null)"),
        (b'{"id": 1, "text": "a"}\n{"text": "b"}\n', "a.jsonl:2: no text under 'id' (there are text)"),
        (b'{"id": 1, "text": "a", "choices": 3}\n', "a.jsonl:1: choices that are no list but int"),
        (b'{"id": 1, "text": "a", "choices": [{"a": 1}]}\n', "a.jsonl:1: choices that are not a list of texts"),
        (b'{"id": 1, "sample": 0, "text": "a"}\n{"id": 1, "sample": 0, "text": "b"}\n', "a.jsonl:2: sample 0 of '1' a second"),
        (b'{"id": 1, "score": "high"}\n', "a.jsonl:1: 'high' under 'score' is no score"),
        (b'{"doc_id": 1, "doc": {}, "resps": 3}\n', "a.jsonl:1: no outputs under 'resps'"),
        (b'{"doc_id": null, "doc": {}, "resps": []}\n', "a.jsonl:1: no whole number under 'doc_id' (it is null)"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_message_with_its_place(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(data)
    with pytest.raises(UserError) as refused:
        read_samples(tmp_path / "a.jsonl")
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_an_absent_file_a_folder_and_a_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing: no such file"):
        read_samples(tmp_path / "nothing")
    with pytest.raises(UserError, match="a folder, not a file"):
        read_samples(tmp_path)
    path = write(tmp_path / "a.jsonl", {"id": 1, "text": "a"})
    with pytest.raises(UserError, match=r"no column 'said' \(there are id, text\)"):
        read_samples(path, columns=Columns(text="said"))


def test_standard_input_and_light_imports(tmp_path: Path) -> None:
    program = (
        "import sys; from gradus.evaluation.formats import read_samples; print(read_samples('-')[0].text);"
        "print([name for name in ('torch', 'transformers', 'scipy', 'pandas', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input='{"id": 1, "text": "heard"}\n',
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(PROJECT / "scripts")},
        check=True,
    )
    assert done.stdout == "heard\n[]\n"
