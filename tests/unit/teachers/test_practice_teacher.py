"""The practice teacher behind the real interface: questions of the OpenAI SDK, generated problems, and it says what it is."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from running import PROJECT

from gradus.answers import extract_answer
from gradus.data.gradeschool.stories import make_story
from gradus.records import Problem
from gradus.records.vocabulary import FORMATS, LEVELS
from gradus.teachers.practice.reading import numbers_of, read
from gradus.teachers.practice.server import WHAT, PracticeServer, RequestError, completion
from gradus.teachers.practice.writing import Writer
from gradus.teachers.prompts.prompting import (
    Exemplar,
    Prompts,
    annotation_prompt,
    exemplar_prompt,
    read_levels,
    rewrite_prompt,
)

PROMPTS = PROJECT / "prompts"
ANN = "Ann has 7 apples and buys 3 more. How many has she?"
EXEMPLAR = Exemplar("What is 1 + 1?", "2", dict.fromkeys((*LEVELS, *FORMATS), "1 + 1 = 2."), "x", "teacher")


def problem(question: str, answer: str) -> Problem:
    return Problem("p", "mine", "train", question, None, answer, "number", None, None, "test", None)


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    made = PracticeServer(("127.0.0.1", 0), Writer(PROMPTS))
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def test_the_sdk_is_answered(server: PracticeServer) -> None:
    client = openai.OpenAI(api_key="any", base_url=server.base_url, max_retries=0)
    assert [model.id for model in client.models.list()] == ["practice-teacher"]
    prompt = annotation_prompt(Prompts(PROMPTS), problem(ANN, "10"), "L3", "shown", EXEMPLAR)
    messages: Any = [{"role": "system", "content": "You are a teacher."}, {"role": "user", "content": prompt}]
    answer = client.chat.completions.create(model="model-1", messages=messages, max_tokens=200)
    assert answer.choices[0].message.content == "7 + 3 = 10. The answer is 10."
    assert answer.model == "model-1" and answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 9
    assert answer.system_fingerprint == WHAT and "no language model" in WHAT
    cut = client.chat.completions.create(model="m", messages=messages, max_tokens=2)
    assert cut.choices[0].finish_reason == "length" and server.answered == 2
    with pytest.raises(openai.BadRequestError, match="does not stream"):
        client.chat.completions.create(model="m", messages=messages, stream=True)
    with pytest.raises(openai.NotFoundError, match="no such path"):
        client.embeddings.create(model="m", input="x")


def test_generated_stories_are_solved_without_the_answer() -> None:
    dice, seen = random.Random(5), 0
    writer = Writer(PROMPTS)
    while seen < 200:
        story = make_story(dice, dice.choice((2, 3, 4, 5)))
        if story is None:
            continue
        seen += 1
        text = writer.write(f"Question: {story.question}\n\nAnswer the question.")
        assert extract_answer(text, "number", None) == str(story.solution.answer), story.question


def test_levels_get_longer_and_reach_the_given_answer() -> None:
    question = (
        "Ben has 12 cards and shares them equally among 3 people. He buys 2 packs with 4 cards each. How many now?"
    )
    writer, prompts = Writer(PROMPTS), Prompts(PROMPTS)
    texts = [
        writer.write(annotation_prompt(prompts, problem(question, "12"), level, "shown", EXEMPLAR)) for level in LEVELS
    ]
    assert all(text.endswith("The answer is 12.") for text in texts)
    assert [len(text) for text in texts] == sorted(len(text) for text in texts) and len(set(texts)) >= 4
    levels = read_levels(writer.write(exemplar_prompt(prompts, problem(question, "12"), "original", None)))
    assert levels is not None and levels["L3"] in texts[2]


@pytest.mark.parametrize("form", [name for name in FORMATS if name != "original"])
def test_a_rewrite_keeps_the_answer_and_has_the_form(form: str) -> None:
    prompt = rewrite_prompt(
        Prompts(PROMPTS), problem(ANN, "10"), form, "7 + 3 = 10. The answer is 10.", EXEMPLAR, EXEMPLAR
    )
    text = Writer(PROMPTS).write(prompt)
    assert text.endswith("The answer is 10.")
    marks = {
        "least-to-most": "1) How many",
        "rephrase-and-respond": "we ask: How many",
        "symbolic": "Let a = 7, b = 3.",
    }
    assert marks[form] in text


def test_what_is_not_understood_is_said_plainly() -> None:
    writer = Writer(PROMPTS)
    told = writer.write("Question: Is the sky green?\nThe correct answer is: False\n\nExplain how.")
    assert told.startswith("We are asked: Is the sky green?") and told.endswith("The answer is False.")
    assert "practice teacher" in writer.write("Write a poem.")
    assert writer.write("Question: Which?\nA) x\nB) y\n\nAnswer").endswith("The answer is A.")


def test_a_chain_is_found_where_the_answer_is_shown() -> None:
    question = (
        "Weng is paid $12 an hour for babysitting. She did 50 minutes. The hour has 60 minutes. How much did she earn?"
    )
    assert read(question) is None or read(question, 600) is not None
    solution = read(question, 600)
    assert solution is not None and solution.answer == 600
    assert read(question, 999_999) is None
    assert numbers_of("two dozen, 1,200 and 3") == [2, 12, 1200, 3]


def test_errors_are_a_share_and_always_the_same() -> None:
    wrong = Writer(PROMPTS, errors=1.0)
    prompt = f"Question: {ANN}\n\nAnswer the question."
    assert extract_answer(wrong.write(prompt), "number", None) != "10" and wrong.write(prompt) == wrong.write(prompt)


def test_it_ends_when_told_to_where_a_shell_made_it_deaf_to_interrupts() -> None:
    command = [sys.executable, "-u", str(PROJECT / "scripts" / "practice_teacher.py"), "--port", "0"]
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        process.send_signal(number)
        assert "0 answers given" in process.communicate(timeout=60)[0]


def post(server: PracticeServer, head: str, body: bytes = b"") -> tuple[int, str]:
    """Status and text of the answer to a request that is written by hand."""
    with socket.create_connection(("127.0.0.1", server.server_address[1]), 30) as wire:
        wire.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + body)
        wire.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: wire.recv(65536), b"")).decode()
    return int(answer.split()[1]), answer


@pytest.mark.parametrize(
    ("head", "body", "status", "said"),
    [
        ("Content-Length: many", b"", 411, "no length"),
        ("Content-Length: -5", b"", 411, "no length"),
        ("Transfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n", 411, "no chunks"),
        ("Content-Length: 99999999999", b"", 413, "larger than"),
        ("Content-Length: 2", b"{}", 400, "required"),
        ("Content-Length: 40000", b"[" * 40000, 400, "not valid JSON"),
    ],
)
def test_an_odd_request_gets_an_answer(server: PracticeServer, head: str, body: bytes, status: int, said: str) -> None:
    found, answer = post(server, head, body)
    assert found == status and said in answer


@pytest.mark.parametrize("changes", [{"max_tokens": -1}, {"max_tokens": True}, {"max_tokens": "9"}, {"n": 3}])
def test_what_the_format_forbids_is_refused(changes: dict[str, Any]) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": ANN}], **changes}
    with pytest.raises(RequestError):
        completion(body, Writer(PROMPTS))


@pytest.mark.parametrize(
    "question",
    [
        f"Ann has {'7' * 5000} apples and buys 3 more. How many has she?",
        "Ann has 7 apples. " + "She doubles them. " * 20_000 + "How many has she?",
        "Ann has \ud83d 7 apples and buys 3 more. How many has she?",
        f"Ann has 7 apples.\nThe correct answer is: {'9' * 5000}\n\nHow many has she?",
    ],
)
def test_a_hostile_question_gets_a_text(question: str) -> None:
    assert "The answer is" in Writer(PROMPTS, errors=1.0).write(f"Question: {question}\n\nAnswer the question.")


@pytest.mark.parametrize("options", [("--port", "70000"), ("--port", "-1"), ("--errors", "nan"), ("--errors", "2")])
def test_options_out_of_range_are_one_line(options: tuple[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / "practice_teacher.py"), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and done.stderr.startswith("error: argument") and len(done.stderr.splitlines()) == 1
