"""One study on two machines: equal bytes are the same, seeds explain what they do, a planted difference is beyond them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from made_study import made_config, make_study
from running import program

from gradus.analysis.collection import collect
from gradus.analysis.machines import claims_on_two, conditions_on_two
from gradus.presentation.findings import study_statements
from gradus.presentation.machines import arithmetic_markdown
from gradus.records import Cell
from gradus.results.machines import arithmetic
from gradus.results.store import Results


def config(seeds: list[int]) -> dict[str, Any]:
    made = made_config()
    granularity = {**made["experiments"]["granularity"], "levels": ["L1", "L3", "L5"], "seeds": seeds}
    made["datasets"] = {"sums": {**made["datasets"]["sums"], "test": 250}}
    made["experiments"] = {"granularity": {**granularity, "students": ["small", "medium"], "datasets": ["sums"]}}
    made["teacher_accuracy"] = {}
    return made


def record(folder: Path, **torch: object) -> None:
    """The run record of one training on a machine whose torch is so."""
    kept = {"processor": "A", "flags": ["avx2", "fma", *(["avx512f"] if torch["capability"] == "AVX512" else [])]}
    path = folder / "results/made/checkpoints/sums/tutor/original/L1/small/seed1.run.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {"arithmetic": {**kept, "variables": {"OMP_NUM_THREADS": "1"}, "torch": torch}, "python": "3.11"}
    path.write_text(json.dumps(facts), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`there` is `here` again but for one condition; `luck` has seeds of its own everywhere; `one` has a single seed twice."""
    folder = tmp_path_factory.mktemp("machines")

    def planted(cell: Cell) -> float:
        return 0.65 if (cell.student, cell.supervision.level) == ("small", "L3") else 0.5

    make_study(folder / "here", config([1, 2, 3]), lambda _: 0.5, lambda _: 0.9)
    make_study(folder / "there", config([1, 2, 3]), planted, lambda _: 0.9)
    make_study(folder / "luck", config([1, 2, 3]), lambda cell: 0.5 + 0.004 * (cell.seed - 2), lambda _: 0.9)
    for name, accuracy in (("one", 0.5), ("one-more", 0.55)):
        make_study(folder / name, config([1]), lambda _, accuracy=accuracy: accuracy, lambda _: 0.9)  # type: ignore[misc]
    record(folder / "here", version="2.13.0", capability="AVX512", threads=1, blas="mkl")
    record(folder / "there", version="2.13.0", capability="AVX2", threads=1, blas="mkl")
    return folder


def opened(folder: Path, name: str) -> Results:
    return Results.open(folder / name / "results" / "made")


def test_equal_bytes_are_the_same(folder: Path) -> None:
    found = conditions_on_two(opened(folder, "here"), opened(folder, "here"))
    assert {one.finding for one in found} == {"the same"}
    assert all(one.same == one.seeds == 3 and one.other_machine == 0 and one.difference.estimate == 0 for one in found)
    assert all(one.other_seed is not None and one.other_seed > 0.1 for one in found)


def test_a_planted_difference_is_beyond_seeds_and_nothing_else(folder: Path) -> None:
    found = conditions_on_two(opened(folder, "here"), opened(folder, "there"))
    assert len(found) == 6
    beyond = {one.condition[0].level + one.condition[1] for one in found if one.finding == "beyond seeds"}
    assert beyond == {"L3small"}
    assert all(one.difference.estimate > 0.1 for one in found if one.finding == "beyond seeds")
    luck = conditions_on_two(opened(folder, "here"), opened(folder, "luck"))
    assert Counter(one.finding for one in luck)["beyond seeds"] == 0


def test_claims_are_held_against_each_other(folder: Path) -> None:
    here, there = (
        study_statements(results.study, collect(results))
        for results in (opened(folder, "here"), opened(folder, "there"))
    )
    found = claims_on_two(here, there)
    assert len(found) == len(here)
    changed = {(one.first.claim, one.first.subject) for one in found if one.beyond_seeds}
    assert ("non-monotone", "sums, small, tutor/original") in changed
    assert not any("medium" in subject for _, subject in changed)
    assert not any(one.beyond_seeds or one.verdict_differs for one in claims_on_two(here, here))


def test_one_seed_says_nothing_of_seeds(folder: Path) -> None:
    first, second = opened(folder, "one"), opened(folder, "one-more")
    found = conditions_on_two(first, second)
    assert {one.finding for one in found} <= {"the same", "one run: seeds are not known"}
    assert all(one.other_seed is None for one in found)
    statements = [study_statements(results.study, collect(results)) for results in (first, second)]
    assert not any(one.beyond_seeds for one in claims_on_two(*statements))


def test_arithmetic_stands_side_by_side(folder: Path) -> None:
    here, there = arithmetic(opened(folder, "here")), arithmetic(opened(folder, "there"))
    text = arithmetic_markdown(here, there, ("here", "there"))
    assert "| checkpoints | capability | AVX512 | AVX2 | differs |" in text
    assert "only here: avx512f | nothing that the other lacks | differs" in text
    assert "| checkpoints | BLAS | mkl | mkl |  |" in text and "2 of 8 facts differ" in text
    assert "tell no arithmetic" in arithmetic_markdown(here, {}, ("here", "there"))


def test_the_program_tells_copies_of_one_study_apart(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "machines.html"
    studies = [folder / name / "results" / "made" for name in ("here", "there")]
    done = program("compare", *studies, "--output", page, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# made on two machines\n") and "| here (runs) | there (runs) |" in done.stdout
    assert all(f"## {part}" in done.stdout for part in ("Conditions", "Claims", "Arithmetic"))
    assert ">Arithmetic</h2>" in page.read_text(encoding="utf-8")
    (studies[1] / "annotations").rename(tmp_path / "gone")
    unfinished = program("compare", *studies, folder=tmp_path)
    (tmp_path / "gone").rename(studies[1] / "annotations")
    assert unfinished.returncode == 0, unfinished.stderr
