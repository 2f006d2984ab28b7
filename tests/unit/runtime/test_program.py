"""The command line of all programs: every mistake is one message, and a failing disk as well."""

import argparse
import ast
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from running import PROJECT, program, wait_for

from gradus.runtime import program as programs
from gradus.runtime import starter
from gradus.runtime.interrupts import STOPPED


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
    with pytest.raises(argparse.ArgumentTypeError, match="lists within lists without end"):
        programs.json_option("[" * 100_000)
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


@pytest.mark.parametrize(
    ("name", "heavy"), [("train", "pydantic"), ("student_fit", "torch"), ("figures", "matplotlib")]
)
@pytest.mark.parametrize("deaf", [False, True])
def test_ctrl_c_while_a_program_is_imported_is_one_line(tmp_path: Path, name: str, heavy: str, deaf: bool) -> None:
    """Importing torch takes seconds, in which people change their minds; what a shell starts in the background is deaf to it."""
    (tmp_path / f"{heavy}.py").write_text(
        "import pathlib, time\npathlib.Path('importing').touch()\ntime.sleep(3 if pathlib.Path('deaf').exists() else 60)\n",
        encoding="utf-8",
    )
    if deaf:
        (tmp_path / "deaf").touch()
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "scripts" / f"{name}.py"), "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore the signal, and these tests may run in one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN if deaf else signal.SIG_DFL),
    )
    wait_for((tmp_path / "importing").exists, "the import begins", 60)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    if deaf:
        assert process.returncode != 130 and "stopped" not in errors
    else:
        assert (process.returncode, output, errors) == (130, "", f"{STOPPED}\n")


def test_ctrl_c_at_work_is_a_keyboard_interrupt_again() -> None:
    """So that what a program has begun is put away, and its own handlers hold."""
    code = f"""
import __main__, os, signal
__main__.__file__ = {str(PROJECT / "scripts" / "x.py")!r}
import gradus
assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
from gradus.runtime import program
def main():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    finally:
        print("put away")
program.run(main)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT / "scripts",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "put away\n", f"{STOPPED}\n")


@pytest.mark.parametrize("deaf", [False, True])
def test_a_program_passes_on_the_signals_that_it_hears_itself(deaf: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that a script has sent to the background ignores Ctrl-C."""
    started = SimpleNamespace(pid=1, wait=lambda: -signal.SIGTERM)
    monkeypatch.setattr(starter, "start", lambda *_: started)
    begun_with = {signal.SIGINT: signal.SIG_IGN if deaf else signal.SIG_DFL, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in begun_with.items()}
    try:
        with pytest.raises(SystemExit) as ended:
            programs.run_from_starter("generate", lambda: pytest.fail("it has been started"))
        assert (signal.getsignal(signal.SIGINT) is signal.SIG_IGN) == deaf
        assert callable(signal.getsignal(signal.SIGTERM)) and ended.value.code == 128 + signal.SIGTERM
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("path", sorted((PROJECT / "scripts").glob("*.py")), ids=lambda path: path.stem)
def test_a_program_imports_nothing_of_others_before_gradus(path: Path) -> None:
    """From the first import of `gradus` on, Ctrl-C is one line."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in {*sys.stdlib_module_names, "gradus"}, name


def test_matplotlibs_search_for_fonts_is_not_the_users() -> None:
    """A formula makes it look for DejaVu Sans Display, which some machines lack; a font cache that is older does as well."""
    code = (
        "from gradus.runtime import program\n"
        "from matplotlib.font_manager import FontProperties, findfont\n"
        "program.run(lambda: print(findfont(FontProperties(family=['DejaVu Sans Hidden']))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT / "scripts", capture_output=True, text=True, timeout=60, check=False
    )
    assert "DejaVuSans.ttf" in done.stdout and done.stderr == ""
