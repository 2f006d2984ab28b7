"""Files below a folder: links to folders are followed, circles end, broken links are passed over."""

from pathlib import Path

from gradus.runtime.folders import files_below


def test_a_folder_of_links_holds_what_they_lead_to(tmp_path: Path) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "folder"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "deep" / "b.json").write_text("{}")
    folder.mkdir()
    (folder / "a.json").write_text("{}")
    (folder / "c.txt").write_text("")
    (folder / "linked").symlink_to(elsewhere)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    assert files_below(folder, ".json") == [folder / "a.json", folder / "linked" / "deep" / "b.json"]
    assert len(files_below(folder)) == 3


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text("")
    (tmp_path / "in" / "back").symlink_to(tmp_path)
    assert files_below(tmp_path) == [tmp_path / "in" / "a"]


def test_an_absent_folder_has_none(tmp_path: Path) -> None:
    assert files_below(tmp_path / "absent") == []
