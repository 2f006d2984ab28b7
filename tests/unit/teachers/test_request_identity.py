"""Identities of requests and settings, as literal values: where one changes, annotations are paid for or made again."""

from pathlib import Path
from typing import Any

import pytest

from gradus.records import Problem, Supervision
from gradus.records.vocabulary import LEVELS
from gradus.runtime.atomic import canonical_json
from gradus.runtime.errors import UserError
from gradus.study.config.teachers import ChatTeacher, GoldTeacher, TutorTeacher, read_teacher
from gradus.teachers.prompts.prompting import NO_EXEMPLAR, Exemplar, Prompts, prompt_names
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.protocols import Task
from gradus.teachers.requests.chat_request import ChatRequest

PROMPTS = {
    "system": "You explain.",
    "annotate-shown": "$level|$example_question|$example_rationale|$example_answer|$question|$answer_form|$answer",
    "annotate-hidden": "$level|$example_question|$example_rationale|$example_answer|$question|$answer_form",
    "rewrite": "$format|$example_question|$example_original|$example_rationale|$example_answer|$question|$original|$answer_form",
    "exemplar-levels": "$levels|$question|$answer|$answer_form",
    "exemplar-format": "$format|$original|$question|$answer|$answer_form",
    "formats/symbolic": "in symbols",
    **{f"levels/{level}": f"level {level}" for level in LEVELS},
}
PROBLEM = Problem("p1", "d", "train", "How many?", None, "3", "number", None, None, "s", None)
EXEMPLAR = Exemplar("What is 1 + 1?", "2", {level: f"At {level}." for level in LEVELS}, "x", "teacher")
SYMBOLIC = Exemplar("What is 1 + 1?", "2", {"symbolic": "x = a + b."}, "x", "teacher")
ENTRIES: dict[str, dict[str, Any]] = {
    "openai": {
        "provider": "openai",
        "model": "gpt-4o-2024-08-06",
        "temperature": 0.5,
        "budget_usd": 3.0,
        "mode": "batch",
    },
    "reasoning": {"provider": "openai", "model": "o3-mini", "temperature": 0.5, "max_output_tokens": 1024},
    "compatible": {"provider": "openai", "model": "m", "base_url": "http://x/v1", "top_p": 0.9},
    "anthropic": {"provider": "anthropic", "model": "claude", "temperature": 0.7, "max_output_tokens": 77},
    "vllm": {"provider": "vllm", "model": "some/model", "gpus": 2},
}
KEYS = {
    ("openai", "original"): "3986d0d848647e39d07c48a93f9b6848",
    ("openai", "hidden"): "a92f54c26c2fc4b7c46900a482bacec9",
    ("openai", "rewrite"): "e720241e0d62584cc27076a0476d2a22",
    ("openai", "exemplar"): "f996d63b215bdec0122a56b15013d278",
    ("reasoning", "original"): "b3ab13df67c151dfeb9a7c01c480507c",
    ("reasoning", "hidden"): "6afc84303dba921690bf8ce7dfecedb9",
    ("reasoning", "rewrite"): "8c1070143724dd6fa64226653246caf0",
    ("reasoning", "exemplar"): "e89b01c80d212b655242ef80a62b30b6",
    ("compatible", "original"): "a1e036598004fee41407f73d72bc9256",
    ("compatible", "hidden"): "4883feac2d51d50f86aa1ca71338a2f6",
    ("compatible", "rewrite"): "5999f69aecb794f734c1991c74322530",
    ("compatible", "exemplar"): "1c3a91ebd4f367f61d0a1b6fe7434473",
    ("anthropic", "original"): "b20f58ed7f4d432a6003c5b45e7d222b",
    ("anthropic", "hidden"): "ff1d07dc063caaad20dbd95bb080d39e",
    ("anthropic", "rewrite"): "a59ffc47b557bfcf8e40ae4a12156cf4",
    ("anthropic", "exemplar"): "2d3fc5889741f6dbb4fd272093025a98",
    ("vllm", "original"): "c1445c21ff3236d54a2df6c3afd948c5",
    ("vllm", "hidden"): "8df4a84de2512fad16dbeef19618bde2",
    ("vllm", "rewrite"): "53b4a6bf28a75c8f022f78cbd3ded855",
    ("vllm", "exemplar"): "cb58ca51c27ea0dffe591bd7a52ed903",
}
IDENTITIES = {
    "openai": '{"also_accept":[],"base_url":null,"gold":"shown","max_output_tokens":1024,"model":"gpt-4o-2024-08-06",'
    '"provider":"openai","samples":1,"temperature":0.5,"top_p":null}',
    "compatible": '{"also_accept":[],"base_url":"http://x/v1","gold":"shown","max_output_tokens":1024,"model":"m",'
    '"provider":"openai","samples":1,"temperature":null,"top_p":0.9}',
    "anthropic": '{"also_accept":[],"base_url":null,"gold":"shown","max_output_tokens":77,"model":"claude",'
    '"provider":"anthropic","samples":1,"temperature":0.7,"top_p":null}',
    "vllm": '{"also_accept":[],"gold":"shown","max_output_tokens":1024,"model":"some/model","provider":"vllm",'
    '"samples":1,"temperature":null,"top_p":null}',
}


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    for name, text in PROMPTS.items():
        path = tmp_path / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Prompts(tmp_path)


def teacher(name: str) -> ChatTeacher:
    found = read_teacher(ENTRIES[name], {})
    assert isinstance(found, ChatTeacher)
    return found


def request(name: str, kind: str, prompts: Prompts) -> ChatRequest:
    builder = RequestBuilder(teacher(name), prompts, "hidden" if kind == "hidden" else "shown")
    if kind == "exemplar":
        return builder.exemplar(PROBLEM, "original", None, 1)
    if kind == "rewrite":
        task = Task(PROBLEM, Supervision("d", "t", "symbolic", "L3"), "1 + 2 = 3.", 1)
        return builder.annotation(task, 2, EXEMPLAR, SYMBOLIC)
    task = Task(PROBLEM, Supervision("d", "t", "original", "L1"), None, 0)
    return builder.annotation(task, 0, EXEMPLAR, EXEMPLAR)


@pytest.mark.parametrize(("name", "kind"), KEYS)
def test_no_request_is_paid_for_again(prompts: Prompts, name: str, kind: str) -> None:
    assert request(name, kind, prompts).key[:32] == KEYS[name, kind]


@pytest.mark.parametrize("name", IDENTITIES)
def test_what_jobs_are_given_reruns_none(name: str) -> None:
    assert canonical_json(teacher(name).identity()) == IDENTITIES[name]


@pytest.mark.parametrize("name", ENTRIES)
def test_the_two_parts_of_an_entry_are_the_entry(name: str) -> None:
    entry = teacher(name)
    assert not set(entry.identity()) & set(entry.policy())
    assert read_teacher(entry.identity(), entry.policy()) == entry


def test_teachers_without_a_network_have_no_policy() -> None:
    assert read_teacher({"provider": "gold"}, {}) == GoldTeacher(provider="gold")
    assert read_teacher({"provider": "tutor", "wordings": 1}, {}) == TutorTeacher(provider="tutor", wordings=1)


@pytest.mark.parametrize(
    ("identity", "policy", "said"),
    [
        ({"provider": "openai"}, {}, "key model: required key is missing"),
        ({"provider": "openai", "model": 3}, {}, "key model: "),
        ({"provider": "openai", "model": "m"}, {"budget": 3}, "key budget: unknown key"),
        ({"model": "m"}, {}, "key provider: required key is missing"),
        ([], {}, "not JSON objects"),
    ],
)
def test_incomplete_settings_are_one_message(identity: Any, policy: Any, said: str) -> None:
    with pytest.raises(UserError) as caught:
        read_teacher(identity, policy)
    assert said in str(caught.value)


REASONING: dict[str, Any] = {
    "provider": "openai",
    "model": "o3",
    "base_url": "https://r.openai.azure.com/openai/v1",
    "length_field": "max_completion_tokens",
    "extra": {"reasoning_effort": "high", "chat_template_kwargs": {"enable_thinking": True}},
    "system": "user",
    "rationale": "both",
}


def test_extra_fields_are_sent_and_decide_the_identity(prompts: Prompts) -> None:
    found = read_teacher(REASONING, {})
    assert isinstance(found, ChatTeacher)
    task = Task(PROBLEM, Supervision("d", "t", "original", "L1"), None, 0)
    body = RequestBuilder(found, prompts, "shown").annotation(task, 0, EXEMPLAR, EXEMPLAR).body
    assert body["reasoning_effort"] == "high" and body["chat_template_kwargs"] == {"enable_thinking": True}
    assert body["max_completion_tokens"] == 16_000 and "max_tokens" not in body
    (message,) = body["messages"]
    assert message["role"] == "user" and message["content"].startswith("You explain.\n\nlevel L1")
    identity = found.identity()
    assert {name: identity[name] for name in ("extra", "length_field", "system", "rationale")} == {
        name: REASONING[name] for name in ("extra", "length_field", "system", "rationale")
    }
    assert read_teacher(identity, found.policy()) == found


@pytest.mark.parametrize(("place", "texts"), [("none", ["level L1"]), ("system", ["You explain.", "level L1"])])
def test_a_system_prompt_goes_where_the_entry_says(prompts: Prompts, place: str, texts: list[str]) -> None:
    found = read_teacher({"provider": "openai", "model": "m", "system": place}, {})
    assert isinstance(found, ChatTeacher)
    task = Task(PROBLEM, Supervision("d", "t", "original", "L1"), None, 0)
    messages = RequestBuilder(found, prompts, "shown").annotation(task, 0, EXEMPLAR, EXEMPLAR).body["messages"]
    assert [message["content"].split("|")[0] for message in messages] == texts


def test_at_level_native_a_teacher_is_shown_no_example(prompts: Prompts) -> None:
    for gold in ("shown", "hidden"):
        (prompts.folder / f"native-{gold}.txt").write_text("$question|$answer_form" + "|$answer" * (gold == "shown"))
    task = Task(PROBLEM, Supervision("d", "t", "original", "native"), None, 0)
    for gold, text in (("shown", "How many?|the final number alone|3"), ("hidden", "How many?|the final number alone")):
        body = RequestBuilder(teacher("openai"), prompts, gold).annotation(task, 0, NO_EXEMPLAR, NO_EXEMPLAR).body
        assert body["messages"][-1]["content"] == text
        assert prompt_names("original", "native", gold) == ("system", f"native-{gold}")
