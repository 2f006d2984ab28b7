"""Which released annotations are there: through links, and not one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from made_study import made_config

from gradus.results.presence import with_unavailable
from gradus.runtime.errors import UserError
from gradus.study.config import Study, load
from gradus.teachers.local import released_files


@pytest.fixture
def study(tmp_path: Path) -> Study:
    config: dict[str, Any] = made_config()
    config["datasets"] = {"svamp": {"source": "svamp", "origin": "files"}}
    config["teachers"] = {"written": {"provider": "released", "author": "gpt-4o"}}
    config["experiments"] = {
        "one": {
            "question": "?",
            "axis": "level",
            "datasets": ["svamp"],
            "teachers": ["written"],
            "levels": ["L1", "L3", "L5"],
            "students": ["small"],
            "seeds": [1],
        }
    }
    for section in ("transforms", "primary", "teacher_accuracy"):
        config.pop(section, None)
    return load(config, "made")


def released(folder: Path, levels: str) -> Path:
    """A data folder with the files of some levels, which lie behind a link."""
    elsewhere, root = folder / "elsewhere", folder / "data" / released_files.FOLDER
    elsewhere.mkdir()
    root.mkdir(parents=True)
    (root / "svamp").symlink_to(elsewhere)
    info = {f"SVAMP_ChatGPT_level{level}": {"file_name": f"level{level}.json"} for level in "135"}
    (root / "dataset_info.json").write_text(json.dumps(info))
    for level in levels:
        (elsewhere / f"level{level}.json").write_text("[]")
    return folder / "data"


def test_files_behind_a_link_are_there(study: Study, tmp_path: Path) -> None:
    found = with_unavailable(study, released(tmp_path, "13"))
    assert found.unavailable == ["svamp/written/original/L5"]


def test_a_study_of_which_nothing_is_there_is_refused(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none of the 3 released supervisions .*svamp/written/original/L1") as caught:
        with_unavailable(study, released(tmp_path, ""))
    assert released_files.FOLDER in str(caught.value)


def test_a_released_file_without_end_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "dataset_info.json"
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(UserError, match="lists within lists without end"):
        released_files.load_json(path)
