"""The pages of a study lead to one another: only to what is there, or what the workflow makes beside them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_study import made_config, make_study

from gradus.presentation.explorer.collection import collect, shown
from gradus.results.store import Results
from gradus.study import paths


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two cells, scored, and no page yet."""
    config = made_config()
    granularity = {**config["experiments"]["granularity"], "seeds": [1], "datasets": ["sums"], "levels": ["L1"]}
    config["experiments"] = {"granularity": granularity}
    study = make_study(tmp_path_factory.mktemp("linked"), config, lambda _: 0.5, lambda _: 0.75)
    return Results.open(study.parent)


def links(results: Results, folder: Path) -> dict[str, Path]:
    """Where the explorer in this folder leads."""
    found = collect(results, shown(results), folder)["links"]
    return {name: Path(os.path.normpath(folder / target)) for name, target in found.items()}


def test_the_explorer_leads_to_the_pages_that_are_there(results: Results) -> None:
    study = results.path(paths.STUDY_COPY).parent
    so_far = study / "so_far"
    assert links(results, so_far) == {"study": study}
    made = {"findings": paths.FINDINGS_PAGE, "annotations": paths.ANNOTATION_AUDIT_PAGE, "report": paths.REPORT}
    for pattern in made.values():
        path = results.path(pattern)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert links(results, so_far) == {"study": study, **{name: results.path(one) for name, one in made.items()}}


def test_the_studys_own_explorer_leads_to_the_report_that_is_made_of_it(results: Results) -> None:
    report = results.path(paths.REPORT)
    report.unlink(missing_ok=True)
    assert links(results, report.parent)["report"] == report
    assert "report" not in links(results, report.parent.parent)
