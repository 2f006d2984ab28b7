"""The study of an archive: no command, no key, no folder of a machine; everything that decides results."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import tiny_study
from foreign_archives import write_archive, write_study_archive
from running import PROJECT, program

from gradus.archive.manifest import read_manifest
from gradus.archive.portable import archived_study, portable_study
from gradus.archive.restoring import restore
from gradus.archive.verification import file_problems, restored_sums
from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError
from gradus.study.config import ChatTeacher, load
from gradus.study.config.teachers import CHAT_PROVIDERS

STUDIES = [PROJECT / "config.yaml", *sorted((PROJECT / "studies").glob("*.yaml"))]


def hostile() -> dict[str, Any]:
    """A study that runs commands, starts a server, sends a key elsewhere and reads files."""
    study = tiny_study("gift")
    study["interpreters"] = {"train": "touch OWNED; python"}
    study["data_folder"], study["prompts"] = "/etc", "/home/reader/secrets"
    study["teachers"] |= {
        "served": {"provider": "vllm", "model": "m", "server": ["sh", "-c", "touch OWNED"]},
        "thief": {
            "provider": "openai",
            "model": "m",
            "base_url": "https://elsewhere.example/v1",
            "key_variable": "AWS_SECRET_ACCESS_KEY",
            "offline": False,
        },
        "plain": {"provider": "anthropic", "model": "claude-sonnet-4-5"},
    }
    study["students"]["mini"]["corpus"] = {"source": "file", "path": "/etc/passwd"}
    return study


def test_what_may_harm_is_left_out_and_named() -> None:
    made = portable_study(json.dumps(hostile()).encode(), "study.json")
    study = load(json.loads(made.content))
    assert study.interpreters == {} and study.data_folder is None and study.prompts is None
    for name in ("served", "thief", "plain"):
        teacher: Any = study.teachers[name]
        assert teacher.offline and teacher.key_variable is None
    assert "OWNED" not in made.content.decode() and "AWS_SECRET" not in made.content.decode()
    assert made.left_out == (
        'interpreters.train: "touch OWNED; python"',
        'data_folder: "/etc"',
        'prompts: "/home/reader/secrets"',
        'teachers.served.server: ["sh", "-c", "touch OWNED"]',
        'teachers.thief.key_variable: "AWS_SECRET_ACCESS_KEY"',
    )
    assert made.offline == ("served", "thief", "plain")
    assert made.local_paths == ('students.mini.corpus.path: "/etc/passwd"',)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_it_keeps_everything_that_decides_results(path: Path) -> None:
    study = load(yaml.safe_load(path.read_text(encoding="utf-8")))
    raw = (json.dumps(study.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n").encode()
    made = portable_study(raw, path)
    again = portable_study(made.content, path)
    assert again.content == made.content and not again.left_out and not again.offline
    before, after = study.model_dump(), load(json.loads(made.content)).model_dump()
    for name, teacher in before["teachers"].items():
        own = after["teachers"][name]
        changed = {key for key in teacher if teacher[key] != own[key]}
        section = study.teachers[name]
        policy = set(section.policy_section.model_fields) if isinstance(section, ChatTeacher) else set()
        assert changed <= {"server", "key_variable", "offline"} & policy
        assert (own.get("offline") is True) == (own["provider"] in CHAT_PROVIDERS)
    machine = ("teachers", "interpreters", "data_folder", "prompts")
    assert {key: before[key] for key in before if key not in machine} == {
        key: after[key] for key in after if key not in machine
    }
    if not any(teacher["provider"] in CHAT_PROVIDERS for teacher in before["teachers"].values()) and not made.left_out:
        assert made.content == raw  # nothing is changed without a reason


@pytest.mark.parametrize("raw", [b"[]", b"{", b"\xff", b"[" * 100_000], ids=["list", "torn", "bytes", "deep"])
def test_what_is_not_a_study_is_refused(raw: bytes) -> None:
    with pytest.raises(UserError, match="the study is not"):
        portable_study(raw, "study.json")


def test_sections_of_the_wrong_kind_are_left_to_the_check_of_studies() -> None:
    made = portable_study(b'{"interpreters": "rm", "teachers": [1], "students": {"a": 2}}', "study.json")
    assert json.loads(made.content) == {"teachers": [1], "students": {"a": 2}}


def test_messages_hold_nothing_that_a_terminal_acts_on() -> None:
    study = {"interpreters": {"\x1b[2J": "\x1b]0;x\x07" + "y" * 1000}, "teachers": {"\n": {"server": ["\u202e"]}}}
    for line in portable_study(json.dumps(study).encode(), "study.json").left_out:
        assert line.isascii() and line.isprintable() and len(line) < 200


def test_a_restored_study_agrees_with_the_archive_and_is_restored_once(tmp_path: Path) -> None:
    archive, clone = write_study_archive(tmp_path / "archive", hostile()), tmp_path / "clone"
    restored = restore(archive, clone)
    assert restored.written == 1 and restored.study is not None and restored.study.left_out
    text = (clone / "results/gift/study.json").read_text(encoding="utf-8")
    assert "OWNED" not in text and restore(archive, clone).written == 0
    assert file_problems(clone, restored_sums(archive), "gift") == []
    verified = program("verify", archive, "--results", clone, folder=tmp_path)
    assert verified.returncode == 0, verified.stdout
    changed = {**json.loads(text), "about": "something else"}
    write_json(clone / "results/gift/study.json", changed)
    assert file_problems(clone, restored_sums(archive), "gift") == ["changed: results/gift/study.json"]
    (clone / "results/gift/study.json").write_text("{", encoding="utf-8")
    assert file_problems(clone, restored_sums(archive), "gift") == ["changed: results/gift/study.json"]


def test_commands_of_the_machine_that_archived_are_no_difference(tmp_path: Path) -> None:
    """An archive holds the study without its interpreters; the folder that it was made from still agrees with it."""
    config = tiny_study("gift")
    archive = write_study_archive(tmp_path / "archive", config)
    write_json(tmp_path / "results/gift/study.json", {**config, "interpreters": {"data": "python3"}}, keep_order=True)
    assert file_problems(tmp_path, restored_sums(archive), "gift") == []


def test_an_archive_without_a_study_holds_none(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", [("results/s/metrics/a.json", b"{}")])
    assert archived_study(archive, read_manifest(archive)) is None
    assert restore(archive, tmp_path / "clone").study is None
