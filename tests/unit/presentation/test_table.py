"""Tables: their numbers from metrics of three seeds, the best of each row, and one escape per format."""

from __future__ import annotations

import csv
import io
import math
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study

from gradus.analysis.summaries import ConditionSummary, summaries
from gradus.presentation.exhibits.experiments import experiment_table, note, to_csv
from gradus.presentation.number import LEAKED, Number
from gradus.presentation.table import Table, csv_text, escape_latex
from gradus.results.store import Results
from gradus.runtime.atomic import write_json
from gradus.runtime.markdown import escape_markdown
from gradus.study import paths
from gradus.study.config import Experiment, Study, load
from gradus.study.grid import cells

NASTY = "Does it cost $5 {or} 50%? a_b #1 & x^2 ~y \\cmd <b> | ± † ‡ § – ✓ é\nnext"
CORRECT = {1: 11, 2: 14, 3: 20}
WEIGHTS = 9_776  # of the tiny student: 400 x 16 of the table, 3,328 of its layer, 48 of norms
N = 40


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """One condition with three seeds (11, 14 and 20 of 40 right) and one that is always right, as metric files."""
    config = tiny_study("counted")
    experiment = next(iter(config["experiments"].values()))
    experiment |= {"levels": ["L1", "L2"], "seeds": [1, 2, 3], "baselines": [], "students": ["mini"]}
    config["experiments"] = {"granularity": experiment}
    made = load(config, "counted")
    for cell in cells(made):
        is_leaked = cell.supervision.level == "L2"
        correct = N if is_leaked else CORRECT[cell.seed]
        metric: dict[str, Any] = {
            **cell.wildcards(),
            "problems": "test",
            "decoding": "greedy",
            "n": N,
            "samples": 1,
            "accuracy": correct / N,
            "strict_accuracy": correct / N,
            "interval_low": 0.0,
            "interval_high": 1.0,
            "truncated": 2,
            "unparsable": 4,
            "correct": correct,
            "strict_correct": correct,
            "timeouts": 0,
            "disagreements": 0,
            "most_frequent_answer": "3",
            "most_frequent_answer_correct": 12,
            "training_examples": 24,
            "mean_completion_tokens": 10.0 * cell.seed,
            "chance_accuracy": 0.25,
            "most_frequent_answer_accuracy": 0.3,
            "leaked_training_rows": 3 if is_leaked else 0,
            "excerpt": False,
        }
        write_json(tmp_path / paths.METRICS.of(made.study, cell, problems="test", decoding="greedy"), metric)
    return made


@pytest.fixture
def experiment(study: Study) -> Experiment:
    return study.experiments["granularity"]


@pytest.fixture
def conditions(study: Study, experiment: Experiment, tmp_path: Path) -> list[ConditionSummary]:
    return summaries(Results(tmp_path, study), experiment)


def wilson_by_hand(share: float, n: int) -> tuple[float, float]:
    z = 1.959964
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def test_a_row_is_mean_spread_and_wilson_interval_over_the_seeds(
    conditions: list[ConditionSummary], experiment: Experiment
) -> None:
    mean = (11 + 14 + 20) / 3 / N
    sd = math.sqrt(sum((right / N - mean) ** 2 for right in CORRECT.values()) / 2)
    low, high = wilson_by_hand(mean, N)
    line = next(iter(csv.DictReader(io.StringIO(to_csv(conditions, experiment)))))
    assert (line["seeds"], line["n"]) == ("1 2 3", "40")
    for name, value in (("accuracy", mean), ("seed_sd", sd), ("interval_low", low), ("interval_high", high)):
        assert float(line[name]) == pytest.approx(value, abs=6e-5), name
    assert float(line["mean_completion_tokens"]) == 20 and float(line["truncated"]) == 2 / N
    assert line["weights"] == f"{WEIGHTS}"
    shown = experiment_table("granularity", experiment, conditions).markdown().splitlines()[2]
    expected = f"{100 * mean:.1f}† ± {100 * sd:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
    assert low < 0.3 < high, "so that it is not above the most frequent answer"
    assert shown == f"| gradeschool | L1 | {expected} |"


def test_daggers_and_their_sentences(conditions: list[ConditionSummary], experiment: Experiment) -> None:
    table = experiment_table("granularity", experiment, conditions)
    assert [number.signs for number in table.numbers] == ["†", "‡"]
    assert r"100.0\ddag{} $\pm$ 0.0 {\scriptsize[91.2, 100.0]}" in table.latex()
    text = note(conditions)
    assert text.endswith(f" Weights: mini {WEIGHTS:,}.")
    assert "scores 30.0, a blind guess 25.0; a dagger marks cells not shown to be above both." in text
    assert "A double dagger marks" in text and "section sign" not in text and "3 seeds" in text


def test_a_note_says_of_each_dataset_how_many_problems_and_what_guessing_scores(
    conditions: list[ConditionSummary],
) -> None:
    other = replace(
        conditions[0],
        supervision=replace(conditions[0].supervision, dataset="obqa"),
        n=500,
        seeds=(1,),
        most_frequent=0.276,
        chance=0.2,
    )
    text = note([*conditions, other])
    assert "test problems: n = 40 (gradeschool), n = 500 (obqa), 1 to 3 seeds." in text
    assert "and a blind guess, score 30.0 and 25.0 (gradeschool), 27.6 and 20.0 (obqa); a dagger" in text
    assert "One seed: two cells compare" in text
    untaught = replace(other, supervision=replace(other.supervision, teacher="none", format="untaught", level="native"))
    text = note([*conditions, untaught])
    assert "3 seeds." in text and "1 to 3" not in text and "One seed" not in text


def several(*values: float | None, sd: float | None = 0.01, runs: int = 3) -> list[Number]:
    return [Number(value, sd=sd, n=500, runs=runs, runs_asked=runs) for value in values]


def test_what_may_be_the_best_of_a_row_is_bold() -> None:
    table = Table(["name", "a", "b", "c"], [["tied", *several(0.5, 0.6, 0.595)]], bold="row")
    assert table.markdown().splitlines()[-1] == "| tied | 50.0 ± 1.0 | **60.0** ± 1.0 | **59.5** ± 1.0 |"
    assert r"tied & 50.0 & \textbf{60.0} & \textbf{59.5} \\" in table.latex()
    assert "may be the best of its row" in table.explained.note
    silent = (
        ["equal", *several(0.5, 0.501, 0.499)],
        ["few", *several(0.5, None, None)],
        ["noisy", *several(0.4, 0.6, sd=0.2)],
    )
    for row in (
        *silent,
        ["higher", *several(0.5, 0.6), *several(0.7, runs=1)],
        ["one run", *several(0.1, 0.9, sd=None, runs=1)],
    ):
        quiet = Table(
            ["name", "a", "b", "c"], [[str(row[0]), *(one for one in row[1:] if isinstance(one, Number))]], bold="row"
        )
        assert "**" not in quiet.markdown() and "textbf" not in quiet.latex() and quiet.explained is quiet, row


def test_the_best_of_a_column_is_that_of_its_group() -> None:
    lines = [("x", "one", 0.1), ("x", "two", 0.2), ("y", "one", 0.9), ("y", "two", 0.8)]
    table = Table(["group", "name", "a"], [[g, n, *several(v)] for g, n, v in lines], names=2, bold="column", wide=True)
    assert [table.is_best(row, 2) for row in range(4)] == [False, True, True, False]
    assert table.latex().count(r"\midrule") == 2 and "\n & two & " in table.latex()


def test_missing_and_unasked_numbers_differ() -> None:
    table = Table(["name", "a", "b"], [["x", Number(None), None]])
    assert table.markdown().splitlines() == ["| name | a | b |", "|---|---:|---:|", "| x | – |  |"]
    assert r"x & -- &  \\" in table.latex()


def test_wide_tables_round_intervals_and_can_do_without() -> None:
    table = Table(["name", "a"], [["x", Number(0.5, 0.416, 0.584, 0.021, runs=2, runs_asked=3)]], wide=True)
    assert r"x & 50.0*{\tiny $\pm$2.1} {\tiny[42, 58]} \\" in table.latex()
    assert r"x & 50.0* \\" in Table(table.heads, table.rows, wide=True, latex_intervals=False).latex()


def test_latex_escapes_all_that_is_special_in_the_users_own_text() -> None:
    assert escape_latex(NASTY) == (
        r"Does it cost \$5 \{or\} 50\%? a\_b \#1 \& x\textasciicircum{}2 \textasciitilde{}y \textbackslash{}cmd "
        r"\textless{}b\textgreater{} \textbar{} $\pm$ \dag{} \ddag{} \S{} -- [U+2713] é next"
    )
    table = Table([NASTY, NASTY], [[NASTY, Number(0.5)]], caption=NASTY, note=NASTY).latex()
    commands = r"\\[{}$%&_#]|\$\\pm\$|\\[A-Za-z]+(\{\})?"
    written = re.sub(commands, "", "".join(line for line in table.splitlines() if "cost" in line))
    assert not set(written) & set("$^~%_#<>|±†‡§–✓")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_a_nasty_caption_compiles(tmp_path: Path) -> None:
    table = Table([NASTY, NASTY], [[NASTY, Number(0.5, marks=(LEAKED,))]], caption=NASTY, label="x", note=NASTY).latex()
    head = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    (tmp_path / "t.tex").write_text(rf"{head}{table}\end{{document}}", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:]


def test_markdown_keeps_a_cell_in_its_line() -> None:
    assert escape_markdown("a | b\nc") == r"a \| b c"
    assert Table(["a|b"], [["c\nd"]]).markdown() == "| a\\|b |\n|---|\n| c d |\n"


def test_csv_quotes_and_leaves_empty_what_is_not_known() -> None:
    text = csv_text(["a", "b", "c", "d", "e"], [['x, "y"', None, True, 1 / 3, 7]])
    assert text == 'a,b,c,d,e\n"x, ""y""",,true,0.3333,7\n'
    assert csv_text(["p"], [[1 / 3]], form=".6g") == "p\n0.333333\n"
