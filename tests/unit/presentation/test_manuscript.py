"""The manuscript: it compiles with every table and figure of a study, and every number in it is a macro that exists."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from made_study import made_config, make_study
from running import PROJECT, program

from gradus.analysis.claims.statements import Statement, judged
from gradus.analysis.published import read
from gradus.analysis.summaries import ConditionSummary, summaries
from gradus.presentation.claims import statements_csv
from gradus.presentation.exhibits.conditions import wanted
from gradus.presentation.exhibits.experiment_figures import experiment_figure
from gradus.presentation.exhibits.experiments import experiment_table
from gradus.presentation.exhibits.writing import write
from gradus.presentation.figure import save
from gradus.presentation.manuscript.macros import Macro, name_of, of_claims, of_conditions, to_latex
from gradus.records import Supervision
from gradus.results.store import Results
from gradus.runtime.atomic import write_text
from gradus.runtime.errors import UserError


def stated(claim: str, subject: str, estimate: float, p: float, p_against: float = 1.0, runs: int = 2) -> Statement:
    interval = (estimate - 0.1, estimate + 0.1)
    return Statement(
        claim, subject, "a is better than b", "points", estimate, *interval, p, p_against, 0.5, "2 points", "conditions", 300,
        runs, one_run=runs < 2,
    )  # fmt: skip


CLAIMS = statements_csv(
    judged(
        [
            stated("primary", "fine: sums, small", 0.7022, 0.00001),
            stated("primary", "coarse: sums, small", -0.4, 0.9999, 0.001),
            stated("primary", "odd: sums, small", 0.4, 0.001, runs=1),
            stated("middle-is-best", "sums, small", 0.01, 0.5),
            stated("two-lines", "sums, small", 0.01, 0.0001),
        ]
    )
)


def test_names_are_letters() -> None:
    assert name_of("acc", "svamp", "gpt-4o", "L3", "llama-3.2-1b") == "accSvampGptFourOLThreeLlamaThreeTwoOneB"


def test_two_numbers_of_one_name_are_refused() -> None:
    one, other = Macro("a", "1", "a-b"), Macro("a", "2", "ab")
    assert to_latex([one, one]).count("newcommand") == 1
    with pytest.raises(UserError, match="two numbers would be the LaTeX macro"):
        to_latex([one, other])


def test_declared_comparisons_are_macros() -> None:
    found = {macro.name: macro.value for macro in of_claims(list(csv.DictReader(io.StringIO(CLAIMS))))}
    assert found == {
        "claimsTested": "3",
        "claimsSupported": "1",
        "gapFineSumsSmall": "$+70.2$",
        "gapCiFineSumsSmall": "[$+60.2$, $+80.2$]",
        "gapVerdictFineSumsSmall": "supported",
        "gapPFineSumsSmall": "$p < 0.001$",
        "gapCoarseSumsSmall": "$-40.0$",
        "gapCiCoarseSumsSmall": "[$-50.0$, $-30.0$]",
        "gapVerdictCoarseSumsSmall": "contradicted",
        "gapPCoarseSumsSmall": "$p = 0.004$",
        "gapOddSumsSmall": "$+40.0$",
        "gapCiOddSumsSmall": "[$+30.0$, $+50.0$]",
        "gapVerdictOddSumsSmall": "one run: no verdict",
        "gapPOddSumsSmall": "--",
    }


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_the_document_compiles_with_every_table_and_figure(tmp_path: Path) -> None:
    config = made_config()
    config["archive"] = {"title": "Levels & more_or less", "authors": [{"name": "Doe, Jo"}]}
    folder = make_study(tmp_path, config, lambda cell: 0.5, lambda _: 0.9).parent
    results = Results.open(folder)
    tables, figures = [], []
    for name, experiment in list(results.study.experiments.items())[:1]:
        rows = summaries(results, experiment)
        tables.append(folder / "tables" / f"{name}.tex")
        write_text(tables[-1], experiment_table(name, experiment, rows).latex())
        figures.append(folder / "figures" / f"{name}.pdf")
        save(experiment_figure(experiment, rows), figures[-1])
    for name in [one for one in wanted(results.study) if one.startswith("table-")]:
        write(results, name, read(PROJECT / "published" / "chen-2025.csv"), folder / "paper" / f"{name}.csv")
        tables.append(folder / "paper" / f"{name}.tex")
    write_text(folder / "tables" / "claims.csv", CLAIMS)
    main = folder / "paper" / "main.tex"
    done = program(
        *("manuscript", "--study", folder / "study.json", "--claims", folder / "tables" / "claims.csv"),
        *("--tables", *tables, "--figures", *figures, "--output", main),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    text = main.read_text(encoding="utf-8")
    assert r"\title{Levels \& more\_or less}" in text and r"\author{Doe, Jo}" in text
    assert text.count(r"\includegraphics") == 1 and text.count(r"\input{") == len(tables) + 2
    used = set(re.findall(r"\\([a-z]+[A-Z]\w*)\{\}", (main.parent / "methods.tex").read_text(encoding="utf-8")))
    made = set(re.findall(r"newcommand\{\\(\w+)\}", (main.parent / "numbers.tex").read_text(encoding="utf-8")))
    assert used and used <= made
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    compiled = subprocess.run(command, cwd=main.parent, capture_output=True, text=True, timeout=300, check=False)
    assert compiled.returncode == 0, compiled.stdout[-3000:]
    assert (main.parent / "main.pdf").read_bytes().startswith(b"%PDF")


def test_a_condition_that_experiments_share_with_other_seeds_has_a_name_in_each() -> None:
    """The plain name is that of the most seeds, wherever its experiment stands."""

    def row(accuracy: float, *seeds: int) -> ConditionSummary:
        supervision = Supervision("svamp", "gold", "original", "L3")
        shares = (0.0, 0.0, 40.0, 0.05, 0.0)
        return ConditionSummary(
            supervision, "mini", seeds, 300, accuracy, accuracy - 0.05, accuracy + 0.05, None, *shares, False, False
        )

    found = {one.name: one.value for one in of_conditions({"formats": [row(0.187, 1)], "levels": [row(0.197, 1, 2)]})}
    name = "SvampGoldOriginalLThreeMini"
    assert found == {
        f"acc{name}": "19.7",
        f"ci{name}": "[14.7, 24.7]",
        f"acc{name}Formats": "18.7",
        f"ci{name}Formats": "[13.7, 23.7]",
    }
    same = of_conditions({"a": [row(0.187, 1)], "b": [row(0.187, 1)]})
    assert {one.name for one in same} == {f"acc{name}", f"ci{name}"}
    assert "accSvampGoldOriginalLThreeMini" in to_latex(same)
