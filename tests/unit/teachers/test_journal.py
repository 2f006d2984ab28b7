"""The journal: nothing lost, nothing asked twice, torn tails tolerated, damage told."""

from pathlib import Path

import pytest

from gradus.runtime.errors import UserError
from gradus.teachers.requests.journal import Journal, Response, request_key


def response(text: str) -> Response:
    return Response(text, "stop", "m", {"tokens": 3})


def test_answers_outlive_the_writer_and_are_shared_by_all(tmp_path: Path) -> None:
    with Journal(tmp_path) as first:
        first.add(request_key({"n": 1}), {"n": 1}, response("one"))
    with Journal(tmp_path) as second:
        second.add(request_key({"n": 2}), {"n": 2}, response("two"))
    third = Journal(tmp_path)
    assert third.get(request_key({"n": 1})) == response("one")
    assert third.get(request_key({"n": 2})) == response("two")
    assert third.get(request_key({"n": 3})) is None
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


def test_the_key_is_the_content_and_not_its_order() -> None:
    assert request_key({"a": 1, "b": [1, 2]}) == request_key({"b": [1, 2], "a": 1})
    assert request_key({"a": 1, "sample": 0}) != request_key({"a": 1, "sample": 1})


def test_a_torn_last_line_costs_only_itself(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for n in range(3):
            journal.add(request_key({"n": n}), {"n": n}, response(str(n)))
    shard = next(tmp_path.glob("*.jsonl"))
    shard.write_bytes(shard.read_bytes()[:-5])
    again = Journal(tmp_path)
    assert again.get(request_key({"n": 1})) == response("1")
    assert again.get(request_key({"n": 2})) is None


def test_damage_in_the_middle_names_file_and_line(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for n in range(3):
            journal.add(request_key({"n": n}), {"n": n}, response(str(n)))
    shard = next(tmp_path.glob("*.jsonl"))
    lines = shard.read_bytes().splitlines(keepends=True)
    shard.write_bytes(lines[0] + b"garbage\n" + lines[2])
    with pytest.raises(UserError, match=f"{shard.name}:2: damaged"):
        Journal(tmp_path)


def test_an_unused_journal_leaves_no_shard(tmp_path: Path) -> None:
    with Journal(tmp_path / "new"):
        pass
    assert not (tmp_path / "new").exists()
