"""The recipes of CONTRIBUTING, applied word for word to a copy of the project; then what they add is used."""

import csv
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import tiny_study
from made_study import LEVELS, made_config, make_study
from running import HANG_LIMIT, PROJECT, copy_project

from gradus.records import Annotation, Problem
from gradus.runtime.atomic import write_json
from gradus.runtime.jsonl import read_json, read_records

PAGE = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STEP = re.compile(
    r"^\*\*\d+\.\*\* (?:[^\n]*?[.] )?(?:"
    r"New file `(?P<new>[^`]+)`|At the end of `(?P<end>[^`]+)`"
    r"|In `(?P<file>[^`]+)`, (?P<how>after|before|replace) (?:``(?P<long>[^\n]+?)``|`(?P<short>[^`\n]+)`)"
    r"):\n\n```python\n(?P<code>.*?)^```",
    re.DOTALL | re.MULTILINE,
)


def apply_recipes(folder: Path) -> int:
    """Carry out every step in the copy; the number of steps. A place that is not there exactly once fails the test."""
    steps = list(STEP.finditer(PAGE))
    for step in steps:
        path, code = folder / (step["new"] or step["end"] or step["file"]), step["code"]
        if step["new"]:
            assert not path.exists(), path
            path.write_text(code, encoding="utf-8")
            continue
        text = path.read_text(encoding="utf-8")
        if step["end"]:
            path.write_text(text + code, encoding="utf-8")
            continue
        anchor, how = step["long"] or step["short"], step["how"]
        if how == "replace":
            assert text.count(anchor) == 1, f"{path.name}: {anchor}"
            text = text.replace(anchor, code.removesuffix("\n"))
        else:
            lines = text.splitlines(keepends=True)
            (found,) = [number for number, line in enumerate(lines) if line.rstrip("\n") == anchor]
            lines.insert(found + (how == "after"), code)
            text = "".join(lines)
        path.write_text(text, encoding="utf-8")
    return len(steps)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recipes") / "project"
    folder.mkdir()
    copy_project(folder)
    assert apply_recipes(folder) == len(re.findall(r"^\*\*\d+\.\*\*", PAGE, re.MULTILINE)) == 41
    return folder


def run(copy: Path, *command: str, **environment: str) -> str:
    """Run a command in the copy; what it printed."""
    without = {key: value for key, value in os.environ.items() if key not in ("GRADUS", "PYTHONPATH", "GRADUS_DATA")}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=copy,
        env={**without, "PYTHONPATH": str(copy / "scripts"), **environment},
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def workflow(copy: Path, study: dict[str, Any], *targets: str, **environment: str) -> None:
    name = f"{study['study']}.yaml"
    (copy / name).write_text(yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    run(copy, "-m", "snakemake", "--configfile", name, "--cores", "2", "--quiet", "all", "--", *targets, **environment)


class Plain(http.server.BaseHTTPRequestHandler):
    """The plain interface of the recipe."""

    keys: set[str] = set()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.keys.add(self.headers["Authorization"])
        text = "One step. The answer is 3."
        answer = {"text": text, "finish_reason": "stop", "model": body["model"], "input": 10, "output": 6}
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def plain() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ask"
    server.shutdown()


def study_of_teachers(url: str) -> dict[str, Any]:
    config = tiny_study("added")
    config["datasets"]["gradeschool"]["train"] = 12
    config["prompts"] = "prompts"
    config["teachers"] |= {
        "restater": {"provider": "restater"},
        "plain": {"provider": "plain", "base_url": url, "model": "m-1", "gold": "hidden", "allow_unknown_price": True},
    }
    config["transforms"] = {"mixed-up": {"kind": "reversed"}}
    (student,) = yaml.safe_load(PAGE.split("```yaml\n")[1].split("```")[0])["students"].values()
    config["students"] |= {"mine": student}
    experiment = config["experiments"]["granularity"]
    experiment |= {"baselines": ["tutor/mixed-up/L1", "restater/original/native", "plain/original/L1"]}
    experiment |= {"students": ["mine"]}
    return config


def test_a_dataset_a_teacher_a_client_a_transform_and_a_student(copy: Path, plain: str) -> None:
    run(copy, "scripts/tiny_students.py", "models")
    root = "results/added/annotations/gradeschool"
    targets = [
        f"{root}/{name}.jsonl" for name in ("restater/original/native", "plain/original/L1", "tutor/mixed-up/L1")
    ]
    study = study_of_teachers(plain)
    # The server always says the same: its worked example comes from the prompts folder.
    example = {"question": "1 + 2?", "answer": "3", "rationales": dict.fromkeys(LEVELS, "1 + 2 = 3.")}
    folder = copy / "prompts" / "exemplars" / "gradeschool" / "plain"
    write_json(folder / "original.json", {**example, "prompt_hash": "", "origin": "override"})
    workflow(copy, study, *targets, "results/added/students/mine/manifest.json", OPENAI_API_KEY="a-key-of-the-test")
    restated, asked, mixed_up = (read_records(copy / target, Annotation) for target in targets)
    questions = {one.id: one for one in read_records(copy / "results/added/data/gradeschool/train.jsonl", Problem)}
    assert all(row.verdict == "agrees" and row.rationale == questions[row.problem_id].question for row in restated)
    assert len(asked) == 12 and {row.rationale for row in asked} == {"One step."}
    assert Plain.keys == {"Bearer a-key-of-the-test"}
    originals = read_records(copy / root / "tutor/original/L1.jsonl", Annotation)
    assert [sorted(row.rationale.split()) for row in mixed_up] == [sorted(row.rationale.split()) for row in originals]
    assert read_json(copy / "results/added/students/mine/manifest.json")["student"] == "mine"


def test_a_dataset(copy: Path) -> None:
    folder = copy / "data" / "datasets" / "boolq"
    folder.mkdir(parents=True)
    for split in ("train", "test"):
        rows = [{"question": "is it so", "passage": f"It is {word}.", "answer": word == "so"} for word in ("so", "not")]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config = tiny_study("yes-no")
    config["data_folder"] = "data"
    config["datasets"] = {"boolq": {"source": "boolq", "origin": "files"}}
    config["experiments"]["granularity"] |= {"datasets": ["boolq"], "teachers": ["gold"], "formats": ["answer-only"]}
    config["experiments"]["granularity"] |= {"levels": ["native"], "baselines": []}
    answers = "results/yes-no/annotations/boolq/gold/answer-only/native.jsonl"
    workflow(copy, config, answers, "results/yes-no/data/boolq/test.jsonl")
    problems = read_records(copy / "results/yes-no/data/boolq/test.jsonl", Problem)
    assert [(one.question, one.answer, one.answer_kind) for one in problems] == [
        ("It is so. Is it so?", "True", "boolean"),
        ("It is not. Is it so?", "False", "boolean"),
    ]


def test_an_extractor(copy: Path) -> None:
    program = """
from gradus.answers import answers_equal, canonical_answer, split_answer
from gradus.evaluation.grading import Question, grade
text = "It leaves at 9:15 and takes 20 minutes. The answer is 9:35."
assert split_answer(text, "time", None) == ("It leaves at 9:15 and takes 20 minutes.", "09:35")
assert canonical_answer("25:00", "time", None) is None and answers_equal("09:35", "09:35", "time")
assert grade(text, Question("p", "09:35", None), "trains", "time").robust
assert not grade("No idea.", Question("p", "09:35", None), "trains", "time").robust
"""
    run(copy, "-c", program)


def test_a_claim_and_a_figure(copy: Path) -> None:
    config = made_config()
    make_study(copy, config, lambda cell: 0.1 + 0.1 * ["native", *LEVELS].index(cell.supervision.level), lambda _: 0.9)
    study = f"results/{config['study']}/study.json"
    printed = "published/chen-2025.csv"
    outputs = ["--headline", "h.json", "--page", "p.html", "--claims", "c.csv", "--recommendation", "r.csv"]
    outputs += ["--published", "b.csv", "--spent", "s.csv", "--output", "findings.md"]
    run(copy, "scripts/findings.py", "--study", study, "--numbers", printed, *outputs)
    with (copy / "c.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["claim"] == "finest-beats-coarsest"]
    assert rows and {row["verdict"] for row in rows} == {"supported"}
    assert "The finest level beats the coarsest" in (copy / "findings.md").read_text(encoding="utf-8")
    figure = ["--exhibit", "figure-series", "--output", "series.csv"]
    run(copy, "scripts/exhibits.py", "--study", study, "--numbers", printed, *figure)
    assert (copy / "series.svg").stat().st_size > 1000 and "tutor" in (copy / "series.csv").read_text(encoding="utf-8")


def test_the_copy_keeps_the_rules_of_the_house(copy: Path) -> None:
    """Types, style, and pages that follow from the code."""
    for name in ("pyproject.toml", "mkdocs.yml"):
        (copy / name).write_bytes((PROJECT / name).read_bytes())
    if (PROJECT / ".mypy_cache").is_dir():  # what it knows of libraries: minutes
        shutil.copytree(PROJECT / ".mypy_cache", copy / ".mypy_cache")
    run(copy, "-m", "mypy", "scripts/gradus")
    run(copy, "-m", "ruff", "check", "scripts")
