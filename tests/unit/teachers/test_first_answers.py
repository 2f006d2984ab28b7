"""The first answers of a job, through the queue: where nothing can be learned of dozens of them, no more are bought."""

from pathlib import Path
from typing import Any

import pytest
from builders import FakeClock, problem
from scripted_provider import PRICE, fetch, held, message, requests

from gradus.records import Supervision
from gradus.runtime.errors import UserError
from gradus.study.config.teachers import OpenAITeacher, RationaleSource
from gradus.teachers.annotation import Sampling, prepare
from gradus.teachers.answer_sources import RemoteAnswers
from gradus.teachers.prompts.prompting import NO_EXEMPLAR, Prompts
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.queue import RequestQueue

PROMPTS = Path(__file__).parents[3] / "prompts"
WHERE = Supervision("d", "t", "original", "native")
USAGE = {"input_tokens": 10, "output_tokens": 10}


class Saying:
    """Answers with these responses in turn, the last one for ever."""

    version = "none"

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.calls = 0

    async def send(self, body: dict[str, Any]) -> Response:
        self.calls += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def close(self) -> None: ...


def said(text: str, ending: str = "stop", **fields: Any) -> Response:
    return Response(text, ending, "m", USAGE, **fields)


def annotated(folder: Path, client: Saying, count: int = 100, attempt: int = 0, **entry: Any) -> str:
    """What stops an annotation job of so many problems, with the hint."""
    teacher = OpenAITeacher.model_validate({"provider": "openai", "model": "m", "max_concurrency": 4, **entry})
    problems = [problem(id=str(n), question=f"What is {n} + 1?", answer="3") for n in range(count)]
    with Journal(folder) as journal:
        before = len(journal)
        queue = RequestQueue(lambda: client, journal, teacher, PRICE, FakeClock())
        builder = RequestBuilder(teacher, Prompts(PROMPTS), "hidden")
        source = RemoteAnswers(teacher, builder, journal, NO_EXEMPLAR, NO_EXEMPLAR, "here", queue.fetch)
        sampling = Sampling(retried=("unparsable",), retries=1)
        try:
            for earlier in range(attempt + 1):
                prepare(problems, WHERE, source, {}, sampling, earlier)
        except UserError as error:
            assert len(journal) - before == client.calls == queue.fetched, "everything that was bought is kept"
            return str(error)
        assert len(journal) - before == client.calls
    return ""


GOOD = "2 and 1 is 3. The answer is 3."


@pytest.mark.parametrize(
    ("answer", "rationale", "words", "hint"),
    [
        (said("I cannot say."), "answer", "hold nothing that can be learned: 24 end as 'stop'", "The answer is X."),
        (said("I cannot say."), "answer", "0 of them have thoughts; they read 'I cannot say.'", "see the raw answers"),
        (said("<think>hm", "length"), "answer", "have no text: 24 end as 'length'; 24 of", "raise max_output_tokens"),
        (said("", reasoning="hm"), "answer", "have no text: 24 end as 'stop'; 24 of", "rationale: reasoning"),
        (said(GOOD), "reasoning", "hold nothing that can be learned", "rationale: answer takes its answers"),
        (said(""), "both", "have no text", "rationale: answer"),
    ],
)
def test_a_job_that_nobody_can_learn_from_stops(
    tmp_path: Path, answer: Response, rationale: RationaleSource, words: str, hint: str
) -> None:
    client = Saying(answer)
    error = annotated(tmp_path, client, rationale=rationale)
    assert "the first 24 answers" in error and words in error and hint in error, error
    assert client.calls <= 24 + 4


def test_long_answers_are_shown_shortened_and_two_at_most(tmp_path: Path) -> None:
    error = annotated(tmp_path, Saying(said("A " + "very " * 60), said("B " + "very " * 60), said("C")))
    assert error.count(" ...'") == 2 and "'A very" in error and "'B very" in error and len(error) < 600


@pytest.mark.parametrize("rationale", ["answer", "both"])
def test_one_answer_that_can_be_read_settles_it(tmp_path: Path, rationale: RationaleSource) -> None:
    client = Saying(*[said("I cannot say.")] * 20, said(GOOD, reasoning="Hm."), said("I cannot say."))
    assert annotated(tmp_path, client, rationale=rationale) == ""
    assert client.calls == 100


def test_thoughts_that_are_asked_for_can_be_all_there_is(tmp_path: Path) -> None:
    assert annotated(tmp_path, Saying(said("", reasoning=GOOD)), rationale="reasoning") == ""


def test_answers_that_are_drawn_again_show_nothing_of_their_job(tmp_path: Path) -> None:
    """The second draw asks what could not be read at first: that this is unreadable again is no fault of the teacher."""
    client = Saying(said(GOOD), *[said("I cannot say.")] * 60, *[said(GOOD)] * 39, said("I cannot say."))
    assert annotated(tmp_path, client, attempt=1) == ""
    assert client.calls == 160


def test_a_job_whose_answers_were_read_earlier_goes_on(tmp_path: Path) -> None:
    assert annotated(tmp_path, Saying(said(GOOD)), count=5) == ""
    client = Saying(said("I cannot say."))
    assert annotated(tmp_path, client) == "" and client.calls == 95


def test_requests_without_a_reader_need_a_text_alone(tmp_path: Path) -> None:
    queue, _, _ = fetch(tmp_path, requests(50))
    assert "None" in message(queue) and held(tmp_path, requests(50)) == 50
