"""Mistakes in a study file: all at once, each with file and line, and the name that was probably meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import tiny_study

from gradus.runtime.environment import folder_or_hub
from gradus.runtime.errors import UserError
from gradus.study.config import load


def told(folder: Path, change: Callable[[dict[str, Any]], Any]) -> list[str]:
    """The messages on a study file with mistakes, without its name."""
    config = tiny_study()
    change(config)
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(config, files=[file])
    lines = file.read_text(encoding="utf-8").splitlines()
    messages = []
    for message in str(caught.value).split("\nerror: "):
        assert message.startswith(f"{file}:"), message
        number, text = message.removeprefix(f"{file}:").split(": ", 1)
        messages.append(f"{lines[int(number) - 1].strip()} | {text}")
    return messages


def test_a_mistyped_key_is_told_with_its_line_and_what_was_meant(tmp_path: Path) -> None:
    (one,) = told(tmp_path, lambda config: config["recipe"].update(epoch=1.0))
    assert one.startswith("epoch: 1.0 | configuration key recipe.epoch: unknown key (did you mean epochs?")


def test_a_mistyped_section_is_one_mistake(tmp_path: Path) -> None:
    (one,) = told(tmp_path, lambda config: config.update(studentz=config.pop("students")))
    assert one.startswith("studentz: | configuration key studentz: unknown key (did you mean students?")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    def spoil(config: dict[str, Any]) -> None:
        config["recipe"]["epoch"] = 1.0
        del config["datasets"]["gradeschool"]["seed"]
        config["teachers"]["tutor"]["provider"] = "tuter"

    found = told(tmp_path, spoil)
    assert [one.split(" | ")[0] for one in found] == ["gradeschool:", "provider: tuter", "epoch: 1.0"]
    assert "did you mean tutor?" in found[1] and "seed: required key is missing" in found[0]


def test_all_unknown_names_are_told_at_once(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        lambda config: config["experiments"]["granularity"].update(
            datasets=["gradescool"], students=["minni"], baselines=["gold/answer/native"]
        ),
    )
    assert [one.split(" | ")[0] for one in found] == ["- gradescool", "- minni", "- gold/answer/native"]
    assert "did you mean gradeschool?" in found[0] and "did you mean mini?" in found[1]


def test_names_with_dots_have_their_line(tmp_path: Path) -> None:
    def spoil(config: dict[str, Any]) -> None:
        config["students"] = {"llama-3.2-1b": {**config["students"]["mini"], "hiden": 3}}

    assert told(tmp_path, spoil)[0].startswith("hiden: 3 | configuration key students.llama-3.2-1b.hiden")


def test_one_is_a_list_of_one() -> None:
    config = tiny_study()
    plain = load({**config, "experiments": {"g": {**config["experiments"]["granularity"], "seeds": [1]}}})
    short = {**config["experiments"]["granularity"], "seeds": 1}
    assert load({**config, "experiments": {"g": short}}) == plain


def test_a_folder_that_is_not_there_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def ask(name: str) -> str:
        with pytest.raises(UserError) as caught, folder_or_hub(name):
            raise UserError("the hub says no")
        return str(caught.value)

    assert ask("data/nope") == f"no folder data/nope in {tmp_path}, and not to be had as a hub id: the hub says no"
    (tmp_path / "data").mkdir()
    for name in ("data/nope", "./nope", "/nowhere/nope", "a/b/c"):
        assert ask(name).startswith(f"no folder {name} in {tmp_path} (make it"), name
    (tmp_path / "data" / "nope").mkdir()
    assert ask("data/nope") == ask("gpt2") == "the hub says no"


def test_the_hub_s_own_message_names_what_was_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught, folder_or_hub("data/nope"):
        raise UserError("the model cannot be fetched", where="data/nope", hint="give a local folder")
    assert str(caught.value).count("data/nope") == 1 and "(give a local folder)" in str(caught.value)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("experiments.granularity", "seeds", [1, 2, 1]),
        ("experiments.granularity", "levels", ["L1", "L1"]),
        ("experiments.granularity", "students", ["mini", "mini"]),
        ("experiments.granularity", "baselines", ["gold/answer-only/native"] * 2),
        ("datasets.gradeschool", "steps", [2, 3, 2]),
        ("decodings.greedy", "stop_strings", ["a", "a"]),
    ],
)
def test_what_a_list_names_twice_is_told(tmp_path: Path, section: str, key: str, value: list[Any]) -> None:
    first, name = section.split(".")
    (one,) = told(tmp_path, lambda config: config[first][name].update({key: value}))
    assert f"configuration key {section}.{key}: names {value[-1]!r} twice: leave one out" in one


def test_the_words_of_a_command_may_come_again() -> None:
    config = tiny_study()
    command = ["serve", "--a", "1", "--b", "1"]
    config["teachers"]["own"] = {"provider": "vllm", "model": "m", "server": command}
    teacher: Any = load(config).teachers["own"]
    assert teacher.server == command


def test_two_spellings_of_one_value_are_one_point(tmp_path: Path) -> None:
    def spoil(config: dict[str, Any]) -> None:
        config["experiments"]["granularity"] |= {"axis": "recipe.epochs", "values": [1, 1.0, 2]}

    (one,) = told(tmp_path, spoil)
    assert "`values` names one twice" in one


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (
            ("recipe", "validation"),
            {"share": 0.1, "every": -1},
            "every: input should be 'epoch' or greater than 0, found -1",
        ),
        (
            ("decodings", "greedy", "max_new_tokens"),
            -1,
            "max_new_tokens: input should be greater than 0 or 'auto', found -1",
        ),
        (("recipe", "validation"), 3, "validation: input should be a section with keys of its own, found 3"),
    ],
)
def test_a_value_of_several_kinds_has_one_message(
    tmp_path: Path, keys: tuple[str, ...], value: Any, message: str
) -> None:
    def spoil(config: dict[str, Any]) -> None:
        for key in keys[:-1]:
            config = config[key]
        config[keys[-1]] = value

    (one,) = told(tmp_path, spoil)
    assert one.endswith(message)


def test_a_key_that_stands_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    """YAML takes the last one silently: of two experiments of one name only one ran."""
    config = tiny_study()
    file = tmp_path / "mine.yaml"
    text = yaml.safe_dump(config, sort_keys=False)
    again = yaml.safe_dump({"granularity": config["experiments"]["granularity"]}, sort_keys=False)
    indented = "".join(f"  {line}\n" for line in again.splitlines())
    file.write_text(text.replace("experiments:\n", f"experiments:\n{indented}"), encoding="utf-8")
    with pytest.raises(UserError, match=r"experiments.granularity: stands twice, first on line \d+"):
        load(config, files=[file])
    file.write_text(text, encoding="utf-8")
    load(config, files=[file])


@pytest.mark.parametrize("raw", ["words", [1], 3])
def test_what_is_no_study_file_is_told(raw: object) -> None:
    with pytest.raises(UserError, match="expected keys and their values"):
        load(raw)
