"""What YAML reads as something else than a newcomer wrote: the message says what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from builders import tiny_study

from gradus.runtime.errors import UserError
from gradus.study.config import load


def told(folder: Path, old: str, new: str) -> str:
    """The message on a study file in which a text was replaced where it stands last, without the file's name."""
    file = folder / "mine.yaml"
    text = yaml.safe_dump(tiny_study(), sort_keys=False, default_flow_style=False)
    before, found, after = text.rpartition(old)
    assert found, text
    text = f"{before}{new}{after}"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(yaml.safe_load(text), files=[file])
    return str(caught.value).replace(f"{file}:", "").replace(str(file), "mine.yaml")


@pytest.mark.parametrize(
    ("value", "advised"),
    [
        ("1e-3", "found '1e-3' (YAML reads 1e-3 as a text: write 1.0e-3)"),
        ("1.5e3", "found '1.5e3' (YAML reads 1.5e3 as a text: write 1.5e+3)"),
        ("'2.0'", "found '2.0' (write it without quotes)"),
        ("50%", "found '50%' (write 0.5)"),
        ("1/4", "found '1/4' (write 0.25)"),
        ("0,5", "found '0,5' (write 0.5)"),
        ("two", "input should be a valid number, found 'two'"),
        ("", "input should be a valid number, found nothing"),
    ],
)
def test_a_number_that_is_a_text_for_yaml(tmp_path: Path, value: str, advised: str) -> None:
    """`found '1e-3'` alone looks like a number to everybody."""
    assert told(tmp_path, "epochs: 1.0", f"epochs: {value}").endswith(advised)


@pytest.mark.parametrize(
    ("value", "advised"),
    [
        ("no", "found False (YAML reads no, off and false as False: put the word in quotes)"),
        ("2024", "found 2024 (YAML reads a number: put it in quotes, '2024')"),
        ("2024-05-01", "found 2024-05-01 (YAML reads a day: put it in quotes, '2024-05-01')"),
        ("", "input should be a valid string, found nothing"),
    ],
)
def test_a_text_that_is_none_for_yaml(tmp_path: Path, value: str, advised: str) -> None:
    assert told(tmp_path, "study: tiny", f"study: {value}").endswith(advised)


@pytest.mark.parametrize(
    ("value", "advised"),
    [
        ("1, 2", "found '1, 2' (a list stands in brackets: [1, 2])"),
        ("['1']", "found '1' (write it without quotes)"),
        ("[1.0]", "found 1.0 (write 1)"),
        ("[]", "should have at least 1 entry, and has 0"),
        ("", "input should be a valid list, found nothing"),
    ],
)
def test_a_list_that_is_none(tmp_path: Path, value: str, advised: str) -> None:
    assert told(tmp_path, "seeds:\n    - 1\n", f"seeds: {value}\n").endswith(advised)


@pytest.mark.parametrize("name", ["no", "off", "~", "yes"])
def test_a_name_that_is_none_for_yaml(tmp_path: Path, name: str) -> None:
    """`no: {provider: none}` became a teacher called False, and the message spoke of an unknown name `none`."""
    said = told(tmp_path, "  gold:\n", f"  {name}:\n")
    assert "configuration key teachers: YAML reads " in said and said.endswith("put the name in quotes")


def test_names_with_commas_are_a_list_without_brackets(tmp_path: Path) -> None:
    said = told(tmp_path, "teachers:\n    - tutor\n", "teachers: tutor, gold\n")
    assert "unknown name 'tutor, gold' (a list stands in brackets: [tutor, gold]; accepted:" in said
    said = told(tmp_path, "levels:\n    - L1\n", "levels: L1, L3\n")
    assert "unknown level 'L1, L3'; a list stands in brackets: [L1, L3]; accepted: L1" in said


def test_one_line_can_hold_a_key_twice(tmp_path: Path) -> None:
    """Only keys on different lines were compared: of `{provider: gold, provider: human}` the last counted."""
    said = told(tmp_path, "gold:\n    provider: gold", "gold: {provider: gold, provider: human}")
    assert "configuration key teachers.gold.provider: stands twice, first on line" in said


def test_sections_are_no_dictionaries_and_patterns_have_words(tmp_path: Path) -> None:
    said = told(tmp_path, "decodings:\n", "archive: {licence: CC BY 4.0}\nunused: 1\ndecodings:\n")
    assert "is not written as asked for, found 'CC BY 4.0' (SPDX id of the licence" in said
    assert "datasets: input should be a section with keys of its own" in told(
        tmp_path, "datasets:\n  gradeschool:\n", "datasets: []\nothers:\n  gradeschool:\n"
    )


def test_the_number_of_a_choice_is_told_too(tmp_path: Path) -> None:
    """32 was taken for named by the message, which names fp32."""
    assert told(tmp_path, "precision: fp32", "precision: 32").endswith("input should be 'fp32' or 'bf16', found 32")


def test_a_missing_section_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("study: mine\n", encoding="utf-8")
    for where, files in ((str(file), []), ("the study file", [file])):
        with pytest.raises(UserError) as caught:
            load({"study": "mine"}, where, files=files)
        lines = str(caught.value).split("\nerror: ")
        assert len(lines) > 3 and all(line.startswith(f"{file}: configuration key ") for line in lines)
