"""The shared store: an entry is taken as it was put, or not at all; what is damaged is told, set aside and can be put again."""

import json
import logging
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gradus.results.shared_store import SharedStore, open_store, told
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json, read_manifest, write_manifest
from gradus.study.fingerprint import modules

IDENTITY = {"training_set": "a", "recipe": {"ranks": 2}, "seed": 1}


@pytest.fixture
def store(tmp_path: Path) -> SharedStore:
    (tmp_path / "store").mkdir(mode=0o750)
    (tmp_path / "store").chmod(0o750)
    return SharedStore(tmp_path / "store")


@pytest.fixture
def made(tmp_path: Path) -> dict[str, Path]:
    """What a training has made, by its name in an entry."""
    folder = tmp_path / "results/tiny/checkpoints/seed1"
    (folder / "weights").mkdir(parents=True)
    (folder / "weights/model.safetensors").write_bytes(b"weights")
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    return {name: folder / name for name in ("weights/model.safetensors", "manifest.json")}


def entry_of(store: SharedStore) -> Path:
    (found,) = store.root.glob("*/*/*/entry.json")
    return found.parent


def test_what_was_put_is_taken(store: SharedStore, made: dict[str, Path], tmp_path: Path) -> None:
    assert store.take("trainings", IDENTITY, tmp_path / "taken") is None
    store.put("trainings", IDENTITY, made, made["manifest.json"].parent)
    origin = store.take("trainings", IDENTITY, tmp_path / "taken")
    assert origin is not None and origin["file"] == "results/tiny/checkpoints/seed1" and origin["processor"]
    for name, path in made.items():
        assert (tmp_path / "taken" / name).read_bytes() == path.read_bytes()
    assert (tmp_path / "taken/weights/model.safetensors").samefile(made["weights/model.safetensors"])
    assert not (tmp_path / "taken/manifest.json").samefile(made["manifest.json"]), "people edit texts in place"
    assert store.take("trainings", {**IDENTITY, "seed": 2}, tmp_path / "other") is None
    assert store.take("predictions", IDENTITY, tmp_path / "other") is None
    assert not (tmp_path / "other").exists()


def test_an_entry_is_as_open_as_the_store_and_nobody_writes_it(store: SharedStore, made: dict[str, Path]) -> None:
    store.put("trainings", IDENTITY, made, "x")
    for path in store.root.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o440 if path.is_file() else 0o750), path
    assert not list(store.root.rglob("*.tmp"))


def test_weights_on_another_file_system_are_copied(
    store: SharedStore, made: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: object, **options: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    store.put("trainings", IDENTITY, made, "x")
    assert store.take("trainings", IDENTITY, tmp_path / "taken") is not None
    assert not (tmp_path / "taken/weights/model.safetensors").samefile(made["weights/model.safetensors"])


def other_bytes(entry: Path) -> None:
    path = entry / "weights/model.safetensors"
    path.unlink()
    path.write_bytes(b"Weights")


def another_file(entry: Path) -> None:
    facts = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").unlink()
    (entry / "entry.json").write_text(json.dumps({**facts, "files": {"weights/model.pt": "0"}}))


def outside(entry: Path) -> None:
    facts = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").unlink()
    (entry / "entry.json").write_text(json.dumps({**facts, "files": {"../../x.json": "0"}}))


def another_identity(entry: Path) -> None:
    facts = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").unlink()
    (entry / "entry.json").write_text(json.dumps({**facts, "identity": {}}))


def torn(entry: Path) -> None:
    (entry / "entry.json").unlink()
    (entry / "entry.json").write_text('{"identity": ')


def no_object(entry: Path) -> None:
    (entry / "entry.json").unlink()
    (entry / "entry.json").write_text("[]")


def a_link(entry: Path) -> None:
    (entry / "manifest.json").rename(entry.parent / "elsewhere.json")
    (entry / "manifest.json").symlink_to("../elsewhere.json")


def absent(entry: Path) -> None:
    (entry / "manifest.json").unlink()


def without_end(entry: Path) -> None:
    (entry / "entry.json").unlink()
    (entry / "entry.json").write_text("[" * 100_000)


def no_files(entry: Path) -> None:
    facts = json.loads((entry / "entry.json").read_text())
    (entry / "entry.json").unlink()
    (entry / "entry.json").write_text(json.dumps({**facts, "files": {}}))


def a_folder(entry: Path) -> None:
    (entry / "entry.json").unlink()
    (entry / "entry.json").mkdir()


DAMAGE = [other_bytes, another_file, outside, another_identity, torn, no_object, a_link, absent]
DAMAGE += [without_end, no_files, a_folder]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_told_set_aside_and_made_again(
    store: SharedStore,
    made: dict[str, Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[Path], None],
) -> None:
    store.put("trainings", IDENTITY, made, "x")
    entry = entry_of(store)
    damage(entry)
    assert store.take("trainings", IDENTITY, tmp_path / "taken") is None
    assert f"{entry} is damaged" in caplog.text and not (tmp_path / "taken").exists()
    assert not entry.exists() and len(list(entry.parent.glob("*.damaged-*"))) == 1
    store.put("trainings", IDENTITY, made, "x")
    assert store.take("trainings", IDENTITY, tmp_path / "taken") is not None


def test_writers_at_once_leave_one_whole_entry(store: SharedStore, made: dict[str, Path], tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def put() -> None:
        together.wait()
        store.put("trainings", IDENTITY, made, "x")

    writers = [threading.Thread(target=put) for _ in range(8)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert [path.name for path in entry_of(store).parent.iterdir()] == [entry_of(store).name]
    assert store.take("trainings", IDENTITY, tmp_path / "taken") is not None


def test_a_writer_that_was_killed_blocks_nobody(store: SharedStore, made: dict[str, Path]) -> None:
    store.put("trainings", IDENTITY, made, "x")
    entry = entry_of(store)
    shutil.rmtree(entry)
    left = entry.with_name(f".{entry.name}.abc.tmp")
    left.mkdir()
    os.utime(left, (1, 1))
    other = entry.with_name(f".{entry.name[:2]}{'0' * 62}.abc.tmp")
    other.mkdir()
    os.utime(other, (1, 1))
    store.put("trainings", IDENTITY, made, "x")
    assert entry.exists() and not left.exists()
    assert not other.exists(), "an entry that was made meanwhile is not put again"


def test_what_an_interrupted_writer_began_is_gone(
    store: SharedStore, made: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("gradus.results.shared_store.write_json", stop)
        store.put("trainings", IDENTITY, made, "x")
    assert not [path for path in store.root.rglob("*") if path.is_file()]


def test_weights_behind_a_link_are_put_themselves(store: SharedStore, made: dict[str, Path], tmp_path: Path) -> None:
    weights = made["weights/model.safetensors"]
    weights.rename(tmp_path / "elsewhere.safetensors")
    weights.symlink_to(tmp_path / "elsewhere.safetensors")
    store.put("trainings", IDENTITY, made, "x")
    assert store.take("trainings", IDENTITY, tmp_path / "taken") is not None
    assert (tmp_path / "taken/weights/model.safetensors").read_bytes() == b"weights"


@contextmanager
def nobody() -> Iterator[None]:
    """As a user to whom nothing belongs, as far as that can be had."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user reaches."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_others_read_a_store_that_they_may_not_write(open_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gradus")
    root = open_folder / "store"
    root.mkdir()
    root.chmod(0o755)
    (open_folder / "theirs").mkdir()
    (open_folder / "theirs").chmod(0o777)
    weights = open_folder / "model.safetensors"
    weights.write_bytes(b"weights")
    store, taken = SharedStore(root), open_folder / "theirs/taken"
    store.put("trainings", IDENTITY, {"model.safetensors": weights}, "x")
    entry = entry_of(store)
    if os.geteuid() != 0:
        entry.parent.chmod(0o555)
        root.chmod(0o555)
        (root / "trainings").chmod(0o555)
    with nobody():
        assert store.take("trainings", IDENTITY, taken) is not None
        assert (taken / "model.safetensors").read_bytes() == b"weights"
        store.put("trainings", {**IDENTITY, "seed": 2}, {"model.safetensors": taken / "model.safetensors"}, "x")
    assert f"{root} is used for reading alone" in caplog.text
    entry.chmod(0o000)
    if os.geteuid() != 0:
        return
    caplog.clear()
    with nobody():
        assert store.take("trainings", IDENTITY, taken) is None
        store.put("trainings", IDENTITY, {"model.safetensors": weights}, "x")
    assert "cannot be read" in caplog.text and entry.exists()


def test_records_are_published_with_whose_they_are(store: SharedStore, tmp_path: Path) -> None:
    first, second = tmp_path / "a/greedy.jsonl", tmp_path / "b/other.jsonl"
    first.parent.mkdir()
    first.write_text('{"x": 1}\n', encoding="utf-8")
    write_manifest(first, rows=1, truncated=0, from_store={"file": "of another store"})
    assert not store.take_records("predictions", IDENTITY, second)
    store.put_records("predictions", IDENTITY, first)
    assert store.take_records("predictions", IDENTITY, second)
    read_manifest(second)  # it is that of the file
    facts = read_json(second.with_suffix(".manifest.json"))
    assert (facts["file"], facts["rows"], facts["truncated"]) == ("other.jsonl", 1, 0)
    assert facts["from_store"]["file"] == "greedy.jsonl"
    assert second.read_bytes() == first.read_bytes() and [path.name for path in second.parent.iterdir()]
    assert sorted(path.name for path in second.parent.iterdir()) == ["other.jsonl", "other.manifest.json"]


def test_no_fingerprint_follows_the_store() -> None:
    for program in ("annotate", "exemplar", "train", "generate"):
        assert "gradus.results.shared_store" not in modules(program)


def test_a_mistyped_store_is_refused_before_the_first_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADUS_STORE", raising=False)
    assert told() is None and open_store() is None
    monkeypatch.setenv("GRADUS_STORE", str(tmp_path / "stroe"))
    with pytest.raises(UserError, match="no folder"):
        told()
    assert open_store() is None, "a node that does not see it works without"
    monkeypatch.setenv("GRADUS_STORE", str(tmp_path))
    assert told() == f"Finished work is shared through {tmp_path}."


def test_an_entry_that_lost_its_description_is_set_aside_and_put_again(
    store: SharedStore, made: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.put("trainings", IDENTITY, made, "x")
    (entry_of(store) / "entry.json").unlink()
    assert store.take("trainings", IDENTITY, tmp_path / "taken") is None
    assert "entry.json is missing" in caplog.text
    store.put("trainings", IDENTITY, made, "x")
    assert store.take("trainings", IDENTITY, tmp_path / "taken") is not None


def test_the_advice_on_a_store_fits_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_STORE", str(tmp_path / "our store"))
    with pytest.raises(UserError) as absent:
        told()
    assert f"mkdir -m 2770 '{tmp_path}/our store'" in str(absent.value)
    (tmp_path / "our store").write_text("", encoding="utf-8")
    with pytest.raises(UserError) as file:
        told()
    assert "is a file" in str(file.value) and "mkdir" not in str(file.value)


def test_a_store_that_cannot_be_reached_is_told(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (open_folder / "closed/store").mkdir(parents=True)
    (open_folder / "closed").chmod(0o000)
    for path, why in ((open_folder / "closed/store", "Permission denied"), (Path("x" * 5000), "File name too long")):
        monkeypatch.setenv("GRADUS_STORE", str(path))
        with nobody():
            with pytest.raises(UserError, match=f"cannot be reached: {why}"):
                told()
            assert open_store() is None
    (open_folder / "closed").chmod(0o755)
