"""Archives: the same bytes each time, every flipped bit noticed, and nothing written where it should not be."""

import io
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml
from foreign_archives import describe, entry
from hypothesis import given
from hypothesis import strategies as st
from running import PROJECT

from gradus.archive.contradictions import refuse_contradictions
from gradus.archive.groups import CODE, CONFIG, members
from gradus.archive.manifest import MANIFEST, SUMS, read_manifest
from gradus.archive.reproduction.depths import refuse_earlier_version
from gradus.archive.restoring import restore
from gradus.archive.tarball import Member, build, is_dangerous
from gradus.archive.verification import archive_problems, file_problems, read_sums
from gradus.runtime.atomic import sha256_bytes, write_json
from gradus.runtime.errors import UserError
from gradus.study.config import load

FILES = {
    "results/s/metrics/a.json": b'{"accuracy": 0.5}\n',
    "results/s/metrics/b.json": b'{"accuracy": 0.6}\n',
    "results/s/tables/t.csv": b"x,y\n1,2\n",
}


def make(folder: Path, files: dict[str, bytes] = FILES) -> Path:
    """An archive of one group."""
    for name, content in files.items():
        path = folder / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    archive = folder / "archive"
    sums = build([Member(name, folder / "work" / name) for name in files], archive / "metrics.tar")
    describe(archive, sums)
    return archive


def test_two_builds_are_byte_identical_whatever_the_clock_says(tmp_path: Path) -> None:
    first = make(tmp_path / "one")
    second = make(tmp_path / "two", dict(reversed(FILES.items())))
    for path in (tmp_path / "two" / "work").rglob("*"):
        os.utime(path, (1, 1))
    assert (first / "metrics.tar").read_bytes() == (second / "metrics.tar").read_bytes()
    assert archive_problems(first) == []
    assert read_sums(first / SUMS) == {name: sha256_bytes(content) for name, content in FILES.items()}


def test_any_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """In the tar, wherever it is: in a member, in its header, in the padding."""
    archive = make(tmp_path)
    tar = archive / "metrics.tar"
    whole = tar.read_bytes()
    for position in range(0, len(whole), 97):
        tar.write_bytes(whole[:position] + bytes([whole[position] ^ 4]) + whole[position + 1 :])
        try:
            problems = archive_problems(archive)
        except UserError:
            continue  # no tar any more
        assert any(problem.startswith("changed: metrics.tar") for problem in problems), position
    tar.write_bytes(whole)
    assert archive_problems(archive) == []


DATA = {
    "results/s/data/d/train.jsonl": b'{"id": "a"}\n',
    "results/s/data/d/train.manifest.json": json.dumps({"sha256": sha256_bytes(b'{"id": "a"}\n')}).encode(),
    "results/s/checkpoints/d/t/original/L1/x/seed1/weights/model.safetensors": b"weights",
    "results/s/checkpoints/d/t/original/L1/x/seed1/manifest.json": json.dumps(
        {"files": {"model.safetensors": sha256_bytes(b"weights")}}
    ).encode(),
}


def test_a_member_that_its_own_manifest_contradicts_is_named_and_not_packed(tmp_path: Path) -> None:
    assert archive_problems(make(tmp_path / "whole", DATA)) == []
    changed = {**DATA, "results/s/data/d/train.jsonl": b'{"id": "b"}\n'}
    changed["results/s/checkpoints/d/t/original/L1/x/seed1/weights/model.safetensors"] = b"others"
    problems = archive_problems(make(tmp_path / "changed", changed))
    assert problems == [
        "contradicted: results/s/checkpoints/d/t/original/L1/x/seed1/weights/model.safetensors is not what "
        "results/s/checkpoints/d/t/original/L1/x/seed1/manifest.json says",
        "contradicted: results/s/data/d/train.jsonl is not what results/s/data/d/train.manifest.json says",
    ]
    refuse_contradictions([Member(name, tmp_path / "whole" / "work" / name) for name in DATA])
    with pytest.raises(
        UserError, match=r"2 files were changed after they were made: .*results/s/data/d/train\.jsonl is not"
    ):
        refuse_contradictions([Member(name, tmp_path / "changed" / "work" / name) for name in DATA])


def test_missing_changed_and_extra_are_named(tmp_path: Path) -> None:
    archive = make(tmp_path)
    (archive / "more.tar").write_bytes(b"x")
    assert archive_problems(archive) == ["extra: more.tar"]
    (archive / "metrics.tar").unlink()
    assert archive_problems(archive) == ["missing: metrics.tar", "extra: more.tar"]
    work, sums = tmp_path / "work", read_sums(archive / SUMS)
    assert file_problems(work, sums, "s") == []
    (work / "results/s/metrics/a.json").unlink()
    (work / "results/s/metrics/b.json").write_bytes(b'{"accuracy": 0.7}\n')
    (work / "results/s/metrics/c.json").write_bytes(b"{}")
    assert file_problems(work, sums, "s") == [
        "missing: results/s/metrics/a.json",
        "changed: results/s/metrics/b.json",
        "extra: results/s/metrics/c.json",
    ]


def test_companions_of_the_tars_are_verified_too(tmp_path: Path) -> None:
    archive = make(tmp_path)
    (archive / "README.md").write_text("something else\n", encoding="utf-8")
    assert archive_problems(archive) == ["changed: README.md"]
    (archive / "README.md").unlink()
    assert archive_problems(archive) == ["missing: README.md"]
    manifest = json.loads((archive / MANIFEST).read_text(encoding="utf-8"))
    write_json(archive / MANIFEST, {**manifest, "companions": {"../secret": "a" * 64}})
    with pytest.raises(UserError, match="lies elsewhere"):
        archive_problems(archive)
    tar = {**manifest["groups"]["metrics"], "file": "../metrics.tar"}
    write_json(archive / MANIFEST, {**manifest, "groups": {"metrics": tar}})
    with pytest.raises(UserError, match="lies elsewhere"):
        archive_problems(archive)


def test_archives_of_earlier_versions_are_read(tmp_path: Path) -> None:
    """They call the files beside the tars `beside`."""
    archive = make(tmp_path)
    manifest = json.loads((archive / MANIFEST).read_text(encoding="utf-8"))
    companions = manifest.pop("companions")
    write_json(archive / MANIFEST, {**manifest, "beside": companions})
    assert read_manifest(archive).is_of_0_1_0
    with pytest.raises(UserError, match=r"packed by Gradus 0\.1\.0"):
        refuse_earlier_version(read_manifest(archive))
    assert archive_problems(archive) == [] and restore(archive, tmp_path / "clone").written == len(FILES)
    write_json(archive / MANIFEST, manifest)
    with pytest.raises(UserError, match="is not the manifest of an archive"):
        read_manifest(archive)


def test_members_that_are_swapped_with_their_tars_sum_are_noticed(tmp_path: Path) -> None:
    """Somebody rewrites the tar and its own sum, not the members' sums."""
    archive = make(tmp_path)
    sums = read_sums(archive / SUMS)
    (tmp_path / "work/results/s/metrics/a.json").write_bytes(b'{"accuracy": 0.9}\n')
    build([Member(name, tmp_path / "work" / name) for name in FILES], archive / "metrics.tar")
    describe(archive, sums)
    assert archive_problems(archive) == ["changed: results/s/metrics/a.json in metrics.tar"]


def test_restoring_gives_the_files_one_time_and_leaves_others_alone(tmp_path: Path) -> None:
    archive, target = make(tmp_path), tmp_path / "clone"
    kept = target / "results/s/metrics/a.json"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(FILES["results/s/metrics/a.json"])
    assert restore(archive, target).written == 2
    assert {name: (target / name).read_bytes() for name in FILES} == FILES
    assert len({(target / name).stat().st_mtime for name in list(FILES)[1:]}) == 1
    assert restore(archive, target).written == 0


def test_nothing_is_overwritten_and_nothing_is_half_restored(tmp_path: Path) -> None:
    archive, target = make(tmp_path), tmp_path / "clone"
    mine = target / "results/s/tables/t.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(UserError, match="differs from the archive"):
        restore(archive, target)
    assert mine.read_text() == "mine" and not (target / "results/s/metrics").exists()


def test_a_link_in_the_way_is_refused(tmp_path: Path) -> None:
    archive, target = make(tmp_path), tmp_path / "clone"
    (tmp_path / "elsewhere").mkdir()
    (target / "results").mkdir(parents=True)
    (target / "results" / "s").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="is a link"):
        restore(archive, target)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/../../outside", "c:\\outside", "results\\..\\x", ""])
def test_names_that_lead_elsewhere(name: str) -> None:
    assert is_dangerous(name)


@given(st.lists(st.sampled_from(["a", "..", "/", ".", "b.c", "\\", "x:y"]), min_size=1, max_size=6))
def test_what_is_not_dangerous_stays_inside(parts: list[str]) -> None:
    name = "/".join(parts)
    if not is_dangerous(name):
        inside = Path("/target").joinpath(name)
        assert Path(os.path.normpath(inside)).is_relative_to("/target")


def foreign(archive: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> None:
    """A tar that somebody else made, with sums and manifest that fit it."""
    archive.mkdir(parents=True)
    with tarfile.open(archive / "metrics.tar", "w") as tar:
        for entry, content in entries:
            tar.addfile(entry, io.BytesIO(content))
    describe(archive, {"results/s/metrics/a.json": sha256_bytes(b"x")})


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (entry("../../outside"), "written elsewhere"),
        (entry("/outside"), "written elsewhere"),
        (entry("results/link", 0, tarfile.SYMTYPE, "/etc"), "not a plain file"),
        (entry("results/link", 0, tarfile.LNKTYPE, "/etc/passwd"), "not a plain file"),
        (entry("results/device", 0, tarfile.CHRTYPE), "not a plain file"),
    ],
)
def test_a_foreign_archive_cannot_write_elsewhere(tmp_path: Path, made: tarfile.TarInfo, message: str) -> None:
    foreign(tmp_path / "archive", (made, b"x" * made.size))
    with pytest.raises(UserError, match=message):
        restore(tmp_path / "archive", tmp_path / "clone" / "deep")
    assert not (tmp_path / "outside").exists() and not Path("/outside").exists()


def test_a_bomb_is_refused_before_it_is_written(tmp_path: Path) -> None:
    """A header that promises a terabyte, and a compressed tar (which could unfold to anything)."""
    archive = tmp_path / "archive"
    archive.mkdir()
    with open(archive / "metrics.tar", "wb") as stream:
        stream.write(entry("results/s/metrics/a.json", 1 << 40).tobuf() + b"x" * 1024)
    describe(archive, {"results/s/metrics/a.json": sha256_bytes(b"x")})
    with pytest.raises(UserError, match=r"ends within|not a whole tar"):
        restore(archive, tmp_path / "clone")
    with tarfile.open(archive / "metrics.tar", "w:gz") as tar:
        tar.addfile(entry("results/s/metrics/a.json", 1 << 20), io.BytesIO(bytes(1 << 20)))
    describe(archive, {"results/s/metrics/a.json": sha256_bytes(b"x")})
    with pytest.raises(UserError, match="not a whole tar"):
        restore(archive, tmp_path / "clone")
    assert not (tmp_path / "clone").exists()


def test_a_file_with_holes_is_refused(tmp_path: Path) -> None:
    """A kilobyte that says it is a terabyte of zeros, in the way that GNU tar writes holes."""
    made = entry("results/s/metrics/a.json", 0, tarfile.GNUTYPE_SPARSE)
    header = bytearray(made.tobuf(tarfile.GNU_FORMAT))
    header[386:410] = b"%011o\0" % (1 << 32) + b"%011o\0" % 0  # one empty part, at the end
    header[483:495] = b"%011o\0" % (1 << 32)  # the size with its holes
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    archive = tmp_path / "archive"
    archive.mkdir()
    (archive / "metrics.tar").write_bytes(bytes(header) + bytes(1024))
    with tarfile.open(archive / "metrics.tar") as tar:
        assert [member.size for member in tar] == [1 << 32]
    describe(archive, {"results/s/metrics/a.json": sha256_bytes(b"x")})
    with pytest.raises(UserError, match="not a plain file"):
        restore(archive, tmp_path / "clone")
    assert not (tmp_path / "clone").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"members": {**dict.fromkeys(FILES, "metrics"), "results/s/more": "metrics"}},
            "lists results/s/more, which has no sum",
        ),
        ({"members": dict.fromkeys(list(FILES)[1:], "metrics")}, "does not list results/s/metrics/a.json"),
        (
            {"members": {**dict.fromkeys(FILES, "metrics"), "results/s/tables/t.csv": "tables"}},
            "no tar of the group tables",
        ),
        ({"study": "other"}, "names the study other, and nothing lies in results/other/"),
    ],
)
def test_a_changed_list_of_members_is_noticed(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    """Nothing has the sum of the manifest itself: it is held against those of the members."""
    archive = make(tmp_path)
    manifest = json.loads((archive / MANIFEST).read_text(encoding="utf-8"))
    write_json(archive / MANIFEST, {**manifest, **changes})
    (problem,) = archive_problems(archive)
    assert problem.startswith("changed: manifest.json ") and said in problem
    with pytest.raises(UserError, match="is not what its sums say"):
        restore(archive, tmp_path / "clone")


def test_code_configuration_and_prompts_are_restored_when_asked_for(tmp_path: Path) -> None:
    archive = make(tmp_path, {**FILES, "code/prompts/L1.md": b"Write.\n"})
    assert restore(archive, tmp_path / "clone").written == len(FILES)
    assert not (tmp_path / "clone" / "code").exists()
    assert restore(archive, tmp_path / "clone", code=True).written == 1


def test_answers_of_teachers_are_restored_when_asked_for(tmp_path: Path) -> None:
    """Every study of the reader would take them for answers of its own teachers."""
    answers = "journal/gpt-4o/a.jsonl"
    archive = make(tmp_path, {**FILES, answers: b"{}\n"})
    assert restore(archive, tmp_path / "clone").written == len(FILES)
    assert not (tmp_path / "clone" / "journal").exists()
    assert restore(archive, tmp_path / "clone", journal=True).written == 1
    assert (tmp_path / "clone" / answers).read_bytes() == b"{}\n"


def test_the_prompts_that_the_study_uses_and_every_file_of_the_project(tmp_path: Path) -> None:
    """Worked examples of remote teachers with them; a study's own prompts take the place of the project's."""
    study = load(yaml.safe_load((PROJECT / "studies" / "paper.yaml").read_text(encoding="utf-8")))
    (tmp_path / "mine" / "levels").mkdir(parents=True)
    (tmp_path / "mine" / "levels" / "L1.md").write_text("Write.\n", encoding="utf-8")
    found = [member.name for member in members(study, "prompts", PROJECT, tmp_path / "mine")]
    assert [name for name in found if name.startswith("code/")] == ["code/prompts/levels/L1.md"]
    assert "results/paper/exemplars/svamp/gpt-4o/original.json" in found
    assert not [name for name in found if "/human/" in name]
    prompts = PROJECT / "prompts"
    project = {member.name for group in ("code", "config") for member in members(study, group, PROJECT, prompts)}
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout.split()
    kept_out = ("tests/", "benchmarks/", ".", "prompts/")
    assert {
        f"code/{name}" for name in listed if not name.startswith(kept_out) and (PROJECT / name).is_file()
    } <= project
    assert {name for group in (*CODE, *CONFIG) for name in [group] if not (PROJECT / name).exists()} == set()


def test_the_journal_of_a_teacher_that_is_only_tested_is_archived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = yaml.safe_load((PROJECT / "studies" / "paper.yaml").read_text(encoding="utf-8"))
    config["experiments"] = {name: config["experiments"][name] for name in ("granularity", "answer-only")}
    (section,) = list(config["teacher_accuracy"].values())[:1]
    config["teacher_accuracy"] = {"tested": {**section, "teachers": ["gemini-1.5-flash"]}}
    monkeypatch.setenv("GRADUS_JOURNAL", str(tmp_path))
    for teacher in ("gpt-4o", "gemini-1.5-flash", "llama-3-70b"):
        (tmp_path / teacher).mkdir()
        (tmp_path / teacher / "a.jsonl").touch()
    found = [member.name for member in members(load(config), "journal", PROJECT, PROJECT / "prompts")]
    assert found == ["journal/gemini-1.5-flash/a.jsonl", "journal/gpt-4o/a.jsonl"]


def test_records_are_restored_when_asked_for_and_those_that_are_there_are_kept(tmp_path: Path) -> None:
    record, run = ".snakemake/metadata/cmVz", "results/s/metrics/a.run.json"
    archive = make(tmp_path, {**FILES, record: b"{}", run: b'{"host": "there"}'})
    assert restore(archive, tmp_path / "without").written == len(FILES) + 1
    assert not (tmp_path / "without" / record).exists()
    for name in (record, run):
        path = tmp_path / "mine" / name
        path.parent.mkdir(parents=True)
        path.write_text("mine", encoding="utf-8")
    assert restore(archive, tmp_path / "mine", records=True).written == len(FILES)
    assert {(tmp_path / "mine" / name).read_text(encoding="utf-8") for name in (record, run)} == {"mine"}
    assert file_problems(tmp_path / "mine", read_sums(archive / SUMS), "s") == []


@pytest.mark.parametrize("name", ["scripts/yaml.py", "Snakefile", ".git/hooks/post-checkout", ".snakemake/scripts/x"])
def test_an_archive_writes_nothing_that_is_run(tmp_path: Path, name: str) -> None:
    archive = make(tmp_path, {**FILES, name: b"import os\n"})
    with pytest.raises(UserError, match="neither a result nor an answer"):
        restore(archive, tmp_path / "clone")
    assert not (tmp_path / "clone").exists()


def test_a_member_twice_is_refused(tmp_path: Path) -> None:
    foreign(tmp_path / "archive", (entry("results/s/metrics/a.json"), b"x"), (entry("results/s/metrics/a.json"), b"y"))
    with pytest.raises(UserError, match="twice"):
        restore(tmp_path / "archive", tmp_path / "clone")


def test_a_file_that_a_desktop_left_is_no_reason_to_fetch_an_archive_again(tmp_path: Path) -> None:
    archive = make(tmp_path)
    (archive / ".DS_Store").write_bytes(b"x")
    with pytest.raises(UserError, match=r"extra: .DS_Store \(take them out of its folder\)"):
        restore(archive, tmp_path / "into")
    (archive / "metrics.tar").unlink()
    with pytest.raises(UserError, match=r"missing: metrics.tar; extra: .DS_Store \(fetch it again\)"):
        restore(archive, tmp_path / "into")


def test_a_folder_that_is_not_an_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"manifest\.json is missing"):
        archive_problems(tmp_path)
    path = tmp_path / SUMS
    path.write_text("abc  ../x\n")
    with pytest.raises(UserError, match="not a line of a SHA256SUMS") as raised:
        read_sums(path)
    assert f"{SUMS}:1" in str(raised.value)
