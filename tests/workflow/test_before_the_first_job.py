"""One message before the first job: which study, what differs from its results, whose key is not set, and no second payment."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from builders import tiny_study
from running import PROJECT

from gradus.planning.due_jobs import DueJob
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.config import load
from gradus.teachers.registry import api_key
from gradus.workflow.before_the_first_job import look, tell_a_dry_run
from gradus.workflow.remote_teachers import problems_here

JOB: tuple[str, Mapping[str, str]] = ("annotate", {"teacher": "careful"})


def study(**recipe: Any) -> Any:
    config = tiny_study()
    config["recipe"] |= recipe
    config["teachers"]["careful"] = {
        "provider": "openai",
        "base_url": "http://127.0.0.1:1/v1",
        "model": "m",
        "allow_unknown_price": True,
    }
    return load(config)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose journal holds an answer of the teacher; the working folder is another one."""
    journal = tmp_path / "project/journal/careful"
    journal.mkdir(parents=True)
    (journal / "shard.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.delenv("GRADUS_JOURNAL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    return tmp_path / "project"


def test_the_study_and_its_file_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert look(study(), ["studies/mine.yaml"], tmp_path, []) == "Study tiny from studies/mine.yaml."
    assert "no --configfile given" in look(study(), [], tmp_path, [])


def test_results_of_other_settings_are_told_with_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    copy = Path(paths.STUDY_COPY.of(study()))
    copy.parent.mkdir(parents=True)
    copy.write_text(json.dumps(study().model_dump(mode="json")), encoding="utf-8")
    assert "other settings" not in look(study(), ["a.yaml"], tmp_path, [])
    told = look(study(learning_rate=0.5), ["b.yaml"], tmp_path, [])
    assert "results/tiny was made with other settings" in told and "recipe.learning_rate: 0.001 -> 0.5" in told


def test_a_dry_run_tells_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two study files with one name: Snakemake lists what would run again, but not that it is another study's."""
    monkeypatch.chdir(tmp_path)
    copy = Path(paths.STUDY_COPY.of(study()))
    copy.parent.mkdir(parents=True)
    copy.write_text(json.dumps(study().model_dump(mode="json")), encoding="utf-8")
    settings = SimpleNamespace(configfiles=["b.yaml"])
    output = SimpleNamespace(dryrun=True)
    run = SimpleNamespace(output_settings=output, is_main_process=True, config_settings=settings)
    tell_a_dry_run(run, study())
    assert capsys.readouterr().err == ""
    tell_a_dry_run(run, study(learning_rate=0.5))
    told = capsys.readouterr().err
    assert told.startswith("Study tiny from b.yaml.\n  results/tiny was made with other settings")
    assert "recipe.learning_rate: 0.001 -> 0.5" in told and "Ctrl-C" not in told
    output.dryrun = False
    tell_a_dry_run(run, study(learning_rate=0.5))
    assert capsys.readouterr().err == "", "said before the first job"


def test_nobody_is_paid_again_because_of_a_working_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="would be paid again") as caught:
        look(study(), [], project, [JOB])
    assert f"GRADUS_JOURNAL={project / 'journal'}" in str(caught.value)
    look(study(), [], project, [])  # nobody is asked
    look(study(), [], project, [("annotate", {"teacher": "tutor"})])  # nobody is paid
    monkeypatch.setenv("GRADUS_JOURNAL", "journal")
    look(study(), [], project, [JOB])


def test_a_folder_with_answers_of_its_own_goes_on(project: Path) -> None:
    own = Path("journal/careful")
    own.mkdir(parents=True)
    (own / "shard.jsonl").write_text("{}\n", encoding="utf-8")
    look(study(), [], project, [JOB])


def test_a_key_that_is_not_set_is_told_before_any_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert "OPENAI_API_KEY is not set (the key for http://127.0.0.1:1/v1): teacher careful" in look(
        study(), [], tmp_path, [JOB]
    )
    assert "is not set" not in look(study(), [], tmp_path, [])


def test_an_address_where_nobody_listens_is_told_before_any_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert "nobody listens at http://127.0.0.1:1/v1 (Connection refused): teacher careful" in look(
        study(), [], tmp_path, [JOB]
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        assert problems_here(study().teachers["careful"].model_copy(update={"base_url": address})) == []
    elsewhere = study().teachers["careful"].model_copy(update={"base_url": "https://elsewhere.example/v1"})
    assert problems_here(elsewhere) == []


def test_a_plan_tells_who_could_not_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PROJECT / "scripts"))
    unreachable = import_module("plan").unreachable
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    due = [DueJob("annotate", {"teacher": "careful"}, ["a"], made_before=False)]
    assert unreachable(study(), [DueJob("annotate", {"teacher": "tutor"}, ["a"], made_before=False)]) == ""
    config = study().model_dump(mode="json")
    config["experiments"]["granularity"]["teachers"] = ["careful"]
    told = unreachable(load(config), due)
    key = "OPENAI_API_KEY is not set (the key for http://127.0.0.1:1/v1)"
    assert f"- teacher careful: {key}\n" in told and "nobody listens at" in told
    assert unreachable(load(config), due, ["careful"]) == "", "its answers are there"
    assert unreachable(load(config), []) == "", "nothing of it is due"


def test_a_server_without_keys_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    keyless = study().teachers["careful"].model_copy(update={"key_variable": "none"})
    assert api_key(keyless) == "" and not any("is not set" in one for one in problems_here(keyless))
    with pytest.raises(UserError, match="key_variable: none"):
        api_key(study().teachers["careful"])


def test_a_declared_comparison_that_lacks_a_released_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = tiny_study()
    own = config["experiments"]["granularity"]
    config["primary"] = {
        "gain": {
            "question": "Does it help?",
            "first": f"{own['teachers'][0]}/original/{own['levels'][0]}",
            "second": own["baselines"][0],
            "datasets": own["datasets"],
            "students": own["students"][:1],
        }
    }
    whole = load(config)
    assert "cannot be compared" not in look(whole, [], tmp_path, [])
    absent = f"{own['datasets'][0]}/{own['baselines'][0]}"
    told = look(whole.model_copy(update={"unavailable": [absent]}), [], tmp_path, [])
    assert f"primary.gain cannot be compared: the released file of {absent} is not in the data folder." in told
