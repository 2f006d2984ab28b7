"""Whoever wants to know is told when a run ends; a notice that fails changes nothing."""

import shlex
import sys
from pathlib import Path

import pytest

from gradus.workflow.endings import notice
from gradus.workflow.rule_names import plain, remember


def test_a_command_gets_outcome_study_and_the_closing_lines(tmp_path: Path) -> None:
    program = tmp_path / "tell me.py"
    program.write_text("import sys; open(sys.argv[1], 'w').write('|'.join(sys.argv[2:]) + '|' + sys.stdin.read())")
    said = shlex.join([sys.executable, str(program), f"{tmp_path}/told"])
    assert notice(said, "failed", "mine", "\nerror: no key\n") is None
    assert (tmp_path / "told").read_text() == "failed|mine|error: no key\n"


def test_an_address_gets_a_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = tmp_path / "mail"
    mail.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/sent; cat >> {tmp_path}/sent\n')
    mail.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert notice("me@example.org", "finished", "mine", "Study mine") is None
    assert (tmp_path / "sent").read_text() == "-s Gradus: mine finished me@example.org\nStudy mine\n"


@pytest.mark.parametrize("said", ["no-such-program", "'open", "false"])
def test_a_notice_that_fails_is_told_in_a_line(said: str) -> None:
    problem = notice(said, "finished", "mine", "text")
    assert problem and "\n" not in problem


def test_rules_of_an_imported_workflow_are_known_by_their_own_names() -> None:
    remember("gradus_*")
    assert plain("gradus_train") == "train"
    remember("*")
    assert plain("train") == "train"
