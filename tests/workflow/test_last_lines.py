"""The last lines of a run that failed: what failed, each thing once, with its log, and how to go on."""

import os
from pathlib import Path

import pytest
from builders import tiny_study

from gradus.study.config import load
from gradus.workflow.summary import command, failures


def test_what_failed_is_told_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    logs = Path("results/tiny/logs")
    for name, text in {
        "annotations/a.log": "starting\nerror: no key\n",
        "annotations/b.log": "error: no key\n",
        "checkpoints/c.log": "all well\n",
        "old.log": "error: long ago\n",
    }.items():
        path = logs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    os.utime(logs / "old.log", (1, 1))
    told = failures(load(tiny_study()), began=1000.0).strip().splitlines()
    assert told[:3] == ["error: no key", *(f"  results/tiny/logs/annotations/{name}.log" for name in "ab")]
    assert len(told) == 5 and "run the same command again" in told[-2]
    assert told[-1].strip() == command()
