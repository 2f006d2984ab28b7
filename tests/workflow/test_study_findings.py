"""The findings of a study with seeds, formats, padding and a tested teacher, whose truth is known."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from made_study import made_config, make_study
from running import PROJECT, program

from gradus.records import Cell, Supervision
from gradus.study import paths
from gradus.study.config import load

PEAKED = {"L1": -0.08, "L2": -0.03, "L3": 0.06, "L4": 0.04, "L5": -0.02, "L6": -0.08}
BASE = {"small": 0.2, "medium": 0.45, "large": 0.7}


def truth(cell: Cell) -> float:
    """The small student peaks in the middle, the large one rises; symbolic costs 15 points; padding gains nothing."""
    supervision, base = cell.supervision, BASE[cell.student]
    if supervision.format == "answer-only":
        return base / 2
    if supervision.format == "symbolic":
        return base + 0.06 - 0.15
    finer = 0.03 * (int(supervision.level[1:]) - 3.5)
    return base + {"small": PEAKED[supervision.level], "medium": 0.0, "large": finer}[cell.student]


def teacher(supervision: Supervision) -> float:
    return 0.5 + 0.08 * int(supervision.level[1:]) - 0.08


OUTPUTS = ("claims.csv", "recommendation.csv", "findings.md", "findings.html", "headline.json")


def run(folder: Path, study: Path, output: Path) -> None:
    output.mkdir(exist_ok=True)
    options = zip(("--claims", "--recommendation", "--output", "--page", "--headline"), OUTPUTS, strict=True)
    arguments = [word for option, name in options for word in (option, output / name)]
    arguments += ["--numbers", PROJECT / "published" / "chen-2025.csv", "--published", output / "beside_published.csv"]
    arguments += ["--spent", output / "spent.csv"]
    done = program("findings", "--study", study, *arguments, folder=folder)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    study = make_study(folder, made_config(), truth, teacher)
    run(folder, study, folder)
    run(folder, study, folder / "again")
    done = program(
        "tables", "--study", study, "--experiment", "granularity", "--output", "granularity.csv", folder=folder
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_how_cells_are_dealt_to_experiments_changes_no_claim(results: Path) -> None:
    """The same cells as an experiment per student and dataset, in another order."""
    config = made_config()
    dealt = {
        f"{name}-{dataset}-{student}": {**experiment, "datasets": [dataset], "students": [student]}
        for name, experiment in reversed(config["experiments"].items())
        for student in reversed(experiment["students"])
        for dataset in experiment["datasets"]
    }
    study = results / paths.STUDY_COPY.of("made")
    whole = study.read_bytes()
    split = load({**config, "experiments": dealt})
    try:
        study.write_text(split.model_dump_json(), encoding="utf-8")
        run(results, study, results / "dealt")
    finally:
        study.write_bytes(whole)
    for name in ("claims.csv", "recommendation.csv"):
        assert (results / "dealt" / name).read_bytes() == (results / name).read_bytes(), name


def claims(results: Path, claim: str) -> dict[str, dict[str, str]]:
    with open(results / "claims.csv", encoding="utf-8", newline="") as stream:
        return {row["subject"]: row for row in csv.DictReader(stream) if row["claim"] == claim}


def test_what_is_true_is_supported_and_speaks_of_conditions(results: Path) -> None:
    peaks = claims(results, "non-monotone")
    assert len(peaks) == 6
    for subject, row in peaks.items():
        student = subject.split(", ")[1]
        open_ = {"too few data", "shown to be small"}
        expected = {"small": {"supported", *open_}, "medium": open_, "large": {"contradicted", *open_}}[student]
        assert row["verdict"] in expected, subject
        assert (row["reach"], row["runs"], row["n"]) == ("conditions", "3", "400")
    helped = claims(results, "rationales-help")
    assert len(helped) == 6, "the answer-only cells are those of another experiment, with one seed"
    assert {row["verdict"] for row in helped.values()} == {"one run: no verdict"}
    assert all(float(row["tipping_sd"]) > 0.02 for row in helped.values())
    assert {row["verdict"] for row in claims(results, "format-matters").values()} == {"supported"}
    own = claims(results, "teacher-gains-from-detail")
    assert [row["verdict"] for row in own.values()] == ["supported"]
    (finer,) = claims(results, "finer-for-stronger").values()
    assert finer["verdict"] == "too few data", "three students are too few"


def test_padding_is_told_where_both_ends_are_there(results: Path) -> None:
    rows = claims(results, "length-is-not-granularity")
    assert len(rows) == 6
    large = [row for subject, row in rows.items() if "large" in subject]
    assert all(row["verdict"] == "supported" and float(row["estimate"]) > 0.05 for row in large)


def test_the_recommended_set_holds_the_best_and_names_a_cheap_one(results: Path) -> None:
    with open(results / "recommendation.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert Counter(row["student"] for row in rows) == dict.fromkeys(BASE, 2)
    for row in rows:
        kept = row["may_be_best"].split()
        assert row["best"] in kept and row["cheapest"] in kept
        assert row["how_sure"].startswith("one run: no recommendation"), "answer-only has one seed"
        true = {"small": "tutor/original/L3", "large": "tutor/original/L6"}.get(row["student"])
        assert true is None or true in kept
        assert "gold/answer-only/native" not in kept


def test_the_page_tells_everything_in_words(results: Path) -> None:
    page = (results / "findings.md").read_text(encoding="utf-8")
    for expected in (
        "What to use",
        "A middle granularity is best",
        "Diversity, complexity",
        "gold hidden",
        "one run: no verdict",
    ):
        assert expected in page, expected
    facts = json.loads((results / "headline.json").read_text(encoding="utf-8"))
    assert {one["experiment"] for one in facts["students"]} == {"granularity", "format", "padding"}
    table = (results / "granularity.md").read_text(encoding="utf-8")
    assert "3 seeds" in table and "blind guess" in table and "±" in table


def test_the_same_files_give_the_same_bytes(results: Path) -> None:
    for name in OUTPUTS:
        assert (results / "again" / name).read_bytes() == (results / name).read_bytes(), name


def test_a_study_of_other_datasets_has_nothing_beside_the_paper(results: Path) -> None:
    assert len((results / "beside_published.csv").read_text(encoding="utf-8").splitlines()) == 1
    assert "published" not in (results / "findings.md").read_text(encoding="utf-8")


def test_an_experiment_cannot_take_the_name_of_a_table() -> None:
    from gradus.runtime.errors import UserError
    from gradus.study.config import load

    config = made_config()
    config["experiments"]["claims"] = config["experiments"].pop("format")
    with pytest.raises(UserError, match="names a file of every study"):
        load(config, "study")
