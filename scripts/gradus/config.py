"""The study file, typed: the one source of validation, of the JSON Schema and of docs/configuration.md.

``load`` turns what Snakemake read into a ``Study`` or raises one ``UserError`` that names the key and what is accepted.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo

from gradus.errors import UserError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
LEVELS = ("L1", "L2", "L3", "L4", "L5", "L6", "native")
FORMATS = ("original", "least-to-most", "rephrase-and-respond", "symbolic", "answer-only")
Verdict = Literal["agrees", "disagrees", "unparsable", "truncated", "refused"]
Policy = Literal["keep", "drop", "answer-only"]


class Section(BaseModel):
    """Base of all sections: no unknown key, no silent conversion, no change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class GradeschoolDataset(Section):
    """The built-in, generated word problems."""

    source: Literal["gradeschool"] = Field(description="Where the problems come from.")
    seed: int = Field(description="Seed of the generator.")
    train: int = Field(gt=0, description="Number of training problems.")
    test: int = Field(gt=0, description="Number of test problems.")
    split: Literal["test", "development"] = Field(
        "test", description="Which held-out side is evaluated; tune on `development`, report `test`."
    )
    steps: list[int] = Field([2, 3, 4, 5], description="Numbers of reasoning steps, in equal shares (2 to 5).")

    @field_validator("steps")
    @classmethod
    def _steps_in_range(cls, value: list[int]) -> list[int]:
        if not value or not set(value) <= {2, 3, 4, 5}:
            raise ValueError("expected a list of numbers from 2 to 5")
        return value


class SvampDataset(Section):
    """SVAMP in the original schema (Patel et al. 2021), 700 training and 300 test problems."""

    source: Literal["svamp"] = Field(description="Where the problems come from.")


Dataset = Annotated[GradeschoolDataset | SvampDataset, Field(discriminator="source")]


class TutorTeacher(Section):
    """A built-in teacher that renders the solution graph of generated problems."""

    provider: Literal["tutor"] = Field(description="Who writes.")
    wordings: int = Field(3, ge=1, le=3, description="Number of wordings that the tutor varies between.")
    error_rate: float = Field(0.0, ge=0, le=1, description="Share of problems with a wrong step in the rationale.")
    seed: int = Field(0, description="Seed of wordings and errors.")


class GoldTeacher(Section):
    """The gold answers alone: the answer-only baseline."""

    provider: Literal["gold"] = Field(description="Who writes.")


class ReleasedTeacher(Section):
    """The annotations that the paper released (dataset_info.json names the files)."""

    provider: Literal["released"] = Field(description="Who writes.")
    author: Literal["gpt-4o"] = Field(description="Whose released annotations.")


Teacher = Annotated[TutorTeacher | GoldTeacher | ReleasedTeacher, Field(discriminator="provider")]


class Recipe(Section):
    """How weights are trained; every key is part of a cell's identity."""

    learning_rate: float = Field(3e-5, gt=0, description="Peak learning rate of AdamW.")
    epochs: float = Field(3.0, gt=0, description="Passes over the training set.")
    batch_size: int = Field(64, gt=0, description="Samples per optimizer step, over all ranks.")
    warmup_share: float = Field(0.0, ge=0, lt=1, description="Share of the steps with a rising learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="AdamW weight decay.")
    beta2: float = Field(0.999, gt=0, lt=1, description="AdamW's second moment decay.")
    max_grad_norm: float = Field(1.0, gt=0, description="Gradient clipping.")
    cutoff_tokens: int = Field(
        1024, gt=1, description="Longest example in tokens; longer ones are dropped and counted."
    )
    micro_batch_tokens: int = Field(8192, gt=0, description="Most tokens (with padding) in one forward pass of a rank.")
    zero_stage: Literal[0, 1, 2, 3] = Field(2, description="DeepSpeed ZeRO stage.")
    ranks: int = Field(2, gt=0, description="Processes that share the training.")
    precision: Literal["fp32", "bf16"] = Field("fp32", description="Number format of the forward and backward pass.")
    save_every: int = Field(100, gt=0, description="Optimizer steps between two progress checkpoints.")


class PrimerCorpus(Section):
    """The built-in warm-up text: number facts and narrated stories, no solved question."""

    source: Literal["primer"] = Field(description="Where the text comes from.")
    seed: int = Field(description="Seed of the generator.")
    documents: int = Field(gt=0, description="Number of documents.")


class FileCorpus(Section):
    """A text file, one document a line."""

    source: Literal["file"] = Field(description="Where the text comes from.")
    path: str = Field(description="The file, relative to the working folder.")


Corpus = Annotated[PrimerCorpus | FileCorpus, Field(discriminator="source")]


class BuiltStudent(Section):
    """A student made from scratch: tokenizer, random weights, a warm-up on its corpus."""

    kind: Literal["built"] = Field(description="Whether the base model is built here or comes from elsewhere.")
    layers: int = Field(gt=0, description="Decoder layers (Llama architecture).")
    hidden: int = Field(gt=0, description="Width of the hidden states.")
    heads: int = Field(gt=0, description="Attention heads.")
    vocabulary: int = Field(ge=300, description="Size of the byte-level BPE vocabulary.")
    context: int = Field(512, gt=0, description="Longest sequence in tokens.")
    initial_scale: float = Field(0.02, gt=0, description="Standard deviation of the initial weights.")
    seed: int = Field(description="Seed of weights and of the warm-up order.")
    corpus: Corpus = Field(description="The warm-up text; never annotations.")
    warm_up: Recipe = Field(description="The recipe of the warm-up.")
    recipe: dict[str, Any] = Field(default_factory=dict, description="Keys of `recipe` that this student overrides.")


class PretrainedStudent(Section):
    """A causal language model from a local folder or the Hugging Face hub."""

    kind: Literal["pretrained"] = Field(description="Whether the base model is built here or comes from elsewhere.")
    model: str = Field(description="Local folder or hub id.")
    revision: str | None = Field(None, description="Hub commit; resolved and recorded at the first download if unset.")
    recipe: dict[str, Any] = Field(default_factory=dict, description="Keys of `recipe` that this student overrides.")


Student = Annotated[BuiltStudent | PretrainedStudent, Field(discriminator="kind")]


class Decoding(Section):
    """How predictions are written."""

    max_new_tokens: int = Field(256, gt=0, description="Longest output in tokens; hitting it counts as truncated.")
    batch_size: int = Field(64, gt=0, description="Problems per forward pass.")


class Experiment(Section):
    """A named sub-grid with its question; the study is the union of its experiments."""

    question: str = Field(description="What the experiment asks, in one sentence.")
    axis: Literal["level", "format", "teacher"] = Field(description="The axis that its table and figure lay out.")
    datasets: list[str] = Field(min_length=1, description="Names of datasets.")
    teachers: list[str] = Field(min_length=1, description="Names of teachers.")
    formats: list[str] = Field(["original"], min_length=1, description=f"Formats: {', '.join(FORMATS)}.")
    levels: list[str] = Field(min_length=1, description=f"Levels: {', '.join(LEVELS)}.")
    students: list[str] = Field(min_length=1, description="Names of students.")
    seeds: list[int] = Field(min_length=1, description="Training seeds.")
    baselines: list[str] = Field(
        default_factory=list,
        description="Further supervisions as `teacher/format/level`, `gold/answer-only/native` say.",
    )

    @field_validator("levels")
    @classmethod
    def _known_levels(cls, value: list[str]) -> list[str]:
        return _known(value, LEVELS, "level")

    @field_validator("formats")
    @classmethod
    def _known_formats(cls, value: list[str]) -> list[str]:
        return _known(value, FORMATS, "format")


def _drop_all_but_agreement() -> dict[Verdict, Policy]:
    return {"agrees": "keep", "disagrees": "drop", "unparsable": "drop", "truncated": "drop", "refused": "drop"}


class Study(Section):
    """A complete study file."""

    study: str = Field(description="Name of the study; its results lie in `results/NAME/`.")
    data_folder: str | None = Field(
        None,
        description="Folder of local dataset and annotation files; the environment variable GRADUS_DATA goes before.",
    )
    about: str = Field("", description="What the study is for; printed in the report.")
    datasets: dict[str, Dataset] = Field(min_length=1, description="Problem sources by name.")
    teachers: dict[str, Teacher] = Field(min_length=1, description="Who writes rationales, by name.")
    students: dict[str, Student] = Field(min_length=1, description="Base models by name.")
    recipe: Recipe = Field(
        default_factory=lambda: Recipe.model_validate({}), description="The fine-tuning recipe of all students."
    )
    verdict_policy: dict[Verdict, Policy] = Field(
        default_factory=_drop_all_but_agreement,
        description="What a training set does with annotations of each verdict.",
    )
    allow_leakage: bool = Field(False, description="Train on questions of the test split too; every table is marked.")
    decodings: dict[str, Decoding] = Field(min_length=1, description="Ways of decoding, by name.")
    experiments: dict[str, Experiment] = Field(min_length=1, description="Sub-grids by name.")

    @field_validator("study", "datasets", "teachers", "students", "decodings", "experiments")
    @classmethod
    def _names_are_file_names(cls, value: Any) -> Any:
        for name in [value] if isinstance(value, str) else value:
            if not NAME.fullmatch(name):
                raise ValueError(f"{name!r} cannot be a folder name: use letters, digits, '.' and '-'")
        return value

    @model_validator(mode="after")
    def _names_exist(self) -> Study:
        for label, experiment in self.experiments.items():
            for axis in ("datasets", "teachers", "students"):
                for position, name in enumerate(getattr(experiment, axis)):
                    _must_exist(name, getattr(self, axis), f"experiments.{label}.{axis}.{position}")
            for position, baseline in enumerate(experiment.baselines):
                parts = baseline.split("/")
                key = f"experiments.{label}.baselines.{position}"
                if len(parts) != 3:
                    raise UserError(f"{baseline!r} is not teacher/format/level", where=key)
                _must_exist(parts[0], self.teachers, key)
                _must_exist(parts[1], FORMATS, key)
                _must_exist(parts[2], LEVELS, key)
        for name in self.students:
            self.recipe_of(name)
        return self

    def recipe_of(self, student: str) -> Recipe:
        """The fine-tuning recipe of one student: the study's with the student's own keys."""
        merged = {**self.recipe.model_dump(), **self.students[student].recipe}
        try:
            return Recipe.model_validate(merged)
        except ValidationError as error:
            raise _explain(error, merged, prefix=f"students.{student}.recipe") from None


def load(raw: Any, where: str = "the study file") -> Study:
    """Validate a parsed study file; UserError names the first bad key and the accepted values."""
    if not raw:
        raise UserError("the study file is empty", where=where)
    plain = _plain(raw)
    try:
        return Study.model_validate(plain)
    except ValidationError as error:
        raise _explain(error, plain) from None


def _plain(value: Any) -> Any:
    """Plain dicts and lists (Snakemake hands over ordered and immutable ones)."""
    if hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _known(values: list[str], accepted: tuple[str, ...], what: str) -> list[str]:
    for value in values:
        if value not in accepted:
            raise ValueError(f"unknown {what} {value!r}; accepted: {', '.join(accepted)}")
    return values


def _must_exist(name: str, accepted: Any, key: str) -> None:
    if name not in accepted:
        raise UserError(
            f"unknown name {name!r}", where=f"configuration key {key}", hint=f"accepted: {', '.join(accepted)}"
        )


def _explain(error: ValidationError, raw: Any, prefix: str = "") -> UserError:
    """One message for the first problem: the key, what is wrong, what is accepted."""
    detail = error.errors()[0]
    place = _place_in(raw, [str(part) for part in detail["loc"]])
    where = "configuration key " + ".".join(filter(None, [prefix, *place]))
    if detail["type"] == "extra_forbidden":
        model = _model_at(Recipe if prefix else Study, raw, place[:-1])
        return UserError("unknown key", where=where, hint=f"accepted here: {', '.join(model.model_fields)}")
    if detail["type"] == "missing":
        return UserError("required key is missing", where=where)
    message = detail["msg"].removeprefix("Value error, ")
    found = detail.get("input")
    shown = f", found {found!r}" if isinstance(found, str | int | float | bool) and repr(found) not in message else ""
    return UserError(f"{message[:1].lower()}{message[1:]}{shown}", where=where)


def _place_in(raw: Any, location: list[str]) -> list[str]:
    """The keys of an error as the study file has them (pydantic also names the union member)."""
    place = []
    for position, part in enumerate(location):
        if isinstance(raw, dict) and part in raw:
            raw = raw[part]
        elif isinstance(raw, list) and part.isdigit():
            raw = raw[int(part)]
        elif position + 1 < len(location):
            continue
        place.append(part)
    return place


def _model_at(model: type[BaseModel], raw: Any, place: list[str]) -> type[BaseModel]:
    """The section that describes a place; of a union the member that the file's own entry chooses."""
    candidates = [model]
    for part in place:
        raw = raw[int(part)] if isinstance(raw, list) else raw[part]
        inside = [found for one in candidates if part in one.model_fields for found in _models(one.model_fields[part])]
        candidates = inside or candidates
    chosen = [one for one in candidates if isinstance(raw, dict) and _chooses(raw, one)]
    return (chosen or candidates)[0]


def _chooses(raw: dict[str, Any], model: type[BaseModel]) -> bool:
    """Whether an entry's discriminating key names this union member."""
    for name in ("source", "provider", "kind"):
        if name in model.model_fields:
            return raw.get(name) in get_args(model.model_fields[name].annotation)
    return False


def _models(field: FieldInfo) -> list[type[BaseModel]]:
    """All section models inside a field's annotation."""
    found: list[type[BaseModel]] = []

    def visit(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.append(annotation)
        for argument in get_args(annotation):
            visit(argument)

    visit(field.annotation)
    return found
