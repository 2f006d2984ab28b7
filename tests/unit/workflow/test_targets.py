"""Targets: a run of the whole study makes nothing that its archive leaves out."""

from pathlib import Path

import pytest
import yaml
from builders import tiny_study
from running import PROJECT

from gradus.archive.groups import archived
from gradus.study import paths
from gradus.study.config import load
from gradus.workflow.targets import everything, report_items

STUDIES = [PROJECT / "config.yaml", PROJECT / "studies" / "gradeschool-3-seeds.yaml", None]


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem if path else "tiny")
def test_everything_that_a_run_makes_is_packed(path: Path | None) -> None:
    """Else a restored clone would have to make it, and all that it is made of, again."""
    study = load(tiny_study() if path is None else yaml.safe_load(path.read_text(encoding="utf-8")))
    packed = set(archived(study))
    made = {*everything(study), *report_items(study)}
    assert {name for name in made if not name.startswith(f"{paths.ARCHIVE.of(study)}/")} <= packed
