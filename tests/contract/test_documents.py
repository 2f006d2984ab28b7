"""The documents keep their word: every command in them is run by a test that is named here, every link leads somewhere."""

import os
import re
from pathlib import Path

import forked_snakemake
import pytest
from documents import COOKBOOK, documented_files, undocumented_fields
from running import HANG_LIMIT, PROJECT

DOCUMENTS = (
    *(PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/README.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
)
COMMAND = re.compile(r"^\s*(snakemake|python|make|sbatch|git|export|cp|sed|mkdir)\b.*")
RUNS_COOKBOOK = "tests/workflow/test_cookbook.py::test_every_command_of_the_cookbook_works"
RESTORED = (
    "tests/workflow/test_archive_restored.py::test_restored_elsewhere_nothing_is_trained_and_tables_have_the_same_bytes"
)

# Commands outside the cookbook (whose test runs its blocks as they stand), and the test that runs each or its like.
RUN_BY = {
    "make study": ".ci/run",  # the two commands of the README: a fresh clone runs both
    "make test": ".ci/run",
    "make docs": "tests/contract/test_site.py::test_every_page_is_built_and_every_link_leads_somewhere",
    "snakemake -n": "tests/workflow/test_grid.py::test_each_job_belongs_to_one_rule",
    "snakemake --cores 2": "tests/workflow/test_results.py::test_every_target_is_there_and_not_empty",
    "snakemake plan": "tests/workflow/test_plan.py::test_the_plan_counts_before_anything_runs",
    "snakemake so_far": "tests/workflow/test_so_far.py::test_a_partial_grid_is_shown_and_nothing_is_trained",
    "snakemake --list-target-rules": "tests/contract/test_documents.py::test_the_readme_names_every_target",
    "snakemake --cores 2 --configfile studies/gradeschool-3-seeds.yaml": (
        "tests/contract/test_documents.py::test_every_study_file_that_is_shipped_can_be_planned"
    ),
    "snakemake --configfile studies/questions/data-size.yaml": (
        "tests/workflow/test_questions.py::test_a_question_runs_as_many_jobs_as_it_says"
    ),
    "snakemake --profile slurm": "tests/slurm/test_slurm.py",
    "snakemake --cores 2 results/default/metrics": RUNS_COOKBOOK,
    "snakemake --cores 2 -f results/default/metrics": RUNS_COOKBOOK,
    "python scripts/explain.py": "tests/workflow/test_provenance.py",
    "python scripts/verify.py": RESTORED,
    "python scripts/restore.py": RESTORED,
    "python scripts/reproduce.py": "tests/workflow/test_reproduce.py",
    "python scripts/clean.py": "tests/unit/results/test_leftovers.py",
    "python scripts/export.py": "tests/unit/archive/test_exports.py",
    "python scripts/score.py": "tests/unit/evaluation/test_cell_scores.py",
    "make models": "tests/real_data/test_smollm2.py",
    "make tour": "tests/contract/test_documents.py::test_every_study_file_that_is_shipped_can_be_planned",
    "python scripts/import_model.py": "tests/unit/students/test_gguf.py",
    "python scripts/practice_teacher.py": "tests/workflow/test_cookbook.py::test_the_first_pages_work",
    "python scripts/reanalyse.py": "tests/unit/results/test_adoption.py",
    "make venv": ".ci/run",
    "make lint": ".ci/run",
    "python -m pytest": ".ci/run",
    "git clone": ".ci/run",
    "export GRADUS_": "tests/slurm/test_slurm.py",
}


def commands(path: Path) -> list[str]:
    """The commands in a document's blocks of code."""
    found = []
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    for block in (text for language, text in blocks if language in ("", "bash", "console")):
        found += [line.split("  #")[0].strip() for line in block.splitlines() if COMMAND.match(line)]
    return found


def snakemake(*arguments: str) -> str:
    """What it prints, in the project's folder, where it ends well."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    status, output = forked_snakemake.run(arguments, PROJECT, environment, HANG_LIMIT)
    assert status == 0, output[-2000:]
    return output


def test_no_target_stands_behind_configfile() -> None:
    """Snakemake takes any number of files there, and would take the target for one."""
    told = [*DOCUMENTS, *(PROJECT / "studies").glob("*.yaml"), PROJECT / "config.yaml", PROJECT / "Makefile"]
    told += (PROJECT / "scripts").rglob("*.py")
    for path in told:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not re.search(r"--configfiles? \S+( \S+\.yaml)* +(?!\S+\.yaml\b)[^-\s&|`#]", line), (
                f"{path.name}: {line}"
            )


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_is_run_by_a_test(path: Path) -> None:
    if path.parent.name == "howto" and path.stem in COOKBOOK:
        assert commands(path)
        return
    for command in commands(path):
        known = [start for start in RUN_BY if command.startswith(start)]
        assert known, f"{path.name}: no test is known to run `{command}`"


@pytest.mark.parametrize("test", sorted({*RUN_BY.values(), RUNS_COOKBOOK}))
def test_the_tests_that_are_named_exist(test: str) -> None:
    path, _, name = test.partition("::")
    assert (PROJECT / path).exists(), test
    assert not name or f"def {name}(" in (PROJECT / path).read_text(encoding="utf-8"), test


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_glossary_has_the_words_of_tables_and_pages() -> None:
    from typing import get_args

    from gradus.presentation.explorer.glossary import terms
    from gradus.presentation.number import MARKS
    from gradus.records.vocabulary import Verdict

    page = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8")
    script = (PROJECT / "scripts/gradus/presentation/explorer/base.js").read_text(encoding="utf-8")
    asked = re.findall(r"^const (INSIDE|DEFECTS|LABELS) = \[(.*?)\]", script, re.DOTALL | re.MULTILINE)
    (meant,) = re.findall(r"^const MEANT = \{(.*?)\};", script, re.MULTILINE)
    words = [word for _, listed in asked for word in re.findall(r'"([^"]+)"', listed)]
    words += re.findall(r': "([^"]+)"', meant)
    assert len(asked) == 3 and len(words) > 30
    told = terms(script)
    assert [word for word in words if word not in told] == []
    for word in (*get_args(Verdict), *(mark.sign for mark in MARKS.values())):
        assert f"`{word}`" in page, word


def test_the_readme_names_every_target() -> None:
    listed = snakemake("--list-target-rules")
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    named = re.search(r"snakemake --list-target-rules .*\n((?:# .*\n)+)", readme)
    assert named
    names = [name for line in named[1].splitlines() for name in line.partition(":")[2].split()]
    # Without a name it is ``all``.
    assert sorted(names) == sorted(set(re.findall(r"^(\w+) \(", listed, re.MULTILINE)) - {"all"})


SHIPPED = sorted((PROJECT / "studies").glob("*.yaml"))


# The paper's 1,701 cells are planned by tests/workflow/test_grid.py; the released part of them (3,600 jobs) takes as long.
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=pytest.mark.full) if path.stem == "released" else path
        for path in SHIPPED
        if path.stem != "paper"
    ],
    ids=lambda path: path.stem,
)
def test_every_study_file_that_is_shipped_can_be_planned(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file is valid, and every job of it has a rule."""
    monkeypatch.delenv("GRADUS_DATA", raising=False)
    snakemake("--configfile", str(path), "--dry-run", "--quiet", "all", "--directory", ".")


def test_a_field_that_its_section_does_not_name_is_found(tmp_path: Path) -> None:
    """The comparison of docs/reference/outputs.md with real outputs would fail if the page lacked something."""
    assert len([path for section in documented_files() for path in section.paths]) > 30
    cell = "gradeschool/tutor/original/L1/strong/seed1"
    files = {
        f"metrics/{cell}/test/greedy.json": '{"accuracy": 1, "text": 2}',  # `text` is a field of predictions only
        f"predictions/{cell}/test/greedy.manifest.json": '{"sha256": 1, "max_new_tokens": 2, "leaked": 3}',
        f"checkpoints/{cell}.run.json": '{"host": 1, "mfu": 2, "from_journal": 3}',
        "tables/claims.csv": "verdict,seeds\n",
        "unknown/file.json": '{"n": 1}',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert undocumented_fields(tmp_path) == {
        f"metrics/{cell}/test/greedy.json: text",
        f"predictions/{cell}/test/greedy.manifest.json: leaked",
        f"checkpoints/{cell}.run.json: from_journal",
        "tables/claims.csv: seeds",
        "unknown/file.json: n",
    }
