"""From an entry to its client: what the environment adds to requests is told."""

import asyncio

import pytest
from nasty_provider import nasty, reply

from gradus.study.config.teachers import AnthropicTeacher, ChatTeacher, OpenAITeacher, VllmTeacher
from gradus.teachers import registry
from gradus.teachers.errors import ProviderError
from gradus.teachers.registry import make_batch_service, make_client

OURS = {"OPENAI_ORG_ID": "org-of-the-lab", "OPENAI_PROJECT_ID": "proj-of-the-study"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "k" * 20)
    for name, value in OURS.items():
        monkeypatch.setenv(name, value)
    registry._tell_once.cache_clear()
    caplog.set_level("INFO")


def test_the_organisation_and_the_project_that_pay_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    for model in ("m", "n"):
        entry = OpenAITeacher(provider="openai", model=model)
        make_client(entry)
        make_batch_service(entry)
    said = "environment variable {}: requests to OpenAI's interface are sent for the {} {}"
    for name, what in (("OPENAI_ORG_ID", "organisation"), ("OPENAI_PROJECT_ID", "project")):
        assert caplog.text.count(said.format(name, what, OURS[name])) == 1


@pytest.mark.parametrize(
    "entry", [AnthropicTeacher(provider="anthropic", model="m"), VllmTeacher(provider="vllm", model="m")]
)
def test_nothing_is_told_of_who_pays_where_nobody_asks_openai(
    entry: ChatTeacher, caplog: pytest.LogCaptureFixture
) -> None:
    make_client(entry, "http://127.0.0.1:1/v1")
    assert "ORG_ID" not in caplog.text


def test_what_is_told_is_what_is_sent() -> None:
    with nasty(reply(400, {"error": {"message": "m"}})) as server:
        client = make_client(OpenAITeacher(provider="openai", model="m", base_url=server.address))
        with pytest.raises(ProviderError):
            asyncio.run(client.send({"model": "m", "messages": []}))
        sent = server.headers[0].lower()
    assert "openai-organization: org-of-the-lab" in sent and "openai-project: proj-of-the-study" in sent
