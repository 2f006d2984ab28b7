"""What there is so far: a partial grid is shown as it is, and nothing is run for it."""

import csv
import json
import zipfile
from collections.abc import Callable

from running import Workflow

CELL = "gradeschool/tutor/original/L1/mini/seed1"


def test_a_partial_grid_is_shown_and_nothing_is_trained(copied: Workflow) -> None:
    (copied.results / "metrics" / CELL / "test/greedy.json").unlink()
    (copied.results / "tables" / "granularity.csv").unlink()
    before = sorted(path for path in copied.results.rglob("*") if path.is_file())
    output = copied.run("so_far")
    assert "3 of 4 cells are scored" in output
    so_far = copied.results / "so_far"
    after = sorted(path for path in copied.results.rglob("*") if path.is_file() and so_far not in path.parents)
    assert [path for path in after if path not in before] == [copied.results / "logs" / "so_far.log"]
    assert [path for path in before if path not in after] == []
    with open(so_far / "grid.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["value"] == "" for row in rows].count(True) == 1 and len(rows) == 4
    with zipfile.ZipFile(so_far / "report.zip") as archive:
        page = archive.read("report/report.html").decode("utf-8")
    assert page.count("greedy.json") >= 3 and "granularity.csv" not in page
    text = (so_far / "explorer.html").read_text(encoding="utf-8")
    facts = json.loads(text.split('id="facts">')[1].split("</script>")[0])
    assert sorted(cell["status"] for cell in facts["cells"]) == ["done", "done", "done", "missing"]


def test_it_is_made_anew_each_time(copied: Workflow) -> None:
    assert copied.jobs("so_far") == {"so_far": 1}
    copied.run("so_far")
    assert copied.jobs("so_far") == {"so_far": 1}


def test_before_anything_ran_it_says_so(workflow: Callable[..., Workflow]) -> None:
    run = workflow()
    output = run.run("so_far")
    assert "0 of 4 cells are scored" in output
    assert "PARTIAL: 4 of 4" in (run.results / "so_far" / "grid.md").read_text(encoding="utf-8")
    assert not (run.results / "so_far" / "report.zip").exists()
