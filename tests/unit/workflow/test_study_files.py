"""A study file that cannot be read is one line with the command that was meant, before Snakemake reads it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import PROJECT

from gradus.runtime.errors import UserError
from gradus.workflow.study_files import look, refuse_unreadable

DEEP = "[" * 100_000


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "studies/questions").mkdir(parents=True)
    (tmp_path / "report").mkdir()
    for name in ("mine", "questions/data-size"):
        (tmp_path / f"studies/{name}.yaml").write_text("study: mine\n", encoding="utf-8")


def refused(*arguments: str) -> str:
    with pytest.raises(UserError) as caught:
        refuse_unreadable(arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        ("-n",),
        ("--configfile", "studies/mine.yaml", "--cores", "1", "plan"),
        ("--configfile=studies/mine.yaml", "plan"),
        ("--configfiles", "studies/mine.yaml", "studies/questions/data-size.yaml", "--cores", "1"),
        ("--configfile", "studies/mine.yaml", "--", "plan"),
        ("--configfile",),  # Snakemake says it
        ("--configfile", "nowhere.yaml", "--configfile", "studies/mine.yaml"),  # the last one counts
        ("--config", "nowhere=1"),
    ],
)
def test_what_can_be_read_is_snakemakes(arguments: tuple[str, ...]) -> None:
    refuse_unreadable(arguments)


@pytest.mark.parametrize("given", ["mine.yaml", "mine", "studies/mine.yml", "studies/mien.yaml", "Mine.yaml"])
def test_a_file_that_is_not_there_is_named_with_the_one_that_was_meant(given: str) -> None:
    said = refused("--cores", "2", "--configfile", given, "-n")
    assert said == (
        f"{given}: no such study file in {Path.cwd()} "
        "(did you mean studies/mine.yaml? snakemake --cores 2 --configfile studies/mine.yaml -n)"
    )


def test_a_file_like_none_is_told_what_there_is() -> None:
    said = refused("--configfile", "zzz.yaml", "--cores", "1")
    assert said.startswith(f"zzz.yaml: no such study file in {Path.cwd()} (there are studies/mine.yaml, ")
    Path("prices.yaml").write_text("model: 1\n", encoding="utf-8")
    assert "studies/questions/data-size.yaml" in said and "prices" not in refused("--configfile", "zzz.yaml")


@pytest.mark.parametrize("targets", [("plan",), ("report",), ("tables", "figures"), ("results/mine/metrics/x.json",)])
def test_targets_behind_a_file_are_told_from_it(targets: tuple[str, ...]) -> None:
    """`report` is a folder of the project too, and a target may be a JSON file that is not there yet."""
    said = refused("--cores", "1", "--configfile", "studies/mine.yaml", *targets)
    assert said == (
        f"--configfile: takes every word behind it, so `{' '.join(targets)}` too, and that is no study file "
        f"(if it is a target, it goes first: snakemake {' '.join(targets)} --cores 1 --configfile studies/mine.yaml)"
    )


def test_both_mistakes_at_once_are_mended_in_one_command() -> None:
    said = refused("--configfile", "mien.yaml", "plan", "--cores", "1")
    assert "snakemake plan --configfile studies/mine.yaml --cores 1" in said
    assert "mien.yaml: no such study file" in said


def test_a_folder_is_no_study_file() -> None:
    said = refused("--configfile", "studies", "--cores", "1")
    assert said.startswith("studies: is a folder, and a study file is needed (there are studies/mine.yaml")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ": the file is empty"),
        (b"# nothing yet\n", ": the file is empty"),
        (b"- a\n", ": holds no keys such as `study: NAME`"),
        (b"study\n", ": holds no keys such as `study: NAME`"),
        (b"study: mine\nb: [1\nc: 2\n", ":3: not valid YAML: "),
        (b"study: mine\n\tb: 1\n", ":2: not valid YAML: "),
        (b"study: mine\nabout: f\xfcr alle\n", ":2: not UTF-8 (save it as UTF-8)"),
        ("study: mine\n".encode("utf-16"), ":1: not UTF-8, but UTF-16 (save it as UTF-8)"),
        (b"study: mine\nb: 2024-99-99\n", ": not valid YAML: "),
        (f"study: mine\nb: {DEEP}".encode(), ":2: lists within lists without end"),
        (DEEP.encode(), ":1: lists within lists without end"),
        (('{"study": ' + "[" * 800 + "]" * 800 + "}").encode(), ": lists within lists without end"),
        (("[" * 5000 + "]" * 5000).encode(), ":1: lists within lists without end"),
    ],
)
def test_a_file_that_holds_no_study_is_named(content: bytes, said: str) -> None:
    Path("bad.yaml").write_bytes(content)
    assert refused("--configfile", "bad.yaml").startswith(f"bad.yaml{said}")


@pytest.mark.parametrize(
    ("content", "advised"),
    [
        ("datasets:\n\tmine: 1\n", "a tab: indent with spaces"),
        ("datasets:\n  mine:\n\u00a0\u00a0\u00a0a: 1\n    b: 2\n", "a no-break space"),
        ("about: Which level: the first?\n", "a text with a colon and a space in it stands in quotes"),
        ("datasets:\n  source:gsm8k\n  hub: a\n", "a key is followed by a colon and a space"),
        ("study: a\n---\nstudy: b\n", "one file is one study"),
    ],
)
def test_yaml_s_own_words_are_followed_by_what_to_do(content: str, advised: str) -> None:
    Path("bad.yaml").write_text(content, encoding="utf-8")
    said = refused("--configfile", "bad.yaml")
    assert "not valid YAML: " in said and advised in said


def test_json_is_a_study_file() -> None:
    Path("study.json").write_text('{\n\t"study": "mine"\n}', encoding="utf-8")
    refuse_unreadable(["--configfile", "study.json"])


def test_what_can_be_read_once_only_is_left_to_snakemake() -> None:
    os.mkfifo("pipe")
    refuse_unreadable(["--configfile", "pipe"])


@pytest.mark.parametrize("elsewhere", [False, True])
def test_snakemake_ends_with_that_line(tmp_path: Path, elsewhere: bool) -> None:
    """Through the default profile, found in the folder or beside the Snakefile."""
    where = ["--snakefile", str(PROJECT / "Snakefile")] if elsewhere else []
    command = [sys.executable, "-m", "snakemake", *where, "--cores", "1", "--configfile", "paper-smok.yaml", "-n"]
    folder = tmp_path if elsewhere else PROJECT
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"error: paper-smok.yaml: no such study file in {folder} (")


def test_a_name_that_no_file_can_have_is_one_line() -> None:
    with pytest.raises(SystemExit, match=r"^error: x+: File name too long$"):
        look(["--configfile", "x" * 5000])
