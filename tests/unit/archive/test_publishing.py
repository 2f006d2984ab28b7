"""Publishing against stand-ins of Zenodo and the Hub: dry runs send nothing, broken uploads go on, damage is seen."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_repositories
import pytest
from fake_repositories import DOI, TOKEN, Repositories
from huggingface_hub import DatasetCard, ModelCard
from made_study import made_config, make_study
from running import program

from gradus.archive.manifest import SUMS, Manifest, Tar, read_manifest
from gradus.archive.publishing.contents import Upload, check_limits
from gradus.archive.tarball import Member, build
from gradus.runtime.atomic import sha256_file
from gradus.runtime.errors import UserError
from gradus.study.paths import RESULTS

TOKENS = {"ZENODO_SANDBOX_TOKEN": TOKEN, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}


@pytest.fixture
def services() -> Iterator[Repositories]:
    with fake_repositories.running() as state:
        yield state


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study with annotations, one student's weights, cards and an archive of some of its groups."""
    folder = tmp_path_factory.mktemp("published")
    config = made_config()
    config["experiments"] = {"padding": {**config["experiments"]["padding"], "datasets": ["sums"], "seeds": [1]}}
    config["teacher_accuracy"] = {}
    for dataset in config["datasets"].values():
        dataset["test"] = 8
    config["archive"] = {
        "title": "A made-up study",
        "authors": [{"name": "Doe, Jo", "orcid": "0000-0002-1825-0097", "affiliation": "Nowhere"}],
        "licence": "CC-BY-4.0",
    }
    make_study(folder, config, lambda _: 0.5, lambda _: 0.9)
    results = folder / RESULTS.format(study="made")
    recipe: dict[str, Any] = {
        "learning_rate": 1e-3,
        "epochs": 1.0,
        "batch_size": 8,
        "warmup_share": 0.0,
        "cutoff_tokens": 512,
    }
    recipe |= {"precision": "fp32", "zero_stage": 2, "ranks": 2}
    for trace in results.glob("checkpoints/**/trace.jsonl"):
        weights = trace.parent / "weights"
        weights.mkdir()
        (weights / "model.safetensors").write_bytes(b"weights of " + str(trace.parent).encode())
        (weights / "config.json").write_text("{}", encoding="utf-8")
        manifest: dict[str, Any] = {
            "identity": {"recipe": recipe},
            "base": None,
            "examples": 24,
            "steps": 3,
            "target_tokens_seen": 99,
            "final_loss": 0.5,
        }
        manifest |= {"versions": {"torch": "2"}, "files": {"config.json": sha256_file(weights / "config.json")}}
        (trace.parent / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for path in results.glob("annotations/**/*.manifest.json"):
        rows = path.with_name(path.name.replace(".manifest.json", ".jsonl"))
        rows.write_text('{"problem_id": "p", "rationale": "r"}\n', encoding="utf-8")
    done = program("cards", "--study", results / "study.json", folder=folder)
    assert done.returncode == 0, done.stderr
    pack(folder)
    return folder


def pack(folder: Path) -> None:
    """Archive annotations, cards and the study file of a made-up study."""
    results = folder / RESULTS.format(study="made")
    archive = results / "archive"
    tars: dict[str, Tar] = {}
    sums: dict[str, str] = {}
    group_of: dict[str, str] = {}
    for group, source in (("annotations", "annotations"), ("cards", "cards"), ("config", "study.json")):
        found = [results / source] if source.endswith(".json") else sorted((results / source).rglob("*"))
        files = [Member(path.relative_to(folder).as_posix(), path) for path in found if path.is_file()]
        own, tar = build(files, archive / f"{group}.tar"), archive / f"{group}.tar"
        tars[group] = Tar(tar.name, len(own), tar.stat().st_size, sha256_file(tar))
        sums |= own
        group_of |= dict.fromkeys(own, group)
    (archive / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    (archive / "README.md").write_text("# A made-up study\n\n<b>no html</b>\n", encoding="utf-8")
    companions = {name: sha256_file(archive / name) for name in ("README.md", SUMS)}
    manifest = Manifest("made", tars, companions, group_of, "0" * 40)
    (archive / "manifest.json").write_text(json.dumps(manifest.to_json()), encoding="utf-8")


@pytest.fixture
def study(packed: Path, tmp_path: Path) -> Path:
    """A copy, to publish from and to damage."""
    shutil.copytree(packed, tmp_path / "study")
    return tmp_path / "study"


ARCHIVE = "results/made/archive"


def publish(study: Path, services: Repositories, *options: str, **environment: str) -> Any:
    return program("publish", *options, "--url", services.url, folder=study, limits=None, **{**TOKENS, **environment})


def test_a_dry_run_tells_everything_and_sends_nothing(study: Path, services: Repositories) -> None:
    for options in (("--to", "zenodo-sandbox"), ("--to", "hub", "--repository", "jo/made")):
        done = publish(study, services, ARCHIVE, *options)
        assert done.returncode == 0, done.stderr
        assert "Would send" in done.stdout and "Nothing was sent" in done.stdout and "annotations.tar" in done.stdout
    assert services.requests == []
    assert not (study / "results/made/publication").exists()


def test_a_draft_holds_every_file_and_is_not_published(study: Path, services: Repositories) -> None:
    done = publish(study, services, ARCHIVE, "--to", "zenodo-sandbox", "--send")
    assert done.returncode == 0, done.stderr
    (number,) = services.drafts
    kept = services.files[number]
    assert kept == {path.name: path.read_bytes() for path in (study / ARCHIVE).iterdir()}
    metadata = services.drafts[number]["metadata"]
    assert metadata["title"] == "A made-up study" and metadata["license"] == "cc-by-4.0"
    assert metadata["creators"] == [{"name": "Doe, Jo", "orcid": "0000-0002-1825-0097", "affiliation": "Nowhere"}]
    assert "&lt;b&gt;" in metadata["description"] and "<h1>" in metadata["description"]
    assert not services.drafts[number]["submitted"] and "--final" in done.stdout and f"{DOI}{number}" in done.stdout
    memory = json.loads((study / "results/made/publication/zenodo-sandbox.json").read_text())
    assert memory == {
        "id": number,
        "doi": f"{DOI}{number}",
        "url": f"{services.url}/deposit/{number}",
        "published": False,
    }


def versions(study: Path, services: Repositories, *options: str) -> Any:
    return publish(study, services, ARCHIVE, "--to", "zenodo-sandbox", "--send", *options)


def revise(study: Path) -> None:
    """The archive after a revision: a file less, one that says something else."""
    archive = study / ARCHIVE
    manifest = json.loads((archive / "manifest.json").read_text(encoding="utf-8"))
    removed = {name for name, group in manifest["members"].items() if group == "annotations"}
    (archive / manifest["groups"].pop("annotations")["file"]).unlink()
    manifest["members"] = {name: group for name, group in manifest["members"].items() if name not in removed}
    lines = (archive / SUMS).read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.rstrip("\n").partition("  ")[2] not in removed]
    (archive / SUMS).write_text("".join(kept), encoding="utf-8")
    (archive / "README.md").write_text("# Revised\n", encoding="utf-8")
    manifest["companions"] = {name: sha256_file(archive / name) for name in ("README.md", SUMS)}
    (archive / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("trap", ["none", "a draft is there", "the link hides it"])
def test_a_new_version_has_the_concept_doi_and_exactly_the_archive(
    study: Path, services: Repositories, trap: str
) -> None:
    assert versions(study, services, "--final").returncode == 0
    memory = study / "results/made/publication/zenodo-sandbox.json"
    first = json.loads(memory.read_text())
    refused = versions(study, services)
    assert refused.returncode == 1 and "--new-version" in refused.stderr
    revise(study)
    if trap == "a draft is there":
        services.faults = [("PUT /bucket/1001/", 500)] * 4
        assert versions(study, services, "--new-version").returncode == 1
        memory.write_text(json.dumps(first))  # the memory of that draft was lost
    services.hides_drafts = trap == "the link hides it"
    done = versions(study, services, "--new-version", "--final")
    assert done.returncode == 0, done.stderr
    second = json.loads(memory.read_text())
    assert (second["id"], second["published"]) == (1001, True) and len(services.drafts) == 2
    assert second["concept_doi"] == first["concept_doi"] and second["doi"] != first["doi"]
    assert services.files[1001] == {path.name: path.read_bytes() for path in (study / ARCHIVE).iterdir()}
    assert "annotations.tar" in services.files[1000] and "annotations.tar" not in services.files[1001]


def test_there_is_no_new_version_of_nothing(study: Path, services: Repositories) -> None:
    done = versions(study, services, "--new-version")
    assert done.returncode == 1 and "without --new-version" in done.stderr and services.drafts == {}


def test_a_record_that_was_published_behind_a_lost_answer_is_found(study: Path, services: Repositories) -> None:
    services.late_faults = [("POST .*/actions/publish", 504)]
    done = versions(study, services, "--final")
    assert done.returncode == 0, done.stderr
    assert [path for method, path in services.requests if path.endswith("publish")] == [
        "/api/deposit/depositions/1000/actions/publish"
    ]
    assert json.loads((study / "results/made/publication/zenodo-sandbox.json").read_text())["published"]


def test_an_archive_is_verified_and_restored_by_its_doi(study: Path, services: Repositories, tmp_path: Path) -> None:
    assert versions(study, services, "--final").returncode == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    call = (f"{DOI}1000", "--url", services.url)
    unknown = program("verify", f"{DOI}7", "--url", services.url, folder=elsewhere)
    assert unknown.returncode == 1 and "status 404" in unknown.stderr and "Traceback" not in unknown.stderr
    services.damage = True
    damaged = program("verify", *call, folder=elsewhere)
    assert damaged.returncode == 1 and "another content" in damaged.stderr
    services.damage = False
    done = program("verify", *call, folder=elsewhere)
    assert done.returncode == 0, done.stderr
    asked = len(services.requests)
    restored = program("restore", f"https://doi.org/{call[0]}", *call[1:], "--into", "clone", folder=elsewhere)
    assert restored.returncode == 0, restored.stderr
    assert len(services.requests) == asked + 1  # what arrived whole is not asked for again
    assert (elsewhere / "clone" / "results/made/study.json").exists()


def test_a_record_that_names_a_file_elsewhere_is_refused(services: Repositories, tmp_path: Path) -> None:
    services.drafts[5], services.files[5] = {"submitted": True}, {"../manifest.json": b"{}"}
    done = program("verify", f"{DOI}5", "--url", services.url, folder=tmp_path)
    assert done.returncode == 1 and "would lie elsewhere" in done.stderr
    assert not (tmp_path / "work" / "manifest.json").exists()


def test_an_upload_that_broke_off_goes_on_in_the_same_draft(study: Path, services: Repositories) -> None:
    services.faults = [("PUT /bucket/1000/manifest.json", 500)] * 4
    done = publish(study, services, ARCHIVE, "--to", "zenodo-sandbox", "--send")
    assert done.returncode == 1 and "goes on where this one stopped" in done.stderr and "Traceback" not in done.stderr
    sent = set(services.files[1000])
    assert sent and "manifest.json" not in sent  # it struck in mid-work
    services.requests.clear()
    done = publish(study, services, ARCHIVE, "--to", "zenodo-sandbox", "--send", "--final")
    assert done.returncode == 0, done.stderr
    assert list(services.drafts) == [1000] and services.drafts[1000]["submitted"]
    again = {path.rsplit("/", 1)[1] for method, path in services.requests if method == "PUT" and "/bucket/" in path}
    assert again.isdisjoint(sent) and "manifest.json" in again
    third = publish(study, services, ARCHIVE, "--to", "zenodo-sandbox", "--send")
    assert third.returncode == 1 and "published already" in third.stderr


def test_short_trouble_is_waited_out(study: Path, services: Repositories) -> None:
    services.faults = [("PUT /bucket", 429), ("POST /api/deposit", 503)]
    done = publish(study, services, ARCHIVE, "--to", "zenodo-sandbox", "--send")
    assert done.returncode == 0 and services.faults == [] and len(services.drafts) == 1


def test_a_file_that_arrives_damaged_is_named(study: Path, services: Repositories) -> None:
    services.damage = True
    done = publish(study, services, ARCHIVE, "--to", "zenodo-sandbox", "--send")
    assert done.returncode == 1 and "another content" in done.stderr


def test_obstacles_are_named_before_anything_is_sent(study: Path, services: Repositories) -> None:
    sandbox = (ARCHIVE, "--to", "zenodo-sandbox", "--send")
    done = publish(study, services, *sandbox, ZENODO_SANDBOX_TOKEN="")
    assert done.returncode == 1 and "ZENODO_SANDBOX_TOKEN is not set" in done.stderr and services.requests == []
    done = publish(study, services, *sandbox, ZENODO_SANDBOX_TOKEN="wrong")
    assert done.returncode == 1 and "status 401" in done.stderr and "token valid" in done.stderr
    assert "wrong" not in done.stderr + done.stdout
    services.requests.clear()
    copy = study / "results/made/study.json"
    content = json.loads(copy.read_text())
    for key, words in (("authors", "needs an author"), ("licence", "needs a licence")):
        kept = content["archive"].pop(key)
        copy.write_text(json.dumps(content), encoding="utf-8")
        pack(study)
        done = publish(study, services, *sandbox)
        assert done.returncode == 1 and words in done.stderr and f"archive.{key}" in done.stderr
        content["archive"][key] = kept
    with open(study / ARCHIVE / "annotations.tar", "r+b") as stream:
        stream.seek(600)
        stream.write(b"#")
    for options in (sandbox, (ARCHIVE, "--to", "hub", "--repository", "jo/made", "--send")):
        done = publish(study, services, *options)
        assert done.returncode == 1 and "not what its sums say" in done.stderr
    assert services.requests == []


def test_limits_are_known_beforehand(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    uploads = [Upload("x", tmp_path / "x")] * 3
    check_limits(uploads, 3, 15, "Zenodo")
    for files, size in ((2, 15), (3, 14)):
        with pytest.raises(UserError, match="Zenodo takes"):
            check_limits(uploads, files, size, "Zenodo")


def test_annotations_and_archive_are_one_commit_on_the_hub(study: Path, services: Repositories) -> None:
    done = publish(study, services, ARCHIVE, "--to", "hub", "--repository", "jo/made", "--send")
    assert done.returncode == 0, done.stderr
    kept = services.repositories["datasets/jo/made"]
    annotations = {name for name in kept if name.startswith("annotations/")}
    assert annotations == {
        path.relative_to(study / "results/made").as_posix()
        for path in (study / "results/made/annotations").rglob("*.jsonl")
    }
    assert {f"archive/{path.name}" for path in (study / ARCHIVE).iterdir()} <= set(kept)
    card = DatasetCard(kept["README.md"].decode())
    configs = {config["data_files"] for config in card.data.get("configs")}
    assert configs == annotations
    memory = json.loads((study / "results/made/publication/hub.json").read_text())
    assert len(memory["revision"]) == 40 and memory["revision"] in done.stdout
    commits = [path for _, path in services.requests if "/commit/" in path]
    assert len(commits) == 1
    services.requests.clear()
    assert publish(study, services, ARCHIVE, "--to", "hub", "--repository", "jo/made", "--send").returncode == 0
    assert not [path for _, path in services.requests if path.startswith("/lfs-upload/")]  # large files are kept


def test_a_student_goes_to_the_hub_with_its_card(study: Path, services: Repositories) -> None:
    checkpoint = "results/made/checkpoints/sums/tutor/original/L5/small/seed1"
    done = publish(study, services, checkpoint, "--to", "hub", "--repository", "jo/small", "--send")
    assert done.returncode == 0, done.stderr
    kept = services.repositories["models/jo/small"]
    assert set(kept) == {"README.md", "config.json", "model.safetensors"}
    assert kept["model.safetensors"] == (study / checkpoint / "weights" / "model.safetensors").read_bytes()
    card = ModelCard(kept["README.md"].decode())
    results = card.data.get("eval_results")
    assert results and results[0].metric_type == "accuracy"


def test_the_hubs_refusal_is_explained(study: Path, services: Repositories) -> None:
    done = publish(study, services, ARCHIVE, "--to", "hub", "--repository", "jo/made", "--send", HF_TOKEN="wrong")
    assert done.returncode == 1 and "the Hub refused" in done.stderr and "HF_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr
    hub = ("--to", "hub", "--repository", "jo/made", "--url", "http://127.0.0.1:9", "--send")
    done = program("publish", ARCHIVE, *hub, folder=study, limits=None, **TOKENS)
    assert done.returncode == 1 and "error: http://127.0.0.1:9: the Hub could not be reached" in done.stderr
    assert "Traceback" not in done.stderr
    done = publish(study, services, ARCHIVE, "--to", "hub", "--send")
    assert done.returncode == 1 and "--repository OWNER/NAME" in done.stderr
    done = publish(study, services, "results/made/tables", "--to", "hub", "--repository", "jo/made")
    assert done.returncode == 1 and "holds no archive" in done.stderr


def test_cards_have_no_placeholder_and_every_number_of_theirs(study: Path) -> None:
    cards = sorted((study / "results/made/cards").rglob("*.md"))
    assert len(cards) == 1 + 3 * 3
    for path in cards:
        text = path.read_text(encoding="utf-8")
        for sign in ("None", "TODO", "[More Information Needed]", "{", "nan"):
            assert sign not in text, (path, sign)
    metrics = json.loads(
        (study / "results/made/metrics/sums/tutor/original/L5/small/seed1/test/greedy.json").read_text()
    )
    card = (study / "results/made/cards/models/sums/tutor/original/L5/small/seed1.md").read_text(encoding="utf-8")
    assert re.search(r"from scratch by Gradus \([\d,]+ weights\), fine-tuned", card)
    assert f"| {100 * metrics['accuracy']:.1f} %" in card and "generated by Gradus" in card
    listed = (study / "results/made/cards/annotations.md").read_text(encoding="utf-8")
    assert "sums/tutor/padded-to-L5/L1" in listed and "agrees 24" in listed


def test_the_archive_is_as_verification_knows_it(packed: Path) -> None:
    assert set(read_manifest(packed / ARCHIVE).groups) == {"annotations", "cards", "config"}


def test_the_study_that_is_published_is_the_one_in_the_archive(study: Path, services: Repositories) -> None:
    """Whatever was restored, or put, beside a downloaded archive."""
    copy = study / "results/made/study.json"
    content = json.loads(copy.read_text())
    copy.write_text(json.dumps({**content, "archive": {**content["archive"], "title": "Another"}}), encoding="utf-8")
    done = publish(study, services, ARCHIVE, "--to", "zenodo-sandbox")
    assert done.returncode == 0 and "'A made-up study'" in done.stdout
    copy.unlink()
    done = publish(study, services, ARCHIVE, "--to", "zenodo-sandbox")
    assert done.returncode == 0 and "'A made-up study'" in done.stdout


@pytest.mark.parametrize("known", [{"id": "1/actions/publish"}, {"id": True}, ["1"], {}])
def test_a_draft_is_remembered_by_its_number_alone(study: Path, services: Repositories, known: object) -> None:
    """What is kept of it becomes part of an address to which the token is sent."""
    memory = study / "results/made/publication/zenodo-sandbox.json"
    memory.parent.mkdir()
    memory.write_text(json.dumps(known), encoding="utf-8")
    done = publish(study, services, ARCHIVE, "--to", "zenodo-sandbox", "--send")
    assert done.returncode == 1 and "does not name a draft by its number" in done.stderr and services.requests == []
