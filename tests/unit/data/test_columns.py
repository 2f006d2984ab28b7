"""Any dataset by its columns: rows in the schemas of their authors, every format of file, and what does not fit.

The rows are made up; their columns and values have the form that the authors of each dataset publish.
"""

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_columns import PLAIN, folder_of, load, section

from gradus.data.datasets import origins, readers
from gradus.data.datasets.sizes import rows_of_split
from gradus.data.datasets.sources import load_problems
from gradus.data.text_normalisation import normalised
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config.datasets import ColumnsDataset

SIDES: tuple[Split, ...] = ("train", "test")


def test_subject_and_difficulty_are_columns_too(tmp_path: Path) -> None:
    rows = [
        {"question": "One?", "answer": 1, "topic": "sums", "grade": 3},
        {"question": "Two?", "answer": 2, "grade": None},
    ]
    rows[1]["topic"] = None
    found = load(folder_of(tmp_path, rows), **PLAIN, subject="topic", difficulty="{grade}").problems
    assert [(one.subject, one.difficulty) for one in found] == [("sums", "3"), (None, None)]


def written(path: Path, rows: list[dict[str, Any]], ending: str) -> None:
    """The rows in one of the formats."""
    kind = ending.removesuffix(".gz")
    if kind in ("jsonl", "json"):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        content = (lines if kind == "jsonl" else json.dumps(rows)).encode()
    elif kind in ("csv", "tsv"):
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t" if kind == "tsv" else ",")
        writer.writeheader()
        writer.writerows(rows)
        content = b"\xef\xbb\xbf" + stream.getvalue().encode()
    else:
        import pyarrow
        from pyarrow import ipc, parquet

        table = pyarrow.Table.from_pylist(rows)
        if kind == "parquet":
            parquet.write_table(table, path)
        else:
            with ipc.new_stream(str(path), table.schema) as writer:
                writer.write_table(table)
        return
    path.write_bytes(gzip.compress(content) if ending.endswith(".gz") else content)


@pytest.mark.parametrize("ending", ["jsonl", "json", "csv", "tsv", "parquet", "arrow", "jsonl.gz", "csv.gz"])
def test_every_format_gives_the_same_problems(tmp_path: Path, ending: str) -> None:
    rows = [{"question": 'One, "two"\nand three?', "answer": "3"}, {"question": "Four?", "answer": "4"}]
    written(tmp_path / f"train.{ending}", rows, ending)
    loaded = load(tmp_path, **PLAIN)
    assert [(one.question, one.answer) for one in loaded.problems] == [(row["question"], row["answer"]) for row in rows]
    assert loaded.source == f"file train.{ending}" and loaded.revision.startswith("sha256:")
    assert loaded.problems[0].source == f"file train.{ending}, licence not stated"


def test_a_saved_dataset_and_shards_are_folders_of_their_splits(tmp_path: Path) -> None:
    from datasets import Dataset, DatasetDict

    sides = {name: Dataset.from_list([{"question": f"{name}?", "answer": 1}]) for name in ("train", "validation")}
    DatasetDict(sides).save_to_disk(tmp_path / "saved")
    keys = {**PLAIN, "splits": {"test": "validation"}}
    assert load(tmp_path / "saved", "test", **keys).problems[0].question == "validation?"
    shards = tmp_path / "shards" / "data"
    shards.mkdir(parents=True)
    for number in range(2):
        sides["train"].to_parquet(shards / f"train-0000{number}-of-00002.parquet")
    loaded = load(tmp_path / "shards", **PLAIN)
    assert len(loaded.problems) == 2 and len(loaded.repeated) == 1
    assert loaded.repeated[0].same_answer and "train-00001-of-00002.parquet, row 1" in loaded.repeated[0].second


def test_one_file_is_divided_by_a_share_or_by_a_column(tmp_path: Path) -> None:
    rows = [
        {"question": f"{number % 45} + 1?", "answer": number % 45 + 1, "side": "ab"[number % 2]} for number in range(50)
    ]
    path = folder_of(tmp_path, rows, "all.jsonl") / "all.jsonl"
    drawn = {"splits": {"test_share": 0.2, "seed": 3}, **PLAIN}
    train, test = (load(path, split, **drawn).problems for split in ("train", "test"))
    assert len(test) == 10 and len(train) == 40
    assert not {one.question for one in train} & {one.question for one in test}
    assert load(path, "test", **drawn).problems == test
    assert [rows_of_split("mine", section(path, **drawn), split, None) for split in SIDES] == [40, 10]
    by_column = {"splits": {"field": "side", "train": "a", "test": "b"}, **PLAIN}
    assert [one.answer for one in load(path, "test", **by_column).problems][:3] == ["2", "4", "6"]
    assert [rows_of_split("mine", section(path, **by_column), split, None) for split in SIDES] == [25, 25]


@pytest.mark.parametrize(
    ("keys", "row", "message"),
    [
        ({}, {"question": "Two?"}, r"train.jsonl:2: no field 'answer' \(there is question\)$"),
        ({}, {"question": " ", "answer": 1}, "train.jsonl:2: field 'question': the question is empty"),
        ({}, {"question": "Two?", "answer": "many"}, "field 'answer': 'many' is not a number .*kind: text"),
        ({}, {"question": "Two?", "answer": None}, "field 'answer': no answer .*without_answer: skip"),
        ({}, {"question": {"bytes": None, "path": "a.png"}, "answer": 1}, "field 'question': holds an image"),
        ({}, {"question": {"a": 1}, "answer": 1}, "field 'question': is no text, but {'a': 1}"),
        ({}, {"question": "\ud83d?", "answer": 1}, "train.jsonl:2: half a character"),
        (
            {"id": "id"},
            {"question": "Two?", "answer": 1, "id": 7},
            r"train.jsonl:2: the id '7' stands twice, .*jsonl:1",
        ),
        ({"id": "id"}, {"question": "Two?", "answer": 1, "id": ""}, "field 'id': the id is empty"),
        ({"kind": "boolean"}, {"question": "Two?", "answer": "maybe"}, "field 'answer': 'maybe' is not true or false"),
    ],
)
def test_a_row_that_does_not_fit_names_file_line_and_field(
    tmp_path: Path, keys: dict[str, Any], row: dict[str, Any], message: str
) -> None:
    good = {"question": "One?", "answer": 1, "id": 7}
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in (good, row)), encoding="utf-8")
    with pytest.raises(UserError, match=message):
        load(tmp_path, **PLAIN | keys)


@pytest.mark.parametrize(
    ("keys", "options", "given", "message"),
    [
        ({}, ["x", "y"], "C", r"field 'a': 'C' is not one of the options \(read as a label, A to B"),
        ({"as": "index"}, ["x", "y"], 2, r"field 'a': 2 is beyond the 2 options, 0 to 1 \(`answer.first: 1`"),
        ({"as": "index"}, ["x", "y"], "A", "field 'a': 'A' is no index"),
        ({"as": "text"}, ["x", "y"], "z", r"field 'a': 'z' is not one of the options \(read as the text"),
        ({"as": "text"}, ["x", "X."], "x!", "field 'a': 'x!' is the text of several options, A and B"),
        ({}, ["x"], "A", "field 'o': has 1 options, expected 2 to 10"),
        ({}, ["x", ""], "A", "field 'o': an option is empty"),
        ({}, "[" * 100_000, "A", "field 'o': is no list of options"),
        ({}, "x or y", "A", "field 'o': is no list of options, but 'x or y'; a text needs .*separator"),
        ({}, [{"bytes": "", "path": ""}, "y"], "A", "field 'o': holds an image"),
    ],
)
def test_an_answer_that_is_no_option_says_how_it_was_read(
    tmp_path: Path, keys: dict[str, Any], options: Any, given: Any, message: str
) -> None:
    folder_of(tmp_path, [{"q": "Which?", "o": options, "a": given}])
    with pytest.raises(UserError, match=message):
        load(tmp_path, question="q", choices="o", answer={"field": "a", **keys}, kind="choice")


def test_all_rows_that_do_not_fit_are_one_message(tmp_path: Path) -> None:
    rows = [{"question": f"{number}?", "answer": "x" if number % 2 else 1} for number in range(20)]
    with pytest.raises(
        UserError, match=r"train.jsonl:2: field 'answer'.*; 9 more rows do not fit \(4, 6, 8, 10, 12, ...\)"
    ):
        load(folder_of(tmp_path, rows), **PLAIN)


def test_a_question_that_stands_twice_is_told_with_its_lines(tmp_path: Path) -> None:
    rows = [{"question": "One?", "answer": 1}, {"question": "Two?", "answer": 2}, {"question": "one", "answer": 2}]
    (found,) = load(folder_of(tmp_path, rows), **PLAIN).repeated
    assert found.first.endswith("train.jsonl:1") and found.second.endswith("train.jsonl:3") and not found.same_answer


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train.csv", b"question,answer\none,1,2\n", "train.csv:2: 3 cells, but 2 columns .*stands in quotes"),
        ("train.csv", b'question,answer\n"a\nb",1\nc\n', "train.csv:4: 1 cells"),
        ("train.csv", b"question,question\na,1\n", "train.csv:1: two columns are called 'question'"),
        ("train.csv", b"\n", "train.csv:1: no line with the names of the columns"),
        (
            "train.csv",
            "question,answer\né,1\nÜber,2\n".encode("latin-1"),
            "train.csv:2: not UTF-8 text .*save it as UTF-8",
        ),
        ("train.csv", "question,answer\n".encode("utf-16"), "train.csv:1: not UTF-8 text .*UTF-16"),
        ("train.jsonl", b'{"question": "a", "answer": 1}\n\n{"question"\n', "train.jsonl:3: not valid JSON"),
        ("train.jsonl", b"[1]\n", "train.jsonl:1: expected a JSON object"),
        ("train.json", b'{"a": [], "b": []}', "train.json: expected a list of objects"),
        ("train.parquet", b"no parquet", "train.parquet: cannot be read as Parquet"),
        ("train.jsonl.gz", b"no gzip", "train.jsonl.gz: cannot be read"),
    ],
)
def test_a_broken_file_names_its_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        load(tmp_path, **PLAIN)


def test_a_semicolon_between_cells_and_a_line_separator_in_a_text_are_read(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(b"question;answer\r\nHow many, then?;3\r\n\r\n")
    assert load(tmp_path, **PLAIN).problems[0].question == "How many, then?"
    (tmp_path / "train.csv").unlink()
    folder_of(tmp_path, [{"question": "a\u2028b?", "answer": 1}])
    assert load(tmp_path, **PLAIN).problems[0].question == "a\u2028b?"


@pytest.mark.parametrize(
    ("make", "keys", "message"),
    [
        (lambda folder: None, {}, "no such file or folder .*`path` of dataset mine, looked for in"),
        (lambda folder: folder.mkdir(), {}, r"no file of the split 'train' \(there is no table\)"),
        (lambda folder: folder_of(folder, [], "a.csv"), {}, "there is a.csv; `splits: {train: NAME"),
        (
            lambda folder: folder.write_text(""),
            {},
            r"one  file for training and test \(say how dataset mine is divided",
        ),
        (
            lambda folder: folder.write_text(""),
            {"splits": {"test_share": 0.1}},
            "no table that can be read .*accepted: jsonl",
        ),
    ],
    ids=["absent", "empty folder", "other names", "undivided", "no table"],
)
def test_a_path_that_leads_nowhere_says_what_is_there(
    tmp_path: Path, make: Callable[[Path], object], keys: dict[str, Any], message: str
) -> None:
    make(tmp_path / "given")
    with pytest.raises(UserError, match=message):
        load(tmp_path / "given", **PLAIN | keys)


def test_a_path_is_looked_for_in_the_data_folder_too(tmp_path: Path) -> None:
    folder_of(tmp_path / "sets", [{"question": "One?", "answer": 1}])
    found = load_problems("mine", section(Path("sets"), **PLAIN), "train", tmp_path)
    assert len(found.problems) == 1


def test_the_content_of_local_files_decides_each_split(tmp_path: Path) -> None:
    """What the rule of problems carries as a param: an edited row is another content, a touched file is not."""
    one, other = [{"question": "One?", "answer": 1}], [{"question": "One?", "answer": 2}]
    folder_of(tmp_path, one), folder_of(tmp_path, one, "test.jsonl")
    known = section(tmp_path, **PLAIN)

    def contents() -> list[str]:
        return [origins.content("mine", known, split, None) for split in ("train", "development", "test")]

    before = contents()
    assert before[0] == before[1] and all(value.startswith("sha256:") for value in before)
    (tmp_path / "train.jsonl").touch()
    assert contents() == before
    folder_of(tmp_path, other)
    after = contents()
    assert after[0] != before[0] and after[1] == after[0] and after[2] == before[2]
    (tmp_path / "test.jsonl").unlink()
    assert contents()[2] == "absent"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"kind": "choice"}, "`choices` and `kind: choice` need one another"),
        ({"choices": "o"}, "`choices` and `kind: choice` need one another"),
        (
            {"answer": {"field": "a", "as": "index"}},
            "`kind: number` has answers as number, text, after, boxed, not as index",
        ),
        ({"answer": {"field": "a", "as": "###"}}, "accepted: text, letter, index, number, boolean, boxed, after"),
        ({"kind": "choice", "choices": {"labels": "l"}}, "name either `texts`"),
        ({"hub": "a/b"}, "name either `path`"),
        ({"splits": {"field": "a", "test_share": 0.5}}, "choose between `field` and `test_share`"),
        ({"revision": "x"}, "`configurations` and `revision` are for `hub`"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(tmp_path: Path, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        section(tmp_path, **PLAIN | keys)


def test_a_folder_named_as_a_hub_id_decides_by_its_content_too(tmp_path: Path) -> None:
    folder_of(tmp_path, [{"question": "One?", "answer": 1}])
    known = ColumnsDataset.model_validate({"source": "columns", "hub": str(tmp_path), **PLAIN})
    before = origins.content("mine", known, "train", None)
    folder_of(tmp_path, [{"question": "One?", "answer": 2}])
    assert before.startswith("sha256:") and origins.content("mine", known, "train", None) != before
    named = ColumnsDataset.model_validate({"source": "columns", "hub": "somebody/something", **PLAIN})
    assert origins.content("mine", named, "train", None) == ""


def test_two_boxes_of_a_solution_leave_its_answer_in_doubt() -> None:
    solution = "It is $\\boxed{1}$ or $\\boxed{-2}$."
    known = readers.math({"problem": "x?", "solution": solution, "answer": "-2"})
    unknown = readers.math({"problem": "x?", "solution": solution})
    assert known and not known.doubtful and unknown and unknown.doubtful


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("小明有5个苹果。", "小红有5个梨。", False),
        ("小明有5个苹果。", "小明有 5 个苹果", True),
        ("Wie groß ist Köln?", "Wie groß ist Ulm?", False),
        ("Сколько будет 2 + 2?", "Сколько будет 2 - 2!", True),
        ("Сколько будет?", "Почему так?", False),
    ],
)
def test_questions_in_other_scripts_are_compared_by_their_letters(left: str, right: str, same: bool) -> None:
    """Without their letters all Chinese questions were one: no development split, and every test question a leak."""
    assert (normalised(left) == normalised(right)) is same


@pytest.mark.parametrize(("given", "read"), [("1,234", "1234"), ("-12,345.5", "-24691/2"), ("$1,000", "1000")])
def test_commas_that_group_thousands_are_read(tmp_path: Path, given: str, read: str) -> None:
    rows = [{"question": "One?", "answer": given}]
    assert load(folder_of(tmp_path, rows), **PLAIN).problems[0].answer == read


@pytest.mark.parametrize("given", ["3,5", "1.234,50", "0,25", "1,2345", "-3,5 %"])
def test_a_decimal_comma_is_not_read_as_another_number(tmp_path: Path, given: str) -> None:
    """3,5 of a table from a spreadsheet was 35, for all students."""
    rows = [{"question": "One?", "answer": given}]
    with pytest.raises(UserError, match=r"a decimal comma, or thousands\? write 3.5 and 1234"):
        load(folder_of(tmp_path, rows), **PLAIN)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"[" * 100_000 + b"\n", "lists within lists without end"),
        ("a.json", b"[" * 100_000, "lists within lists without end"),
        ("a.csv", b"question,answer\n", "no row of dataset mine"),
        (
            "a.jsonl",
            b'{"question": "One?", "answer": 1}\n',
            "dataset mine, splits.test_share: a test share of 0.5 of 1",
        ),
    ],
)
def test_tables_without_rows_or_end_are_told(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        load(tmp_path / name, **PLAIN, splits={"test_share": 0.5})


def test_tabs_between_cells_are_read_whatever_the_file_is_called(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(b"question\tanswer\nHow many, then?\t3\n")
    assert load(tmp_path, **PLAIN).problems[0].question == "How many, then?"


@pytest.mark.parametrize("question", ["{question", "{}", "{ }", "Q: question}", "{{question}"])
def test_braces_without_a_column_are_refused(tmp_path: Path, question: str) -> None:
    with pytest.raises(ValueError, match="expected a column, or a text with columns in braces"):
        section(tmp_path, **PLAIN | {"question": question})


def test_decimals_of_a_parquet_file_are_numbers(tmp_path: Path) -> None:
    from decimal import Decimal

    written(tmp_path / "train.parquet", [{"question": "One?", "answer": Decimal("1.50")}], "parquet")
    assert load(tmp_path, **PLAIN).problems[0].answer == "3/2"
