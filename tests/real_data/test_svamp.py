"""Real SVAMP with the released GPT-4o annotations: whole files, and a two-level slice through every rule."""

import copy
from collections import Counter
from pathlib import Path

import pytest
import yaml
from conftest import PROJECT, Workflow

from gradus.annotation import annotate
from gradus.audit import audit
from gradus.datasets.sources import load_problems
from gradus.journal import Journal
from gradus.paths import Supervision
from gradus.teachers.providers import make_provider

SETTINGS = {"source": "svamp"}


def test_the_whole_dataset_is_read(gradus_data: Path) -> None:
    train = load_problems("svamp", SETTINGS, "train", gradus_data)
    held_out = load_problems("svamp", SETTINGS, "test", gradus_data)
    facts = audit(train, held_out)
    assert (facts["train"], facts["test"]) == (700, 300)
    assert facts["test_questions_in_train_normalised"] == []
    assert len({problem.id for problem in train + held_out}) == 1000


# Rows and share agreeing with gold as counted independently from the released files.
@pytest.mark.parametrize(
    ("level", "rows", "agree"),
    [
        ("L1", 700, 97.57),
        ("L2", 700, 98.29),
        ("L3", 699, 98.0),
        ("L4", 700, 99.0),
        ("L5", 699, 99.0),
        ("L6", 699, 98.57),
    ],
)
def test_the_released_annotations_join_and_agree(
    gradus_data: Path, tmp_path: Path, level: str, rows: int, agree: float
) -> None:
    problems = load_problems("svamp", SETTINGS, "train", gradus_data)
    provider = make_provider({"provider": "released", "author": "gpt-4o"}, gradus_data)
    place = Supervision("svamp", "released-gpt-4o", "original", level)
    with Journal(tmp_path) as journal:
        annotations, counts = annotate(problems, place, provider, journal, {})
        assert journal.added == 0
    assert len(annotations) == rows
    assert len(counts["without_annotation"]) == 700 - rows
    verdicts = Counter(annotation.verdict for annotation in annotations)
    assert 100 * verdicts["agrees"] / rows == pytest.approx(agree, abs=0.6)


def test_a_two_level_slice_runs_through_every_rule(gradus_data: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((PROJECT / "studies" / "svamp-released.yaml").read_text(encoding="utf-8"))
    config = copy.deepcopy(config)
    config["experiments"]["granularity"]["levels"] = ["L1", "L2"]
    config["experiments"]["granularity"]["baselines"] = []
    config["students"]["tiny"]["corpus"]["documents"] = 1000
    config["decodings"]["greedy"]["max_new_tokens"] = 40
    made = Workflow(tmp_path, config)
    made.run()
    findings = (made.results / "report" / "findings.md").read_text(encoding="utf-8")
    assert "700 training and 300 test problems" in findings
    assert "near zero is what to expect" in findings
    assert "not above always giving the most frequent answer" in findings
    assert "Nothing to be done" in made.run("--dry-run")
