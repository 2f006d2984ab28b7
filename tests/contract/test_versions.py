"""Versions are written in one place, and everything that repeats them agrees."""

import re
import subprocess
import sys
import tomllib

import yaml
from running import PROJECT

FACTS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = dict(
    line.split("==")
    for line in (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    if "==" in line and not line.startswith("#")
)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


LOCKED = {canonical(name): version for name, version in LOCK.items()}


def test_every_direct_requirement_is_locked_at_its_version() -> None:
    for stage in FACTS["tool"]["gradus"]["locked"]:
        for requirement in FACTS["dependency-groups"][stage]:
            name, version = requirement.split("==")
            assert LOCKED[canonical(name)] == version, requirement


def test_the_lock_has_no_build_suffix_no_hash_and_no_vllm() -> None:
    assert not any("+" in version or " " in version for version in LOCK.values())
    assert "vllm" not in LOCKED
    assert LOCK["torch"] == "2.13.0"


def test_environment_files_are_what_pyproject_says() -> None:
    subprocess.run([sys.executable, "scripts/environments.py", "--check"], cwd=PROJECT, check=True)
    for stage in ("train", "evaluate", "annotate", "data", "analyse"):
        environment = yaml.safe_load((PROJECT / "envs" / f"{stage}.yaml").read_text(encoding="utf-8"))
        for requirement in environment["dependencies"][-1]["pip"]:
            name, version = requirement.split("==")
            assert LOCKED[canonical(name)] == version, (stage, requirement)
    assert "vllm" not in (PROJECT / "envs" / "train.yaml").read_text(encoding="utf-8")


def test_the_container_recipe_installs_the_training_stage() -> None:
    recipe = (PROJECT / "envs" / "train.Dockerfile").read_text(encoding="utf-8")
    for requirement in FACTS["dependency-groups"]["train"]:
        assert requirement in recipe, requirement


def test_minimum_versions_agree() -> None:
    snakefile = (PROJECT / "Snakefile").read_text(encoding="utf-8")
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    minimum = re.search(r'min_version\("([\d.]+)"\)', snakefile)
    badge = re.search(r"snakemake-%E2%89%A5([\d.]+)", readme)
    assert minimum and badge and minimum[1] == badge[1]
    assert tuple(map(int, minimum[1].split("."))) <= tuple(map(int, LOCK["snakemake"].split(".")))
    assert f"Python {FACTS['project']['requires-python'].replace('>=', '>= ')}" in readme
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    library = (PROJECT / "scripts" / "gradus" / "__init__.py").read_text(encoding="utf-8")
    assert citation["version"] == FACTS["project"]["version"]
    assert f'__version__ = "{citation["version"]}"' in library


def test_the_readme_and_ci_use_the_same_commands() -> None:
    ci = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"^make (\w+)$", ci, flags=re.MULTILINE):
        assert f"make {command}" in readme, command
        assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE), command
    assert "make study" in readme


def test_generated_documents_are_up_to_date() -> None:
    subprocess.run([sys.executable, "scripts/configuration.py", "--check"], cwd=PROJECT, check=True)


def test_every_key_of_a_study_file_is_documented() -> None:
    from gradus.study.config import Study
    from gradus.study.config.reference import SECTIONS

    schema = Study.model_json_schema()
    named = {name for name, section in schema["$defs"].items() if "properties" in section} | {Study.__name__}
    assert {section.__name__ for section, _ in SECTIONS} == named


def test_every_file_family_is_documented() -> None:
    from gradus.study import paths

    outputs = (PROJECT / "docs" / "reference" / "outputs.md").read_text(encoding="utf-8")
    families = [value for value in vars(paths).values() if isinstance(value, paths.Artifact)]
    for family in families:
        # A folder of large files is documented with the manifest beside it.
        documented = family.rpartition("/")[0] if isinstance(family, paths.Folder) else family
        shown = documented.removeprefix(paths.RESULTS).lstrip("/").split("{suffix}")[0]
        assert shown in outputs, shown
