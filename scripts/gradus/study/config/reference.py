"""The configuration reference, written from the typed sections themselves."""

from __future__ import annotations

import json
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from gradus.runtime.markdown import markdown_table
from gradus.study.config import (
    archives,
    columns,
    datasets,
    decodings,
    experiments,
    pass_rates,
    students,
    study,
    teachers,
    templates,
    transforms,
)

# Section, heading, and the key of a study file under which it stands.
SECTIONS: tuple[tuple[type[BaseModel], str], ...] = (
    (study.Study, "The study file"),
    (datasets.GradeschoolDataset, "`datasets.NAME` with `source: gradeschool`"),
    (datasets.GsmSymbolicDataset, "`datasets.NAME` with `source: gsm-symbolic`"),
    (datasets.CatalogueDataset, "`datasets.NAME` of the paper"),
    (datasets.ColumnsDataset, "`datasets.NAME` with `source: columns`"),
    (columns.ChoiceColumns, "`datasets.NAME.choices`"),
    (columns.AnswerColumn, "`datasets.NAME.answer`"),
    (columns.Splits, "`datasets.NAME.splits`"),
    (datasets.Development, "`datasets.NAME.development`"),
    (teachers.TutorTeacher, "`teachers.NAME` with `provider: tutor`"),
    (teachers.GoldTeacher, "`teachers.NAME` with `provider: gold`"),
    (teachers.HumanTeacher, "`teachers.NAME` with `provider: human`"),
    (teachers.ReleasedTeacher, "`teachers.NAME` with `provider: released`"),
    (teachers.OpenAITeacher, "`teachers.NAME` with `provider: openai`"),
    (teachers.AnthropicTeacher, "`teachers.NAME` with `provider: anthropic`"),
    (teachers.VllmTeacher, "`teachers.NAME` with `provider: vllm`"),
    (teachers.PriceEntry, "`teachers.NAME.price`"),
    (teachers.MixedTeacher, "`teachers.NAME` with `provider: mixed`"),
    (teachers.NoTeacher, "`teachers.NAME` with `provider: none`"),
    (transforms.PaddedTransform, "`transforms.NAME` with `kind: padded`"),
    (transforms.MixedTransform, "`transforms.NAME` with `kind: mixed`"),
    (pass_rates.Solver, "`transforms.NAME.solver`"),
    (transforms.TruncatedTransform, "`transforms.NAME` with `kind: truncated`"),
    (transforms.PrunedTransform, "`transforms.NAME` with `kind: pruned`"),
    (transforms.CorruptedTransform, "`transforms.NAME` with `kind: corrupted`"),
    (transforms.RewrittenTransform, "`transforms.NAME` with `kind: rewritten`"),
    (transforms.DrawnTransform, "`transforms.NAME` with `kind: drawn`"),
    (transforms.BestOfTransform, "`transforms.NAME` with `kind: best-of`"),
    (transforms.SelectedTransform, "`transforms.NAME` with `kind: selected`"),
    (students.BuiltStudent, "`students.NAME` with `kind: built`"),
    (students.EarlierStudent, "`students.NAME` with `kind: earlier`"),
    (students.PretrainedStudent, "`students.NAME` with `kind: pretrained`"),
    (templates.TemplateFile, "`students.NAME.template` as a file"),
    (templates.TemplateTexts, "`students.NAME.template` as texts"),
    (students.Resources, "`students.NAME.resources`"),
    (students.PrimerCorpus, "`students.NAME.corpus` with `source: primer`"),
    (students.FileCorpus, "`students.NAME.corpus` with `source: file`"),
    (students.Adapter, "`recipe.adapter`"),
    (students.Supervise, "`recipe.supervise`"),
    (students.Validation, "`recipe.validation`"),
    (students.Recipe, "`recipe`, and `students.NAME.warm_up`"),
    (decodings.Decoding, "`decodings.NAME`"),
    (archives.Archive, "`archive`"),
    (study.Power, "`power`"),
    (archives.Author, "`archive.authors`"),
    (experiments.Experiment, "`experiments.NAME`"),
    (experiments.PrimaryContrast, "`primary.NAME`"),
    (experiments.TeacherAccuracy, "`teacher_accuracy.NAME`"),
)
_INTRODUCTION = """\
# Configuration

Generated from `scripts/gradus/study/config` by `make docs`. The same source makes `docs/reference/study.schema.json`
and checks every study file before the first job. A study file is complete in itself: `config.yaml` is read only where
no `--configfile` is given.
An unknown key or a bad value is one message that names the key and what is accepted.
"""


def to_markdown() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for section, heading in SECTIONS:
        rows = []
        for name, field in section.model_fields.items():
            default = field.get_default(call_default_factory=True) if not field.is_required() else PydanticUndefined
            rows.append(
                (f"`{field.alias or name}`", _type(field.annotation), _default(default), field.description or "")
            )
        table = markdown_table(("key", "type", "default", "meaning"), rows)
        parts.append(f"## {heading}\n\n{(section.__doc__ or '').strip()}\n\n{table}")
    return "\n".join(parts).rstrip() + "\n"


def _type(annotation: Any) -> str:
    arguments = get_args(annotation)
    origin = getattr(annotation, "__origin__", None)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    if hasattr(annotation, "__metadata__"):
        return _type(arguments[0])
    if origin is dict:
        return "names to " + _type(arguments[1])
    if origin is list:
        return "list of " + _type(arguments[0])
    if str(origin) == "typing.Literal":
        return ", ".join(f"`{value}`" for value in arguments)
    if arguments:
        return " or ".join(dict.fromkeys(_type(argument) for argument in arguments if argument is not type(None)))
    known = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Any": "value"}
    return known.get(getattr(annotation, "__name__", "Any"), "section")


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "required"
    if isinstance(value, BaseModel):
        return "all defaults"
    return f"`{json.dumps(value)}`"
