"""Reach, with the odd lists and refusals of real servers: a teacher that can be asked is never said to be out of reach."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from fake_provider import KEY
from nasty_provider import nasty, reply

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import OpenAITeacher
from gradus.teachers import reach
from gradus.teachers.reach import objection
from gradus.teachers.registry import make_batch_service, make_client

MISSING = reply(404, {"error": {"message": "no such model"}})


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def said(*replies: bytes, **keys: Any) -> str | None:
    """What a server that sends these replies has against being asked."""
    with nasty(*replies) as server:
        entry = {"provider": "openai", "base_url": f"{server.address}/v1", "model": "model-1", **keys}
        return asyncio.run(objection(OpenAITeacher.model_validate(entry), 5.0))


def listing(*entries: str | dict[str, Any], **fields: Any) -> bytes:
    data = [{"id": one} if isinstance(one, str) else one for one in entries]
    found: bytes = reply(200, {"object": "list", "data": data, **fields})
    return found


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        ("openai/gpt-4o", listing("openai/*")),  # LiteLLM
        ("anything", listing("*")),
        ("qwen", listing({"id": "/models/x.gguf", "owned_by": "llamacpp"})),  # llama.cpp serves any name
        ("qwen2.5:7B", listing("Qwen2.5:7b")),
        ("claude-3-5-sonnet-latest", listing("claude-3-5-sonnet-20241022")),
        ("large-latest", listing({"id": "large-2411", "aliases": ["large-latest"]})),  # Mistral
        ("lab/r1-0528x", listing({"id": "lab/r1", "canonical_slug": "lab/r1-0528x"})),  # OpenRouter
        ("accounts/f/models/x#accounts/me/deployments/d", listing("accounts/f/models/x")),  # Fireworks
    ],
)
def test_a_model_that_a_list_names_in_its_own_way_has_no_objection(model: str, listed: bytes) -> None:
    assert said(listed, MISSING, model=model) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"next_page_token": "x"},
        {"nextPageToken": "x"},
        {"next": "https://h/v1/models?page=2"},
        {"links": {"next": "https://h/v1/models?page=2"}},
        {"total": 300},
    ],
)
def test_a_first_page_is_no_whole_list(fields: dict[str, Any]) -> None:
    assert said(listing("other", **fields), MISSING) is None


def test_a_list_that_is_read_in_part_is_no_whole_list() -> None:
    assert said(listing("other", {"name": "model-1"}), MISSING) is None
    told = said(listing("other", next=None, total=1, links={}), MISSING)
    assert told is not None and told.endswith("lists no model model-1"), "the whole list"


@pytest.mark.parametrize("status", [500, 503, 429, 400])
def test_a_server_that_cannot_tell_of_one_model_has_no_objection(status: int) -> None:
    assert said(listing("other"), reply(status, b"boom")) is None


@pytest.mark.parametrize("body", [{"data": {"id": "model-1"}}, {"name": "models/model-1"}])
def test_one_model_is_told_in_other_shapes(body: dict[str, Any]) -> None:
    assert said(listing("other"), reply(200, body)) is None


def test_a_server_that_is_silent_about_one_model_has_no_objection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object) -> bool:
        await asyncio.sleep(60)
        return False

    monkeypatch.setattr("gradus.teachers.clients.openai_client.has_model", silent)
    with nasty(listing("other")) as server:
        entry = OpenAITeacher(provider="openai", base_url=f"{server.address}/v1", model="model-1")
        assert asyncio.run(objection(entry, 0.5)) is None


ROUTES = "Virtual key is not allowed to call this route. Only allowed to call routes: ['/chat/completions']"


@pytest.mark.parametrize(
    "body",
    [
        reply(501, b"Not Implemented"),
        reply(403, b""),
        reply(403, b"<html><title>403 Forbidden</title><h1>403 Forbidden</h1><hr>nginx/1.25.3</html>"),
        reply(403, {"message": "Forbidden"}),
        reply(403, {"detail": ROUTES}),
        reply(403, {"error": {"message": "You do not have access to the endpoint /v1/models"}}),
        reply(403, {"error": {"message": "This key has no permission to list models"}}),
        reply(401, {"error": {"message": ROUTES, "type": "auth_error"}}),
    ],
)
def test_a_list_that_is_not_for_this_key_says_nothing_of_the_teacher(body: bytes) -> None:
    assert said(body) is None


@pytest.mark.parametrize(
    "variables",
    [
        {"SSL_CERT_FILE": "/no/such/file.pem"},
        {"HTTPS_PROXY": "socks5://me:geheimnis@127.0.0.1:9"},
        {"HTTPS_PROXY": "ftp://me:geheimnis@proxy:1"},
    ],
)
def test_an_environment_that_no_client_can_be_made_in_is_one_message(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    entry = OpenAITeacher(provider="openai", base_url="https://provider.invalid/v1", model="m")
    told = str(asyncio.run(objection(entry, 5.0)))
    assert told.startswith("https://provider.invalid/v1 cannot be asked (") and "geheimnis" not in told
    for make in (make_client, make_batch_service):
        with pytest.raises(UserError, match="no connection can be prepared"):
            make(entry)


def test_what_is_unexpected_of_one_server_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def odd(teacher: OpenAITeacher) -> str | None:
        if teacher.model == "odd":
            raise RuntimeError("a defect")
        return "refused"

    monkeypatch.setattr(reach, "objection", odd)
    entries = [OpenAITeacher(provider="openai", model=model) for model in ("odd", "m")]
    assert asyncio.run(reach._all(entries)) == [None, "refused"]


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8000/v1",
        "http://localhost:80000/v1",
        "http://localhost:port/v1",
        "http://[::1/v1",
        "http:///v1",
        "ftp://host/v1",
        " http://host/v1",
        "http://ho st/v1",
        "",
    ],
)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_an_address_that_is_none_is_refused_with_the_study(provider: str, address: str) -> None:
    from builders import tiny_study

    from gradus.study.config import load

    config = tiny_study()
    config["teachers"]["far"] = {"provider": provider, "base_url": address, "model": "m"}
    with pytest.raises(UserError, match="base_url") as caught:
        load(config)
    assert "http" in str(caught.value)


def test_addresses_that_are_some_are_taken() -> None:
    for address in (
        "http://[::1]:8000/v1",
        "https://me:pass@host",
        "HTTP://10.0.0.1:1/v1/",
        "http://häuser.example/v1",
    ):
        assert OpenAITeacher(provider="openai", base_url=address, model="m").base_url == address


def test_a_program_that_writes_before_the_answer_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers and module systems greet on standard output."""
    import subprocess

    from builders import tiny_study

    from gradus.study.config import load
    from gradus.workflow import remote_teachers

    config = tiny_study()
    config["teachers"]["far"] = {"provider": "openai", "base_url": "https://provider.invalid/v1", "model": "m"}
    given = load(config)
    done = subprocess.CompletedProcess(["python"], 0, 'Loading modules\n["HERE refuses"]', "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    assert remote_teachers.problems(given, {"far": given.teachers["far"]}) == [(["far"], "HERE refuses")]  # type: ignore[dict-item]
