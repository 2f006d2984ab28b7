"""The `datasets` of a study file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from gradus.records.vocabulary import Split
from gradus.study.config.columns import Columns, Splits
from gradus.study.config.sections import Section


def _is_none(value: object) -> bool:
    """Keys that came later leave the dump, and so the identity, of a study that does not use them as it was."""
    return value is None


def _is_forty(value: object) -> bool:
    return value == 40


def _is_anew(value: object) -> bool:
    return value == "anew"


def _is_all(value: object) -> bool:
    return value == "all"


class Development(Section):
    """Problems kept for choices: taken from the training split before anything else, never trained on, scored as test is."""

    share: float = Field(
        gt=0,
        lt=1,
        description="Share of the training split, before `train_size`; the same question twice stays on one side, and of "
        "generated problems whole structures are taken.",
    )
    seed: int = Field(1, description="Seed of the choice.")


class GradeschoolDataset(Section):
    """The built-in, generated word problems."""

    source: Literal["gradeschool"] = Field(description="Where the problems come from.")
    seed: int = Field(description="Seed of the generator.")
    train: int = Field(gt=0, description="Number of training problems.")
    test: int = Field(gt=0, description="Number of test problems.")
    train_size: int | None = Field(
        None,
        gt=0,
        exclude_if=_is_none,
        description="Keep that many of the `train` training problems, the first ones, of those that are not for development: "
        "every smaller set is part of the larger.",
    )
    split: Literal["test", "development"] = Field(
        "test",
        description="Which held-out side is evaluated. The two share structures, with other names and numbers: to tune, use "
        "`development: {share: ...}`, which shares none with `test`.",
    )
    steps: list[int] = Field([2, 3, 4, 5], description="Numbers of reasoning steps, in equal shares (2 to 5).")
    largest: Literal[20, 40] = Field(
        40, exclude_if=_is_forty, description="No amount of a story is larger: smaller numbers are easier to learn."
    )
    stories: Literal["all", "plain"] = Field(
        "all",
        exclude_if=_is_all,
        description="`plain`: no sentence is needless, no wording comes twice in a story, and every move is one step (getting, "
        "losing, doubling or tripling, sharing): easier to learn.",
    )
    development: Development | None = Field(
        None,
        exclude_if=_is_none,
        description="Take a development split from the training split; unset: there is none.",
    )

    @field_validator("steps")
    @classmethod
    def _steps_in_range(cls, value: list[int]) -> list[int]:
        if not value or not set(value) <= {2, 3, 4, 5}:
            raise ValueError("expected a list of numbers from 2 to 5")
        return value

    @model_validator(mode="after")
    def _size_is_there(self) -> GradeschoolDataset:
        if self.train_size is not None and self.train_size > self.train:
            raise ValueError(f"train_size {self.train_size:,} is more than the {self.train:,} problems of `train`")
        return self

    @model_validator(mode="after")
    def _one_development(self) -> GradeschoolDataset:
        if self.development is not None and self.split == "development":
            raise ValueError(
                "`split: development` calls the generator's own development side `test`: leave out one of both"
            )
        return self


class GsmSymbolicDataset(Section):
    """Word problems with worked solutions from the templates of GSM-Symbolic, which paraphrase test questions of GSM8K."""

    source: Literal["gsm-symbolic"] = Field(
        description="Where the problems come from: templates of the package `reasoning-gym`, which is installed by hand "
        "(docs/reference/datasets.md)."
    )
    seed: int = Field(description="Seed of names and numbers.")
    train: int = Field(gt=0, description="Number of training problems.")
    test: int = Field(gt=0, description="Number of test problems.")
    test_templates: int = Field(
        17,
        gt=0,
        lt=85,
        description="How many of the 85 templates are for testing alone, the same for every seed.",
    )
    train_size: int | None = Field(
        None,
        gt=0,
        exclude_if=_is_none,
        description="Keep that many of the `train` training problems, the first ones, of those that are not for development: "
        "every smaller set is part of the larger.",
    )
    development: Development | None = Field(
        None,
        exclude_if=_is_none,
        description="Take a development split from the training split, whole templates; unset: there is none.",
    )


class CatalogueDataset(Section):
    """One of the seven datasets of the paper, from local files or from the hub (docs/reference/datasets.md)."""

    source: Literal["svamp", "gsm8k", "aqua", "math", "csqa", "obqa", "strategyqa"] = Field(
        description="Where the problems come from."
    )
    origin: Literal["files", "hub"] = Field(
        "hub", description="`files`: GRADUS_DATA/datasets/SOURCE/{train,test}.jsonl; `hub`: the Hugging Face hub."
    )
    hub: str | None = Field(None, description="Another hub id (or a local folder in hub layout) in the same schema.")
    configurations: list[str] | None = Field(None, description="Other configurations of the hub dataset.")
    revision: str | None = Field(None, description="Hub commit; resolved and recorded at the first download if unset.")
    train_split: str | None = Field(None, description="Another hub split to train on.")
    test_split: str | None = Field(None, description="Another hub split to test on.")
    subjects: list[str] | None = Field(None, description="MATH only: the subjects to keep (default: all).")
    train_size: int | None = Field(
        None, gt=0, description="Keep that many training problems, of those that are not for development."
    )
    test_size: int | None = Field(None, gt=0, description="Keep that many test problems.")
    sample_seed: int | None = Field(None, description="Seed of the sample where a size is set; unset: the first ones.")
    sample: Literal["nested", "anew"] = Field(
        "anew",
        exclude_if=_is_anew,
        description="With a `sample_seed`: `nested` makes every smaller sample a part of the larger, as an axis "
        "`dataset.train_size` needs it; `anew` draws each size by itself.",
    )
    development: Development | None = Field(
        None,
        exclude_if=_is_none,
        description="Take a development split from the training split; unset: there is none.",
    )


class ColumnsDataset(Columns):
    """Any dataset whose columns hold a question and an answer, from local files or from the hub (docs/howto/own-dataset.md)."""

    source: Literal["columns"] = Field(description="Where the problems come from.")
    path: str | None = Field(
        None,
        description="A local file (jsonl, json, csv, tsv, parquet, arrow; jsonl, json, csv and tsv also with .gz), or a "
        "folder with a file per split; looked for where Snakemake runs, then in the data folder.",
    )
    hub: str | None = Field(None, description="Instead of `path`: an id on the Hugging Face hub.")
    configurations: list[str] = Field(default_factory=list, description="Configurations of the hub dataset.")
    revision: str | None = Field(None, description="Hub commit; resolved and recorded at the first download if unset.")
    splits: Splits = Field(
        default_factory=lambda: Splits.model_validate({}),
        description="How training and test problems are divided.",
    )
    licence: str = Field("not stated", min_length=1, description="Licence of the problems, for cards and archive.")
    train_size: int | None = Field(
        None, gt=0, description="Keep that many training problems, of those that are not for development."
    )
    test_size: int | None = Field(None, gt=0, description="Keep that many test problems.")
    sample_seed: int | None = Field(None, description="Seed of the sample where a size is set; unset: the first ones.")
    sample: Literal["nested", "anew"] = Field(
        "anew",
        exclude_if=_is_anew,
        description="With a `sample_seed`: `nested` makes every smaller sample a part of the larger, as an axis "
        "`dataset.train_size` needs it; `anew` draws each size by itself.",
    )
    development: Development | None = Field(
        None,
        exclude_if=_is_none,
        description="Take a development split from the training split; unset: there is none.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnsDataset:
        if (self.path is None) == (self.hub is None):
            raise ValueError("name either `path`, a local file or folder, or `hub`, an id on the Hugging Face hub")
        if self.path is not None and (self.configurations or self.revision):
            raise ValueError("`configurations` and `revision` are for `hub`")
        return self


def is_nested(section: GradeschoolDataset | GsmSymbolicDataset | CatalogueDataset | ColumnsDataset) -> bool:
    """Whether every smaller size of a dataset is a part of the larger."""
    return getattr(section, "sample_seed", None) is None or getattr(section, "sample", "anew") == "nested"


Dataset = Annotated[
    GradeschoolDataset | GsmSymbolicDataset | CatalogueDataset | ColumnsDataset, Field(discriminator="source")
]
# Datasets whose entry says how many problems there are.
GENERATED = (GradeschoolDataset, GsmSymbolicDataset)


def for_split(section: Dataset, split: Split) -> Dataset:
    """The entry as far as it decides one split: the keys of the other one have a value that stands for any.

    More test problems, say, are no change of the training split.
    """
    is_test = split == "test"
    if isinstance(section, GENERATED):
        if is_test:
            return section.model_copy(update={"train": 1, "train_size": None, "development": None})
        whole = {} if split == "train" else {"train_size": None}
        side = {"split": "test"} if isinstance(section, GradeschoolDataset) else {}
        return section.model_copy(update={"test": 1, **side, **whole})
    size = {"train": section.train_size, "development": None, "test": section.test_size}[split]
    changes: dict[str, object] = {"development": None, "train_size": None} if is_test else {"test_size": None}
    if size is None:
        changes |= {"sample_seed": None, "sample": "anew", "train_size": None}
    if isinstance(section, ColumnsDataset):
        # A test split that is drawn from all rows is read where the training split is.
        is_drawn = section.splits.test_share is not None
        unread = {"train": "train"} if is_test and not is_drawn else {"test": "test"}
        return section.model_copy(update={**changes, "splits": section.splits.model_copy(update=unread)})
    return section.model_copy(update={**changes, "train_split" if is_test else "test_split": None})
