"""The study file, typed: the one source of validation, of the JSON Schema and of docs/reference/configuration.md.

``load`` turns what Snakemake read into a ``Study`` or raises one ``UserError`` that names every bad key and what is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gradus.runtime.errors import UserError
from gradus.study.config.archives import ArchiveGroup
from gradus.study.config.axes import Sections, base_of, expanded, is_point
from gradus.study.config.command_line import read_as_yaml
from gradus.study.config.datasets import (
    GENERATED,
    CatalogueDataset,
    ColumnsDataset,
    Dataset,
    GradeschoolDataset,
    GsmSymbolicDataset,
)
from gradus.study.config.decodings import Decoding
from gradus.study.config.experiments import NAMED_FORMATS, NAMED_LEVELS, Experiment
from gradus.study.config.explanation import explain
from gradus.study.config.lines import located, refuse_repeated_keys
from gradus.study.config.students import BuiltStudent, EarlierStudent, PretrainedStudent, Recipe, Student
from gradus.study.config.study import Stage, Study
from gradus.study.config.teachers import ChatTeacher, NoTeacher, ReleasedTeacher, Teacher
from gradus.study.config.transforms import PaddedTransform, RewrittenTransform, Transform

__all__ = [
    "GENERATED",
    "NAMED_FORMATS",
    "NAMED_LEVELS",
    "ArchiveGroup",
    "BuiltStudent",
    "CatalogueDataset",
    "ChatTeacher",
    "ColumnsDataset",
    "EarlierStudent",
    "Experiment",
    "GradeschoolDataset",
    "GsmSymbolicDataset",
    "NoTeacher",
    "PaddedTransform",
    "PretrainedStudent",
    "ReleasedTeacher",
    "RewrittenTransform",
    "Stage",
    "Study",
    "base_of",
    "is_point",
    "load",
]


_SECTIONS = Sections(
    {
        "datasets": Dataset,
        "teachers": Teacher,
        "students": Student,
        "decodings": Decoding,
        "transforms": Transform,
    },
    Recipe,
)


def load(
    raw: Any,
    where: str = "the study file",
    files: Sequence[str | Path] = (),
    said: Mapping[str, Any] | None = None,
) -> Study:
    """Validate a parsed study file; UserError names every bad key and the accepted values.

    ``files``: what was parsed, for the line of each. ``said``: the keys that the command line changed (`--config`).
    """
    if not raw:
        raise UserError("the study file is empty", where=where)
    if not hasattr(raw, "items"):
        raise UserError("expected keys and their values, as `study: NAME`", where=where)
    for file in files:
        refuse_repeated_keys(Path(file))
    files = files or [file for file in [where] if Path(file).is_file()]
    try:
        plain = _plain(raw)
    except RecursionError:  # a YAML alias can be within itself
        raise UserError("holds lists within lists without end", where=where) from None
    except UserError as error:
        raise located(error, files, said) from None
    if said:
        plain = read_as_yaml(plain, _plain(said))
    try:
        plain = expanded(plain, _SECTIONS)
        return Study.model_validate(plain)
    except ValidationError as error:
        raise located(explain(error, plain, Study), files, said) from None
    except UserError as error:
        raise located(error, files, said) from None


def _plain(value: Any, place: str = "") -> Any:
    """Plain dicts and lists (Snakemake hands over ordered and immutable ones); UserError for a name that YAML reads as none."""
    if hasattr(value, "items"):
        for key in value:
            if key is None or isinstance(key, bool):
                words = {None: "null and ~", True: "yes, on and true", False: "no, off and false"}[key]
                where = f"configuration key {place.rstrip('.') or str(key)}"
                raise UserError(f"YAML reads {words} as no name: put the name in quotes", where=where)
        return {str(key): _plain(item, f"{place}{key}.") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{place}{number}.") for number, item in enumerate(value)]
    return value
