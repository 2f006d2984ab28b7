"""The paper's own numbers: facts known of them, and what they support."""

from dataclasses import astuple
from pathlib import Path
from statistics import fmean

import pytest
from running import PROJECT, program

from gradus.analysis import published
from gradus.analysis.claims.granularity import best_level_mean
from gradus.analysis.claims.statements import Statement
from gradus.records import Supervision
from gradus.runtime.errors import UserError

STUDENTS = ("bloom-3b", "llama-3.2-1b", "gemma-2b", "llama-3.2-3b")


@pytest.fixture(scope="module")
def printed() -> list[published.Printed]:
    return published.read(PROJECT / "published" / "chen-2025.csv")


@pytest.fixture(scope="module")
def judged(printed: list[published.Printed]) -> dict[str, list[Statement]]:
    found = published.chen_2025(printed)
    assert len(found) == 5
    return {title.split(" (")[0] + title.split(" (")[1].split(",")[0]: made for title, made in found.items()}


def of(statements: list[Statement], claim: str) -> dict[str, Statement]:
    return {one.subject: one for one in statements if one.claim == claim}


def test_the_tables_are_whole(printed: list[published.Printed]) -> None:
    granularity = published.granularity(printed)
    assert len(granularity.students) == 7 * 7 * 7 and len(granularity.teachers) == 42
    found = granularity.students[Supervision("gsm8k", "gpt-4o", "original", "L6"), "gemma-2b"]
    assert astuple(found) == (pytest.approx(0.5345), pytest.approx(0.0148), 3, 1319)
    assert len(published.formats(printed).students) == 4 * 4 * 7


def test_mean_best_levels(printed: list[published.Printed]) -> None:
    evidence = published.granularity(printed)
    known = (2.43, 3.14, 2.14, 3.43, 2.14, 4.00, 4.86)
    students = ("bloom-560m", "bloom-1b1", "bloom-1b7", *STUDENTS)
    for student, mean in zip(students, known, strict=True):
        levels = [evidence.levels(dataset, "gpt-4o", "original", student) for dataset in evidence.datasets]
        assert best_level_mean(levels) == pytest.approx(mean, abs=0.005)


def test_correlations_within_datasets_are_small(judged: dict[str, list[Statement]]) -> None:
    """With the means of three runs, and none of them is shown to be above zero."""
    within = of(judged["GranularityTables 1 and 10"], "better-teacher-better-student")
    for student, r in zip(STUDENTS, (0.33, 0.29, 0.02, 0.05), strict=True):
        assert within[student].fixed_estimate == pytest.approx(r, abs=0.005)
    assert {one.verdict for one in within.values()} == {"too few data"}


@pytest.mark.parametrize(("figure", "coefficients"), [("3", (0.52, 0.75, 0.82, 0.89)), ("4", (0.25, 0.56, 0.55, 0.64))])
def test_printed_correlations_are_those_between_datasets(
    judged: dict[str, list[Statement]], figure: str, coefficients: tuple[float, ...]
) -> None:
    pooled = of(judged[f"TeachersFigure {figure}"], "teacher-and-student-over-datasets")
    for student, r in zip(STUDENTS, coefficients, strict=True):
        assert float(pooled[student].note.split("r = ")[1]) == pytest.approx(r, abs=0.006)
        assert pooled[student].verdict == "one run: no verdict"


def test_what_the_printed_granularity_supports(judged: dict[str, list[Statement]]) -> None:
    """None of 49 peaks stands; that stronger students gain more from finer levels stands."""
    statements = judged["GranularityTables 1 and 10"]
    peaks = of(statements, "non-monotone")
    assert len(peaks) == 49
    assert not {one.verdict for one in peaks.values()} & {"supported", "contradicted"}
    (finer,) = of(statements, "finer-for-stronger").values()
    assert finer.verdict == "supported" and finer.fixed_estimate == pytest.approx(0.81, abs=0.005)
    assert finer.prediction_low is not None and finer.prediction_low < 0, "another dataset may show the opposite"
    gains = of(statements, "rationales-help")
    clear = [one.estimate > 0 for one in gains.values() if one.low > 0 or one.high < 0]
    assert (clear.count(True), clear.count(False)) == (31, 5), "as the page says"
    assert gains["csqa, bloom-3b, gpt-4o"].estimate == pytest.approx(0.338, abs=0.0006)
    assert gains["gsm8k, llama-3.2-3b, gpt-4o"].estimate == pytest.approx(0.526, abs=0.0006)
    assert not [one for one in of(statements, "teacher-gains-from-detail").values() if one.verdict == "supported"]


def test_formats_matter_where_symbolic_is_among_them(
    printed: list[published.Printed], judged: dict[str, list[Statement]]
) -> None:
    matters = of(judged["FormatsTable 3"], "format-matters")
    assert matters["obqa, bloom-3b, gpt-4o/L3"].estimate == pytest.approx(-0.137, abs=0.001)
    assert [name for name, one in matters.items() if one.verdict == "supported"] == [
        "svamp, bloom-1b7, gpt-4o/L5",
        "gsm8k, bloom-560m, gpt-4o/L5",
        "obqa, llama-3.2-3b, gpt-4o/L3",
    ]
    assert {one.verdict for one in of(judged["FormatsTable 3"], "format-indifferent").values()} == {"too few data"}
    measured = published.formats(printed).students
    spreads, without = [], []
    for dataset in ("svamp", "gsm8k", "aqua", "obqa"):
        for student in ("bloom-560m", "bloom-1b1", "bloom-1b7", *STUDENTS):
            mine = {k[0].format: one.mean for k, one in measured.items() if (k[0].dataset, k[1]) == (dataset, student)}
            spreads.append(max(mine.values()) - min(mine.values()))
            del mine["symbolic"]
            without.append(max(mine.values()) - min(mine.values()))
    assert 100 * fmean(spreads) == pytest.approx(6.11, abs=0.01)
    assert 100 * fmean(without) == pytest.approx(3.07, abs=0.01)


def test_padding_speaks_of_single_runs_only(judged: dict[str, list[Statement]]) -> None:
    padding = of(judged["PaddingTable 2"], "length-is-not-granularity")
    assert {one.verdict for one in padding.values()} == {"one run: no verdict"}
    assert padding["gsm8k, gemma-2b, gpt-4o"].tipping_sd == pytest.approx(0.018, abs=0.002)
    assert {one.reach for one in padding.values()} == {"these two checkpoints"}


def test_the_page_in_the_docs_is_what_the_program_writes(tmp_path: Path) -> None:
    done = program("published", "--output", tmp_path / "page.md", folder=PROJECT)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "page.md").read_text() == (PROJECT / "docs" / "background" / "published.md").read_text(), (
        "run `make docs`"
    )


def test_a_page_that_is_stale_fails_the_check_and_stays(tmp_path: Path) -> None:
    assert program("published", "--check", folder=PROJECT).returncode == 0
    stale = tmp_path / "page.md"
    for exists in (False, True):
        if exists:
            stale.write_text("old", encoding="utf-8")
        done = program("published", "--check", "--output", stale, folder=PROJECT)
        assert done.returncode == 1 and "run `make docs`" in done.stderr and "Traceback" not in done.stderr
        assert stale.exists() is exists
    assert stale.read_text(encoding="utf-8") == "old"


def test_a_bad_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="columns"):
        published.read(path)
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(UserError, match="no CSV file in UTF-8"):
        published.read(path)
    path.write_text(",".join(published.COLUMNS) + "\nT,accuracy\n")
    with pytest.raises(UserError, match=r"numbers\.csv:2: no number"):
        published.read(path)
    path.write_text(",".join(published.COLUMNS) + "\nT,accuracy,s,d,t,f,L1,high,,1,300\n")
    with pytest.raises(UserError, match="high") as raised:
        published.read(path)
    assert "numbers.csv:2" in str(raised.value)
