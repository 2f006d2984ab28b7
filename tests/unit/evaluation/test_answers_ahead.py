"""A student that is asked other datasets' problems is loaded once for all of them; every set keeps its own job and file."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from builders import decoding, tiny_study

from gradus.evaluation.engines import GenerationLimits, Settled
from gradus.records import Cell, Problem, Supervision
from gradus.runtime.atomic import sha256_file, write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import write_records
from gradus.students import tiny_models
from gradus.students.templates import TEMPLATE_FILE, Template
from gradus.study import paths
from gradus.study.config import load
from gradus.study.grid import cells, transfers, transfers_of
from gradus.workflow import evaluation

CELL = Cell(Supervision("home", "tutor", "original", "L1"), "mini", 1)
generating = import_module("generate")


class Engines:
    """Counts how often a model is loaded, and what it is asked."""

    def __init__(self) -> None:
        self.loaded, self.asked, self.limits = 0, 0, GenerationLimits((2,), 8)

    def load(self, *_: object) -> "Engines":
        self.loaded += 1
        return self

    def fits(self, prompt_lengths: Sequence[int]) -> bool:
        return len(prompt_lengths) <= 4

    def complete(
        self, prompts: Sequence[list[int]], seeds: Sequence[int], settled: Settled | None = None
    ) -> list[list[int]]:
        self.asked += len(prompts)
        return [[*ids[-3:], 2] for ids in prompts]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.make("llama", tmp_path_factory.mktemp("model"))


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Path) -> Engines:
    """Two other datasets, and a checkpoint whose engine only counts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADUS_WORK", "work")
    for name, count in {"a": 5, "b": 7}.items():
        asked = [
            Problem(f"{name}{n}", name, "test", f"How many? {'one ' * n}", None, "1", "number", None, None, "", "")
            for n in range(count)
        ]
        write_records(problems(name), asked)
    folder = Path("checkpoint")
    folder.mkdir()
    (folder / "weights").symlink_to(model)
    write_json(model / TEMPLATE_FILE, asdict(Template("plain", "Question: ", "\nAnswer:", " ", "<|end_of_text|>")))
    sums = {path.name: sha256_file(path) for path in model.iterdir()}
    write_json(folder / "manifest.json", {"files": sums, "identity": "trained"})
    write_json("taught.json", {"longest_completion_tokens": 8})
    made = Engines()
    monkeypatch.setattr(generating, "load_engine", made.load)
    return made


def problems(name: str) -> str:
    return paths.PROBLEMS.of("s", dataset=name, split="test")


def output(name: str) -> Path:
    return Path(paths.PREDICTIONS.of("s", CELL, problems=f"on-{name}", decoding="greedy"))


def job(monkeypatch: pytest.MonkeyPatch, name: str, *ahead: str) -> None:
    """Run the job of one set of problems."""
    command = ["generate", "--problems", problems(name), "--checkpoint", "checkpoint", "--output", str(output(name))]
    command += ["--training-set-manifest", "taught.json", "--settings", decoding(max_new_tokens=8)]
    monkeypatch.setattr(sys, "argv", [*command, *(["--ahead", *map(problems, ahead)] if ahead else [])])
    generating.main()


def progress() -> list[Path]:
    return sorted(Path("work/predictions").glob("*.jsonl"))


def test_one_load_answers_all_and_the_bytes_are_those_of_each_alone(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    job(monkeypatch, "b")
    alone = output("b").read_bytes()
    output("b").unlink()
    Path(paths.Artifact(output("b")).manifest).unlink()
    job(monkeypatch, "a", "b")
    assert (engines.loaded, engines.asked) == (2, 7 + 5 + 7)
    assert not output("b").exists() and len(progress()) == 1, "it is for its own job to publish"
    job(monkeypatch, "b")
    assert engines.loaded == 2 and output("b").read_bytes() == alone and progress() == []


def test_what_is_published_is_not_answered_again(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    job(monkeypatch, "b")
    job(monkeypatch, "a", "b", "not-read-yet")
    assert engines.asked == 7 + 5 and progress() == []


def test_what_hinders_a_set_is_told_by_its_own_job(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(problems("b")).write_text("no problems\n")
    job(monkeypatch, "a", "b")
    assert output("a").exists() and progress() == []
    with pytest.raises(UserError, match="b/test"):
        job(monkeypatch, "b")


def test_an_engine_that_fails_at_the_next_set_leaves_the_first_one_alone(
    engines: Engines, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A GPU whose memory the longer questions of another dataset do not fit, say."""

    def fails(_: Engines, prompts: Sequence[list[int]], *__: object) -> list[list[int]]:
        if engines.asked == 5:
            raise RuntimeError("CUDA out of memory\nand much more")
        engines.asked += len(prompts)
        return [[*ids[-3:], 2] for ids in prompts]

    monkeypatch.setattr(Engines, "complete", fails)
    job(monkeypatch, "a", "b")
    assert output("a").exists() and not output("b").exists()
    assert "CUDA out of memory" in caplog.text and "much more" not in caplog.text
    with pytest.raises(RuntimeError, match="CUDA"):
        job(monkeypatch, "b")


def test_a_job_that_is_killed_on_the_way_keeps_what_it_wrote(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(generating, "answer_ahead", killed)
        with pytest.raises(KeyboardInterrupt):
            job(patched, "a", "b")
    output("a").unlink()  # as Snakemake does
    job(monkeypatch, "a", "b")
    assert engines.asked == 5 + 7 and output("a").exists()


def test_the_first_other_dataset_leads_and_the_others_wait_for_it() -> None:
    config: dict[str, Any] = tiny_study("s")
    config["datasets"] |= {
        name: {"source": "gradeschool", "seed": 6, "train": 24, "test": 10} for name in ("one", "two", "own")
    }
    experiments = config["experiments"]
    experiments["granularity"] |= {"transfer": ["one"], "students": ["mini"]}
    experiments["more"] = {**experiments["granularity"], "levels": ["L1", "L2"], "transfer": ["one", "two"]}
    experiments["none"] = {**experiments["granularity"], "levels": ["L5"], "transfer": []}
    study = load(config)
    by_enumeration = transfers(study, study.experiments.values())
    assert {cell: transfers_of(study, cell) for cell in cells(study)} == {
        cell: by_enumeration.get(cell, []) for cell in cells(study)
    }
    cell = Cell(Supervision("gradeschool", "tutor", "original", "L1"), "mini", 1)

    class Job:
        dataset, teacher, format, level, student, seed = (str(value) for value in cell.wildcards().values())
        decoding = "greedy"

        def __init__(self, problems: str) -> None:
            self.problems = problems

    first, second, test = (Job(name) for name in ("on-one", "on-two", "test"))
    assert evaluation.ahead(study, first) == f"--ahead {problems('two')}"  # type: ignore[arg-type]
    assert evaluation.runtime(study, first, 1) == 240  # type: ignore[arg-type]
    for job_ in (second, test):
        assert evaluation.ahead(study, job_) == "" and evaluation.runtime(study, job_, 1) == 120  # type: ignore[arg-type]
    made = paths.PREDICTIONS.manifest.of(study, cell, problems="on-one", decoding="greedy")
    assert [evaluation.before(study, one) for one in (first, second, test)] == [[], [made], []]  # type: ignore[arg-type]
