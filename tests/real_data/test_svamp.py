"""Real SVAMP with the released GPT-4o annotations: a two-level slice through every rule."""

import copy
from pathlib import Path

import pytest
import yaml
from running import PROJECT, Workflow


@pytest.mark.full  # test_smollm2.py takes a released cell of SVAMP from problems to a verified archive in each run
def test_a_two_level_slice_runs_through_every_rule(gradus_data: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((PROJECT / "studies" / "svamp-released.yaml").read_text(encoding="utf-8"))
    config = copy.deepcopy(config)
    config["experiments"]["granularity"]["levels"] = ["L1", "L2"]
    config["experiments"]["granularity"]["baselines"] = []
    config["datasets"]["svamp"] |= {"train_size": 200, "test_size": 60}
    config["students"]["tiny"]["corpus"]["documents"] = 500
    config["decodings"]["greedy"]["max_new_tokens"] = 40
    made = Workflow(tmp_path, config)
    made.run()
    findings = (made.results / "report" / "findings.md").read_text(encoding="utf-8")
    assert "200 training and 60 test problems" in findings
    assert "near zero is what to expect" in findings
    assert "not shown to be above always giving the most frequent answer" in findings
    assert "Nothing to be done" in made.run("--dry-run")
