"""Reach: address, key and model of remote teachers are tried by the free list of models, and each failure is one line."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study
from fake_provider import KEY
from nasty_provider import nasty, reply

from gradus.study.config import Study, load
from gradus.study.config.teachers import AnthropicTeacher, OpenAITeacher
from gradus.teachers.reach import objection
from gradus.workflow.remote_teachers import asked, problems

LISTED = {
    "object": "list",
    "data": [{"id": "model-1"}, {"id": "gpt-4o-2024-08-06"}, {"id": "models/gem"}, {"id": "l:latest"}],
}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


@pytest.fixture
def refused() -> Iterator[int]:
    """A port of this machine that is bound, so that no other program takes it, and at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def entry(address: str, **keys: Any) -> OpenAITeacher:
    return OpenAITeacher(**{"provider": "openai", "base_url": f"{address}/v1", "model": "model-1", **keys})


def said(*replies: bytes, **keys: Any) -> str | None:
    """What a server that sends these replies has against being asked; its address is written as HERE."""
    with nasty(*replies) as server:
        found = asyncio.run(objection(entry(server.address, **keys), 5.0))
        return found and found.replace(f"{server.address}/v1", "HERE")


@pytest.mark.parametrize("model", ["model-1", "gpt-4o-2024-08-06", "gpt-4o", "gem", "models/gem", "l", "model-1:free"])
def test_a_listed_model_has_no_objection_in_whatever_form_servers_write_it(model: str) -> None:
    assert said(reply(200, LISTED), model=model) is None


def test_a_model_that_the_list_lacks_is_told_with_the_nearest_name() -> None:
    missing = reply(404, {"error": {"message": "no such model"}})
    assert said(reply(200, LISTED), missing, model="modle-1") == "HERE lists no model modle-1 (did you mean model-1?)"
    assert said(reply(200, LISTED["data"]), missing, model="zzz") == "HERE lists no model zzz", "a bare list"


def test_a_model_that_only_the_server_knows_has_no_objection() -> None:
    assert said(reply(200, LISTED), reply(200, {"id": "an-alias"}), model="an-alias") is None
    assert said(reply(200, LISTED), model="mine", also_accept=["model-1"]) is None, "a deployment of a listed model"
    assert said(reply(200, {**LISTED, "has_more": True}), model="on-the-next-page") is None


@pytest.mark.parametrize(
    "body",
    [
        reply(404, {"error": {"message": "no such path"}}),
        reply(405, b"Method Not Allowed"),
        reply(400, {"error": {"message": "no"}}),
        reply(429, {"error": {"message": "slower"}}),
        reply(200, b"<html>welcome</html>", content_type="text/html"),
        reply(200, {"data": []}),
        reply(200, {"data": [{"name": "x"}, 3]}),
        reply(403, {"error": {"message": "You have insufficient permissions. Missing scopes: api.model.read"}}),
    ],
)
def test_of_a_server_without_a_list_nothing_is_said(body: bytes) -> None:
    assert said(body) is None


def test_a_refused_key_is_told_in_the_providers_words_and_never_shown() -> None:
    told = said(reply(401, {"error": {"message": f"Incorrect key {KEY}", "code": "invalid_api_key"}}))
    assert told == "HERE refuses the key in OPENAI_API_KEY (AuthenticationError: Incorrect key [key])"
    assert "refuses the key" in str(said(reply(403, {"error": {"message": "not from your country"}})))
    gemini = reply(400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}])
    assert "refuses the key in OPENAI_API_KEY" in str(said(gemini))
    keyless = said(reply(401, {"error": {"message": "who?"}}), key_variable="none")
    assert keyless == "HERE wants a key, and key_variable is none (AuthenticationError: who?)"


def test_a_servers_trouble_is_told() -> None:
    assert said(reply(503, {"error": {"message": "asleep"}})) == "HERE has trouble (InternalServerError: asleep)"
    assert "HERE declines" in str(said(reply(402, {"error": {"message": "no credit"}})))


def test_headers_query_and_the_keys_own_header_are_sent() -> None:
    with nasty(reply(200, LISTED)) as server:
        more: dict[str, Any] = {"query": {"api-version": "1"}, "key_header": "api-key", "headers": {"X-Team": "t"}}
        assert asyncio.run(objection(entry(server.address, **more), 5.0)) is None
        head = server.headers[0].lower()
    assert "get /v1/models?api-version=1 " in head and f"api-key: {KEY}" in head and "x-team: t" in head
    assert "authorization" not in head and len(server.headers) == 1, "one try"


def test_why_no_connection_came_about_is_told(refused: int, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://127.0.0.1:{refused}"
    told = str(asyncio.run(objection(entry(address), 5.0)))
    assert told.startswith(f"{address}/v1 cannot be reached (") and "\n" not in told
    # A proxy that refuses; the name behind it is never looked up.
    monkeypatch.setenv("HTTPS_PROXY", address)
    monkeypatch.setenv("https_proxy", address)
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    told = str(asyncio.run(objection(entry("https://provider.invalid"), 5.0)))
    assert told.startswith("https://provider.invalid/v1 cannot be reached (")


def test_a_server_that_is_silent_is_waited_for_for_a_short_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert asyncio.run(objection(entry(address), 0.5)) == f"{address}/v1 does not answer within 0.5 s"


def test_a_key_that_cannot_be_sent_and_an_address_of_the_environment_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "two words")
    told = str(asyncio.run(objection(entry("http://127.0.0.1:1"), 5.0)))
    assert told.startswith("http://127.0.0.1:1/v1 cannot be asked (environment variable OPENAI_API_KEY:")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:2")
    usual = OpenAITeacher(provider="openai", model="m")
    assert "https://api.openai.com/v1 cannot be asked" in str(asyncio.run(objection(usual, 5.0)))


def test_a_password_in_an_address_is_not_shown(refused: int) -> None:
    told = str(asyncio.run(objection(entry(f"http://me:geheimnis@127.0.0.1:{refused}"), 5.0)))
    assert told.startswith(f"http://127.0.0.1:{refused}/v1 cannot") and "geheimnis" not in told


def study(**teachers: dict[str, Any]) -> Study:
    config = tiny_study()
    for name, keys in teachers.items():
        config["teachers"][name] = {"provider": "openai", "model": "model-1", "allow_unknown_price": True, **keys}
    return load(config)


def told(given: Study, *names: str) -> list[tuple[list[str], str]]:
    return problems(given, asked(given, [("annotate", {"teacher": name}) for name in names]))


def test_each_address_key_and_model_is_tried_once_for_the_teachers_that_jobs_ask(
    provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a run and a plan do it, by the interpreter of the jobs that will ask."""
    provider.control(models=["model-1", "claude-5"], aliases=["claude-latest"])
    # As the workflow does for its jobs: their `python` is the one that runs it.
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("WRONG_KEY", "sk-wrong-abcdefgh12345678")
    here = provider.openai
    given = study(
        good={"base_url": here},
        typo={"base_url": here, "model": "model-2"},
        typo2={"base_url": here, "model": "model-2", "gold": "hidden"},
        wrong={"base_url": here, "key_variable": "WRONG_KEY"},
        claude={"provider": "anthropic", "base_url": provider.anthropic, "model": "claude-latest"},
        clod={"provider": "anthropic", "base_url": provider.anthropic, "model": "clod-5"},
        saved={"base_url": here, "model": "model-2", "offline": True},
        unasked={"base_url": here, "model": "model-3"},
    )
    found = told(given, "good", "typo", "typo2", "wrong", "claude", "clod", "saved")
    assert {problem: names for names, problem in found} == {
        f"{here} lists no model model-2 (did you mean model-1?)": ["typo", "typo2"],
        f"{here} refuses the key in WRONG_KEY (AuthenticationError: Incorrect API key provided: [key])": ["wrong"],
        f"{provider.anthropic} lists no model clod-5 (did you mean claude-5?)": ["clod"],
    }
    provider.control(models=None)
    assert told(given, "good", "typo", "clod") == [], "a server without a list"
    assert isinstance(given.teachers["clod"], AnthropicTeacher)


def test_that_nothing_could_be_tried_stops_nothing_and_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = study(far={"base_url": "https://provider.invalid/v1"})
    broken = given.model_copy(update={"interpreters": {"annotate": "no-such-program"}})
    assert told(broken, "far") == []
    assert "Address, key and model of remote teachers were not tried (FileNotFoundError)." in capsys.readouterr().err
    monkeypatch.delenv("OPENAI_API_KEY")
    assert told(broken, "far") == [(["far"], "OPENAI_API_KEY is not set (the key for https://provider.invalid/v1)")], (
        "who has no key asks nobody"
    )
