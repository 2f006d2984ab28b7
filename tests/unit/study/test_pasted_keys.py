"""A key that was pasted into a study file is refused, and no message repeats it."""

from __future__ import annotations

from typing import Any

import pytest
from builders import tiny_study

from gradus.runtime.errors import UserError
from gradus.study.config import load

SECRET = "sk-proj-AbC0123456789dEf"


def study_with(entry: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = tiny_study()
    config["teachers"]["mine"] = {"provider": "openai", "model": "m", "allow_unknown_price": True, **entry}
    return config


@pytest.mark.parametrize(
    "entry",
    [
        {"key_variable": SECRET},
        {"key_variable": "AIzaSyA1234567890abcdefghij"},
        {"key_variable": "gsk_AbCd0123456789AbCd0123456789"},
        {"api_key": SECRET},
        {"token": SECRET},
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"headers": {"x-api-key": SECRET}},
        {"query": {"key": SECRET}},
        {"base_url": f"https://example.org/v1?api_key={SECRET}"},
    ],
)
def test_a_pasted_key_is_refused_and_not_repeated(entry: dict[str, Any]) -> None:
    """Of `key_variable` the message showed the whole key, and headers went into params and logs."""
    with pytest.raises(UserError) as caught:
        load(study_with(entry))
    said = str(caught.value)
    assert "a key never stands in a study file" in said and "put it into the environment" in said
    assert not any(str(value) in said for value in (SECRET, *entry.values()))


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "none", "MY_KEY_2", "my_institute_key", "_K"])
def test_names_of_variables_are_no_keys(name: str) -> None:
    load(study_with({"key_variable": name, "headers": {"X-Team": "t"}, "query": {"api-version": "1"}}))


@pytest.mark.parametrize("end", ["/chat/completions", "/completions", "/chat/completions/"])
def test_an_address_does_not_hold_what_is_added(end: str) -> None:
    """It was asked at /chat/completions/chat/completions, which no server knows."""
    with pytest.raises(UserError, match=r"leave out .*completions, which Gradus adds itself"):
        load(study_with({"base_url": f"http://localhost:8000/v1{end}"}))
