"""Names in a study file: each becomes part of file names, and none may make two artifacts one file."""

import re
from typing import Any

import pytest
from builders import tiny_study
from hypothesis import given
from hypothesis import strategies as st

from gradus.records import Cell, Supervision
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.config import load
from gradus.study.config.names import problem_of_name

KINDS = ("datasets", "teachers", "students", "decodings", "transforms", "experiments")
PADDED = {"kind": "padded", "target": "L5", "tokenizer": "mini"}


def study_with(kind: str, name: str) -> dict[str, Any]:
    """The tiny study with one more entry of a kind."""
    study = tiny_study()
    entries = study.setdefault(kind, {})
    entries[name] = next(iter(entries.values()), PADDED)
    return study


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "letters, digits"),
        ("a/b", "letters, digits"),
        ("a b", "letters, digits"),
        ("ä", "letters, digits"),
        ("-a", "letters, digits"),
        (".a", "letters, digits"),
        ("a-", "letters, digits"),
        ("a.", "letters, digits"),
        ("a\n", "letters, digits"),
        ("a" * 101, "100 characters"),
        ("con", "Windows"),
        ("Lpt1.x", "Windows"),
        ("x.run", "'.run'"),
        ("x.Run.y", "'.Run'"),
        ("greedy.rows", "'.rows'"),
        ("a.manifest", "'.manifest'"),
        ("a.json", "'.json'"),
    ],
)
def test_a_name_that_cannot_be_a_file_name_is_refused_with_its_key(kind: str, name: str, reason: str) -> None:
    with pytest.raises(UserError) as caught:
        load(study_with(kind, name))
    assert f"configuration key {kind}" in str(caught.value) and reason in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name", ["padded.L5", "llama-3.2-1b", "native", "L1", "logs", "archive", "run", "manifest", "7"]
)
def test_other_names_are_accepted(kind: str, name: str) -> None:
    load(study_with(kind, name))


@pytest.mark.parametrize("kind", KINDS)
def test_names_that_differ_by_their_case_alone_are_one_folder_on_some_disks(kind: str) -> None:
    study = study_with(kind, "model")
    study[kind]["Model"] = study[kind]["model"]
    with pytest.raises(UserError, match=f"key {kind}: 'model' and 'Model' differ by their case alone"):
        load(study)


@pytest.mark.parametrize("name", ["claims", "Claims", "recommendation"])
def test_no_experiment_has_the_name_of_a_table_of_every_study(name: str) -> None:
    with pytest.raises(UserError, match=f"experiments.{name}: '{name}' names a file of every study"):
        load(study_with("experiments", name))


@pytest.mark.parametrize("name", ["original", "Original", "answer-only"])
def test_no_transform_has_the_name_of_a_format(name: str) -> None:
    with pytest.raises(UserError, match="built-in format"):
        load(study_with("transforms", name))


def test_a_seed_is_a_number_that_a_path_can_hold() -> None:
    study = tiny_study()
    study["experiments"]["granularity"]["seeds"] = [-1]
    with pytest.raises(UserError, match=r"experiments\.granularity\.seeds\.0: .*greater than or equal to 0"):
        load(study)


NAMES = st.from_regex(re.compile(r"[A-Za-z0-9.-]{1,12}", re.ASCII), fullmatch=True).filter(
    lambda name: problem_of_name(name) is None
)


@given(st.tuples(*[NAMES] * 5), st.integers(0, 10**6))
def test_every_accepted_name_is_read_back_from_a_path(names: tuple[str, ...], seed: int) -> None:
    dataset, teacher, format_, student, decoding = names
    cell = Cell(Supervision(dataset, teacher, format_, "L1"), student, seed)
    expected = {"study": "s", **{name: str(value) for name, value in cell.wildcards().items()}}
    for artifact in (paths.METRICS, paths.SCORED, paths.PREDICTIONS):
        found = artifact.of("s", cell, problems="test", decoding=decoding)
        assert artifact.wildcards_in(found) == {**expected, "problems": "test", "decoding": decoding}
        assert not paths.is_run_record(found) and paths.is_run_record(found.run_record)


@given(NAMES, NAMES)
def test_two_decodings_never_share_a_file(one: str, other: str) -> None:
    def written(decoding: str) -> set[str]:
        predictions, metrics, rows = (
            artifact.with_(decoding=decoding).lower() for artifact in (paths.PREDICTIONS, paths.METRICS, paths.SCORED)
        )
        found = [predictions, metrics, rows]
        beside = [paths.Artifact(path) for path in found]
        return {*found, *(path.run_record for path in beside), *(path.manifest for path in (beside[0], beside[2]))}

    if one.lower() != other.lower():
        assert not written(one) & written(other)


def test_run_records_are_the_artifacts_that_say_how_something_ran() -> None:
    cell = Cell(Supervision("d", "t", "original", "L1"), "s", 1)
    for path in (
        paths.PREDICTIONS.of("s", cell, problems="test", decoding="greedy").run_record,
        paths.CHECKPOINT.of("s", cell).run_record,
        paths.TELEMETRY.of("s", cell),
        paths.SPEED_FIGURE.of("s", suffix="svg"),
    ):
        assert paths.is_run_record(path) and paths.is_run_record(f"some/folder/{path}")
    for other in (
        paths.METRICS.of("s", cell, problems="test", decoding="greedy"),
        "results/s/tables/a.run.csv",
        "results/x.run.y/a.json",
    ):
        assert not paths.is_run_record(other)
