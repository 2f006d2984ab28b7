"""Each rule's own environment holds what its program imports: a site that runs with --sdm conda must not find out later."""

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from running import PROJECT

SCRIPTS = PROJECT / "scripts"
PACKAGES = {"yaml": "pyyaml", "markdown_it": "markdown-it-py", "math_verify": "math-verify"}
# What a package brings along reliably enough to count.
BROUGHT = {
    "torch": {"jinja2"},
    "pydantic": {"pydantic_core"},
    "transformers": {"pyyaml"},
    "vllm": {"torch", "transformers", "tokenizers", "safetensors", "numpy", "pydantic", "pyyaml", "openai", "jinja2"},
}


def rules() -> dict[str, tuple[str, str]]:
    """(program, environment) of every rule; `use rule` takes over what it does not name."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted((PROJECT / "rules").glob("*.smk")):
        parts = re.split(
            r"^(?:rule|use rule (\w+) as) (\w+)(?: with)?:\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
        for base, name, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            program = re.search(r"scripts/(\w+)\.py", body)
            environment = re.search(r"envs/([\w-]+)\.yaml", body)
            inherited = found.get(base or "", ("", ""))
            if program or base:
                found[name] = (
                    program.group(1) if program else inherited[0],
                    environment.group(1) if environment else inherited[1],
                )
    return found


@cache
def needed(path: Path) -> frozenset[str]:
    """Third-party packages that a file imports at its start, itself or through the library."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for module in modules:
            top = module.split(".")[0]
            if top == "gradus":
                source = SCRIPTS.joinpath(*module.split("."))
                for file in (source.with_suffix(".py"), source / "__init__.py"):
                    names |= needed(file) if file.exists() else frozenset()
            elif top not in sys.stdlib_module_names:
                names.add(PACKAGES.get(top, top).lower())
    return frozenset(names)


@pytest.mark.parametrize("name", sorted(rules()))
def test_the_environment_of_a_rule_holds_what_its_program_imports(name: str) -> None:
    program, environment = rules()[name]
    facts = yaml.safe_load((PROJECT / "envs" / f"{environment}.yaml").read_text(encoding="utf-8"))
    listed = {requirement.split("==")[0].lower() for requirement in facts["dependencies"][-1]["pip"]}
    held = listed.union(*(BROUGHT.get(package, set()) for package in listed))
    assert needed(SCRIPTS / f"{program}.py") <= held, f"scripts/{program}.py in envs/{environment}.yaml"


@pytest.mark.parametrize("name", ["annotate", "score", "teacher_accuracy", "annotation_audit", "exemplar", "data"])
def test_programs_that_compare_latex_find_math_verify(name: str) -> None:
    """It is imported late, because it takes a second."""
    environment = rules()[name][1]
    assert "math-verify" in (PROJECT / "envs" / f"{environment}.yaml").read_text(encoding="utf-8")
