"""What a job reads from a local file reaches its params by content: an edit is another job, and an absent file says so."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from builders import tiny_study

from gradus.runtime.atomic import write_json
from gradus.study.config import load
from gradus.teachers.local import released_files
from gradus.workflow.annotation import local_content
from gradus.workflow.training import corpus_content
from gradus.workflow.wildcards import Wildcards


def job(dataset: str, teacher: str) -> Wildcards:
    return cast(Wildcards, SimpleNamespace(dataset=dataset, teacher=teacher, format="original", level="native"))


def contents(config: dict[str, Any]) -> list[str]:
    released_files._files.cache_clear()
    study = load(config)
    teachers = (("csqa", "human"), ("csqa", "theirs"), ("gradeschool", "tutor"), ("gradeschool", "human"))
    return [*(local_content(study, job(*pair)) for pair in teachers), corpus_content(study, "mini")]


def test_an_edited_file_is_another_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path))
    config = tiny_study()
    config["datasets"]["csqa"] = {"source": "csqa", "origin": "files"}
    config["teachers"] |= {"human": {"provider": "human"}, "theirs": {"provider": "released", "author": "gold"}}
    corpus = tmp_path / "corpus.txt"
    config["students"]["mini"]["corpus"] = {"source": "file", "path": str(corpus)}
    assert contents(config) == ["absent", "absent", "", "", "absent"]
    files = [tmp_path / "datasets/csqa/ecqa.jsonl", tmp_path / "released_annotations/a.json", corpus]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1", encoding="utf-8")
    write_json(tmp_path / "released_annotations/dataset_info.json", {"csqa_only_ans": {"file_name": "a.json"}})
    released_files._info.cache_clear()
    before = contents(config)
    assert len(before[0]) == 64 and before[0] == before[1] == before[4]
    for path in files:
        path.write_text("2", encoding="utf-8")
    after = contents(config)
    assert after[2:4] == ["", ""] and all(after[index] != before[index] for index in (0, 1, 4))
