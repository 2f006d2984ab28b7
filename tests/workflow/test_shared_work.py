"""A group's store: what one job has finished, another one of the same identity takes, and says so."""

import json
import shutil
from pathlib import Path

import pytest
from builders import decoding, tiny_study
from fake_provider import KEY
from running import CELL, Annotating, Provider, Workflow, bytes_of, program, training

from gradus.results.shared_store import SharedStore
from gradus.runtime.jsonl import read_json


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


def share_the_weights(finished: Workflow, store: Path) -> Path:
    """Put a finished training into the store as its job would have; its folder."""
    folder = finished.results / "checkpoints" / CELL / "mini" / "seed1"
    facts = read_json(folder / "manifest.json")
    names = [*(f"weights/{name}" for name in facts["files"]), "trace.jsonl", "telemetry.run.jsonl", "manifest.json"]
    copies = {name: store.parent / "copies" / name for name in names}  # the finished study's own are not touched
    for name, path in copies.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, path)
    SharedStore(store).put("trainings", facts["identity"], copies, folder)
    return folder


def test_a_training_that_the_store_has_is_not_trained(finished: Workflow, tmp_path: Path, store: Path) -> None:
    folder = share_the_weights(finished, store)
    command = [str(part) for part in training(finished, tmp_path / "taken", epochs=1.0)]
    done = program(*command, folder=tmp_path, GRADUS_STORE=str(store), GRADUS_WORK=str(tmp_path / "work"))
    assert done.returncode == 0 and "nothing is trained" in done.stderr, done.stderr
    assert not (tmp_path / "work").exists()
    facts = read_json(tmp_path / "taken/manifest.json")
    assert facts.pop("from_store")["file"].endswith("results/tiny/checkpoints/gradeschool/tutor/original/L1/mini/seed1")
    assert facts == {**read_json(folder / "manifest.json"), "cell": "test"}
    assert bytes_of(tmp_path / "taken/weights") == bytes_of(folder / "weights")
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == [
        "manifest.json",
        "telemetry.run.jsonl",
        "trace.jsonl",
        "weights",
    ]


def test_predictions_are_shared(finished: Workflow, tmp_path: Path, store: Path) -> None:
    outputs = [tmp_path / "first/greedy.jsonl", tmp_path / "second/another.jsonl"]
    said = []
    for output in outputs:
        done = program(
            "generate",
            "--problems",
            finished.results / "data/gradeschool/test.jsonl",
            "--checkpoint",
            finished.results / "checkpoints" / CELL / "mini/seed1",
            "--training-set-manifest",
            finished.results / "training_sets" / CELL / "mini.manifest.json",
            "--settings",
            decoding(max_new_tokens=12, batch_size=4),
            "--output",
            output,
            folder=tmp_path,
            GRADUS_STORE=str(store),
            GRADUS_WORK=str(tmp_path / "work"),
        )
        assert done.returncode == 0, done.stderr
        said.append("nothing is generated" in done.stderr)
    assert said == [False, True]
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    first, second = (read_json(output.with_suffix(".manifest.json")) for output in outputs)
    assert second.pop("from_store")["file"] == "greedy.jsonl"
    assert second == {**first, "file": "another.jsonl"}


def test_a_teacher_is_asked_once_for_all(
    tmp_path: Path, store: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two users with journals of their own; no key is left in the store."""
    monkeypatch.setenv("GRADUS_STORE", str(store))
    users = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        users.append(Annotating(tmp_path / name, 6, base_url=provider.openai))
    done = users[0].run()
    assert done.returncode == 0, done.stderr
    asked = provider.control()["seen"]
    again = users[1].run()
    assert again.returncode == 0 and "nobody is asked" in again.stderr, again.stderr
    assert provider.control()["seen"] == asked and not (users[1].folder / "journal").exists()
    assert users[1].output.read_bytes() == users[0].output.read_bytes()
    everything = b"".join(path.read_bytes() for path in store.rglob("*") if path.is_file())
    assert KEY.encode() not in everything and b"key_variable" not in everything and b"127.0.0.1" not in everything
    users[1].settings["temperature"] = 0.5  # other texts, which the store does not have
    users[1].output = tmp_path / "second/other.jsonl"
    assert users[1].run().returncode == 0
    assert provider.control()["seen"] > asked


@pytest.mark.full
def test_a_second_study_with_finished_cells_makes_nothing_again(tmp_path: Path, store: Path) -> None:
    """Two whole runs by two users: the second has a level more and another name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADUS_STORE", str(store))
        first = Workflow(tmp_path / "first", tiny_study())
        first.folder.mkdir()
        first.run("metrics")
        config = tiny_study("larger")
        config["experiments"]["granularity"]["levels"] = ["L1", "L4"]
        second = Workflow(tmp_path / "second", config)
        second.folder.mkdir()
        second.run("metrics")
    new = 0
    for manifest in second.results.glob("checkpoints/**/seed1/manifest.json"):
        facts = json.loads(manifest.read_text(encoding="utf-8"))
        new += "from_store" not in facts
        assert ("from_store" in facts) == ("L4" not in manifest.parts)
    assert new == 2
    same = [path.relative_to(first.results) for path in first.results.glob("metrics/**/greedy.json")]
    assert len(same) == 4 and all(
        (first.results / one).read_bytes() == (second.results / one).read_bytes() for one in same
    )
