"""The code fingerprint of a program: what in the library decides the bytes it writes.

A hash of the syntax trees (no comments, docstrings or formatting) of every ``gradus`` module that the program imports,
directly or through another, but for those excluded below. Rules carry it as a param, so that a changed line reruns the
jobs that it concerns and a touch, a clone or a comment reruns nothing.

Parsing the library takes a second, and every start of Snakemake, of a training and of a set of answers needs it. So what was
found is kept beside what Python itself has compiled, with a hash of all the code that it was found for.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path

from gradus.runtime.atomic import write_json
from gradus.runtime.folders import files_below

SCRIPTS = Path(__file__).resolve().parents[2]
_RULES = Path(__file__).read_bytes()  # those by which this process finds fingerprints, also after an update of the code

EXCLUDED = {
    "gradus": "holds the version number, and begins with Ctrl-C",
    "gradus.runtime.leases": "who writes, not what",
    "gradus.study.config": "its values reach the programs through params, which Snakemake compares itself",
    "gradus.runtime.errors": "wording of messages",
    "gradus.runtime.interrupts": "how a program ends that the user stops",
    "gradus.runtime.attempts": "measures what a job takes",
    "gradus.results.set_aside": "keeps what was made, and makes nothing",
    "gradus.runtime.program": "command line, logging and run records",
    "gradus.runtime.progress": "progress bars",
    "gradus.runtime.slurm": "asks the scheduler",
    "gradus.runtime.starter": "how processes start",
    "gradus.students.model_code": "imports ahead, and makes nothing",
    "gradus.students.damage": "refuses what was changed, and makes nothing",
    "gradus.runtime.environment": "finds interpreter, folders and versions",
    "gradus.students.training.geometry": "how nodes find each other",
    "gradus.students.training.local_ranks": "how processes start",
    "gradus.students.training.telemetry": "measures, and changes no weight",
    "gradus.evaluation.formats": "reads files of other programs, no cell's",
    "gradus.evaluation.outputs": "scores outputs of other programs, no cell's",
    "gradus.study.fingerprint": "names what was made, and makes nothing",
    "gradus.study.paths": "paths of files, which Snakemake compares itself",
}

# Modules that run in a process of their own and so are imported by nobody.
LAUNCHED = {"gradus.students.training.launch": ("gradus.students.training.engine",)}


class _Code:
    """All code at one moment. What is found in it is kept for this state alone, whatever is edited meanwhile."""

    def __init__(self) -> None:
        self._facts = {path: _facts(path) for path in files_below(SCRIPTS, ".py")}
        self._texts: dict[Path, bytes] = {}
        self._parsed: dict[Path, tuple[tuple[str, ...], str]] = {}
        digest = hashlib.sha256(_RULES)
        for path in self._facts:
            try:
                text = path.read_bytes()
            except OSError:
                continue  # another user's, or gone meanwhile: who imports it will say so
            self._texts[path] = text
            digest.update(os.fsencode(path.relative_to(SCRIPTS)) + b"\0" + hashlib.sha256(text).digest())
        self.digest = digest.hexdigest()
        self.is_whole = True  # no file was read that is not part of the digest: one that is new

    def is_current(self) -> bool:
        return all(_facts(path) == facts for path, facts in self._facts.items())

    def parsed(self, path: Path) -> tuple[tuple[str, ...], str]:
        """The ``gradus`` modules that a file imports anywhere, also inside functions, and its syntax as text."""
        if path not in self._parsed:
            self.is_whole = self.is_whole and path in self._texts
            text = self._texts[path] if path in self._texts else path.read_bytes()
            tree = ast.parse(text.decode("utf-8"))
            self._parsed[path] = (_imported(tree), _dump(tree))
        return self._parsed[path]


def _facts(path: Path) -> tuple[int, ...]:
    """What of a file changes with it; nothing where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


_newest: list[_Code] = []  # at most one


def _code() -> _Code:
    """The code as it is now: a run lives for hours, and what starts late in it is what was edited meanwhile."""
    if not _newest or not _newest[0].is_current():
        _newest[:] = [_Code()]
    return _newest[0]


@cache
def fingerprint(program: str) -> str:
    """Sixteen hexadecimal digits for ``scripts/{program}.py``; FileNotFoundError if there is no such program."""
    code = _code()
    kept = _kept(code.digest)
    if program not in kept:
        digest = hashlib.sha256()
        for module in _modules(program, code):
            digest.update(module.encode())
            digest.update(code.parsed(module_file(module))[1].encode())
        kept[program] = digest.hexdigest()[:16]
        if code.is_whole:
            _keep(code.digest, kept)
    return kept[program]


def _file() -> Path:
    """Where fingerprints are kept: where Python keeps the compiled code of this module, so that its settings move it too."""
    return Path(cache_from_source(str(SCRIPTS / "gradus" / "study" / "fingerprint.py"))).with_name("fingerprints.json")


def _kept(code: str) -> dict[str, str]:
    """The fingerprints that were found for this state of the code; none if the file is of another state, or no such file."""
    try:
        found = json.loads(_file().read_bytes())
        return dict(found["fingerprints"]) if found["code"] == code else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _keep(code: str, fingerprints: Mapping[str, str]) -> None:
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError):  # an installation that others may only read
            write_json(_file(), {"code": code, "fingerprints": fingerprints})


def modules(program: str) -> tuple[str, ...]:
    """The library modules whose code decides what a program writes, sorted."""
    return _modules(program, _code())


def _modules(program: str, code: _Code) -> tuple[str, ...]:
    found: set[str] = set()
    waiting = [name for name in code.parsed(SCRIPTS / f"{program}.py")[0] if not is_excluded(name)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            others = (*code.parsed(module_file(name))[0], *LAUNCHED.get(name, ()))
            waiting += [other for other in others if not is_excluded(other)]
    return tuple(sorted(found))


def is_excluded(module: str) -> bool:
    """Whether a module, or the package that holds it, is left out for one of the reasons above."""
    return module in EXCLUDED or any(module.startswith(f"{name}.") for name in EXCLUDED if name != "gradus")


def module_file(name: str) -> Path:
    """The source file of a library module or package."""
    path = SCRIPTS.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _exists(name: str) -> bool:
    path = SCRIPTS.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def _imported(tree: ast.Module) -> tuple[str, ...]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "gradus"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gradus":
            module = node.module or ""
            found.add(module)
            found |= {f"{module}.{alias.name}" for alias in node.names if _exists(f"{module}.{alias.name}")}
    return tuple(sorted(found))


def _dump(node: object) -> str:
    """A syntax tree as text, without positions, docstrings and empty fields (which differ between Python versions)."""
    if isinstance(node, ast.AST):
        fields = []
        for name, value in ast.iter_fields(node):
            if name == "body" and isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                value = _without_docstring(value)
            if name == "values" and isinstance(node, ast.JoinedStr):
                # Python 3.12 ends a format that has fields of its own with an empty text.
                value = [part for part in value if not (isinstance(part, ast.Constant) and part.value == "")]
            if value not in (None, [], ""):
                fields.append(f"{name}={_dump(value)}")
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(_dump(item) for item in node)}]"
    return repr(node)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_text else body
