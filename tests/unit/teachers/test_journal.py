"""The journal: nothing lost, nothing asked twice, torn tails tolerated, damage told."""

import json
import resource
import signal
from pathlib import Path
from typing import Any

import pytest

from gradus.runtime.errors import UserError
from gradus.teachers.requests.journal import Journal, Response, request_key
from gradus.teachers.requests.journal_lock import journal_lock


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


SURROGATE = json.loads('"an icon \\ud83d, a whole one \\ud83d\\ude00"')
ODD: list[Any] = [
    SURROGATE,
    "a\u2028b\u2029c\x85d",
    "nul \0, cancelled \x18",
    "x" * 3_000_000,
    float("nan"),
    [float("inf"), -1e999],
    {SURROGATE: [SURROGATE]},
    json.loads("[" * 300 + "]" * 300),
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_whatever_an_answer_holds_is_kept(tmp_path: Path, odd: Any) -> None:
    text = odd if isinstance(odd, str) else "fine"
    answer = Response(text, "stop", "m", {"input_tokens": 1}, 0.5, raw={"odd": odd})
    with Journal(tmp_path) as journal:
        journal.add("a" * 64, {"n": 1}, answer)
        journal.add("b" * 64, {"n": 2}, response("next"))
    again = Journal(tmp_path)
    found = again.get("a" * 64)
    assert found is not None and again.get("b" * 64) == response("next")
    assert found.text == text.replace("\ud83d", "\ufffd").replace("\ufffd\ude00", "\U0001f600")
    assert again.spent_usd == 0.5 and len(next(tmp_path.glob("*.jsonl")).read_bytes().split(b"\n")) == 3
    json.dumps(found.text, ensure_ascii=False).encode("utf-8")


def test_a_write_that_fails_halfway_takes_nothing_with_it(tmp_path: Path) -> None:
    """The file may grow to 2,000 bytes, then further again."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Journal(tmp_path) as journal:
        journal.add("a" * 64, {"n": 1}, response("one"))
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
            with pytest.raises(OSError, match="File too large"):
                journal.add("b" * 64, {"n": 2}, response("two" * 1000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
        journal.add("c" * 64, {"n": 3}, response("three"))
    again = Journal(tmp_path)
    assert [again.get(letter * 64) for letter in "abc"] == [response("one"), None, response("three")]


def test_a_fragment_that_cannot_be_cut_off_is_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn:
        """A file that takes ten bytes of the second line and cannot be truncated."""

        def __init__(self, stream: Any) -> None:
            self.stream, self.left = stream, 2

        def write(self, data: Any) -> int:
            self.left -= 1
            if self.left == 0:
                return int(self.stream.write(bytes(data)[:10]))
            if self.left == -1:
                raise OSError(28, "No space left on device")
            return int(self.stream.write(data))

        def truncate(self, _: int) -> None:
            raise OSError(5, "Input/output error")

        def __getattr__(self, name: str) -> Any:
            return getattr(self.stream, name)

    with Journal(tmp_path) as journal:
        journal.add("a" * 64, {"n": 1}, response("one"))
        assert journal._shard is not None
        journal._shard._stream = Stubborn(journal._shard._stream)  # type: ignore[assignment]
        journal._shard._stream.left = 1  # type: ignore[attr-defined]
        with pytest.raises(OSError, match="No space"):
            journal.add("b" * 64, {"n": 2}, response("two"))
        journal.add("c" * 64, {"n": 3}, response("three"))
        assert journal.get("c" * 64) == response("three")
    again = Journal(tmp_path)
    assert [again.get(letter * 64) for letter in "abc"] == [response("one"), None, response("three")]


def test_an_entry_that_an_older_version_glued_to_a_torn_one_is_read(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for letter in "abc":
            journal.add(letter * 64, {"n": letter}, response(letter), attempts=1)
    shard = next(tmp_path.glob("*.jsonl"))
    first, second, third = shard.read_bytes().splitlines(keepends=True)
    shard.write_bytes(first + second[:-30] + third)
    again = Journal(tmp_path)
    assert [again.get(letter * 64) for letter in "abc"] == [response("a"), None, response("c")]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Journal(tmp_path / "file") as journal, pytest.raises(UserError, match="the journal cannot be written"):
        journal.prepare()


def test_a_file_system_without_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refuse)
    with (
        pytest.raises(UserError, match=r"keeps no locks \(Function not implemented\).*-o flock"),
        journal_lock(tmp_path),
    ):
        pass
