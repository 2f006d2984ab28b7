"""Record files: refused with file and line, written whole or not at all."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import problem
from hypothesis import given
from hypothesis import strategies as st

from gradus.records import Prediction, Problem
from gradus.runtime.atomic import atomic_writer
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import manifest_path, read_json, read_manifest, read_records, write_records

texts = st.text(min_size=1).filter(str.strip)


@given(st.lists(st.builds(problem, texts, question=texts, answer=texts), min_size=1, unique_by=lambda p: p.id))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, problems: list[Problem]) -> None:
    path = tmp_path_factory.mktemp("records") / "x.jsonl"
    write_records(path, problems)
    assert read_records(path, Problem) == problems
    assert read_manifest(path)["rows"] == len(problems)


@pytest.mark.parametrize(
    ("spoil", "line", "message"),
    [
        (lambda lines: [*lines[:1], lines[1][:20]], 2, "truncated line"),
        (lambda lines: [lines[0], "{not json}\n"], 2, "not valid JSON"),
        (lambda lines: [lines[0], "[" * 100_000 + "\n"], 2, "lists within lists without end"),
        (lambda lines: [lines[0], lines[0]], 2, "duplicate id 'a', first on line 1"),
        (lambda lines: [lines[0].replace('"answer":"3"', '"answer":" "')], 1, "has no gold answer"),
        (lambda lines: [lines[0].replace('"answer":"3",', "")], 1, "missing field 'answer'"),
        (lambda lines: [lines[0].replace('"answer":"3"', '"answer":3')], 1, "field 'answer' has the wrong type"),
        (lambda lines: [lines[0].replace('"id"', '"idd":1,"id"')], 1, "unknown field 'idd'"),
        (lambda lines: ["[]\n"], 1, "expected a JSON object"),
        (lambda lines: [], None, "the file is empty"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(
    tmp_path: Path, spoil: Callable[[list[str]], list[str]], line: int | None, message: str
) -> None:
    path = tmp_path / "problems.jsonl"
    write_records(path, [problem("a"), problem("b")])
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(spoil(lines)))
    with pytest.raises(UserError) as caught:
        read_records(path, Problem)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:{line}: " if line else f"{path}: ")


def test_a_missing_file_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_records(tmp_path / "absent.jsonl", Prediction)


def test_a_json_file_without_end_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[" * 100_000)
    with pytest.raises(UserError, match=r"x\.json: no JSON that can be read: lists within lists without end"):
        read_json(tmp_path / "x.json")


def test_a_manifest_notices_another_content(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_records(path, [problem()])
    facts = json.loads(manifest_path(path).read_text())
    assert facts["bytes"] == path.stat().st_size
    path.write_text(path.read_text().replace("How many", "How much"))
    with pytest.raises(UserError, match="differs from its manifest"):
        read_manifest(path)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_writer(path) as stream:
        stream.write(b"new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.txt"]


def test_a_full_disk_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    """A file size limit stands for the full disk: the write fails with OSError in the middle."""
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            write_records(tmp_path / "x.jsonl", [problem(str(n), question="word " * 100) for n in range(100)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == []


def test_a_file_that_its_manifest_contradicts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    write_records(path, [problem("a"), problem("b")])
    path.write_text(path.read_text().replace("How many?", "How much?"))
    with pytest.raises(UserError, match=r"differs from its manifest.*delete both and run again"):
        read_records(path, Problem)
    manifest_path(path).unlink()
    assert len(read_records(path, Problem)) == 2, "nothing is known of it"
