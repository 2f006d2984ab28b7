"""The sub-grids of a study file: experiments, what is declared of them, and the teachers' own accuracies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from gradus.records.vocabulary import ANSWER_ONLY, FORMATS, LEVELS, NATIVE, UNTAUGHT
from gradus.study.config.axes import ALIASES, LISTS, NAMES, PATTERN, Axis, Value, text_of
from gradus.study.config.sections import Section, known

# What an experiment may name: with the levels that nobody controls and the baselines that are no formats.
NAMED_LEVELS = (*LEVELS, NATIVE)
NAMED_FORMATS = (*FORMATS, ANSWER_ONLY, UNTAUGHT)


def _is_empty(value: object) -> bool:
    return not value


class Experiment(Section):
    """A named sub-grid with its question; the study is the union of its experiments."""

    question: str = Field(description="What the experiment asks, in one sentence.")
    axis: str = Field(
        description="The axis that its table and figure lay out: one of its lists (`level`, `format`, `teacher`, `student`, "
        "`dataset`), or a key that is varied over `values`: `dataset.KEY`, `teacher.KEY`, `recipe.KEY`, `decoding.KEY`, "
        "`transform.KEY`, `samples` (docs/howto/vary-a-parameter.md)."
    )
    values: list[Value] = Field(
        default_factory=list,
        exclude_if=_is_empty,
        description="What the key of the axis is set to. Each value is a point and makes an entry of its own "
        "(`gradeschool@train-250`) of every one that the experiment names.",
    )
    datasets: list[str] = Field(min_length=1, description="Names of datasets.")
    teachers: list[str] = Field(min_length=1, description="Names of teachers.")
    formats: list[str] = Field(
        ["original"], min_length=1, description=f"Formats: {', '.join(NAMED_FORMATS)}, or names of transforms."
    )
    levels: list[str] = Field(min_length=1, description=f"Levels: {', '.join(NAMED_LEVELS)}.")
    students: list[str] = Field(min_length=1, description="Names of students.")
    seeds: list[Annotated[int, Field(ge=0, lt=2**32)]] = Field(min_length=1, description="Training seeds.")
    baselines: list[str] = Field(
        default_factory=list,
        description="Further supervisions as `teacher/format/level`, such as `gold/answer-only/native` or "
        "`none/untaught/native`.",
    )

    sweep: dict[str, list[Value]] = Field(
        default_factory=dict,
        exclude_if=_is_empty,
        description="Keys of the recipe, each with the values at which every cell is trained, such as "
        "`{recipe.learning_rate: [...]}`. One value is chosen per student; cells whose order changes with it are marked "
        "(docs/howto/vary-a-parameter.md).",
    )
    decodings: list[str] = Field(
        default_factory=list,
        exclude_if=_is_empty,
        description="With an axis `decoding.KEY`: the decodings whose key is varied; unset: the study's first.",
    )
    transfer: list[str] = Field(
        default_factory=list,
        exclude_if=_is_empty,
        description="Other datasets whose test problems its cells are asked too; nothing is trained for it.",
    )

    def asks_for(self, dataset: str, parts: Sequence[str], student: str) -> bool:
        """Whether it trains a student with a supervision (teacher, format, level) on a dataset."""
        if dataset not in self.datasets or student not in self.students:
            return False
        teacher, format_, level = parts
        in_grid = teacher in self.teachers and format_ in self.formats and level in self.levels
        return in_grid or "/".join(parts) in self.baselines

    @property
    def parameter(self) -> Axis | None:
        """The key that is varied; None where the axis is one of the lists of names."""
        return Axis.read(self.axis)

    @property
    def points(self) -> dict[str, Value]:
        """By name (of a dataset, teacher, student, decoding or format) its value on the axis; empty where none is varied."""
        axis = self.parameter
        return {} if axis is None else axis.values_of(getattr(self, LISTS[axis.kind][0]), self.values)

    @field_validator("axis")
    @classmethod
    def _known_axis(cls, value: str) -> str:
        if value not in (*NAMES, *ALIASES) and not re.fullmatch(PATTERN, value):
            keys = ", ".join(f"{kind}.KEY" for kind in LISTS)
            raise ValueError(f"unknown axis {value!r}; accepted: {', '.join((*NAMES, *ALIASES))}, {keys}")
        return value

    @property
    def swept(self) -> dict[str, dict[str, Value]]:
        """By key of the sweep, the value of each student."""
        axes = {key: Axis.read(key) for key in self.sweep}
        return {key: axis.values_of(self.students, self.sweep[key]) for key, axis in axes.items() if axis is not None}

    def plain(self, name: str) -> str:
        """A name without its values on the axis and in the sweep, which are told beside it."""
        for axis in (self.parameter, *map(Axis.read, self.sweep)):
            name = name if axis is None else axis.without(name)
        return name

    @field_validator("sweep")
    @classmethod
    def _sweeps_a_recipe(cls, value: dict[str, list[Value]]) -> dict[str, list[Value]]:
        for key, values in value.items():
            axis = Axis.read(key)
            if axis is None or axis.kind != "recipe":
                raise ValueError(f"{key!r} is not swept; accepted: recipe.KEY")
            if len(set(map(text_of, values))) < max(2, len(values)):
                raise ValueError(f"a sweep of {key} needs two values or more, each once")
        return value

    @field_validator("levels")
    @classmethod
    def _known_levels(cls, value: list[str]) -> list[str]:
        return known(value, NAMED_LEVELS, "level")

    @model_validator(mode="after")
    def _values_have_an_axis(self) -> Experiment:
        if self.parameter is not None and len(self.values) < 2:
            raise ValueError(f"axis {self.axis} needs `values`, two or more")
        if self.parameter is None and self.values and getattr(self, NAMES[self.axis]) != self.values:
            raise ValueError(f"`values` are those of an axis; axis {self.axis} has none of its own")
        if self.decodings and (self.parameter is None or self.parameter.kind != "decoding"):
            raise ValueError(
                "`decodings` is for an axis `decoding.KEY`: every cell is written with all decodings anyway"
            )
        if ALIASES.get(self.axis, self.axis) in self.sweep:
            raise ValueError(f"{self.axis} is the axis and is swept too: leave one of both out")
        if len(set(map(text_of, self.values))) < len(self.values):
            raise ValueError("`values` names one twice")
        return self


class PrimaryContrast(Section):
    """A comparison that is declared before anything is trained: one supervision is better than another."""

    question: str = Field(description="What it asks, in one sentence.")
    first: str = Field(description="The supervision that is said to be better, as `teacher/format/level`.")
    second: str = Field(description="The one that it is compared with, such as `gold/answer-only/native`.")
    datasets: list[str] = Field(min_length=1, description="Names of datasets; one test each.")
    students: list[str] = Field(min_length=1, description="Names of students; one test each.")


class TeacherAccuracy(Section):
    """A teacher's own accuracy on the test split, gold hidden: a sub-grid that is never trained on."""

    question: str = Field(description="What it asks, in one sentence.")
    datasets: list[str] = Field(min_length=1, description="Names of datasets.")
    teachers: list[str] = Field(min_length=1, description="Names of teachers that solve problems.")
    formats: list[str] = Field(["original"], min_length=1, description=f"Formats: {', '.join(FORMATS)}.")
    levels: list[str] = Field(min_length=1, description=f"Levels: {', '.join(LEVELS)}.")

    @field_validator("levels")
    @classmethod
    def _known_levels(cls, value: list[str]) -> list[str]:
        return known(value, LEVELS, "level")

    @field_validator("formats")
    @classmethod
    def _known_formats(cls, value: list[str]) -> list[str]:
        return known(value, FORMATS, "format")
