"""Earlier students: weights of one warm-up after a share of it, which change nothing of what it ends with."""

import json
from pathlib import Path

from running import program
from safetensors.torch import load_file

from gradus.runtime.atomic import sha256_file

STUDENT = {
    "kind": "built",
    "layers": 1,
    "hidden": 16,
    "heads": 2,
    "vocabulary": 400,
    "context": 512,
    "seed": 1,
    "corpus": {"source": "primer", "seed": 3, "documents": 64, "largest": 20},
    "warm_up": {"learning_rate": 0.01, "epochs": 1.0, "batch_size": 8, "ranks": 1, "precision": "fp32"},
}


def made(folder: Path, name: str, settings: dict[str, object], *more: object) -> Path:
    output = folder / "students" / name
    options = ("--student", name, "--settings", json.dumps(settings), "--output", output, *more)
    done = program("student", *options, folder=folder, GRADUS_WORK=str(folder / "work"))
    assert done.returncode == 0, done.stderr[-3000:]
    return output / "model"


def test_weights_of_an_earlier_step_are_kept_and_change_nothing_later(tmp_path: Path) -> None:
    plain = made(tmp_path, "plain", STUDENT)
    whole = made(tmp_path, "whole", {**STUDENT, "keep_at": [0.25]})
    earlier = made(tmp_path, "earlier", {"kind": "earlier", "of": "whole", "share": 0.25}, "--whole", whole)
    assert sha256_file(plain / "model.safetensors") == sha256_file(whole / "model.safetensors")
    assert sha256_file(earlier / "model.safetensors") == sha256_file(whole / "earlier/0.25/model.safetensors")
    assert sha256_file(earlier / "tokenizer.json") == sha256_file(plain / "tokenizer.json")
    first, last = (load_file(folder / "model.safetensors") for folder in (earlier, whole))
    assert set(first) == set(last)
    assert any((first[name] != last[name]).any() for name in first)
    manifests = [json.loads((folder.parent / "manifest.json").read_text("utf-8")) for folder in (whole, earlier)]
    assert manifests[0]["template"] == manifests[1]["template"]
    assert "model.safetensors" in manifests[1]["files"]
