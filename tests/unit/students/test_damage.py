"""Weights that somebody or something changed are refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradus.runtime.atomic import sha256_bytes
from gradus.runtime.errors import UserError
from gradus.students.damage import manifest_of, refuse_changed_base


@pytest.fixture
def student(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights").write_bytes(b"right")
    (tmp_path / "manifest.json").write_text(
        json.dumps({"files": {"weights": sha256_bytes(b"right")}}), encoding="utf-8"
    )
    return tmp_path


def test_what_its_job_wrote_is_taken(student: Path) -> None:
    refuse_changed_base(student)
    (student / "manifest.json").write_text('{"reference": {"files": {"weights": {"bytes": 3}}}}', encoding="utf-8")
    refuse_changed_base(student)  # of the hub


@pytest.mark.parametrize("content", [b"wrong", None])
def test_a_changed_base_model_is_refused(student: Path, content: bytes | None) -> None:
    (student / "model" / "weights").write_bytes(content) if content else (student / "model" / "weights").unlink()
    with pytest.raises(UserError, match=r"model/weights: differs from what its job wrote \(delete .* and run again\)"):
        refuse_changed_base(student)


def test_a_folder_in_place_of_weights_is_refused(student: Path) -> None:
    (student / "model" / "weights").unlink()
    (student / "model" / "weights").mkdir()
    with pytest.raises(UserError, match=r"model/weights: differs from what its job wrote"):
        refuse_changed_base(student)


@pytest.mark.parametrize("content", ["[]", "5", '{"files": 3}', ""])
def test_a_damaged_manifest_is_one_message(student: Path, content: str) -> None:
    (student / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=r"manifest\.json"):
        manifest_of(student)
