"""Batches under a budget, and batches that nobody can learn from: what is wrong with all answers is found by one batch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from narrow_batches import ENTRY, Narrow
from scripted_provider import PRICE, held, requests

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import OpenAITeacher
from gradus.study.config.thinking import THOUGHT_TOKENS
from gradus.teachers.errors import ContentFiltered, ProviderError
from gradus.teachers.requests.batch import BatchQueue
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.journal import Journal, Response

COUNTED = {"input_tokens": 100, "output_tokens": 100}


class Saying(Narrow):
    """Answers everything with one text."""

    def __init__(self, text: str, usage: dict[str, int], most_items: int = 50_000, reasoning: str = "") -> None:
        super().__init__(room=10**6, most_items=most_items)
        self.answer = Response(text, "stop", "m", usage, reasoning=reasoning)

    def results(self, identifier: str) -> Iterator[tuple[str, Response | ProviderError]]:
        yield from ((key, self.answer) for key in self.batches[identifier] or ())


def ask(folder: Path, service: Narrow, wanted: list[ChatRequest], half: str = "fetch", **entry: Any) -> str:
    """Ask by batch; what stops it, with the hint."""
    teacher = OpenAITeacher.model_validate({**ENTRY, "budget_usd": 1.0, **entry})
    with Journal(folder) as journal:
        queue = BatchQueue(lambda: service, journal, teacher, PRICE, lambda _: None)
        try:
            {"fetch": queue.fetch, "submit": queue.submit, "collect": queue.fetch_ended}[half](
                wanted, len(wanted), "here"
            )
        except UserError as error:
            return str(error)
    return ""


def test_no_usage_stops_a_job_by_batch_where_a_budget_must_be_kept(tmp_path: Path) -> None:
    """Twelve batches were bought, and twelve more by the next call."""
    service = Saying("The answer is 3.", {}, most_items=5)
    wanted = requests(60)
    said = ask(tmp_path, service, wanted)
    assert "5 answers do not tell their tokens (no usage), so that the budget of $1.00 cannot be kept" in said
    assert "they are in the journal, without a price" in said and "leave budget_usd out" in said
    assert service.sizes == [5] and held(tmp_path, wanted) == 5
    assert "5 answers in the journal have no price" in ask(tmp_path, service, wanted)
    assert "nothing is submitted" in ask(tmp_path, service, requests(99)[60:], "submit"), "another job of this teacher"
    assert service.sizes == [5]
    assert ask(tmp_path, service, wanted, budget_usd=None) == ""
    assert held(tmp_path, wanted) == 60


def test_batches_that_ended_with_it_are_kept_before_a_job_stops(tmp_path: Path) -> None:
    service = Saying("The answer is 3.", {}, most_items=5)
    wanted = requests(10)
    for part in (wanted[:5], wanted[5:]):
        ask(tmp_path, service, part, "submit")
    assert "5 answers do not tell" in ask(tmp_path, service, wanted)
    assert held(tmp_path, wanted) == 10 and service.sizes == [5, 5]


def test_a_budget_covers_the_thoughts_of_a_model_that_thinks(tmp_path: Path) -> None:
    asked = requests(10)
    usd = 10 * (400 + THOUGHT_TOKENS) * 10 / 1e6 * 0.5
    plain: dict[str, Any] = {"max_output_tokens": 4000, "budget_usd": usd * 0.9}
    said = ask(tmp_path, Narrow(1000), asked, extra={"reasoning_effort": "high"}, **plain)
    assert f"does not cover a batch of about ${usd + 10 * 8 * 0.5 / 1e6:.4f}" in said
    assert ask(tmp_path, Saying("The answer is 3.", COUNTED), asked, **plain) == ""


def test_a_budget_covers_what_open_batches_read_and_write(tmp_path: Path) -> None:
    """A batch was held against the budget without the questions of those that are out, and without those of its own call."""
    long = [
        ChatRequest({"model": "m", "messages": [{"role": "user", "content": f"{n} " + "word " * 8000}]}, 0)
        for n in range(15)
    ]
    # 10,000 tokens of each question cost 0.005, and 400 of its answer 0.002.
    service = Saying("The answer is 3.", COUNTED)
    assert ask(tmp_path, service, long[:10], "submit", budget_usd=0.09) == ""
    said = ask(tmp_path, service, long[10:], "submit", budget_usd=0.09)
    assert "does not cover a batch of about $0.03" in said and "about $0.07 are in open batches" in said.replace(
        "0700", "07"
    )
    assert service.sizes == [10]


def test_batches_of_one_call_share_the_budget(tmp_path: Path) -> None:
    service = Saying("The answer is 3.", COUNTED, most_items=5)
    said = ask(tmp_path, service, requests(60), budget_usd=0.05)
    assert "does not cover a batch" in said and "in open batches" in said
    assert sum(service.sizes) <= 25 + 5, "400 output tokens of each are 0.002"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the first 24 answers have no text: 24 end as 'stop'"),
        ("I cannot say.", "the first 24 answers hold nothing that can be learned: 24 end as 'stop'"),
    ],
)
def test_a_first_batch_that_nobody_can_learn_from_is_the_last(tmp_path: Path, text: str, said: str) -> None:
    """All batches were bought: 120 of 120 answers without a text."""
    wanted = [
        ChatRequest(one.body, 0, reader=lambda response: "The answer is" in response.text) for one in requests(120)
    ]
    service = Saying(text, COUNTED, most_items=40)
    words = ask(tmp_path, service, wanted)
    assert said.replace("24", "40") in words and "all are in the journal" in words
    assert ("they read 'I cannot say.'" in words) == bool(text)
    assert service.sizes == [40] and held(tmp_path, wanted) == 40
    assert said.replace("24", "40") in ask(tmp_path, service, wanted), "nothing is bought by the next call"
    assert service.sizes == [40]


def test_a_first_batch_that_is_filtered_as_a_whole_is_the_last(tmp_path: Path) -> None:
    service = Saying("", COUNTED, most_items=30)
    filtered = ContentFiltered("content policy")
    service.results = lambda identifier: ((key, filtered) for key in service.batches[identifier] or ())  # type: ignore[method-assign]
    assert "the first 30 answers have no text: 30 end as 'refusal'" in ask(tmp_path, service, requests(60))
    assert service.sizes == [30] and held(tmp_path, requests(60)) == 30


def test_the_first_batch_goes_alone_in_both_halves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    service = Saying("The answer is 3.", COUNTED, most_items=25)
    wanted = requests(100)
    assert ask(tmp_path, service, wanted, "submit") == "" == ask(tmp_path, service, wanted, "submit")
    assert service.sizes == [25] and "here: 75 requests wait until its first batch has been looked at" in caplog.text
    assert "75 of 100 requests" in ask(tmp_path, service, wanted, "collect")
    assert service.sizes == [25] * 4
    assert ask(tmp_path, service, wanted, "collect") == "" and held(tmp_path, wanted) == 100


def test_a_wait_for_batches_is_told_every_half_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    service, looks = Saying("The answer is 3.", COUNTED), iter(range(150))
    monkeypatch.setattr(service, "has_ended", lambda _: next(looks, None) is None)
    assert ask(tmp_path, service, requests(5)) == ""
    assert caplog.text.count("here: waiting for batches, for 26 hours at most") == 1
    assert [f"for {hours} hours by now" in caplog.text for hours in ("0.5", "1.0", "1.5", "2.0", "2.5", "3.0")] == [
        True
    ] * 5 + [False]
