"""A second analysis of the published numbers, which shares no code with the first: every estimate and p of the page, recomputed.

numpy, scipy and statsmodels only. What it checks is what docs/background/published.md shows, to the digits that it shows.
"""

import csv
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import atanh, sqrt, tanh
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

PROJECT = Path(__file__).resolve().parents[3]
LEVELS = [f"L{n}" for n in range(1, 7)]
DATASETS = ["svamp", "gsm8k", "aqua", "math", "csqa", "obqa", "strategyqa"]
STUDENTS = ["bloom-560m", "bloom-1b1", "bloom-1b7", "bloom-3b", "llama-3.2-1b", "gemma-2b", "llama-3.2-3b"]
REWRITES = ["least-to-most", "rephrase-and-respond", "symbolic"]
Row = dict[str, str]


@cache
def rows() -> list[Row]:
    with open(PROJECT / "published" / "chen-2025.csv", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def accuracy(
    table: str, dataset: str, student: str, supervision: str, measure: str = "accuracy"
) -> tuple[float, float]:
    """Mean and sd in points (0 where there is none); a printed sd of 0.0 of several runs is the binomial one, a success and a
    failure added."""
    for row in rows():
        condition = f"{row['teacher']}/{row['format']}/{row['level']}"
        found = (row["table"], row["measure"], row["dataset"], condition) == (table, measure, dataset, supervision)
        if found and row["student"] in (student, ""):
            n, mean = int(row["problems"] or 1), float(row["value"])
            share = (mean / 100 * n + 1) / (n + 2)
            sd = 100 * sqrt(share * (1 - share) / (n + 2)) if row["sd"] == "0.0" else float(row["sd"] or 0)
            return mean, sd
    raise KeyError((table, dataset, student, supervision))


def levels(dataset: str, student: str) -> list[tuple[float, float]]:
    return [accuracy("Table 10", dataset, student, f"gpt-4o/original/{level}") for level in LEVELS]


def teacher(dataset: str) -> list[float]:
    return [accuracy("Figure 3", dataset, "", f"gpt-4o/original/{one}", "teacher_accuracy")[0] for one in LEVELS]


def slope(values: Sequence[float]) -> float:
    return float(np.polyfit(range(len(values)), values, 1)[0])


@cache
def page() -> dict[tuple[str, str], dict[str, Row]]:
    """By section and claim, each table's lines by their subject."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    section = claim = ""
    heads: list[str] = []
    for line in (PROJECT / "docs" / "background" / "published.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:].split(" ")[0] + " " + (re.findall(r"(?:Tables?|Figure) \d+", line) or [""])[0]
        elif line.startswith("### "):
            claim = line[4:].split(" ")[0].rstrip(".")
        elif line.startswith("| of |"):
            heads = [cell.strip() for cell in line.strip("|").split("|")]
        elif line.startswith("| ") and heads:
            values = [cell.strip() for cell in line.strip("|").split("|")]
            found.setdefault((section, claim), {})[values[0]] = dict(zip(heads, values, strict=True))
        elif not line:
            heads = []
    return found


def number(row: Row, head: str, index: int = 0) -> float:
    """One of the numbers in the column whose head begins so; "< 0.001" is 0."""
    text = next(value for name, value in row.items() if name.startswith(head)).replace("< 0.001", "0.000")
    return float(re.findall(r"[-+]?\d+\.\d+", text)[index])


def lines(section: str, claim: str) -> dict[str, Row]:
    return page()[section, claim]


def same(shown: float, computed: float, digits: int = 1) -> None:
    assert shown == pytest.approx(computed, abs=0.5001 * 10**-digits + 1e-6)


def holm_is_as_shown(table: dict[str, Row], p_values: dict[str, float]) -> None:
    adjusted = multipletests(list(p_values.values()), method="holm")[1]
    assert list(table) == list(p_values)
    for row, p in zip(table.values(), adjusted, strict=True):
        if row["verdict"] in ("supported", "too few data"):
            same(number(row, "adjusted p"), float(p), 3)


def welch(
    first: tuple[float, float], second: tuple[float, float], side: str = "two-sided", margin: float = 0.0
) -> float:
    found = stats.ttest_ind_from_stats(first[0] - margin, first[1], 3, *second, 3, equal_var=False, alternative=side)
    return float(found.pvalue)


def test_rationales_against_bare_answers() -> None:
    for subject, row in lines("Granularity Tables 1", "Rationales").items():
        dataset, student, _ = subject.split(", ")
        mean = np.mean([value for value, _ in levels(dataset, student)])
        gain = mean - accuracy("Table 10", dataset, student, "gold/answer-only/native")[0]
        same(number(row, "estimate"), float(gain))
        assert row["verdict"] == "one run: no verdict"
        measured = sum(sd**2 for _, sd in levels(dataset, student)) / 36 / 3
        spare = (gain / 1.959964) ** 2 - measured
        if spare > 0:
            same(number(row, "what that means"), sqrt(spare))
        else:
            assert "not told from zero" in row["what that means"]


def test_no_middle_level_beats_both_ends() -> None:
    p_values = {}
    for subject, row in lines("Granularity Tables 1", "1").items():
        dataset, student, _ = subject.split(", ")
        first, *inner, last = levels(dataset, student)
        leads = [min(one[0] - first[0], one[0] - last[0]) for one in inner]
        same(number(row, "estimate"), max(leads))
        each = [max(welch(one, first, "greater"), welch(one, last, "greater")) for one in inner]
        p_values[subject] = min(1.0, 4 * min(each))
    holm_is_as_shown(lines("Granularity Tables 1", "1"), p_values)
    assert {row["verdict"] for row in lines("Granularity Tables 1", "1").values()} == {"too few data"}


def meta(estimates: Sequence[float], errors: Sequence[float]) -> tuple[float, float]:
    """Mean and standard error of Paule and Mandel with Hartung, Knapp, Sidik and Jonkman, modified."""
    low, high = 0.0, 1e6
    for _ in range(200):  # statsmodels' iteration gives up on some of these
        between = (low + high) / 2
        weights = 1 / (np.array(errors) ** 2 + between)
        mean = float((weights * estimates).sum() / weights.sum())
        scale = float((weights * (np.array(estimates) - mean) ** 2).sum()) / (len(estimates) - 1)
        low, high = (between, high) if scale > 1 else (low, between)
    return mean, sqrt(max(1.0, scale) / weights.sum())


def test_the_mean_over_datasets_of_a_middle_level() -> None:
    p_values = {}
    for subject, row in lines("Granularity Tables 1", "1a").items():
        student = subject.split(", ")[1]
        curves = [levels(dataset, student) for dataset in DATASETS]
        found, fixed = [], []
        for inner in range(1, 5):
            sides = []
            for end in (0, 5):
                gaps = [curve[inner][0] - curve[end][0] for curve in curves]
                errors = [sqrt((curve[inner][1] ** 2 + curve[end][1] ** 2) / 3) for curve in curves]
                mean, error = meta(gaps, errors)
                sides.append((mean, float(stats.t.sf(mean / error, 6))))
                fixed.append((inner, np.mean(gaps)))
            found.append((min(mean for mean, _ in sides), max(p for _, p in sides)))
        same(number(row, "estimate"), max(mean for mean, _ in found))
        lowest = [min(float(gap) for index, gap in fixed if index == inner) for inner in range(1, 5)]
        same(number(row, "the mean over these"), max(lowest))
        p_values[subject] = min(1.0, 4 * min(p for _, p in found))
    holm_is_as_shown(lines("Granularity Tables 1", "1a"), p_values)


def test_two_slopes_around_the_best_middle_level() -> None:
    for subject, row in lines("Granularity Tables 1", "1b").items():
        dataset, student, _ = subject.split(", ")
        means = [value for value, _ in levels(dataset, student)]
        best = 1 + int(np.argmax(means[1:5]))
        rising, falling = slope(means[: best + 1]), slope(means[best:])
        same(number(row, "note"), rising)
        same(number(row, "note", 1), falling)
        same(number(row, "estimate"), min(rising, -falling))


def exact_tau(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    found = stats.kendalltau(x, y, method="exact", alternative="greater")
    return float(found.statistic), float(found.pvalue)


def test_stronger_students_and_finer_levels() -> None:
    """Over students it holds as the paper says, over datasets it is less than half as strong."""
    (row,) = lines("Granularity Tables 1", "2").values()
    curves = {s: {d: [value for value, _ in levels(d, s)] for d in DATASETS} for s in STUDENTS}
    strength = [float(np.mean([*curves[s].values()])) for s in STUDENTS]
    tau, p = exact_tau(strength, [float(np.mean([slope(curve) for curve in curves[s].values()])) for s in STUDENTS])
    same(number(row, "the mean over these"), tau, 2)
    same(number(row, "the mean over these", 1), p, 3)
    each = [exact_tau(strength, [slope(curves[s][d]) for s in STUDENTS])[0] for d in DATASETS]
    mean, error = meta([atanh(one) for one in each], [sqrt(0.437 / 3)] * 7)
    same(number(row, "estimate"), tanh(mean), 2)
    same(number(row, "estimate", 1), tanh(mean - 2.446912 * error), 2)
    over_datasets = float(stats.t.sf(mean / error, 6))
    same(number(row, "adjusted p"), 2 * max(p, over_datasets), 3)
    rest = [d for d in DATASETS if d != "csqa"]
    strengths = [float(np.mean([curves[s][d] for d in rest])) for s in STUDENTS]
    tau, p = exact_tau(strengths, [float(np.mean([slope(curves[s][d]) for d in rest])) for s in STUDENTS])
    assert f"without csqa tau = {tau:+.2f} (p {2 * p:.3f})" in row["note"]


def within(groups: Sequence[tuple[Sequence[float], Sequence[float]]]) -> tuple[float, float, float]:
    """r within groups, its one-sided p by turning groups over, and the mean of Fisher's z over them, turned back."""
    centred = [(np.array(x) - np.mean(x), np.array(y) - np.mean(y)) for x, y in groups]
    products = np.array([x @ y for x, y in centred])
    size = sqrt(sum(x @ x for x, _ in centred) * sum(y @ y for _, y in centred))
    signs = np.array(list(itertools.product((1, -1), repeat=len(groups))))
    p = float((signs @ products >= products.sum() - 1e-9).mean())
    each = [float(np.corrcoef(x, y)[0, 1]) for x, y in groups]
    mean = tanh(
        meta([atanh(max(-0.999, min(0.999, r))) for r in each], [1 / sqrt(len(groups[0][0]) - 3)] * len(each))[0]
    )
    return float(products.sum() / size), p, mean


def single(table: str, student: str) -> Iterator[tuple[list[float], list[float]]]:
    """Teacher and student accuracies of single runs, a group per dataset."""
    for dataset in DATASETS:
        conditions = [
            (f"{row['teacher']}/{row['format']}/{row['level']}", float(row["value"]))
            for row in rows()
            if (row["table"], row["measure"], row["dataset"], row["student"]) == (table, "accuracy", dataset, student)
        ]
        own = [accuracy(table, dataset, student, condition, "teacher_accuracy")[0] for condition, _ in conditions]
        yield own, [value for _, value in conditions]


def three_runs(_: str, student: str) -> Iterator[tuple[list[float], list[float]]]:
    for dataset in DATASETS:
        yield teacher(dataset), [value for value, _ in levels(dataset, student)]


@pytest.mark.parametrize(
    ("section", "table", "points"),
    [
        ("Granularity Tables 1", "Table 10", three_runs),
        ("Teachers Figure 3", "Figure 3", single),
        ("Teachers Figure 4", "Figure 4", single),
    ],
)
def test_teachers_and_students_within_and_over_datasets(
    section: str, table: str, points: Callable[[str, str], Iterator[tuple[list[float], list[float]]]]
) -> None:
    p_values = {}
    for student, row in lines(section, "4").items():
        groups = list(points(table, student))
        if len(groups[0][0]) > 3:
            r, p, mean = within(groups)
            same(number(row, "the mean over these"), r, 2)
            same(number(row, "the mean over these", 1), p, 3)
            same(number(row, "estimate"), mean, 2)
            p_values[student] = min(1.0, 2 * p)
        means = np.array([(np.mean(x), np.mean(y)) for x, y in groups])
        same(number(lines(section, "4b")[student], "estimate"), float(np.corrcoef(means.T)[0, 1]), 2)
    if section.startswith("Granularity"):
        holm_is_as_shown(lines(section, "4"), p_values)


@pytest.mark.parametrize(("claim", "odds"), [("5", False), ("5b", True)])
def test_gains_of_the_strong(claim: str, odds: bool) -> None:
    def scaled(value: float, runs: int, n: int) -> float:
        total, share = runs * n, value / 100
        return float(np.log((share * total + 0.5) / ((1 - share) * total + 0.5))) if odds else value

    problems = {(row["dataset"]): int(row["problems"]) for row in rows() if row["table"] == "Table 10"}
    bare = {(d, s): accuracy("Table 10", d, s, "gold/answer-only/native")[0] for d in DATASETS for s in STUDENTS}
    for subject, row in lines("Granularity Tables 1", claim).items():
        dataset = subject.split(", ")[0]
        gains, strength = [], []
        for s in STUDENTS:
            n = problems[dataset]
            mean = np.mean([scaled(value, 3, n) for value, _ in levels(dataset, s)])
            gains.append(float(mean) - scaled(bare[dataset, s], 1, n))
            others = [d for d in DATASETS if d != dataset]
            strength.append(np.mean([(np.mean([v for v, _ in levels(d, s)]) + bare[d, s]) / 2 for d in others]))
        same(number(row, "estimate"), float(np.corrcoef(strength, gains)[0, 1]), 2)


def test_formats() -> None:
    some, margin = {}, 3.0
    for subject, row in lines("Formats Table 3", "3a").items():
        dataset, student, series = subject.split(", ")
        level = series.split("/")[1]
        original = accuracy("Table 3", dataset, student, f"gpt-4o/original/{level}")
        others = [accuracy("Table 3", dataset, student, f"gpt-4o/{name}/{level}") for name in REWRITES]
        gaps = [one[0] - original[0] for one in others]
        same(number(row, "estimate"), max(gaps, key=abs))
        some[subject] = min(1.0, 3 * min(welch(one, original) for one in others))
        near = [max(welch(o, original, "greater", -margin), welch(o, original, "less", margin)) for o in others]
        assert max(near) > 0.05 / 28 and lines("Formats Table 3", "3b")[subject]["verdict"] == "too few data"
    holm_is_as_shown(lines("Formats Table 3", "3a"), some)


def test_padding() -> None:
    for subject, row in lines("Padding Table 2", "6").items():
        dataset, student, _ = subject.split(", ")
        names = ("original/L1", "padded-to-L5/L1", "original/L5")
        plain, padded, fine = (accuracy("Table 2", dataset, student, f"gpt-4o/{name}")[0] for name in names)
        same(number(row, "estimate"), fine - padded)
        same(number(row, "note"), padded - plain)


def test_slopes_of_the_teacher_and_of_its_students() -> None:
    for subject, row in lines("Granularity Tables 1", "8").items():
        same(number(row, "estimate"), slope(teacher(subject.split(", ")[0])))
    for subject, row in lines("Granularity Tables 1", "8b").items():
        dataset, _, student = subject.split(", ")
        same(number(row, "estimate"), slope(teacher(dataset)) - slope([value for value, _ in levels(dataset, student)]))


def test_without_symbolic_one_format_is_left() -> None:
    """What the page says of claim 3a."""
    p_values = {}
    for subject in lines("Formats Table 3", "3a"):
        dataset, student, series = subject.split(", ")
        level = series.split("/")[1]
        original = accuracy("Table 3", dataset, student, f"gpt-4o/original/{level}")
        others = [accuracy("Table 3", dataset, student, f"gpt-4o/{name}/{level}") for name in REWRITES[:2]]
        p_values[subject] = min(1.0, 2 * min(welch(one, original) for one in others))
    adjusted = multipletests(list(p_values.values()), method="holm")[1]
    found = [name for name, p in zip(p_values, adjusted, strict=True) if p < 0.05]
    assert found == ["gsm8k, bloom-560m, gpt-4o/L5"]
