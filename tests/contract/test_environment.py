"""Every environment variable of Gradus stands in one table, and one module reads them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gradus.runtime import environment

PROJECT = Path(__file__).resolve().parents[2]
TABLE = PROJECT / "scripts" / "gradus" / "runtime" / "environment.py"
NAMES = {variable.name for variable in environment.VARIABLES}


def sources() -> Iterator[Path]:
    """The files that set, read or mention variables."""
    yield from (PROJECT / "Snakefile", PROJECT / "Makefile", PROJECT / ".ci" / "run", PROJECT / "README.md")
    for folder in ("scripts", "rules", "profiles", "tests", "benchmarks", "docs", "envs"):
        for path in (PROJECT / folder).rglob("*"):
            if path.suffix in (".py", ".smk", ".yaml", ".md", ".sh"):
                yield path


def mentioned(path: Path) -> set[str]:
    """The variables whose names stand in a file."""
    return set(re.findall(r"\bGRADUS_[A-Z_]+\b", path.read_text(encoding="utf-8")))


def test_every_variable_is_in_the_table() -> None:
    found = {name: path for path in sources() for name in mentioned(path)}
    assert not {name: path for name, path in found.items() if name not in NAMES}


def test_no_variable_of_the_table_is_unused() -> None:
    used = {
        getattr(environment, node.value.id).name
        for node in ast.walk(ast.parse(TABLE.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "name"
        if isinstance(node.value, ast.Name) and node.value.id.isupper()
    }
    for path in sources():
        if path != TABLE and path.parent.name != "reference":
            used |= mentioned(path)
    assert used >= NAMES


def test_no_other_module_reads_a_variable_by_its_name() -> None:
    found = []
    for path in (PROJECT / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if path != TABLE and isinstance(node, ast.Constant) and node.value in NAMES:
                found.append(f"{path.relative_to(PROJECT)}:{node.lineno}")
    assert not found
