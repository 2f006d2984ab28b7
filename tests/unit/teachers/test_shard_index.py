"""Indexes of shards: what they say is what reading finds, and a wrong one is passed over."""

import itertools
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradus.runtime.atomic import sha256_bytes
from gradus.teachers.requests import shard_index
from gradus.teachers.requests.entries import CANCELLED
from gradus.teachers.requests.journal import Journal, Response, request_key
from gradus.teachers.requests.shard_index import FAILED


def body(n: int, **more: Any) -> dict[str, Any]:
    return {"body": {"model": "m", "n": n, "max_tokens": 100 + n % 3, **more}}


def answer(n: int, ending: str = "stop", price: float | None = 0.1) -> Response:
    return Response(f"answer {n}", ending, f"m-{n % 2}", {"output_tokens": n}, price)


def read_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """The journal without any index."""
    with monkeypatch.context() as context:
        context.setattr(shard_index, "_stored_index", lambda shard: None)
        context.setattr(shard_index, "write_index", lambda *_: None)
        return Journal(folder)


def state(journal: Journal) -> dict[str, Any]:
    """All that a journal says without being asked for a key."""
    columns = {name: getattr(journal, f"_{name}").tolist() for name in ("keys", "positions", "outputs", "endings")}
    return {**columns, "tally": vars(journal._tally)}


@pytest.fixture
def every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_index, "SMALLEST", 1)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9), st.sampled_from(["stop", "length", FAILED]), st.booleans()),
        st.tuples(st.sampled_from(["forget", "unusable"]), st.integers(0, 9)),
        st.tuples(st.sampled_from(["new shard", "torn end", "cancelled", "read"])),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(events=EVENTS)
def test_with_and_without_indexes_a_journal_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, events: list[Any]
) -> None:
    folder, monkeypatch = tmp_path_factory.mktemp("journal"), pytest.MonkeyPatch()
    with monkeypatch.context() as context:
        context.setattr(shard_index, "SMALLEST", 1)
        context.setattr("os.fsync", lambda _: None)
        ticks = itertools.count(1)
        context.setattr("gradus.teachers.requests.journal.time.time", lambda: float(next(ticks)))
        journal = Journal(folder)
        for event, *values in events:
            if event == "add":
                n, ending, is_priced = values
                facts: dict[str, Any] = {"server": f"s{n % 2}"} if n % 3 else {}
                journal.add(request_key(body(n)), body(n), answer(n, ending, 0.1 if is_priced else None), **facts)
            elif event == "forget":
                journal.forget(request_key(body(values[0])))
            elif event == "unusable":
                journal.add(request_key(body(values[0])), body(values[0]), answer(values[0]), unusable=True)
            elif event == "read":
                Journal(folder)  # leaves an index beside the shard that is still written
            else:
                journal.close()
                newest = max(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns, default=None)
                if newest is not None and event != "new shard":
                    with open(newest, "ab") as stream:
                        stream.write(b'{"key":"to' + (CANCELLED if event == "cancelled" else b""))
                journal = Journal(folder)
        journal.close()
        Journal(folder)
        indexed = Journal(folder)
        whole = read_whole(folder, context)
        assert state(indexed) == state(whole)
        for n in range(10):
            key = request_key(body(n))
            found = whole.look(key)
            for one in (indexed, journal):  # also of two shards with one key
                assert one.look(key) == found
                assert one.glance(key) == (None if found is None else (n, found.finish_reason == "stop"))


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_of_several_answers_the_newest_counts_and_any_before_a_failure(
    tmp_path: Path, names: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two writers at once: what the shards are called says nothing of when they were written."""
    key, failed = request_key(body(1)), request_key(body(2))
    for when, name in enumerate(names):
        monkeypatch.setattr("gradus.teachers.requests.journal.time.time", lambda when=when: 10.0 + when)
        with Journal(tmp_path) as journal:
            journal.add(key, body(1), replace(answer(1 + when), text=name))
            journal.add(failed, body(2), answer(2, FAILED if when else "stop"))
            (new,) = set(tmp_path.glob("*.jsonl")) - {tmp_path / f"{names[0]}.jsonl"}
        new.rename(tmp_path / f"{name}.jsonl")
    found = Journal(tmp_path)
    newest = found.look(key)
    assert newest is not None and newest.text == names[1]
    assert found.glance(key) == (2, True) and found.glance(failed) == (2, True)
    held = found.look(failed)
    assert held is not None and held.finish_reason == "stop", "what was paid for is not lost behind a failure"


def filled(folder: Path, count: int = 5) -> Path:
    with Journal(folder) as journal:
        for n in range(count):
            journal.add(request_key(body(n)), body(n), answer(n), server="s")
    (shard,) = folder.glob("*.jsonl")
    return shard


def _torn(index: Path) -> None:
    index.write_bytes(index.read_bytes()[:-3])


def _damaged(index: Path) -> None:
    data = bytearray(index.read_bytes())
    data[-20] ^= 1
    index.write_bytes(data)


def _empty(index: Path) -> None:
    index.write_bytes(b"")


def _nonsense(index: Path) -> None:
    index.write_bytes(sha256_bytes(b"[]\n").encode() + b"\n[]\n")


def _of_another_version(index: Path) -> None:
    _, _, content = index.read_bytes().partition(b"\n")
    head, _, columns = content.partition(b"\n")
    raw = json.loads(head)
    content = json.dumps({**raw, "version": 0, "tally": {**raw["tally"], "spent_usd": 99.0}}).encode() + b"\n" + columns
    index.write_bytes(sha256_bytes(content).encode() + b"\n" + content)


def _foreign(index: Path) -> None:
    other = filled(index.parent / "other", 5)
    shutil.move(shard_index.index_path(other), index)
    shutil.rmtree(other.parent)


def _a_folder(index: Path) -> None:
    index.unlink()
    index.mkdir()


WRONG = [_torn, _damaged, _empty, _nonsense, _of_another_version, _foreign, _a_folder]


@pytest.mark.parametrize("spoil", WRONG)
@pytest.mark.usefixtures("every_size")
def test_a_wrong_index_is_passed_over(
    tmp_path: Path, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    index = shard_index.index_path(filled(tmp_path))
    assert index.exists()
    spoil(index)
    found = Journal(tmp_path)
    assert state(found) == state(read_whole(tmp_path, monkeypatch))
    assert found.spent_usd == pytest.approx(0.5)


@pytest.mark.usefixtures("every_size")
def test_an_index_is_stale_where_the_shard_was_edited_and_holds_for_a_copy(tmp_path: Path) -> None:
    shard = filled(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b", copy_function=shutil.copyfile)
    copied = shard_index._stored_index(tmp_path / "b" / shard.name)
    assert copied is not None and len(copied.keys) == 5
    lines = shard.read_bytes().splitlines(keepends=True)
    shard.write_bytes(b"".join(lines[1:]))  # an entry is deleted, as the message about damage says
    again = Journal(tmp_path / "a")
    assert len(again) == 4 and request_key(body(0)) not in again and request_key(body(1)) in again


@pytest.mark.usefixtures("every_size")
def test_a_shard_that_changed_behind_the_index_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same size and same time: nothing but the look-up itself can find it."""
    monkeypatch.setattr("time.time", lambda: 1.5)
    shard = filled(tmp_path)
    status, lines = shard.stat(), shard.read_bytes().splitlines(keepends=True)
    assert len({len(line) for line in lines}) == 1
    shard.write_bytes(b"".join(reversed(lines)))
    os.utime(shard, ns=(status.st_atime_ns, status.st_mtime_ns))
    journal = Journal(tmp_path)
    assert [journal.look(request_key(body(n))) for n in range(5)] == [answer(n) for n in range(5)]


@pytest.mark.usefixtures("every_size")
def test_a_folder_that_cannot_be_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shard_index.index_path(filled(tmp_path)).unlink()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(shard_index, "atomic_writer", refuse)
    assert len(Journal(tmp_path)) == 5
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_journal_with_an_index_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, 400)
    monkeypatch.setattr(shard_index, "decode", lambda line: pytest.fail("an entry was read"))
    assert len(Journal(tmp_path)) == 400


def test_a_small_shard_gets_no_index(tmp_path: Path) -> None:
    assert not shard_index.index_path(filled(tmp_path)).exists()


@pytest.mark.usefixtures("every_size")
def test_what_an_index_holds_changes_with_its_version(tmp_path: Path) -> None:
    """Whoever changes what is counted or how it is kept raises VERSION, and this sum with it."""
    shard = tmp_path / "shard.jsonl"
    request = '"request":{"body":{"max_tokens":%d,"model":"m"}}'
    response = '"response":{"finish_reason":"stop","model":"m","price_usd":0.5,"text":"","usage":{"output_tokens":7}}'
    line = f'{{"key":"%064x",{request},{response},"server":"s","time":1.0}}\n'
    shard.write_text("".join(line % (n << 192, n) for n in range(3)))
    os.utime(shard, ns=(0, 0))
    Journal(tmp_path)
    assert shard_index.VERSION == 1
    assert (
        sha256_bytes(shard_index.index_path(shard).read_bytes())
        == "f368a3ffa1a3215eb09a1e2d4c5177e087491944beb97a85a66ac9db704cd2d3"
    )
