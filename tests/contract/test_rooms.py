"""Promises about the library's rooms: data goes through them in one order, and a room imports none that comes after it."""

import ast
from pathlib import Path

from running import PROJECT

LIBRARY = PROJECT / "scripts" / "gradus"
# In the order in which data goes through them; docs/background/architecture.md says what each is for.
ROOMS = (
    "runtime",
    "records",
    "statistics",
    "study",
    "answers",
    "data",
    "teachers",
    "students",
    "evaluation",
    "results",
    "analysis",
    "presentation",
    "planning",
    "archive",
    "terminal",
    "workflow",
)


def module_name(path: Path) -> str:
    """``gradus.room.module`` of a file; a package is named by its folder."""
    return ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts).removesuffix(".__init__")


def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sorted(LIBRARY.rglob("*.py"))}


def imports(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules that a file imports anywhere, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            module = node.module or ""
            found |= {name if (name := f"{module}.{alias.name}") in known else module for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}: a relative import")
    return found & known.keys()


def test_every_module_stands_in_a_room() -> None:
    assert {path.name for path in LIBRARY.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(ROOMS)
    assert [path.name for path in LIBRARY.glob("*.py")] == ["__init__.py"]
    for room in ROOMS:
        assert ast.get_docstring(ast.parse((LIBRARY / room / "__init__.py").read_text(encoding="utf-8"))), room


def test_a_room_imports_no_room_that_comes_after_it() -> None:
    known = modules()
    for name, path in known.items():
        for other in imports(path, known) - {"gradus"}:
            if name != "gradus":
                mine, theirs = name.split(".")[1], other.split(".")[1]
                assert ROOMS.index(theirs) <= ROOMS.index(mine), f"{name} imports {other}"


def test_modules_import_in_no_circle() -> None:
    known = modules()
    graph = {name: imports(path, known) for name, path in known.items()}
    finished: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"a circle: {' -> '.join([*above[above.index(name) :], name])}"
        if name not in finished:
            for other in sorted(graph[name]):
                visit(other, (*above, name))
            finished.add(name)

    for name in graph:
        visit(name, ())
