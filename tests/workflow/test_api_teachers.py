"""API teachers through the whole workflow: exemplars, formats, transforms, own accuracy, prompt edits, one job at a time."""

import copy
import shlex
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study
from fake_provider import KEY
from running import PROJECT, Provider, Workflow

from gradus.records import Annotation
from gradus.runtime.jsonl import read_json, read_records
from gradus.teachers.transforms.padded import NEUTRAL


def study(provider: Provider) -> dict[str, Any]:
    """Two API teachers on twelve problems: three levels, a format, padding, a mixture, and their own accuracy."""
    config = tiny_study("teachers")
    config["datasets"]["gradeschool"]["train"] = 12
    entry = {"model": "model-1", "allow_unknown_price": True, "max_concurrency": 4}
    config["teachers"] |= {
        "gpt": {"provider": "openai", "base_url": provider.openai, **entry},
        "gpt-blind": {"provider": "openai", "base_url": provider.openai, "gold": "hidden", **entry},
        "claude": {"provider": "anthropic", "base_url": provider.anthropic, **entry},
        "mixed": {"provider": "mixed"},
    }
    config["prompts"] = "prompts"
    config["transforms"] = {
        "padded-L3": {"kind": "padded", "target": "L3", "tokenizer": "mini"},
        "by-steps": {"kind": "mixed", "teacher": "gpt", "levels": {"2": "L3", "3": "L2"}, "otherwise": "L1"},
        "tidied": {"kind": "rewritten", "by": "gpt-blind", "edit": "paraphrase"},
    }
    shared = {"axis": "level", "datasets": ["gradeschool"], "students": ["mini"], "seeds": [1], "question": "Which?"}
    config["experiments"] = {
        "levels": {**shared, "teachers": ["gpt"], "levels": ["L1", "L2", "L3"], "baselines": ["mixed/by-steps/native"]},
        "formats": {
            **shared,
            "axis": "format",
            "teachers": ["gpt"],
            "formats": ["original", "symbolic", "padded-L3"],
            "levels": ["L1"],
        },
        "teachers": {
            **shared,
            "axis": "teacher",
            "teachers": ["gpt", "gpt-blind", "claude"],
            "levels": ["L1"],
            "baselines": ["claude/tidied/L1"],
        },
    }
    config["teacher_accuracy"] = {
        "own": {
            "question": "How good?",
            "datasets": ["gradeschool"],
            "teachers": ["gpt"],
            "formats": ["original", "symbolic"],
            "levels": ["L1"],
        }
    }
    return config


@pytest.fixture(scope="module")
def annotated_once(
    module_provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workflow, dict[str, Any]]:
    """The study's annotations, made once (some twenty jobs: a minute), and the provider's bill for them."""
    made = Workflow(tmp_path_factory.mktemp("annotated"), study(module_provider))
    shutil.copytree(PROJECT / "prompts", made.folder / "prompts")
    module_provider.control(latency=0.02)
    made.run("annotations", "teacher_accuracies")
    return made, module_provider.control()


@pytest.fixture
def annotated(annotated_once: tuple[Workflow, dict[str, Any]], tmp_path: Path) -> Workflow:
    """A copy of the annotated study with its journal, to change at will."""
    made, _ = annotated_once
    shutil.copytree(made.folder, tmp_path / "copy", symlinks=True)
    return Workflow(tmp_path / "copy", copy.deepcopy(made.config))


def test_annotations_of_every_kind(annotated_once: tuple[Workflow, dict[str, Any]]) -> None:
    made, bill = annotated_once
    folder = made.results / "annotations" / "gradeschool"

    def rows(place: str) -> list[Annotation]:
        return read_records(folder / f"{place}.jsonl", Annotation)

    assert {row.verdict for row in rows("gpt/original/L1")} == {"agrees"}
    assert "disagrees" in {row.verdict for row in rows("gpt-blind/original/L1")}
    assert rows("claude/original/L1")[0].model == "model-1-20260101"
    rewritten = {row.problem_id: row.rationale for row in rows("gpt/symbolic/L1")}
    for row in rows("gpt/original/L1"):
        assert rewritten[row.problem_id].startswith("1) What do we do?")
        assert row.rationale in rewritten[row.problem_id]
    theirs = {row.problem_id: row for row in rows("claude/original/L1")}
    assert len(rows("claude/tidied/L1")) == 12
    for row in rows("claude/tidied/L1"):
        assert row.rationale == f"1) What do we do? {theirs[row.problem_id].rationale}"
        assert (row.teacher, row.format, row.model) == ("claude", "tidied", rows("gpt-blind/original/L1")[0].model)
        assert row.verdict == theirs[row.problem_id].verdict and row.request_hash != theirs[row.problem_id].request_hash
    edits = read_json(folder / "claude" / "tidied" / "L1.manifest.json")
    assert edits["verdicts"] == read_json(folder / "claude" / "original" / "L1.manifest.json")["verdicts"]
    originals = {row.problem_id: row.rationale for row in rows("gpt/original/L1")}
    for row in rows("gpt/padded-L3/L1"):
        assert row.rationale.startswith(originals[row.problem_id])
        filler = row.rationale.removeprefix(originals[row.problem_id]).split()
        assert set(filler) <= set(" ".join(NEUTRAL).split())
    chosen = {row.problem_id: row for row in rows("mixed/by-steps/native")}
    assert len(chosen) == 12
    by_level = {
        level: {row.problem_id: row.rationale for row in rows(f"gpt/original/{level}")} for level in ("L1", "L2", "L3")
    }
    problems = {row["id"]: row for row in map(dict, _objects(made.results / "data" / "gradeschool" / "train.jsonl"))}
    for identifier, row in chosen.items():
        level = {2: "L3", 3: "L2"}.get(len(problems[identifier]["solution"]["steps"]), "L1")
        assert row.rationale == by_level[level][identifier]
        assert (row.teacher, row.format, row.level) == ("mixed", "by-steps", "native")
    accuracy = read_json(made.results / "teacher_accuracy" / "gradeschool" / "gpt" / "original" / "L1.json")
    assert (accuracy["n"], accuracy["samples"]) == (10, 1)
    assert accuracy["accuracy"] < 0.5, "the fake provider guesses where the gold answer is hidden"
    assert bill["rejected"] == []
    exemplars = sorted(
        path.relative_to(made.folder).as_posix() for path in (made.folder / "journal").rglob("exemplars/*/*.json")
    )
    assert exemplars == [
        "journal/claude/exemplars/gradeschool/original.json",
        "journal/gpt-blind/exemplars/gradeschool/original.json",
        "journal/gpt/exemplars/gradeschool/original.json",
        "journal/gpt/exemplars/gradeschool/symbolic.json",
    ]
    # One job of a provider at a time, though two cores were given: never more in flight than one teacher may have.
    assert bill["most_in_flight"] <= 8


def _objects(path: Path) -> list[Any]:
    from gradus.runtime.jsonl import read_objects

    return [value for _, value in read_objects(path)]


def test_what_reruns_and_what_is_fetched_again(annotated: Workflow, module_provider: Provider) -> None:
    made, provider = annotated, module_provider
    targets = ("annotations", "teacher_accuracies")
    assert made.jobs(*targets) == {}
    fetched = provider.control()["answered"]

    # Rate limits, budget and price are no part of an annotation.
    made.config["teachers"]["gpt"] |= {"requests_per_minute": 500.0, "max_concurrency": 2}
    assert made.jobs(*targets) == {}
    forced = made.run("-n", "-p", "--forcerun", "annotate", "--", "annotations")
    assert '"max_concurrency":2' in forced and '"requests_per_minute":500.0' in forced, (
        "a job's command shows the policy"
    )

    # One level's prompt: that level, and what is made from it; no exemplar.
    prompt = made.folder / "prompts" / "levels" / "L3.txt"
    prompt.write_text(prompt.read_text(encoding="utf-8") + "Be kind.\n", encoding="utf-8")
    jobs = made.jobs(*targets)
    assert jobs == {"annotate": 1, "transform": 2}
    made.run(*targets)
    assert provider.control()["answered"] == fetched + 12
    assert made.jobs(*targets) == {}

    # A new clone of the results, with the journal: nothing is fetched.
    shutil.rmtree(made.results)
    made.run(*targets)
    assert provider.control()["answered"] == fetched + 12


def test_jobs_that_ask_one_server_run_one_after_another(annotated_once: tuple[Workflow, dict[str, Any]]) -> None:
    made, _ = annotated_once
    runs = [read_json(path) for path in (made.results / "annotations" / "gradeschool").rglob("*.run.json")]
    asked = sorted(
        (datetime.fromisoformat(run["started"]).timestamp(), run["wall_seconds"])
        for run in runs
        if run.get("newly_requested")
    )
    assert len(asked) >= 7
    assert all(start + seconds < after + 1 for (start, seconds), (after, _) in pairwise(asked))  # whole seconds


def test_a_teacher_that_cannot_be_tested_is_refused(workflow: Callable[..., Workflow]) -> None:
    config = tiny_study()
    config["teacher_accuracy"] = {
        "own": {"question": "?", "datasets": ["gradeschool"], "teachers": ["gold"], "levels": ["L1"]}
    }
    output = workflow(config).run("-n", ok=False)
    assert "teacher_accuracy.own.teachers.0" in output and "does not solve problems" in output


def test_the_plan_quotes_before_a_cent_is_spent(
    provider: Provider, annotated: Workflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key, nothing sent; after annotating, everything is cached."""
    config = study(provider)
    price = {
        "input_usd_per_million": 2.5,
        "output_usd_per_million": 10.0,
        "batch_factor": 0.5,
        "seen": "2026-11-21",
        "source": "t",
    }
    config["teachers"]["gpt"] |= {"price": price, "requests_per_minute": 120.0}
    (tmp_path / "new").mkdir()
    made = Workflow(tmp_path / "new", config)
    shutil.copytree(PROJECT / "prompts", made.folder / "prompts")
    monkeypatch.delenv("OPENAI_API_KEY")
    output = made.run("plan")
    assert provider.control()["seen"] == 0
    quotes = read_json(made.results / "plan" / "plan.json")["quotes"]
    # L1, L2, L3 and the symbolic rewrite of 12 problems; the own test of 10 in two formats; two exemplars.
    assert quotes["teacher gpt"]["requests"] == 4 * 12 + 2 * 10
    assert quotes["level L2"]["requests"] == 12
    assert quotes["teacher gpt-blind"]["requests"] == quotes["teacher claude"]["requests"] + 12 == 24
    assert quotes["format tidied"]["requests"] == 12
    assert quotes["format symbolic"]["requests"] == 12 + 10
    assert quotes["teacher claude"]["usd"] is None
    assert quotes["teacher gpt"]["usd_batch"] == pytest.approx(quotes["teacher gpt"]["usd"] / 2)
    assert quotes["teacher gpt"]["minutes"] == pytest.approx(68 * 4 / 4 / 60), "four seconds an answer, four in flight"
    assert quotes["exemplars"]["requests"] == 4
    assert "| teacher claude |" in output and "?" in output
    annotated.run("plan")
    after = read_json(annotated.results / "plan" / "plan.json")["quotes"]["the whole study"]
    assert after["cached"] == after["requests"]
    assert after["input_tokens"] == after["output_tokens"] == 0


def test_batches_are_two_halves_that_fill_the_journal(provider: Provider, tmp_path: Path) -> None:
    config = tiny_study("batches")
    config["datasets"]["gradeschool"]["train"] = 12
    entry = {"provider": "openai", "base_url": provider.openai, "model": "model-1", "allow_unknown_price": True}
    config["teachers"]["gpt"] = {**entry, "mode": "batch", "batch_poll_seconds": 0.1}
    config["experiments"]["granularity"] |= {"teachers": ["gpt"], "levels": ["L1", "L2"], "students": ["mini"]}
    made = Workflow(tmp_path, config)
    made.run("batches_submitted")
    bill = provider.control()
    assert (bill["batches"], bill["seen"]) == (2, 1), "one batch a level; the exemplar is asked online"
    made.run("batches_collected")
    made.run("annotations")
    bill = provider.control()
    assert (bill["batches"], bill["batch_requests"], bill["seen"]) == (2, 24, 1)
    made.config["teachers"]["gpt"]["mode"] = "online"
    assert made.jobs("annotations") == {}, "the mode changes no annotation"


def test_a_served_teacher_has_rules_of_its_own(workflow: Callable[..., Workflow]) -> None:
    """Exemplars, annotations and own answers run where the server is: own environment, GPUs."""
    config = tiny_study("served")
    config["teachers"]["llama"] = {"provider": "vllm", "model": "some/model", "gpus": 2}
    config["experiments"]["granularity"] |= {"teachers": ["llama"], "students": ["mini"], "baselines": []}
    config["teacher_accuracy"] = {
        "own": {"question": "?", "datasets": ["gradeschool"], "teachers": ["llama"], "levels": ["L1"]}
    }
    made = workflow(config)
    jobs = made.jobs("annotations", "teacher_accuracies")
    assert {name: jobs[name] for name in jobs if "served" in name} == {
        "exemplar_served": 1,
        "annotate_served": 1,
        "teacher_answers_served": 1,
    }
    assert not {"exemplar", "annotate", "teacher_answers"} & set(jobs)
    served = "".join((PROJECT / "rules" / name).read_text() for name in ("teachers.smk", "teachers_audit.smk"))
    assert served.count("gpu=lambda wildcards: study.teachers[wildcards.teacher].gpus") == 3


def test_a_servers_command_reaches_its_job_word_by_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Braces, quotes and dollar signs pass Snakemake, the shell and `server`'s own fields unharmed."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    provider = shlex.join([sys.executable, str(PROJECT / "tests" / "fake_provider.py")])
    words = """test "$2" = "a'b {port} \\"c\\" \\$HOME" && exec """ + provider + """ --port "$1" """
    config = tiny_study("served")
    config["datasets"]["gradeschool"]["train"] = 6
    config["teachers"]["llama"] = {
        "provider": "vllm",
        "model": "model-1",
        "server": [
            "bash",
            "-c",
            words.replace("{", "{{").replace("}", "}}"),
            "x",
            "{port}",
            """a'b {{port}} "c" $HOME""",
        ],
        "gpus": 0,
    }
    config["experiments"]["granularity"] |= {"teachers": ["llama"], "students": ["mini"], "baselines": []}
    made = Workflow(tmp_path, config)
    made.run("annotations")
    rows = read_records(made.results / "annotations" / "gradeschool" / "llama" / "original" / "L1.jsonl", Annotation)
    assert len(rows) == 6 and all(row.verdict == "agrees" for row in rows)
    assert made.jobs("annotations") == {}


def test_no_key_leaves_with_results_report_or_archive(provider: Provider, tmp_path: Path) -> None:
    """A whole study with an API teacher: the planted key is in no file, packed ones included."""
    config = tiny_study("keys")
    entry = {"provider": "openai", "base_url": provider.openai, "model": "model-1", "allow_unknown_price": True}
    config["teachers"]["gpt"] = entry
    config["experiments"]["granularity"] |= {"teachers": ["gpt"], "students": ["mini"], "baselines": []}
    made = Workflow(tmp_path, config)
    made.run()
    searched = 0
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert KEY[3:].encode() not in path.read_bytes(), path
            searched += 1
    with zipfile.ZipFile(made.results / "report" / "report.zip") as report:
        packed = [report.read(name) for name in report.namelist()]
    for path in (made.results / "archive").glob("*.tar"):
        with tarfile.open(path) as archive:
            packed += [stream.read() for member in archive if (stream := archive.extractfile(member)) is not None]
    assert len(packed) > 20 and searched > 50
    assert not any(KEY[3:].encode() in content for content in packed)
    page = (made.results / "diagnostics" / "annotations.md").read_text(encoding="utf-8")
    assert "What the teachers cost" in page
