"""What fails is an outcome as long as it is rare; it can be listed, and asked again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import problem
from scripted_provider import fetch, held, message, requests
from test_thoughts import Fixed

from gradus.records import Supervision
from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError
from gradus.study.config.teachers import ChatTeacher
from gradus.teachers.annotation import Counts, Sampling, annotate
from gradus.teachers.errors import BadRequestError, RejectedRequestError
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.stuck import failed_requests, forget, open_batches

TOO_LONG = RejectedRequestError("context_length_exceeded: 9000 tokens")


def test_a_request_that_cannot_succeed_is_an_outcome_and_the_others_go_on(tmp_path: Path) -> None:
    wanted = requests(6)
    queue, client, _ = fetch(tmp_path, wanted, [None, TOO_LONG], max_concurrency=1)
    assert (queue.fetched, len(client.calls), held(tmp_path, wanted)) == (6, 6, 6)
    again, silent, _ = fetch(tmp_path, wanted)
    assert silent.calls == [] and again.fetched == 0
    with Journal(tmp_path) as journal:
        response = journal.get(wanted[1].key)
        assert journal.unpriced == 0
    assert response is not None and (response.finish_reason, response.price_usd) == ("failed", 0.0)


def test_also_the_first_one_may_be_too_long(tmp_path: Path) -> None:
    queue, _, _ = fetch(tmp_path, requests(6), [TOO_LONG], max_concurrency=4)
    assert queue.fetched == 6


@pytest.mark.parametrize(("share", "most"), [(0.0, 0), (0.02, 1), (0.1, 4)])
def test_many_failures_stop(tmp_path: Path, share: float, most: int) -> None:
    def failing() -> Iterator[Exception | None]:
        yield None
        while True:
            yield TOO_LONG

    queue, client, _ = fetch(tmp_path, requests(40), failing(), max_concurrency=1, tolerated_failures=share)
    assert f"{most + 1} of 40 requests failed, the last one: context_length" in message(queue)
    assert len(client.calls) == most + 2


def test_an_unclear_rejection_stops_at_the_first_request_and_is_an_outcome_later(tmp_path: Path) -> None:
    unclear = BadRequestError("400: bad image")
    queue, client, _ = fetch(tmp_path / "first", requests(6), [unclear], max_concurrency=4)
    assert "the provider answers: 400: bad image" in message(queue) and len(client.calls) == 1
    later, _, _ = fetch(tmp_path / "later", requests(6), [None, unclear], max_concurrency=1)
    assert later.fetched == 6


def test_what_failed_is_listed_and_asked_again_once_it_is_forgotten(tmp_path: Path) -> None:
    wanted = requests(60)
    fetch(tmp_path, wanted, [None, TOO_LONG], max_concurrency=1)
    (found,) = failed_requests(tmp_path)
    assert (found.key, found.words) == (wanted[1].key, str(TOO_LONG))
    assert forget(tmp_path, "0" * 64) == 0
    assert forget(tmp_path, found.key[:16]) == 1 and failed_requests(tmp_path) == []
    with Journal(tmp_path) as journal:
        assert wanted[1].key not in journal and journal.spent_usd == pytest.approx(59 * 0.0011)
    _, client, _ = fetch(tmp_path, wanted)
    assert [text for _, text in client.calls] == ["q1"] and held(tmp_path, wanted) == 60


def test_answers_cannot_be_forgotten(tmp_path: Path) -> None:
    wanted = requests(2)
    fetch(tmp_path, wanted)
    assert forget(tmp_path, wanted[0].key) == 0 and held(tmp_path, wanted) == 2


def test_open_batches_are_listed_and_forgotten(tmp_path: Path) -> None:
    for number, name in enumerate(("old", "new")):
        record = {"tag": name, "created": 1e9 + number, "id": f"batch_{name}", "keys": ["a", "b"]}
        write_json(tmp_path / "batches" / f"{name}.batch.json", record)
        write_json(tmp_path / "batches" / f"{name}.requests.json", {})
    assert [batch.tag for batch in open_batches(tmp_path)] == ["old", "new"]
    assert forget(tmp_path, "batch_old") == 1 and [batch.tag for batch in open_batches(tmp_path)] == ["new"]
    assert len(list((tmp_path / "batches").iterdir())) == 2


def test_annotations_with_too_many_failures_are_not_written() -> None:
    where, failed = Supervision("d", "t", "original", "L1"), Fixed(Response("", "failed", "m", {}), "answer")
    tolerated = ChatTeacher(model="m").tolerated
    (row,) = annotate([problem()], where, failed, {}, Sampling(1, (), 0, tolerated), Counts())
    assert (row.verdict, row.rationale) == ("failed", "")
    problems = [problem(id=f"p{number}") for number in range(10)]
    with pytest.raises(UserError, match="10 of 10 requests of d/t/original/L1 failed"):
        list(annotate(problems, where, failed, {}, Sampling(1, (), 0, tolerated), Counts()))
