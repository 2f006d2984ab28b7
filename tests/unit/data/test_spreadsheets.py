"""Tables as spreadsheets and other tools save them: read where they can be, else told with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_columns import PLAIN, load

from gradus.evaluation.formats import read_run
from gradus.runtime.errors import UserError

ZIP = b"PK\x03\x04 a spreadsheet"


@pytest.mark.parametrize(
    ("content", "question"),
    [
        ('"question, in words, please";answer\nHow many?;3\n', "question, in words, please"),
        ('"question; in\nwords",answer\nHow many?,3\n', "question; in\nwords"),
        ("sep=;\r\nquestion;answer\r\nHow many, then?;3\r\n", "question"),
        ('"sep=|"\nquestion|answer\nHow many?|3\n', "question"),
        ("question;answer;;\nHow many?;3;;\n;;;\n", "question"),
        ('5" question;answer\nHow many?;3\n', '5" question'),
    ],
)
def test_the_sign_between_cells_is_found(tmp_path: Path, content: str, question: str) -> None:
    """Signs inside a quoted name were counted, so that commas in one hid the semicolons."""
    (tmp_path / "train.csv").write_bytes(content.encode())
    (one,) = load(tmp_path, **PLAIN | {"question": question}).problems
    assert one.question.startswith("How many") and one.answer == "3"


@pytest.mark.parametrize(
    "content",
    [
        '"id";"text";"a, b, c";gold\n1;so 5;;5\n',
        "sep=;\nid;text;gold\n1;so 5;5\n",
        "id;text;gold;;\n1;so 5;5;;\n",
    ],
)
def test_outputs_to_be_scored_are_read_the_same_way(tmp_path: Path, content: str) -> None:
    """Two nameless columns at the end of a sheet were refused: two columns are called ''."""
    file = tmp_path / "a.csv"
    file.write_text(content, encoding="utf-8")
    (sample,) = read_run([file])
    assert (sample.text, sample.golds) == ("so 5", ("5",))


def test_lines_are_counted_from_the_first_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("sep=;\nquestion;answer\nOne?;1\nTwo?;many\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"train.csv:4: field 'answer'"):
        load(tmp_path, **PLAIN)
    (tmp_path / "a.csv").write_text("sep=;\nid;text\n1;2;3\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"a.csv:3: the line has more or fewer fields"):
        list(read_run([tmp_path / "a.csv"]))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train.csv", "question,answer\nA?,1\n".encode("utf-16-le"), "train.csv:1: not UTF-8 .* NUL .*it is UTF-16"),
        ("train.csv", b"question,answer\nA\x00?,1\n", "train.csv:2: not UTF-8 text, for it holds a NUL"),
        ("train.csv", ZIP + b"\xff", "a spreadsheet, or another zip file, under this name: save the sheet as CSV"),
        ("train.csv", b'question,answer\n"A "nice" one?",1\n', 'train.csv:2: no valid row.*is written twice: ""'),
        ("train.csv", b'question,answer\n"A nice one?,1\nB?,2\n', "train.csv:2: .*opens in this row is never closed"),
        ("train.xlsx", ZIP, r"there is no table that can be read, but train.xlsx; save the sheet as CSV \(UTF-8\)"),
        ("train.txt", b"question,answer\n", "no table that can be read, but train.txt; accepted: jsonl"),
        ("train.json", b'{"question": {"0": "A?"}, "answer": {"0": 1}}', "pandas writes it with orient='records'"),
        ("train.json", b"{}", "expected a list of objects .*an object a row"),
        ("train.jsonl", b'[{"question": "A?", "answer": 1}]', "jsonl:1: .*a list of objects is a .json file"),
        (
            "train.csv",
            "my\u00a0question,answer\nA?,1\n".encode(),
            r"no field 'question' \(there is 'my\\xa0question', a",
        ),
        ("train.csv", b'"my\nquestion",answer\nA?,1\n', r"\(there is 'my\\nquestion', answer\)"),
        ("train.csv", "question,answer\nA?,€5\n".encode(), "'€5' is not a number .*without a unit"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        load(tmp_path, **PLAIN)


def test_words_that_are_true_or_false_are_listed(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("question,answer\nA?,WAHR\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"'WAHR' is not true or false \(read are true, yes, 1, false, no, 0\)"):
        load(tmp_path, **PLAIN | {"kind": "boolean"})


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"field": "side"}, r"has 'train' in its column 'side' \(there is '', 'Test', 'Train'; `splits: "),
        ({"field": "side", "train": "TRAIN"}, "has 'TRAIN' in its column 'side'"),
    ],
)
def test_a_column_of_splits_that_names_others_is_told(tmp_path: Path, splits: dict[str, Any], message: str) -> None:
    """It said that the table had no row."""
    (tmp_path / "a.csv").write_text("question,answer,side\nA?,1,Train\nB?,2,Test\nC?,3,\n", encoding="utf-8")
    with pytest.raises(UserError, match=message):
        load(tmp_path / "a.csv", **PLAIN, splits=splits)
