"""Commands in a study file: a shell runs their words and interprets nothing."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from builders import tiny_study
from hypothesis import given
from hypothesis import strategies as st
from running import PROJECT

from gradus.runtime.errors import UserError
from gradus.study.config import load
from gradus.study.config.commands import command_words
from gradus.workflow.resources import interpreter


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("python", ["python"]),
        ("/apps/gradus/bin/python", ["/apps/gradus/bin/python"]),
        ("apptainer exec --nv /images/vllm.sif python3", ["apptainer", "exec", "--nv", "/images/vllm.sif", "python3"]),
        ("'/my apps/python' -X dev", ["/my apps/python", "-X", "dev"]),
        ("env/*/python (1)", ["env/*/python", "(1)"]),
        ("~/python", [f"{Path.home()}/python"]),
    ],
)
def test_a_shell_gets_the_words_of_an_interpreter(command: str, words: list[str]) -> None:
    study = load({**tiny_study(), "interpreters": {"train": command}})
    assert command_words(command) == words
    printed = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {interpreter(study, 'train')}"], capture_output=True, text=True, check=True
    )
    assert printed.stdout.splitlines() == words
    assert interpreter(study, "data") == "python"


@pytest.mark.parametrize(
    "command",
    [
        "touch x; python",
        "a | b",
        "a & b",
        "$HOME/python",
        "`a`",
        "python < x",
        "python > x",
        "a\nb",
        "'open",
        "",
        " ",
        "''",
    ],
)
def test_what_a_shell_would_interpret_is_refused_by_its_key(command: str) -> None:
    with pytest.raises(UserError) as raised:
        load({**tiny_study(), "interpreters": {"data": command}})
    assert str(raised.value).startswith("configuration key interpreters.data: ") and repr(command) in str(raised.value)


@given(st.text(st.sampled_from("ab ;|&$`<>()*?[]{}!#~'\"\\\n\t=")))
def test_whatever_is_accepted_is_one_command(command: str) -> None:
    try:
        words = command_words(command)
    except ValueError:
        return
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {shlex.join(words)}"], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


def test_folders_from_a_study_file_are_quoted_in_the_rules() -> None:
    """Else the name of a prompts folder could add options to a program."""
    for path in sorted((PROJECT / "rules").glob("*.smk")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r'(?<!")\$GRADUS_PROMPTS', text), path


@pytest.mark.parametrize("key", ["OPENAI_API_KEY", "A KEY", "x=y", "1KEY"])
def test_a_key_is_named_by_the_name_of_a_variable(key: str) -> None:
    config = tiny_study()
    config["teachers"]["remote"] = {"provider": "openai", "model": "m", "key_variable": key}
    if re.fullmatch(r"\w+", key) and not key[0].isdigit():
        load(config)
    else:
        with pytest.raises(UserError, match="key_variable"):
            load(config)


@pytest.mark.parametrize("health", ["@elsewhere.example/", "health"])
def test_the_health_of_a_server_is_asked_of_this_machine(health: str) -> None:
    config = tiny_study()
    config["teachers"]["served"] = {"provider": "vllm", "model": "m", "health": health}
    with pytest.raises(UserError, match="health"):
        load(config)
