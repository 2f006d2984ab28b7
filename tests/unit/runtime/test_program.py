"""The command line of all programs: every mistake is one message, and a failing disk as well."""

import argparse
import logging
from pathlib import Path

import pytest
from running import program

from gradus.runtime import program as programs


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


@pytest.mark.parametrize("text", ["x", "", "nan", "inf", "-1", "1.5"])
def test_a_number_out_of_range_is_no_option(text: str) -> None:
    for option in (programs.number_option(0, 1), programs.whole_number_option(0, 1)):
        with pytest.raises(argparse.ArgumentTypeError):
            option(text)


def test_a_number_in_range_is_one() -> None:
    assert programs.number_option(0)("1e3") == 1000 and programs.whole_number_option(0, 65535)("65535") == 65535
    with pytest.raises(argparse.ArgumentTypeError, match="70000 is not from 0 to 65535"):
        programs.whole_number_option(0, 65535)("70000")
