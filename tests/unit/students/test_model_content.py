"""The content of a local model: any edit of its weights or small files is another one, a touch is none."""

import os
from pathlib import Path

import numpy as np
from builders import tiny_study
from safetensors.numpy import save_file

from gradus.students import model_content
from gradus.study.config import load
from gradus.workflow import training


def test_every_edit_of_a_large_file_is_another_content(tmp_path: Path) -> None:
    weights = {f"layer.{n}": np.full((300, 1000), float(n), dtype=np.float32) for n in range(6)}
    path = tmp_path / "model.safetensors"
    save_file(weights, path)
    assert path.stat().st_size > model_content._WHOLE
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    before = model_content.folder_content(tmp_path)
    os.utime(path, (1, 1))
    assert model_content.folder_content(tmp_path) == before
    found = {before}
    for name in weights:
        save_file({**weights, name: weights[name] * 1.5 + 1}, path)
        found.add(model_content.folder_content(tmp_path))
    save_file(weights, path)
    assert len(found) == 7 and model_content.folder_content(tmp_path) == before
    (tmp_path / "config.json").write_text("{ }", encoding="utf-8")
    assert model_content.folder_content(tmp_path) != before


def test_a_large_file_of_another_kind_counts_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    content = bytearray(b"{" * (model_content._WHOLE + 100_000))
    path.write_bytes(content)
    before = model_content.folder_content(tmp_path)
    path.write_bytes(b"[" * len(content))
    assert model_content.folder_content(tmp_path) != before


def test_an_edited_folder_is_another_param_of_its_student(tmp_path: Path) -> None:
    config = tiny_study()
    config["students"]["own"] = {"kind": "pretrained", "model": str(tmp_path)}
    config["students"]["hub"] = {"kind": "pretrained", "model": "somebody/something"}
    study = load(config)
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    before = training.model_content(study, "own")
    (tmp_path / "config.json").write_text("{ }", encoding="utf-8")
    assert training.model_content(study, "own") != before
    assert training.model_content(study, "hub") == training.model_content(study, "mini") == ""
