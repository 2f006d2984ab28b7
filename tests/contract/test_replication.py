"""The replications of the default study: other seeds everywhere, one table, and an expectation that is of the shipped study."""

import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest
from running import PROJECT

from gradus.analysis.expectation import SUFFIX, Expectation, identity
from gradus.study.config import load
from gradus.study.declaration import primaries

EXPECTED = PROJECT / "studies" / f"default{SUFFIX}"


@pytest.fixture(scope="module")
def replication() -> ModuleType:
    spec = importlib.util.spec_from_file_location("replication", PROJECT / "benchmarks" / "replication.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["replication"] = module  # its dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def seeds_of(value: Any, at: str = "") -> dict[str, Any]:
    """Every seed that a study file names, by its place."""
    found: dict[str, Any] = {}
    for key, part in value.items() if isinstance(value, dict) else ():
        key_path = f"{at}/{key}"
        found |= {key_path: part} if key in ("seed", "seeds", "sample_seed") else seeds_of(part, key_path)
    return found


def test_a_set_replaces_every_seed_of_the_study(replication: ModuleType) -> None:
    shipped = seeds_of(replication.shipped())
    assert len(shipped) >= 5
    sets = [seeds_of(replication.with_seeds(replication.shipped(), number)) for number in (101, 102)]
    assert shipped.keys() == sets[0].keys()
    for key_path, value in shipped.items():
        assert len({str(value), *(str(one[key_path]) for one in sets)}) == 3, key_path
    assert replication.with_seeds(replication.shipped(), 0) == replication.shipped()


def test_the_sets_of_seeds_that_are_run_are_valid_studies(replication: ModuleType) -> None:
    assert len(replication.SETS) == 8
    for number in replication.SETS:
        assert primaries(load(replication.with_seeds(replication.shipped(), number)))


def test_the_table_has_every_run_its_verdicts_and_the_spread(replication: ModuleType) -> None:
    runs = [
        replication.Replication("set-000-native", {"tiny a": 0.5, "tiny b": 0.1}, {"x": 0.4}, {"x": "supported"}),
        replication.Replication("set-101-native", {"tiny a": 0.3, "tiny b": 0.2}, {"x": 0.1}, {"x": "too few data"}),
    ]
    assert replication.table(runs).splitlines() == [
        "| run | tiny a | tiny b | x |",
        "|---|---:|---:|---:|",
        "| set-000-native | 50.0 | 10.0 | +40.0 supported |",
        "| set-101-native | 30.0 | 20.0 | +10.0 too few data |",
        "| lowest | 30.0 | 10.0 | +10.0 |",
        "| highest | 50.0 | 20.0 | +40.0 |",
        "",
        "x: supported in 1 of 2.",
    ]
    assert replication.table([]) == "No replication is finished."


def test_a_page_has_what_is_published_between_its_comments(replication: ModuleType) -> None:
    page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n"
    assert replication.between(page, "new", "x") == "a\n<!-- x -->\n\nnew\n\n<!-- end of x -->\nb\n"
    for name in ("README.md", "docs/background/default-study.md"):
        text = (PROJECT / name).read_text(encoding="utf-8")
        assert replication.between(text, "new", "replications").count("new\n\n<!-- end of replications -->") == 1, name


def test_a_finding_is_told_with_its_spread_and_how_often_it_was_supported(replication: ModuleType) -> None:
    subjects = [primary.subject for primary in primaries(load(replication.shipped()))]
    runs = [
        replication.Replication("one", {}, dict.fromkeys(subjects, 0.5), dict.fromkeys(subjects, "supported")),
        replication.Replication("two", {}, dict.fromkeys(subjects, 0.3), dict.fromkeys(subjects, "too few data")),
    ]
    first = replication.sentences(runs).splitlines()[0]
    assert first == "- L3 minus answer-only: +40 points of accuracy (+30 to +50 over 2 runs), supported in 1"


@pytest.mark.skipif(not EXPECTED.exists(), reason="no expectation is shipped yet")
def test_the_shipped_expectation_is_of_the_shipped_study(replication: ModuleType) -> None:
    """Who changes the default study replicates it again: python benchmarks/replication.py --publish."""
    study = load(replication.shipped())
    expectation = Expectation.read(EXPECTED)
    assert expectation.study == identity(study)
    assert {one.subject for one in expectation.findings} == {primary.subject for primary in primaries(study)}
