"""Names in foreign archives: nothing is written elsewhere, twice, by halves, or where it would be believed."""

import unicodedata
from pathlib import Path

import pytest
from foreign_archives import write_archive
from hypothesis import given
from hypothesis import strategies as st
from running import program

from gradus.archive import restoring
from gradus.archive.restoring import file_name_key, restore
from gradus.archive.tarball import Member, build, is_dangerous, printable
from gradus.archive.verification import archive_problems, read_sums
from gradus.runtime.errors import UserError

COMPOSED = "results/s/metrics/\u00e9.json"


@pytest.mark.parametrize(
    "name",
    [
        "results/./s/a",
        "results//s/a",
        "results/s/a/",
        "results/s/a\nb",
        "results/s/\x1b[2J",
        "results/s/\u202egnp.exe",
        "results/s/\u2028",
        "results/s/\x85",
        "results/s/\udcff",
        f"results/s/{'x' * 256}",
        f"results/s/{'é' * 128}",
    ],
    ids=ascii,
)
def test_names_that_could_be_read_as_others_are_dangerous(name: str) -> None:
    assert is_dangerous(name)


@pytest.mark.parametrize(
    "name", ["results/s/a b.json", COMPOSED, "results/s/回答.json", f"results/s/{'x' * 255}", "a/...b"]
)
def test_names_of_many_scripts_are_not_dangerous(name: str) -> None:
    assert not is_dangerous(name)


def test_they_are_refused_when_reading_and_when_packing(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", [("results/s/metrics/\x1b[2J", b"x")])
    with pytest.raises(UserError) as raised:
        archive_problems(archive)
    assert "\x1b" not in str(raised.value)
    (tmp_path / "a\nb").touch()
    with pytest.raises(UserError, match="cannot be archived") as refused:
        build([Member("code/prompts/a\nb", tmp_path / "a\nb")], tmp_path / "x.tar")
    assert "\n" not in str(refused.value) and not (tmp_path / "x.tar").exists()


def test_verify_prints_no_control_characters(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "archive", [("results/s/metrics/a.json", b"{}")])
    (archive / "\x1b[2Jextra\n").touch()
    done = program("verify", archive, folder=tmp_path)
    assert done.returncode == 1 and done.stdout == "extra: \\x1b[2Jextra\\n\n"


@given(st.text())
def test_printable_text_is_one_harmless_line(text: str) -> None:
    shown = printable(text)
    assert shown == text or shown.isascii()
    assert len(shown.splitlines()) <= 1


def test_a_name_twice_in_the_sums_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "SHA256SUMS"
    path.write_text(f"{'a' * 64}  x\n{'b' * 64}  x\n", encoding="utf-8")
    with pytest.raises(UserError, match="a second time"):
        read_sums(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="not a SHA256SUMS file"):
        read_sums(path)


@pytest.mark.parametrize(
    "name",
    [
        "results/other/metrics/a.json",
        "results/s/STUDY.json",
        "results/s/study.yaml",
        "results/s/archive/manifest.json",
        "results/s/publication/zenodo.json",
        "results/s/Publication/zenodo.json",
        "results/s",
        "results/study.json",
        "Results/s/metrics/a.json",
    ],
)
def test_results_of_other_studies_and_files_that_would_be_believed_are_refused(tmp_path: Path, name: str) -> None:
    archive = write_archive(tmp_path / "archive", [("results/s/metrics/b.json", b"{}"), (name, b"{}")])
    with pytest.raises(UserError, match="neither a result nor an answer"):
        restore(archive, tmp_path / "clone")
    assert not (tmp_path / "clone").exists()


@pytest.mark.parametrize("study", ["..", "../other", "", "a/b", "-x"])
def test_the_name_of_a_study_is_one_folder(tmp_path: Path, study: str) -> None:
    archive = write_archive(tmp_path / "archive", [("results/s/metrics/a.json", b"{}")], study)
    with pytest.raises(UserError, match="cannot be the name of a study"):
        archive_problems(archive)


COLLISIONS = [
    ("results/s/metrics/a.json", "results/s/metrics/A.json"),
    ("results/s/metrics/Mini/a.json", "results/s/metrics/mini/a.json"),
    (COMPOSED, unicodedata.normalize("NFD", COMPOSED)),
    ("results/s/metrics/a.json", "results/s/metrics/a.json."),
]


@pytest.mark.parametrize(("one", "other"), COLLISIONS)
def test_names_that_are_one_file_are_refused_where_they_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: str, other: str
) -> None:
    """This file system tells them apart; one that does not is stood in for by what trying it would find."""
    archive = write_archive(tmp_path / "archive", [(one, b"1"), (other, b"2")])
    assert restore(archive, tmp_path / "here").written == 2

    def key(name: str) -> str:
        folded = unicodedata.normalize("NFC", name.casefold())
        return "/".join(part.rstrip(". ") for part in folded.split("/"))

    monkeypatch.setattr(restoring, "file_name_key", lambda _: key)
    with pytest.raises(UserError, match="which are one file here"):
        restore(archive, tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_what_the_file_system_tells_apart_is_found_by_trying(tmp_path: Path) -> None:
    """Against the file system itself, whatever it is."""
    key = file_name_key(tmp_path / "not" / "there")
    for one, other in COLLISIONS:
        first, second = (tmp_path / name.replace("/", "-") for name in (one, other))
        first.touch()
        assert (key(first.name) == key(second.name)) == second.exists()
        first.unlink()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_a_folder_too_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    files = [("results/s/metrics/a", b"1"), ("results/s/metrics/a/b", b"2")]
    archive = write_archive(tmp_path / "archive", files)
    with pytest.raises(UserError, match="as a file and as a folder"):
        restore(archive, tmp_path / "clone")
    assert not (tmp_path / "clone").exists()


@pytest.mark.parametrize("blocked", ["results/s", "results/s/metrics/a.json"])
def test_files_and_folders_in_the_way_are_named(tmp_path: Path, blocked: str) -> None:
    archive = write_archive(tmp_path / "archive", [("results/s/metrics/a.json", b"{}")])
    path = tmp_path / "clone" / blocked
    path.parent.mkdir(parents=True)
    if blocked.endswith(".json"):
        path.mkdir()
    else:
        path.touch()
    with pytest.raises(UserError, match=r"differs from the archive|is a file where the archive has a folder"):
        restore(archive, tmp_path / "clone")
