"""Reasoning teachers through the whole workflow: what they thought is what students learn, in each form that servers send it."""

from pathlib import Path

import pytest
from builders import tiny_study
from running import Provider, Workflow

from gradus.records import Annotation, Example
from gradus.runtime.jsonl import read_records

THOUGHTS = "Hm, is it 77? Wait. No."
FORMS = {"tags": "openai", "field": "openai", "parts": "openai", "blocks": "anthropic"}


@pytest.mark.full
def test_a_study_of_reasoning_teachers_runs_to_its_report(provider: Provider, tmp_path: Path) -> None:
    config = tiny_study("thoughts")
    config["datasets"]["gradeschool"]["train"] = 12
    for form, kind in FORMS.items():
        address = provider.openai if kind == "openai" else provider.anthropic
        entry = {"provider": kind, "base_url": address, "model": f"thinks-{form}", "allow_unknown_price": True}
        config["teachers"][form] = {**entry, "rationale": "both" if form == "parts" else "reasoning"}
    config["experiments"]["granularity"] |= {
        "axis": "teacher",
        "teachers": list(FORMS),
        "levels": ["native"],
        "students": ["mini"],
        "baselines": [],
    }
    made = Workflow(tmp_path, config)
    made.run()
    for form in FORMS:
        place = f"gradeschool/{form}/original/native"
        rows = read_records(made.results / "annotations" / f"{place}.jsonl", Annotation)
        assert len(rows) == 12 and {row.verdict for row in rows} == {"agrees"}, form
        for row in rows:
            assert row.rationale.startswith(THOUGHTS) and "<think>" not in row.rationale
            assert (row.rationale == THOUGHTS) == (form != "parts")
        taught = read_records(made.results / "training_sets" / place / "mini.jsonl", Example)
        assert taught and all(THOUGHTS in example.completion for example in taught)
    assert provider.control()["rejected"] == []
    assert (made.results / "report" / "report.zip").exists()
    assert made.jobs() == {}
