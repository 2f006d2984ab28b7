"""The command line of all programs: settings come back as the sections of the study file, mistakes are one message."""

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from conftest import program

from gradus.runtime import program as programs
from gradus.study.config.students import BuiltStudent, Recipe, Student

BUILT = {
    "kind": "built",
    "layers": 1,
    "hidden": 8,
    "heads": 2,
    "vocabulary": 300,
    "seed": 1,
    "corpus": {"source": "primer", "seed": 1, "documents": 3},
    "warm_up": {"batch_size": 16},
}


def read(kind: Any, value: object) -> Any:
    options = programs.parser(None)
    options.add_argument("--settings", required=True, type=programs.section_option(kind))
    return options.parse_args(["--settings", value if isinstance(value, str) else json.dumps(value)]).settings


def test_an_option_is_the_frozen_section_of_the_study_file() -> None:
    found = read(Recipe, {"batch_size": 8, "adapter": {"rank": 4}})
    assert found == Recipe.model_validate({"batch_size": 8, "adapter": {"rank": 4}})
    assert read(Recipe, found.model_dump_json()) == found
    assert isinstance(read(Student, BUILT), BuiltStudent)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Recipe, "{", "not valid JSON"),
        (Recipe, "3", "dictionary or instance of Recipe"),
        (Recipe, {"batch_size": "x"}, "key batch_size: input should be a valid integer, found 'x'"),
        (Recipe, {"batch": 8}, "key batch: unknown key"),
        (Recipe, {"adapter": {"rank": 0}}, "key adapter.rank: input should be greater than 0"),
        (Recipe, {"offload": "optimizer", "zero_stage": 0}, "offload 'optimizer' needs zero_stage 1, 2 or 3"),
        (Student, {"kind": "built"}, "key layers: required key is missing"),
        (Student, {**BUILT, "warm_up": {"batch_size": 0}}, "key warm_up.batch_size: input should be greater than 0"),
        (Student, {**BUILT, "corpus": {"source": "primer"}}, "key corpus.seed: required key is missing"),
        (Student, {}, "key kind: required key is missing"),
        (Student, {"kind": "bult"}, "key kind: unknown value 'bult'; accepted: 'built', 'pretrained'"),
        (Student, {**BUILT, "corpus": {"source": "x"}}, "key corpus.source: unknown value 'x'"),
    ],
)
def test_incomplete_and_wrong_settings_are_one_line(
    kind: Any, value: object, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(kind, value)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: argument --settings: ") and message in said and said.count("\n") == 1


def test_a_missing_option_is_one_line(tmp_path: Path) -> None:
    done = program("data", "--dataset", "g", folder=tmp_path)
    assert done.returncode == 2
    assert (
        done.stderr.startswith("error: the following arguments are required: --split") and "\n" not in done.stderr[:-1]
    )


@pytest.mark.parametrize("debugging", [True, False])
def test_a_failing_disk_is_one_message_with_its_traceback_on_demand(
    debugging: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> None:
        raise OSError(28, "No space left on device", "out.json")

    monkeypatch.setenv("GRADUS_LOG", "debug" if debugging else "")
    try:
        with pytest.raises(SystemExit) as ended:
            programs.run(fail)
    finally:
        logging.getLogger("gradus").setLevel(logging.NOTSET)
    assert ended.value.code == 1
    assert "error: out.json: No space left on device\n" in capsys.readouterr().err
    assert ("in fail" in caplog.text) == debugging


def test_json_without_a_section() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="not valid JSON"):
        programs.json_option("{")
