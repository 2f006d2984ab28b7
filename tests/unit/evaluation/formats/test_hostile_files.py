"""Files as they come: torn, mixed, of other encodings and spellings. One message, or the right rows; never a traceback."""

from __future__ import annotations

import io
import json
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT

from gradus.evaluation.formats import read_problems, read_run
from gradus.evaluation.formats.values import choices_of
from gradus.runtime.errors import Mistakes, UserError

PLAIN = {"id": 1, "text": "The answer is 3", "gold": 3}
LM_EVAL = {"doc_id": 0, "doc": {"question": "q"}, "target": "3", "arguments": {}, "resps": [["3"]], "filter": "none"}
LIGHTEVAL: dict[str, Any] = {
    "doc": {"query": "q", "choices": ["3"], "gold_index": [0]},
    "model_response": {"text": ["3"]},
    "metric": {"em": 1},
}
NEMO = {"generation": "3", "expected_answer": "3"}
SAMPLE = {"id": 1, "epoch": 1, "input": "q", "target": "3", "output": {"completion": "3"}}


def lines(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def zipped(**members: object) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, value in members.items():
            archive.writestr(name.replace("__", "/") + ".json", json.dumps(value))
    return stream.getvalue()


def encrypted(content: bytes) -> bytes:
    """The same with the mark of encryption in the directory of the file."""
    made, at = bytearray(content), content.find(b"PK\x01\x02")
    while at >= 0:
        made[at + 8] |= 1
        at = content.find(b"PK\x01\x02", at + 4)
    return bytes(made)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"[" * 100_000, "lists within lists without end"),
        ("a.jsonl", b'{"id": 1, "text": ' + b"[" * 100_000 + b"\n", "a.jsonl:1: no JSON that can be read"),
        ("a.jsonl", lines(LM_EVAL, {"doc_id": 1}), "a.jsonl:2: no row of the format 'lm-eval' .there are doc_id"),
        ("a.jsonl", lines(LIGHTEVAL, {"doc": {}}), "a.jsonl:2: no row of the format 'lighteval'"),
        ("a.jsonl", lines(NEMO, {"id": 2}), "a.jsonl:2: no row of the format 'nemo-skills'"),
        (
            "a.jsonl",
            lines({"problem_id": "a", "sample": 0, "text": ""}, {}),
            "a.jsonl:2: no row of the format 'gradus'",
        ),
        ("a.jsonl", json.dumps(PLAIN).encode("utf-16"), "it is UTF-16: save it as UTF-8"),
        ("a.json", json.dumps(PLAIN, indent=1).encode(), "one JSON object with id, text, gold .rows are a list"),
        ("a.csv", b"id,text,text\n1,3,4\n", "a.csv:1: two columns are called 'text'"),
        ("a.csv", b"id,text\n1,2,3\n", "a.csv:2: the line has more or fewer fields than the 2 that .*quotes"),
        ("a.jsonl", lines({**PLAIN, "choices": [str(n) for n in range(12)]}), "12 choices; at most 10"),
        ("a.eval", encrypted(zipped(header={}, samples__1=SAMPLE)), "no inspect log: .* encrypted"),
        ("a.eval", zipped(header={}, samples__1=[]), "samples/1.json is no JSON object"),
    ],
)
def test_what_cannot_be_read_is_one_message(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_run([tmp_path / name])


@pytest.mark.parametrize(
    ("name", "content", "golds"),
    [
        ("a.csv", b"id;text;gold\r\n1;The answer is 3,5;3,5\r\n", ["3,5"]),
        ("a.csv", b"id\ttext\tgold\n1\t3\t3\n", ["3"]),
        ("a.json", json.dumps({"model": "m", "rows": [PLAIN]}, indent=1).encode(), ["3"]),
        ("a.csv", b"id,text,gold,options\n1,3,3,a|b\n", ["3"]),
        ("a.jsonl", lines({**LM_EVAL, "resps": [[["-1", "False"]], [["-2", "True"]]], "target": "\u00b2"}), ["\u00b2"]),
        ("a.jsonl", lines({**LIGHTEVAL, "doc": {"query": "q", "choices": ["a", "b", "c"], "gold_index": -1}}), []),
        ("a.eval", zipped(header={"eval": []}, samples__1=SAMPLE), ["3"]),
    ],
)
def test_what_other_programs_write_is_read(tmp_path: Path, name: str, content: bytes, golds: list[str]) -> None:
    (tmp_path / name).write_bytes(content)
    (one,) = read_run([tmp_path / name])
    assert list(one.golds) == golds


@pytest.mark.parametrize(
    "given", [["a", "b"], '["a", "b"]', "['a', 'b']", {"A": "a", "B": "b"}, {"label": ["A", "B"], "text": ["a", "b"]}]
)
def test_options_in_every_spelling(given: Any) -> None:
    assert choices_of(given, "here") == (("a", "b"), ("A", "B"))


def test_bad_rows_are_collected_and_the_others_read(tmp_path: Path) -> None:
    bad = Mistakes()
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        lines(PLAIN) + b"{torn\n" + lines({"id": 2, "text": None}, PLAIN | {"sample": 1}, PLAIN, {"id": 3, "text": ""})
    )
    assert [one.id for one in read_run([path], bad=bad)] == ["1", "1", "1", "3"]
    assert [str(one).split(": ")[0] for one in bad.found] == [f"{path}:2", f"{path}:3"]
    for rows in ([LM_EVAL, {"doc_id": 1}], [LIGHTEVAL, {"a": 1}], [NEMO, {**NEMO, "generation": None}]):
        bad = Mistakes()
        path.write_bytes(lines(*rows))
        assert len(read_run([path], bad=bad)) == 1 and len(bad.found) == 1
    path.write_bytes(lines({"id": 1, "gold": 3}, {"gold": 4}, {"id": 2, "gold": 5}))
    bad = Mistakes()
    assert [one.id for one in read_problems(path, bad=bad)] == ["1", "2"] and len(bad.found) == 1


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """``score.py`` in this process: its metrics."""
    monkeypatch.syspath_prepend(str(PROJECT / "scripts"))
    main = import_module("score").main

    def score(content: bytes, *more: str) -> dict[str, Any]:
        path, metrics = tmp_path / "a.jsonl", tmp_path / "metrics.json"
        path.write_bytes(content)
        words = ["score", "--kind", "number", "--predictions", str(path), "--output", str(metrics), *more]
        monkeypatch.setattr("sys.argv", words)
        main()
        found: dict[str, Any] = json.loads(metrics.read_text(encoding="utf-8"))
        return found

    return score


def test_bad_rows_are_named_counted_and_left_out_when_asked(
    scored: Any, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    content = lines(
        PLAIN, {**PLAIN, "id": 2, "gold": "many"}, {**PLAIN, "id": 3, "gold": None}, {**PLAIN, "id": 4, "text": "5"}
    )
    with pytest.raises(UserError, match=r"a.jsonl:2: 'many' is no answer"):
        scored(content)
    with caplog.at_level("WARNING", logger="gradus"):
        found = scored(content, "--skip-bad")
    assert (found["n"], found["robust_accuracy"], found["skipped_rows"]) == (2, 0.5, 2)
    assert "a.jsonl:2: 'many' is no answer" in caplog.text and "2 bad rows are left out" in caplog.text
    with pytest.raises(UserError, match="nothing is left to score: 1 rows are bad"):
        scored(lines({**PLAIN, "gold": None}), "--skip-bad")


def test_half_a_character_is_written_as_its_escape(scored: Any, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    scored(b'{"id": "\\ud83d", "text": "\\ud83d 3", "gold": 3}\n', "--with-texts", "--rows", str(rows))
    row = json.loads(rows.read_bytes().decode("utf-8"))
    assert (row["id"], row["text"]) == ("\ud83d", "\ud83d 3")


def test_nothing_that_is_read_is_written_over(scored: Any, tmp_path: Path) -> None:
    for more, message in (
        (("--rows", str(tmp_path / "a.jsonl")), "would be written over, and is read here"),
        (("--rows", str(tmp_path / "metrics.json")), "is to be written twice"),
        (("--rows", str(tmp_path)), "a folder, not a file to write"),
        (("--rows", str(tmp_path / "a.jsonl" / "rows.jsonl")), "a.jsonl is a file"),
    ):
        with pytest.raises(UserError, match=message):
            scored(lines(PLAIN), *more)
    assert (tmp_path / "a.jsonl").read_bytes() == lines(PLAIN)


@pytest.mark.parametrize("tolerance", ["-1", "nan", "1", "x"])
def test_a_tolerance_is_a_share(scored: Any, tolerance: str) -> None:
    with pytest.raises(SystemExit):
        scored(lines(PLAIN), "--tolerance", tolerance)


def test_a_decimal_comma_of_a_gold_answer_is_no_other_number(scored: Any) -> None:
    with pytest.raises(UserError, match="'3,5': a decimal comma, or thousands"):
        scored(lines({**PLAIN, "gold": "3,5"}))
    assert scored(lines({**PLAIN, "gold": "#### 1,234", "text": "The answer is 1234"}))["robust_accuracy"] == 1.0


def test_a_torn_row_of_a_table_is_left_out_and_one_that_takes_others_along_is_not(tmp_path: Path) -> None:
    path, bad = tmp_path / "a.csv", Mistakes()
    path.write_text('id,text,gold\n1,"3"x,3\n2,4,4\n', encoding="utf-8")
    assert [one.id for one in read_run([path], bad=bad)] == ["2"]
    hint = 'a quote inside a quoted cell is written twice: ""'
    assert [str(one) for one in bad.found] == [f"{path}:2: no CSV: ',' expected after '\"' ({hint})"]
    path.write_text('id,text,gold\n1,"3,3\n2,4,4\n3,5,5\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"a\.csv:2: no CSV: unexpected end of data"):
        read_run([path], bad=Mistakes())


def test_torn_pages_of_a_parquet_file_name_it(tmp_path: Path) -> None:
    pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"id": ["a"], "text": ["3"], "gold": [3]}), path)
    content = bytearray(path.read_bytes())
    content[20:60] = b"\xff" * 40
    path.write_bytes(bytes(content))
    with pytest.raises(UserError, match=r"a\.parquet: no parquet"):
        read_run([path])


def test_folders_of_a_study_hold_samples_beside_what_tells_of_them(tmp_path: Path) -> None:
    for name in ("greedy.json", "greedy.rows.manifest.json", "greedy.run.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    row = {"problem_id": "a", "sample": 0, "correct": True, "strict": True}
    (tmp_path / "greedy.rows.jsonl").write_bytes(lines(row))
    assert [one.id for one in read_run([tmp_path])] == ["a"]
    (tmp_path / "study.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="the folder of a study, not of samples"):
        read_run([tmp_path])
