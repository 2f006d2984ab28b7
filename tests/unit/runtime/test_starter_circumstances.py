"""Which jobs may ask one starter: those that would import the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradus.runtime import starter


def test_code_or_packages_that_changed_meanwhile_are_imported_anew(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "gradus").mkdir()
    module = tmp_path / "gradus" / "engine.py"
    module.write_text("A = 1\n")
    monkeypatch.setattr(starter, "_SCRIPTS", tmp_path)
    seen = [starter._circumstances("a_job", {})]
    module.write_text("A = 10\n")
    seen += [starter._circumstances("a_job", {})] * 2
    monkeypatch.setattr(starter, "installed", lambda: "others")
    seen.append(starter._circumstances("a_job", {}))
    assert seen[1] == seen[2] and len(set(seen)) == 3


def test_code_behind_a_link_counts_and_a_link_to_nowhere_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("code", "mine"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(starter, "_SCRIPTS", tmp_path / "code")
    (tmp_path / "code" / "linked").symlink_to(tmp_path / "mine")
    (tmp_path / "code" / ".#engine.py").symlink_to("somebody@somewhere.12")
    seen = [starter._circumstances("a_job", {})]
    (tmp_path / "mine" / "engine.py").write_text("A = 1\n")
    assert starter._circumstances("a_job", {}) not in seen


@pytest.mark.parametrize(("paths", "is_one"), [("/lib", True), ("/lib:more/lib", False), ("/lib:", False)])
def test_jobs_of_two_folders_share_a_starter_only_where_both_would_import_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, paths: str, is_one: bool
) -> None:
    monkeypatch.setattr(starter, "_SCRIPTS", tmp_path)
    seen = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        seen.add(starter._circumstances("a_job", {"PYTHONPATH": paths}))
    assert (len(seen) == 1) == is_one
