"""The paper's tables and figures from a study whose truth is known, whole and partial, and beside the printed numbers."""

from __future__ import annotations

import copy
import csv
import io
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
from made_study import LEVELS, made_config, make_study
from running import PROJECT

from gradus.analysis.published import Printed, read
from gradus.presentation.exhibits.catalogue import EXHIBITS
from gradus.presentation.exhibits.conditions import CONDITIONS, FIGURES, TABLES, files, inputs, wanted
from gradus.presentation.exhibits.figures import draw
from gradus.presentation.exhibits.points import Point, measure
from gradus.presentation.exhibits.tables import note, to_csv, to_latex, to_markdown
from gradus.presentation.exhibits.writing import write
from gradus.presentation.number import Number
from gradus.records import Cell, Supervision
from gradus.results.store import Results
from gradus.runtime.jsonl import read_json
from gradus.statistics.intervals import wilson
from gradus.study.config import Study, load
from gradus.study.grid import requested_cells

PRINTED = PROJECT / "published" / "chen-2025.csv"


def paper_like() -> dict[str, Any]:
    """The made study under names of the paper: two teachers and a human one, two of its datasets, three of its students."""
    config = made_config()
    names = {"small": "bloom-3b", "medium": "llama-3.2-1b", "large": "gemma-2b", "sums": "svamp", "more-sums": "gsm8k"}
    config["students"] = {names[name]: section for name, section in config["students"].items()}
    config["datasets"] = {names[name]: {**one, "test": 60} for name, one in config["datasets"].items()}
    tutor = config["teachers"]["tutor"]
    config["teachers"] |= {"gpt-4o": tutor, "llama-3-70b": copy.deepcopy(tutor), "human": {"provider": "human"}}
    del config["teachers"]["tutor"]
    config["transforms"]["padded-to-L5"]["tokenizer"] = "gemma-2b"
    for experiment in config["experiments"].values():
        for axis in ("datasets", "students"):
            experiment[axis] = [names[name] for name in experiment[axis]]
        experiment["teachers"] = [name.replace("tutor", "gpt-4o") for name in experiment["teachers"]]
        experiment["baselines"] = [
            name.replace("tutor", "gpt-4o") for name in experiment.get("baselines", []) if "gold" not in name
        ]
    both = {"datasets": ["svamp"], "students": list(config["students"]), "seeds": [1], "formats": ["original"]}
    config["experiments"] |= {
        "other": {"question": "?", "axis": "level", "teachers": ["llama-3-70b"], "levels": ["L1", "L2"], **both},
        "human": {"question": "?", "axis": "teacher", "teachers": ["human"], "levels": ["native"], **both},
    }
    config["teacher_accuracy"]["tutor"] |= {"datasets": ["svamp"], "teachers": ["gpt-4o"]}
    return config


def truth(cell: Cell) -> float:
    base = {"bloom-3b": 0.2, "llama-3.2-1b": 0.5, "gemma-2b": 0.7}[cell.student]
    return base / 2 if cell.supervision.format == "answer-only" else base


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exhibits")
    make_study(folder, paper_like(), truth, lambda supervision: 0.6 + 0.05 * int(supervision.level[1:]))
    return folder


@pytest.fixture
def study(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A copy of the made study, to take files away from, with the working folder in it."""
    shutil.copytree(made, tmp_path / "study")
    monkeypatch.chdir(tmp_path / "study")
    return load(read_json("results/made/study.json"), "made")


@pytest.fixture(scope="module")
def printed() -> list[Printed]:
    return read(PRINTED)


def points(study: Study, name: str, printed: list[Printed] | None = None) -> list[Point]:
    return EXHIBITS[name].points(study, measure(Results(Path(), study), CONDITIONS[name](study), printed or []))


def test_a_study_shows_what_it_asks_for_and_no_more(study: Study) -> None:
    assert wanted(study) == list(CONDITIONS)
    config = paper_like()
    config["experiments"] = {"format": config["experiments"]["format"]}
    config["teacher_accuracy"] = {}
    assert wanted(load(config, "made")) == ["table-3", "grid"]


def test_every_number_is_that_of_its_metric_files(study: Study) -> None:
    for one in points(study, "table-10"):
        folder = f"results/made/metrics/{one.supervision}/{one.student}"
        files = [f"{folder}/seed{seed}/test/greedy.json" for seed in range(1, one.number.runs + 1)]
        accuracies = [read_json(path)["accuracy"] for path in files]
        mean = sum(accuracies) / len(accuracies)
        interval = wilson(round(mean * 60), 60)
        number = one.number
        assert number.value == pytest.approx(mean)
        assert (number.low, number.high) == (interval.low, interval.high)
        assert (number.n, number.runs_asked, number.is_partial) == (60, number.runs, False)
        assert number.runs == (1 if one.supervision.format == "answer-only" else 3)


def test_the_levels_are_those_of_the_teacher_asked_most_and_bare_answers(study: Study) -> None:
    found = points(study, "table-1")
    assert {one.supervision.teacher for one in found} == {"gpt-4o", "gold"}
    assert len(found) == 2 * 3 * 7
    assert {(one.supervision.level, one.supervision.format) for one in found if one.supervision.teacher == "gold"} == {
        ("native", "answer-only")
    }


def test_teachers_are_compared_over_the_levels_that_all_have(study: Study) -> None:
    found = {(one.supervision.dataset, one.supervision.teacher, one.student): one for one in points(study, "figure-13")}
    assert {dataset for dataset, _, _ in found} == {"svamp"}
    each = [
        one for one in points(study, "figure-2") if one.supervision.dataset == "svamp" and one.student == "gemma-2b"
    ]
    levels = [one.number.value for one in each if one.supervision.level in ("L1", "L2")]
    assert len(levels) == 2, "the other teacher has two of six levels"
    mean = found["svamp", "gpt-4o", "gemma-2b"].number
    assert mean.value == pytest.approx(sum(value or 0 for value in levels) / 2)
    assert found["svamp", "gpt-4o", "gemma-2b"].levels == found["svamp", "llama-3-70b", "gemma-2b"].levels == "L1+L2"
    assert mean.low is not None and mean.high is not None and mean.low < (mean.value or 0) < mean.high
    assert found["svamp", "human", "gemma-2b"].supervision.level == "native"


def test_a_level_that_one_teacher_lacks_by_now_is_in_no_mean(study: Study) -> None:
    shutil.rmtree("results/made/metrics/svamp/llama-3-70b/original/L2/gemma-2b")
    found = {one.supervision.teacher: one for one in points(study, "figure-13") if one.student == "gemma-2b"}
    assert found["gpt-4o"].levels == found["llama-3-70b"].levels == "L1"
    assert "1 of 2 levels" in found["gpt-4o"].number.marks


def test_a_mean_over_some_levels_is_not_held_against_the_papers_over_all(study: Study, printed: list[Printed]) -> None:
    assert all(one.published is None for one in points(study, "figure-13", printed) if one.supervision.level == "mean")


def test_teachers_without_a_common_level_are_not_compared() -> None:
    config = paper_like()
    config["experiments"]["other"]["levels"] = ["L1"]
    for experiment in config["experiments"].values():
        if "gpt-4o" in experiment["teachers"]:
            experiment["levels"], experiment["baselines"] = ["L2", "L3"], []
    found = CONDITIONS["figure-13"](load(config, "made"))
    assert {supervision.level for supervision, _ in found} <= {"native"}


def test_what_the_sign_of_a_spread_says_is_so(study: Study) -> None:
    assert "over runs." in note(points(study, "table-10"))
    means = [one for one in points(study, "figure-13") if one.supervision.level == "mean"]
    single = [replace(one, number=replace(one.number, runs=1, runs_asked=1)) for one in means]
    assert "over the levels of a mean." in note(single) and "over runs" not in note(single)


def test_the_best_level_is_chosen_per_student_and_named(study: Study) -> None:
    for one in points(study, "figure-4"):
        assert one.supervision.level == "best"
        if one.measure == "accuracy":
            rivals = [
                other.number.value or 0
                for other in points(study, "figure-3")
                if (other.student, other.supervision.dataset) == (one.student, one.supervision.dataset)
            ]
            assert one.number.value == max(rivals)
            assert set(one.number.marks) <= set(LEVELS) and one.number.marks


def test_what_is_missing_is_shown_and_not_made_up(study: Study) -> None:
    shutil.rmtree("results/made/metrics/gsm8k/gpt-4o/original/L4")
    shutil.rmtree("results/made/metrics/svamp/gpt-4o/original/L2/gemma-2b/seed2")
    found = points(study, "table-10")
    absent = [one for one in found if one.number.value is None]
    assert {str(one.supervision) for one in absent} == {"gsm8k/gpt-4o/original/L4"} and len(absent) == 3
    partial = next(
        one for one in found if (str(one.supervision), one.student) == ("svamp/gpt-4o/original/L2", "gemma-2b")
    )
    assert (partial.number.runs, partial.number.runs_asked, partial.number.is_partial) == (2, 3, True)
    assert "PARTIAL: 3 of 42 numbers are missing" in note(found) and "asterisk" in note(found)
    assert to_markdown("table-10", found).count("–") >= 3
    assert to_latex("table-10", found).count(" -- ") >= 3
    rows = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert sum(row["value"] == "" for row in rows) == 3
    assert (
        "5 of 6 levels"
        in next(
            one
            for one in points(study, "figure-6")
            if one.supervision.dataset == "gsm8k" and one.supervision.level == "mean"
        ).number.marks
    )


@pytest.mark.parametrize("name", list(CONDITIONS))
def test_nothing_at_all_there_is_a_partial_exhibit_too(study: Study, printed: list[Printed], name: str) -> None:
    shutil.rmtree("results/made/metrics")
    shutil.rmtree("results/made/teacher_answers")
    write(Results(Path(), study), name, printed, Path("out") / f"{name}.csv")
    text = Path(f"out/{name}.md").read_text(encoding="utf-8")
    assert "PARTIAL" in text and "The paper and this run" not in text


def test_numbers_of_the_paper_are_found_by_name_and_differences_have_intervals(
    study: Study, printed: list[Printed]
) -> None:
    found = {(str(one.supervision), one.student): one for one in points(study, "table-10", printed)}
    one = found["svamp/gpt-4o/original/L1", "gemma-2b"]
    assert one.published is not None and one.published.contrast is not None
    row = next(
        row
        for row in csv.DictReader(PRINTED.open(encoding="utf-8"))
        if (row["table"], row["student"], row["dataset"], row["level"]) == ("Table 10", "gemma-2b", "svamp", "L1")
    )
    assert one.published.number.value == pytest.approx(float(row["value"]) / 100)
    interval = one.published.contrast.interval()
    assert interval.value is not None and interval.low is not None and interval.high is not None
    assert one.published.number.value is not None
    assert interval.value == pytest.approx((one.number.value or 0) - one.published.number.value)
    assert interval.low < interval.value < interval.high
    text = to_markdown("table-10", list(found.values()))
    assert "## The paper and this run" in text
    lines = list(csv.DictReader(io.StringIO(to_csv(list(found.values())))))
    assert {row["published_in"] for row in lines} == {"Table 10"}
    mean = next(
        one
        for one in points(study, "figure-6", printed)
        if one.supervision.level == "mean" and (one.supervision.dataset, one.student) == ("svamp", "gemma-2b")
    )
    assert mean.levels == "+".join(LEVELS) and mean.published is not None and mean.published.table == "Figure 6"
    tokens = [one for one in points(study, "table-2", printed) if one.measure == "mean_tokens"]
    assert {one.published.number.value for one in tokens if one.published} == {100.93, 143.43, 138.16}


def test_the_same_points_are_the_same_bytes(study: Study, printed: list[Printed]) -> None:
    for name in ("table-10", "figure-2", "figure-5", "grid"):
        for folder in ("one", "two"):
            write(Results(Path(), study), name, printed, Path(folder) / f"{name}.csv")
    for path in Path("one").iterdir():
        assert path.read_bytes() == (Path("two") / path.name).read_bytes(), path


def test_the_files_of_the_exhibits_and_what_they_read(study: Study) -> None:
    made = files(study)
    assert len(made) == 3 * len(TABLES) + 4 * len(FIGURES) == len(set(made))
    assert all(Path(path).exists() for name in wanted(study) for path in inputs(study, name))
    assert len(inputs(study, "grid")) == len(requested_cells(study))
    assert any("teacher_answers" in path for path in inputs(study, "figure-3"))


@pytest.mark.parametrize("few", [False, True], ids=["the whole study", "one student, one dataset"])
@pytest.mark.parametrize("name", FIGURES)
def test_titles_and_legends_lie_within_the_figure(study: Study, name: str, few: bool) -> None:
    found = points(study, name)
    if few:
        one = next(point for point in found if point.student and point.number.value is not None)
        series = (one.supervision.dataset, one.student)
        found = [
            replace(point, supervision=replace(point.supervision, teacher=f"released-{point.supervision.teacher}"))
            for point in found
            if (point.supervision.dataset, point.student) == series
        ]
        found.append(replace(found[-1], number=Number(None)))  # the title tells that something is missing
    figure = draw(name, found)
    figure.canvas.draw()
    for drawn in (getattr(figure, "_suptitle"), *figure.legends):  # noqa: B009 - matplotlib's types do not know it
        corners = drawn.get_window_extent().extents
        assert corners[0] >= 0 and corners[2] <= figure.bbox.width + 1, drawn
        assert corners[1] >= 0 and corners[3] <= figure.bbox.height + 1, drawn
    plt.close(figure)


def test_where_all_are_equal_none_is_best(study: Study) -> None:
    equal = [replace(one, number=replace(one.number, value=0.5)) for one in points(study, "table-1")]
    assert "**" not in to_markdown("table-1", equal) and "textbf" not in to_latex("table-1", equal)
    assert "**" in to_markdown("table-1", points(study, "table-1"))


def test_a_table_without_intervals_says_how_far_they_reach(study: Study) -> None:
    assert "reach at most" in to_latex("table-1", points(study, "table-1"))
    assert "[95" in to_latex("table-10", points(study, "table-10"))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
def test_the_latex_tables_compile(study: Study, printed: list[Printed], tmp_path: Path) -> None:
    shutil.rmtree("results/made/metrics/gsm8k/gpt-4o/original/L4")
    folder = tmp_path / "tex"
    for name in TABLES:
        write(Results(Path(), study), name, printed, folder / f"{name}.csv")
    inputs = "\n".join(rf"\input{{{name}.tex}}" for name in TABLES)
    head = r"\documentclass[a4paper]{article}\usepackage[margin=1.2cm]{geometry}\usepackage{booktabs}"
    (folder / "all.tex").write_text(rf"{head}\begin{{document}}{inputs}\end{{document}}", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Overfull" not in done.stdout
    assert (folder / "all.pdf").read_bytes().startswith(b"%PDF")


def test_a_supervision_in_two_exhibits_is_one_number(study: Study) -> None:
    supervision = Supervision("svamp", "gpt-4o", "original", "L3")
    numbers = {
        one.number.value
        for name in ("table-1", "table-3", "figure-2", "grid")
        for one in points(study, name)
        if (one.supervision, one.student) == (supervision, "gemma-2b")
    }
    assert len(numbers) == 1
