"""The released annotations: every file that is there, joined to the dataset's own problems, leak and excerpts told."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from builders import load_files, tiny_study
from running import PROJECT

from gradus.data.audit import leak_facts
from gradus.data.text_normalisation import normalised
from gradus.records import Annotation, Supervision
from gradus.results.presence import with_unavailable
from gradus.runtime.errors import UserError
from gradus.study import grid
from gradus.study.config import load as load_study
from gradus.study.config.teachers import ReleasedTeacher, read_teacher
from gradus.teachers.annotation import Counts, Sampling, annotate
from gradus.teachers.answer_sources import LocalAnswers
from gradus.teachers.local.released_files import info_key
from gradus.teachers.registry import make_local_teacher
from gradus.teachers.requests.journal import Journal


def released(
    folder: Path, tmp_path: Path, supervision: Supervision, author: str, allow_excerpt: bool = False
) -> tuple[list[Annotation], dict[str, Any]]:
    problems = load_files(supervision.dataset, "train", folder).problems
    entry = {"provider": "released", "author": author, "allow_excerpt": allow_excerpt}
    teacher = make_local_teacher(read_teacher(entry, {}), folder)
    counts = Counts()
    with Journal(tmp_path) as journal:
        rows = list(annotate(problems, supervision, LocalAnswers(teacher, journal), {}, Sampling(), counts))
        assert journal.added == 0
    return rows, {**counts.facts(), **teacher.facts()}


def test_every_cell_of_the_paper_has_its_key(gradus_data: Path) -> None:
    """The keys that we build are exactly those of dataset_info.json: 156."""
    info = json.loads((gradus_data / "released_annotations" / "dataset_info.json").read_text(encoding="utf-8"))
    formats = ("original", "least-to-most", "rephrase-and-respond", "symbolic")
    built = set()
    for dataset in ("svamp", "gsm8k", "aqua", "math", "csqa", "obqa", "strategyqa"):
        for author in get_args(ReleasedTeacher.model_fields["author"].annotation):
            for format_ in formats:
                for level in ("L1", "L2", "L3", "L4", "L5", "L6", "native"):
                    key = info_key(Supervision(dataset, "t", format_, level), author)
                    if key in info:
                        built.add(key)
    assert built == set(info)
    assert len(built) == 156


# Rows and share agreeing with gold, as counted independently from the released files (whole files only).
@pytest.mark.parametrize(
    ("dataset", "author", "format_", "level", "rows", "agree"),
    [
        ("svamp", "gpt-4o", "original", "L1", 700, 98.71),  # eight texts state a calculation: "The answer is 5 - 3 = 2"
        ("svamp", "gpt-4o", "original", "L3", 699, 98.0),
        ("svamp", "gpt-4o", "original", "L6", 699, 98.57),
        ("svamp", "gpt-4o", "least-to-most", "L3", 699, 97.28),
        ("svamp", "gpt-4o", "symbolic", "L5", 699, 98.43),
        ("svamp", "gemini-1.5-flash", "original", "L5", 700, 97.0),
        ("svamp", "llama-3-70b", "original", "L4", 700, 99.86),
        ("svamp", "human", "original", "native", 700, 100.0),
        ("svamp", "gold", "answer-only", "native", 700, 100.0),
    ],
)
def test_svamp_joins_and_agrees(
    gradus_data: Path, tmp_path: Path, dataset: str, author: str, format_: str, level: str, rows: int, agree: float
) -> None:
    found, facts = released(gradus_data, tmp_path, Supervision(dataset, "r", format_, level), author)
    assert len(found) == facts["released_rows"] == rows
    assert facts["unmatched_rows"] == 0
    assert not facts["excerpt"]
    verdicts = Counter(row.verdict for row in found)
    assert 100 * verdicts["agrees"] / rows == pytest.approx(agree, abs=0.6)


@pytest.mark.parametrize(("author", "rows"), [("gpt-4o", 1998), ("gemini-1.5-flash", 2000), ("llama-3-70b", 1996)])
def test_strategyqa_joins_by_normalised_question(gradus_data: Path, tmp_path: Path, author: str, rows: int) -> None:
    found, facts = released(gradus_data, tmp_path, Supervision("strategyqa", "r", "original", "L1"), author)
    assert facts["released_rows"] == rows
    assert facts["unmatched_rows"] == 0
    # One question text occurs twice among the 2,000 problems; both get the annotation.
    assert rows - 1 <= len(found) <= 2000
    assert Counter(row.verdict for row in found)["agrees"] / len(found) > 0.9


def test_the_human_strategyqa_file_holds_the_test_split(gradus_data: Path, tmp_path: Path) -> None:
    _, facts = released(gradus_data, tmp_path, Supervision("strategyqa", "r", "original", "native"), "human")
    assert facts["released_rows"] == 2290
    # Its last 290 rows join to no training problem: they are the test questions, and never reach a training set.
    assert facts["unmatched_rows"] == 290


def test_leaked_rows_are_refused_unless_allowed(gradus_data: Path) -> None:
    """What training on that file as it is would do: its test rows, taken for training problems."""
    test_problems = load_files("strategyqa", "test", gradus_data).problems
    train = [*load_files("strategyqa", "train", gradus_data).problems, *test_problems]
    with pytest.raises(UserError, match="also in the test split"):
        leak_facts(train, test_problems, elsewhere=False, allow_leakage=False)
    assert len(leak_facts(train, test_problems, elsewhere=False, allow_leakage=True)["leaked"]) == 290


def test_an_excerpt_is_refused_and_marked_where_it_is_allowed(gradus_data: Path, tmp_path: Path) -> None:
    supervision = Supervision("math", "r", "original", "L1")
    with pytest.raises(UserError, match="only an excerpt"):
        released(gradus_data, tmp_path, supervision, "gemini-1.5-flash")
    rows, facts = released(gradus_data, tmp_path, supervision, "gemini-1.5-flash", allow_excerpt=True)
    assert facts["excerpt"] and facts["released_rows"] == 300
    assert len(rows) + facts["rows_without_text"] == 300


@pytest.mark.parametrize("dataset", ["aqua", "csqa", "obqa", "gsm8k", "math"])
def test_excerpts_of_the_other_datasets_join(gradus_data: Path, tmp_path: Path, dataset: str) -> None:
    rows, facts = released(gradus_data, tmp_path, Supervision(dataset, "r", "original", "L1"), "llama-3-70b", True)
    problems = {normalised(problem.question) for problem in load_files(dataset, "train", gradus_data).problems}
    assert len(rows) >= 290 - facts["rows_without_text"], facts
    assert Counter(row.verdict for row in rows)["agrees"] / len(rows) > 0.85
    assert len(problems) > 1000


def test_a_cell_that_the_paper_has_not_and_a_file_that_is_not_there(gradus_data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="released no annotations"):
        released(gradus_data, tmp_path, Supervision("svamp", "r", "original", "L5"), "llama-3-70b")
    with pytest.raises(UserError, match=r"gsm8k_ChatGPT_level1_ranked\.json is not there"):
        released(gradus_data, tmp_path, Supervision("gsm8k", "r", "original", "L1"), "gpt-4o")


def test_absent_files_are_missing_cells_that_are_listed(gradus_data: Path) -> None:
    """SVAMP is whole, LLaMA wrote no L5 and L6; GSM8K's GPT-4o files are not there; an excerpt is not missing."""
    config = tiny_study()
    for author in ("gpt-4o", "llama-3-70b"):
        config["teachers"][author] = {"provider": "released", "author": author}
    for dataset in ("svamp", "gsm8k"):
        config["datasets"][dataset] = {"source": dataset, "origin": "files"}
    config["experiments"]["granularity"] |= {
        "datasets": ["svamp", "gsm8k"],
        "teachers": ["gpt-4o", "llama-3-70b"],
        "levels": ["L1", "L5"],
        "students": ["mini"],
        "baselines": [],
    }
    study = with_unavailable(load_study(config), gradus_data)
    assert [str(supervision) for supervision in grid.missing_supervisions(study)] == [
        "svamp/llama-3-70b/original/L5",
        "gsm8k/gpt-4o/original/L1",
        "gsm8k/gpt-4o/original/L5",
        "gsm8k/llama-3-70b/original/L5",
    ]
    assert [str(supervision) for supervision in grid.supervisions(study)] == [
        "svamp/gpt-4o/original/L1",
        "svamp/gpt-4o/original/L5",
        "svamp/llama-3-70b/original/L1",
        "gsm8k/llama-3-70b/original/L1",
    ]
    elsewhere = with_unavailable(load_study(config), Path("/nowhere"))
    assert grid.missing_supervisions(elsewhere) == [], "without the folder the job says what to set"


def test_a_resolved_study_has_the_same_grid_with_and_without_the_data(gradus_data: Path, tmp_path: Path) -> None:
    """What was unavailable where the study ran is written into study.json: elsewhere nothing else is asked for."""
    text = (PROJECT / "studies" / "released.yaml").read_text(encoding="utf-8")
    here = with_unavailable(load_study(yaml.safe_load(text)), gradus_data)
    assert len(grid.cells(here)) < len(grid.cells(load_study(yaml.safe_load(text)))), "the folder lacks some files"
    resolved = json.loads(here.model_dump_json())
    for folder in (None, tmp_path, gradus_data):
        assert grid.cells(with_unavailable(load_study(resolved), folder)) == grid.cells(here)
