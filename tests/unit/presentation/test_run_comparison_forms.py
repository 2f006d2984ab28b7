"""A comparison of runs as text, CSV, Markdown, LaTeX and page; the program reads what people have and imports little."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from running import HANG_LIMIT, PROJECT, program

from gradus.analysis.run_comparison import RunComparison, compare_runs
from gradus.presentation.run_comparison import to_csv, to_latex, to_markdown, to_text
from gradus.presentation.run_comparison_page import to_page
from gradus.records.runs import ItemScore, ScoredRun
from gradus.statistics.pairs import Shape, simulated_cells


def made(folder: Path, tasks: Sequence[tuple[str, float, float]], count: int = 3) -> tuple[list[Path], list[Path]]:
    """Files of two sides, a file per run with all tasks."""
    rng = np.random.default_rng(3)
    lines: dict[str, list[str]] = {}
    for task, *accuracies in tasks:
        sides = simulated_cells(Shape(tuple(accuracies), (0.06, 0.06)), count, 200, rng)
        for name, side in zip("ab", sides, strict=True):
            for run, row in enumerate(side.scores):
                lines.setdefault(f"{name}{run}.jsonl", []).extend(
                    json.dumps({"task": task, "id": item, "correct": bool(score)}) for item, score in enumerate(row)
                )
    for name, rows in lines.items():
        (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return sorted(folder.glob("a*.jsonl")), sorted(folder.glob("b*.jsonl"))


def found(first: Sequence[float], second: Sequence[float], count: int = 3) -> RunComparison:
    rng = np.random.default_rng(1)
    sides: list[list[ScoredRun]] = [[], []]
    for task, pair in enumerate(zip(first, second, strict=True)):
        cells = simulated_cells(Shape(pair, (0.05, 0.05)), count, 300, rng)
        for side, cell, name in zip(sides, cells, "ab", strict=True):
            for run, row in enumerate(cell.scores):
                items = {str(item): ItemScore(float(score)) for item, score in enumerate(row)}
                side.append(ScoredRun(f"{name}{run}", f"<task> {task}", "acc", items))
    return compare_runs(sides[0], sides[1], names=("new|model", "old"))


def test_the_text_says_what_was_seen_and_what_more_would_take() -> None:
    text = to_text(found([0.7, 0.5], [0.4, 0.5]))
    assert re.search(
        r"new\|model \d+\.\d \(3, sd .*\): \+\d+\.\d \[.*\] points, p < 0\.001, < 0\.001 after Holm over 2 tasks", text
    )
    assert "Verdict: new|model is better (for other runs, and other items like these)." in text
    assert "Smallest detectable difference: " in text and "(80 % power, beside 1 other task)." in text
    assert re.search(r"To find a true difference of 3 points as surely takes .* runs a side on these items, or ", text)


def test_one_run_gets_its_sentence_and_no_verdict() -> None:
    text = to_text(found([0.7, 0.5], [0.4, 0.5], count=1))
    assert "is better" not in text and "Verdict" not in text
    assert "new|model and old have one run: no verdict about the models." in text
    assert re.search(r"holds for other runs only if single runs vary by an sd below \d+(\.\d)? points", text)
    assert "even for these answers it is not told from zero" in text
    assert re.search(r"exact McNemar p < 0\.001 \(\d+ items that only new\|model solves, \d+ only old\)", text)
    assert "how many runs it takes, only two or more runs of each side can tell" in text


def test_tables_for_machines_and_papers() -> None:
    one = found([0.7, 0.5], [0.4, 0.5])
    rows = list(csv.DictReader(io.StringIO(to_csv(one))))
    assert [row["task"] for row in rows] == ["<task> 0", "<task> 1"]
    assert float(rows[0]["difference"]) == pytest.approx(one.tasks[0].contrast.estimate, abs=1e-5)
    assert float(rows[0]["interval_low"]) > 0 and rows[0]["verdict"] == "new|model is better"
    assert int(rows[1]["items_needed"]) > 300 and rows[0]["runs_first"] == "3"
    assert r"new\|model is better" in to_markdown(one)
    latex = to_latex(one)
    assert latex.startswith(r"\begin{table}") and r"\textless{}task\textgreater{} 0" in latex


def test_clusters_widen_what_items_of_one_passage_say_together(tmp_path: Path) -> None:
    for name, share in (("a", 0.7), ("b", 0.5)):
        rows = [f"{item},{int(item // 5 % 10 < 10 * share)},{item // 5}" for item in range(200)]
        (tmp_path / f"{name}.csv").write_text("id,score,passage\n" + "\n".join(rows) + "\n", encoding="utf-8")
    apart = program("compare", "a.csv", "--against", "b.csv", folder=tmp_path)
    together = program("compare", "a.csv", "--against", "b.csv", "--clusters", "passage", folder=tmp_path)
    assert "200 items)" in apart.stdout and "200 items in 40 clusters)" in together.stdout
    low = [float(re.findall(r"\[\+(\d+\.\d), ", done.stdout)[0]) for done in (apart, together)]
    assert low[1] < low[0]


def test_the_page_is_one_file_and_shows_every_task() -> None:
    page = to_page(found([0.7, 0.5], [0.4, 0.5]))
    assert 'name="viewport"' in page and "http" not in page and "<script" not in page
    assert page.count('class="dot"') == 2 and "&lt;task&gt; 0" in page and "<task>" not in page
    assert "Hollow" not in page
    assert "Hollow" in to_page(found([0.7], [0.4], count=1))


def test_the_program_compares_files_of_plain_scores(tmp_path: Path) -> None:
    first, second = made(tmp_path, [("one", 0.7, 0.4), ("two", 0.5, 0.5)])
    outputs = [tmp_path / f"found{suffix}" for suffix in (".txt", ".csv", ".md", ".tex", ".html")]
    told = [word for path in outputs for word in ("--output", path)]
    done = program("compare", *first, "--against", *second, "--names", "new", "old", *told, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Verdict: new is better" in done.stdout and done.stdout == outputs[0].read_text(encoding="utf-8")
    assert all(path.stat().st_size > 200 for path in outputs)


def test_mistakes_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,score\n1,0.5\n2,7\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("name,points\n1,0.5\n", encoding="utf-8")
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    for runs, words in (
        (["a.csv", "--against", "a.csv"], "score 7 is not between 0 and 1"),
        (["b.csv", "--against", "a.csv"], "no column with the problem's id"),
        (["empty.jsonl", "--against", "a.csv"], "empty.jsonl"),
        (["gone.jsonl", "--against", "a.csv"], "gone.jsonl: no such file"),
        (["a.csv", "--against", "a.csv", "--scale", "1,1"], "--scale"),
        (["a.csv", "--against", "a.csv", "--margin", "0"], "--margin"),
        (["a.csv", "--against", "a.csv", "--output", "x.pdf"], ".html"),
        (["a.csv"], "--against"),
    ):
        done = program("compare", *runs, folder=tmp_path)
        assert done.returncode != 0 and words in done.stderr, done.stderr
        assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 1
    scaled = program("compare", "a.csv", "--against", "a.csv", "--scale", "0,10", folder=tmp_path)
    assert scaled.returncode == 0 and "a.csv is on both sides" in scaled.stdout


def test_the_example_of_the_page_says_what_it_prints(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "howto" / "compare-models.md").read_text(encoding="utf-8")
    (made_up,) = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "made_up.py").write_text(made_up, encoding="utf-8")
    (tmp_path / "scripts").symlink_to(PROJECT / "scripts")
    commands = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[1:]
    shown = re.findall(r"^```text\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(commands) == len(shown) == 2
    for command, text in zip(commands, shown, strict=True):
        done = subprocess.run(
            ["bash", "-euc", command.replace("python ", f"{shlex.quote(sys.executable)} ")],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=HANG_LIMIT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert text.strip() in done.stdout
    assert "<figure" in (tmp_path / "found.html").read_text(encoding="utf-8")


ONLY = """
import importlib.abc, runpy, sys
ALLOWED = {"numpy", "scipy", "markdown_it", "mdurl", "gradus"}
OWN = sys.argv.pop(1)

class Nothing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in ALLOWED and top not in sys.stdlib_module_names and not top.startswith("_"):
            tried.append(top)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

tried = []
sys.meta_path.insert(0, Nothing())
sys.path.insert(0, OWN)
try:
    runpy.run_path(OWN + "/compare.py", run_name="__main__")
finally:
    heavy = {"torch", "transformers", "pydantic", "snakemake", "pandas", "matplotlib", "datasets", "math_verify"}
    print("heavy:", sorted(heavy & (set(tried) | set(sys.modules))))
"""


def test_the_program_needs_little(tmp_path: Path) -> None:
    """Beside Python's own library: numpy and scipy, and markdown_it for the page."""
    first, second = made(tmp_path, [("one", 0.7, 0.4)], count=2)
    words = [str(PROJECT / "scripts"), *first, "--against", *second, "--output", tmp_path / "found.html"]
    done = subprocess.run(
        [sys.executable, "-c", ONLY, *map(str, words)], capture_output=True, text=True, timeout=HANG_LIMIT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Verdict: A is better" in done.stdout and done.stdout.endswith("heavy: []\n")
