"""GSM-Symbolic: word problems with worked solutions, generated from the templates of the package ``reasoning-gym``.

The templates (Mirzadeh et al. 2024, as Open-Thought wrote them down; Apache-2.0) paraphrase test questions of GSM8K. Nothing of
them is part of this project: the installed package is read, and of it only the two modules that hold the templates, for it needs
eleven other packages for what is not used here.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import random
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError

PACKAGE, VERSION = "reasoning-gym", "0.1.25"
INSTALL = f"python -m pip install --no-deps {PACKAGE}=={VERSION}"
TERMS = f"GSM-Symbolic (templates of {PACKAGE} {VERSION}, which paraphrase test questions of GSM8K), licence Apache-2.0"
_FOLDER = ("reasoning_gym", "arithmetic", "gsm_symbolic")
_MODULES = ("generators_00_49", "generators_50_99")
# So many draws of a template that give no new question mean that there is none.
_TRIES = 1000
# Two templates divide without looking: nobody would write 27.916666666666668 hours.
_UNROUNDED = re.compile(r"\d\.\d{4}")

Generator = Callable[[random.Random, float], Mapping[str, Any]]


@dataclass(frozen=True)
class Instance:
    """One problem: the number of its template, its question, the steps that solve it, and the number that they end with."""

    template: int
    question: str
    rationale: str
    answer: str


def instances(seed: int, size: int, split: Split, test_templates: int) -> list[Instance]:
    """The first ``size`` problems of ``train`` or ``test``: one of each template of the split in turn, no question twice.

    The templates of the test split are the same for every seed; one that has no other question is passed over. Raises UserError
    where the package is absent or another version, where no template is left for a split, and where none has more questions.
    """
    templates = _templates(_folder())
    order = sorted(templates)
    random.Random("gsm-symbolic templates").shuffle(order)
    if not 0 < test_templates < len(order):
        hint = f"`test_templates` may be 1 to {len(order) - 1}"
        raise UserError(f"{test_templates} of {len(order)} templates for testing leave none for one split", hint=hint)
    chosen = order[:test_templates] if split == "test" else order[test_templates:]
    seen: set[str] = set()
    drawn: dict[int, int] = dict.fromkeys(chosen, 0)
    found: list[Instance] = []
    while len(found) < size:
        for template in chosen[: size - len(found)]:
            one = _another(templates[template], template, seed, drawn, seen)
            if one is None:
                chosen = [other for other in chosen if other != template]
            else:
                found.append(one)
        if not chosen:
            raise UserError(f"the templates for {split} have only {len(found)} questions, {size} are asked for")
    return found


def _another(generator: Generator, template: int, seed: int, drawn: dict[int, int], seen: set[str]) -> Instance | None:
    for _ in range(_TRIES):
        rng = random.Random(f"{seed}/{template}/{drawn[template]}")
        drawn[template] += 1
        one = generator(rng, 1.0)
        found = _instance(template, one)
        if found.question not in seen and not _UNROUNDED.search(found.question + found.rationale):
            seen.add(found.question)
            return found
    return None


def _instance(template: int, one: Mapping[str, Any]) -> Instance:
    """UserError where no worked solution stands before the answer, as in the pinned version one always does."""
    worked, mark, _ = str(one["metadata"]["answer_cot"]).rpartition("####")
    if not mark or not worked.strip():
        raise UserError(
            f"template {template} of {PACKAGE} has no worked solution", hint=f"install the pinned: {INSTALL}"
        )
    return Instance(template, str(one["question"]).strip(), worked.strip(), str(one["answer"]))


def _templates(folder: Path) -> dict[int, Generator]:
    """The templates that their authors call sound, by number."""
    unsound = _numbers(folder / f"{_FOLDER[-1]}.py", "tasks_need_fix")
    found: dict[int, Generator] = {}
    for module in _modules(folder):
        for name, value in vars(module).items():
            if name.startswith("generate_") and callable(value):
                found[int(name.removeprefix("generate_"))] = value
    return {number: generator for number, generator in found.items() if number not in unsound}


def _folder() -> Path:
    """Where the package's templates lie; UserError where the pinned version is not installed."""
    try:
        version = importlib.metadata.version(PACKAGE)
        spec = importlib.util.find_spec(_FOLDER[0])
    except (importlib.metadata.PackageNotFoundError, ValueError):
        version, spec = None, None
    if version != VERSION or spec is None or not spec.submodule_search_locations:
        is_there = f"version {version} is" if version else "it is not"
        raise UserError(
            f"`source: gsm-symbolic` needs the package {PACKAGE} {VERSION}, and {is_there} installed",
            hint=f"{INSTALL} (the packages that it names are not needed)",
        )
    return Path(next(iter(spec.submodule_search_locations))).joinpath(*_FOLDER[1:])


def _modules(folder: Path) -> list[ModuleType]:
    """The modules that hold templates, without what the package itself imports: stand-ins with its folders take the place of the
    packages above them while they are imported."""
    names = [".".join(_FOLDER[:depth]) for depth in range(1, len(_FOLDER) + 1)]
    folders = [folder.parents[1], folder.parents[0], folder]
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == _FOLDER[0]}
    try:
        for name, where in zip(names, folders, strict=True):
            stand_in = ModuleType(name)
            stand_in.__path__ = [str(where)]
            sys.modules[name] = stand_in
        return [importlib.import_module(f"{names[-1]}.{module}") for module in _MODULES]
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == _FOLDER[0]]:
            del sys.modules[name]
        sys.modules.update(before)


def _numbers(path: Path, name: str) -> Sequence[int]:
    """A list of numbers that a module assigns to a name, read without running it; none where it does not."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", None) for target in node.targets] == [name]:
            return [int(number) for number in ast.literal_eval(node.value)]
    return []
