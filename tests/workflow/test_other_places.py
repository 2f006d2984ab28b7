"""The project in folders with odd names, and as a module of somebody's own workflow."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from builders import tiny_study
from running import Workflow, copy_project

ODD = 'a folder, päper (v1) it\'s "mine"'


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A clone whose path holds blanks, quotes, brackets and letters beyond ASCII."""
    copy_project(tmp_path / ODD / "project")
    return tmp_path / ODD


def test_a_clone_in_a_folder_with_an_odd_name_runs_its_jobs(odd: Path) -> None:
    made = Workflow(odd, tiny_study(), odd / "project" / "Snakefile")
    made.run("results/tiny/annotations/gradeschool/tutor/original/L1.jsonl")
    assert (made.results / "annotations/gradeschool/tutor/original/L1.jsonl").exists()


def imported(folder: Path, project: Path, more: str = "") -> str:
    """What a dry run of a workflow says that imports the project and copies a table."""
    folder.mkdir()
    (folder / "study.yaml").write_text(yaml.safe_dump(tiny_study(), sort_keys=False), encoding="utf-8")
    (folder / "Snakefile").write_text(
        f"""configfile: "study.yaml"


module gradus:
    snakefile:
        {str(project / "Snakefile")!r}
    config:
        config
{more}

use rule * from gradus as gradus_*


rule paper:
    default_target: True
    input:
        "results/tiny/tables/granularity.tex",
    output:
        "paper/table.tex",
    shell:
        "cp {{input:q}} {{output:q}}"
""",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run", "--quiet", "rules"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_workflow_of_ones_own_imports_it_as_a_module(odd: Path) -> None:
    told = imported(odd / "mine", odd / "project")
    jobs = {words[0]: words[1] for line in told.splitlines() if len(words := line.split()) == 2}
    assert jobs["gradus_train"] == "4" and jobs["gradus_table"] == "1" and jobs["paper"] == "1", told[-2000:]


def test_a_module_whose_files_would_move_is_refused(odd: Path) -> None:
    told = imported(odd / "mine", odd / "project", more='    prefix:\n        "elsewhere"')
    assert "error: the `module` statement of the importing workflow: `prefix` and `replace_prefix` would move" in told
    assert "Traceback" not in told
