"""The `students` of a study file, their corpora and recipes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from gradus.study.config.sections import Section
from gradus.study.config.templates import StudentTemplate, TemplateFile

# What is known of others' recipes (arXiv 2502.18001, appendix B table 6, and the configuration of its released code). The
# paper states neither batch size, cutoff nor precision: those of `paper` are the released ones, in bf16.
_PUBLISHED = {"epochs": 3.0, "batch_size": 64, "warmup_share": 0.0, "weight_decay": 0.0, "max_grad_norm": 1.0}
PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "paper": {**_PUBLISHED, "learning_rate": 3e-5, "cutoff_tokens": 4096, "precision": "bf16"},
    "released": {**_PUBLISHED, "learning_rate": 5e-5, "cutoff_tokens": 4096, "precision": "bf16"},
}


def _is_empty(value: object) -> bool:
    """Keys that came later leave the dump, and so the identity, of a study that does not use them as it was."""
    return not value


def _is_forty(value: object) -> bool:
    return value == 40


def _is_all(value: object) -> bool:
    return value == "all"


def _is_cosine(value: object) -> bool:
    return value == "cosine"


def _is_models_own(value: object) -> bool:
    return value == "model"


def _is_none(value: object) -> bool:
    return value is None


def _weighs_nothing(value: object) -> bool:
    return value == Supervise()


# How often progress is saved decides no weight: in identities this value stands for any.
SAVE_EVERY = 100


class Adapter(Section):
    """Low-rank adapters (LoRA) instead of all weights; they are merged into the weights at the end, and kept beside them."""

    rank: int = Field(16, gt=0, description="Rank of the adapters.")
    alpha: float = Field(32.0, gt=0, description="Scale of the adapters; they count alpha / rank.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout before the adapters.")
    modules: list[str] | Literal["all-linear"] = Field(
        "all-linear", description="Names of the linear layers that get one; `all-linear` is all but the LM head."
    )
    train: list[Literal["embeddings", "lm_head"]] = Field(
        default_factory=list,
        exclude_if=_is_empty,
        description="Tables that are trained whole beside the adapters: a base model needs its LM head for a template whose "
        "end token it never saw. Where both are one table, either name stands for it.",
    )
    four_bit: bool = Field(
        False,
        exclude_if=_is_empty,
        description="QLoRA (arXiv 2305.14314): the frozen weights lie in memory in 4 bits (NF4); needs the package "
        "bitsandbytes. The adapters are merged into the weights as they were before.",
    )


class Supervise(Section):
    """What the tokens of a text count in the loss, by part: its mean over targets is weighted by them."""

    rationale: float = Field(1.0, ge=0, description="Weight of each token of the rationale; 0: it is context alone.")
    answer: float = Field(
        1.0, gt=0, description="Weight of each token of the answer, from `The answer is` to the end token."
    )


class Validation(Section):
    """Loss on examples that a cell is not trained on: a share of its own training set, by problem, the same in every cell."""

    share: float = Field(gt=0, lt=0.5, description="Share of the training set's problems that is held out.")
    every: Literal["epoch"] | Annotated[int, Field(gt=0)] = Field(
        "epoch", description="When the loss is computed: after each epoch, or so many optimizer steps; and at the end."
    )
    keep: Literal["last", "best"] = Field(
        "last", description="Which weights are published: the last ones, or those with the lowest loss."
    )


class Recipe(Section):
    """How weights are trained; every key is part of a cell's identity but `save_every`, which decides no weight."""

    preset: Literal["default", "paper", "released"] = Field(
        "default",
        exclude=True,
        description="Recipe that the other keys change: Gradus' own, the paper's, or that of its released configuration.",
    )
    learning_rate: float = Field(2e-5, gt=0, description="Peak learning rate of AdamW.")
    epochs: float = Field(3.0, gt=0, description="Passes over the training set.")
    batch_size: int = Field(64, gt=0, description="Samples per optimizer step, over all ranks.")
    warmup_share: float = Field(0.03, ge=0, lt=1, description="Share of the steps with a rising learning rate.")
    schedule: Literal["cosine", "linear", "constant"] = Field(
        "cosine",
        exclude_if=_is_cosine,
        description="How the learning rate goes on after the warm-up: down to `min_learning_rate` along a cosine or a line, or "
        "not at all.",
    )
    min_learning_rate: float = Field(
        0.0, ge=0, exclude_if=_is_empty, description="Where the schedule ends; below `learning_rate`."
    )
    weight_decay: float = Field(0.0, ge=0, description="AdamW weight decay.")
    no_decay_norms: bool = Field(
        False,
        exclude_if=_is_empty,
        description="Leave norms and biases (all that is no matrix) out of the weight decay.",
    )
    dropout: Literal["off", "model"] = Field(
        "model",
        exclude_if=_is_models_own,
        description="`model` keeps the dropout of the model's configuration (Llama, Gemma, BLOOM have none, GPT-2 and OPT do); "
        "`off` has none, so that layouts agree to rounding. `adapter.dropout` is its own.",
    )
    beta2: float = Field(0.999, gt=0, lt=1, description="AdamW's second moment decay.")
    max_grad_norm: float = Field(1.0, gt=0, description="Gradient clipping.")
    normalise: Literal["tokens", "samples"] = Field(
        "tokens",
        description="What the loss of a step is a mean of: its target tokens, or its samples' means, in which a long "
        "rationale weighs no more than a short one.",
    )
    supervise: Supervise = Field(
        default_factory=lambda: Supervise.model_validate({}),
        exclude_if=_weighs_nothing,
        description="What rationale and answer count in the loss, as in Distilling Step-by-Step; "
        "`{rationale: 0, answer: 1}` learns the answer alone, with the rationale as context.",
    )
    validation: Validation | None = Field(
        None,
        exclude_if=_is_none,
        description="Hold a share of the training set out and follow the loss on it; unset: train on all of it.",
    )
    cutoff_tokens: int = Field(1024, gt=1, description="Longest example in tokens, its end token among them.")
    over_long: Literal["drop", "truncate", "refuse"] = Field(
        "drop",
        description="What happens to longer examples, which are counted: left out, cut (they teach no end), or an error.",
    )
    layout: Literal["budgeted", "padding-free", "padded"] = Field(
        "budgeted",
        description="How the samples of a step become micro-batches: sorted and cut by `micro_batch_tokens` and where a "
        "tenth would be padding; sorted and cut by tokens alone, but laid end to end without padding, if the model keeps them "
        "apart; or in drawn order by `micro_batch_samples`.",
    )
    micro_batch_tokens: int = Field(8192, gt=0, description="Most tokens (with padding) in one forward pass of a rank.")
    micro_batch_samples: int = Field(
        8, gt=0, description="Samples in one forward pass of a rank, layout `padded` only."
    )
    lm_head: Literal["auto", "whole", "chunked"] = Field(
        "auto",
        description="Whether the loss is computed from all logits at once or in chunks of target positions, which saves "
        "gigabytes where the vocabulary is large; `auto` takes chunks from 32,000 tokens on.",
    )
    attention: str | None = Field(
        None, description="Attention implementation as transformers names it; unset: the model's own choice."
    )
    gradient_checkpointing: bool = Field(False, description="Compute activations twice instead of keeping them.")
    adapter: Adapter | None = Field(None, description="Train adapters instead of all weights.")
    zero_stage: Literal[0, 1, 2, 3] = Field(2, description="DeepSpeed ZeRO stage.")
    offload: Literal["none", "optimizer", "parameters"] = Field(
        "none", description="What lies in the host's memory: the optimizer (ZeRO 1 to 3), the weights too (ZeRO 3)."
    )
    ranks: int = Field(1, gt=0, description="Processes that share the training, over all nodes: one per GPU.")
    precision: Literal["fp32", "bf16"] = Field(
        "bf16", description="Number format of the passes; the optimizer's copy of the weights is fp32 in either."
    )
    save_precision: Literal["fp32", "bf16"] | None = Field(
        None,
        exclude_if=_is_none,
        description="Number format of the published weights; unset: that of `precision`. `bf16` halves what a cell of an fp32 "
        "training keeps, and is what its student is evaluated with.",
    )
    save_every: int = Field(
        SAVE_EVERY,
        gt=0,
        description="Optimizer steps between two progress checkpoints. It decides no weight: another value trains nothing again.",
    )

    def identity(self) -> dict[str, object]:
        """What decides the weights, as plain JSON values."""
        return {**self.model_dump(), "save_every": SAVE_EVERY}

    @model_validator(mode="before")
    @classmethod
    def _start_from_preset(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        preset = value.get("preset", "default")
        return {**PRESETS[preset], **value} if preset in PRESETS else value

    @field_validator("dropout", mode="before")
    @classmethod
    def _off_is_a_word(cls, value: Any) -> Any:
        """YAML reads a bare ``off`` as false."""
        return "off" if value is False else value

    @model_validator(mode="after")
    def _rates_fit(self) -> Recipe:
        if self.min_learning_rate and (self.schedule == "constant" or self.min_learning_rate > self.learning_rate):
            raise ValueError(
                "min_learning_rate is where a falling schedule ends: at most learning_rate, and not constant"
            )
        return self

    @model_validator(mode="after")
    def _formats_fit(self) -> Recipe:
        if self.save_precision == "fp32" and self.precision == "bf16":
            raise ValueError("save_precision fp32 needs precision fp32: after bf16 there are no finer weights to save")
        if self.adapter is not None and self.adapter.four_bit and self.zero_stage == 3:
            raise ValueError("adapter.four_bit needs zero_stage 0, 1 or 2: weights in 4 bits cannot be shared out")
        return self

    @model_validator(mode="after")
    def _offload_needs_a_stage(self) -> Recipe:
        if (self.offload == "optimizer" and self.zero_stage == 0) or (
            self.offload == "parameters" and self.zero_stage < 3
        ):
            needed = "zero_stage 3" if self.offload == "parameters" else "zero_stage 1, 2 or 3"
            raise ValueError(f"offload {self.offload!r} needs {needed}")
        return self


def saving_every(recipe: Recipe, steps: int | None) -> Recipe:
    """The recipe with progress saved that often; as it is where nothing is said."""
    return recipe if steps is None else recipe.model_copy(update={"save_every": steps})


class Resources(Section):
    """What a training of this student asks a cluster for; no part of any identity. Unset values follow from its size."""

    nodes: int = Field(1, gt=0, description="Nodes that train together; `recipe.ranks` are shared evenly.")
    gpus_per_rank: int = Field(1, ge=0, description="GPUs of each rank; 0 trains on CPUs.")
    cpus_per_rank: int = Field(1, gt=0, description="CPU cores of each rank.")
    mem_mb: int | None = Field(
        None, gt=0, description="Memory per node; the next try after a failure asks for half as much again."
    )
    runtime: int | None = Field(None, gt=0, description="Minutes; a training that is cut off goes on at the next try.")
    cells_per_job: int | None = Field(
        None,
        gt=0,
        description="Trainings that share a job of a cluster, one after another, and so do predictions. Unset: 4 for students "
        "of less than 10 million weights, else 1. Not for trainings on several nodes.",
    )


class PrimerCorpus(Section):
    """The built-in warm-up text: number facts, narrated stories, questions answered by bookkeeping (no tutor's text)."""

    source: Literal["primer"] = Field(description="Where the text comes from.")
    seed: int = Field(description="Seed of the generator.")
    documents: int = Field(gt=0, description="Number of documents.")
    largest: Literal[20, 40] = Field(
        40, exclude_if=_is_forty, description="No number of it is larger; as in the dataset of the study."
    )
    stories: Literal["all", "plain"] = Field(
        "all",
        exclude_if=_is_all,
        description="`plain`: as in a dataset of plain stories, with one to three moves, each story written in two ways.",
    )


class FileCorpus(Section):
    """A text file, one document a line."""

    source: Literal["file"] = Field(description="Where the text comes from.")
    path: str = Field(description="The file, relative to the working folder.")


Corpus = Annotated[PrimerCorpus | FileCorpus, Field(discriminator="source")]


class _BaseModel(Section):
    """What all students share: what their trainings ask a cluster for, and the keys of `recipe` that they override."""

    def identity(self) -> dict[str, object]:
        """What decides the base model itself, as plain JSON values; fine-tuning and resources do not."""
        return self.model_dump(exclude={"recipe", "resources"})


class BuiltStudent(_BaseModel):
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
    keep_at: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        default_factory=list,
        exclude_if=_is_empty,
        description="Shares of the warm-up's steps after which its weights are kept too: students of `kind: earlier`.",
    )
    resources: Resources = Field(
        default_factory=lambda: Resources.model_validate({"gpus_per_rank": 0}),
        description="What its trainings ask a cluster for; built students train on CPUs unless it says otherwise.",
    )
    recipe: dict[str, Any] = Field(default_factory=dict, description="Keys of `recipe` that this student overrides.")

    def identity(self) -> dict[str, object]:
        return {**super().identity(), "warm_up": self.warm_up.identity()}

    @field_validator("warm_up")
    @classmethod
    def _texts_have_no_parts(cls, value: Recipe) -> Recipe:
        if value.supervise != Supervise():
            raise ValueError("supervise is for a recipe that reads rationales: the warm-up's texts have no parts")
        if value.validation is not None:
            raise ValueError("validation is for a cell's training: a warm-up has no problems to hold out")
        return value


class EarlierStudent(_BaseModel):
    """A built student as it was earlier in its warm-up: it has read less, and costs nothing more."""

    kind: Literal["earlier"] = Field(description="Whether the base model is built here or comes from elsewhere.")
    of: str = Field(description="Name of the built student.")
    share: float = Field(gt=0, lt=1, description="Share of that student's warm-up; one of its `keep_at`.")
    resources: Resources = Field(
        default_factory=lambda: Resources.model_validate({"gpus_per_rank": 0}),
        description="What its trainings ask a cluster for; on CPUs unless it says otherwise.",
    )
    recipe: dict[str, Any] = Field(default_factory=dict, description="Keys of `recipe` that this student overrides.")


class PretrainedStudent(_BaseModel):
    """A causal language model from a local folder or the Hugging Face hub."""

    kind: Literal["pretrained"] = Field(description="Whether the base model is built here or comes from elsewhere.")
    model: str = Field(description="Local folder or hub id.")
    revision: str | None = Field(None, description="Hub commit; resolved and recorded at the first download if unset.")
    template: StudentTemplate = Field(
        "plain",
        description="How a question is put to the student, in training and evaluation alike; `chat` is the template of "
        "the model's own tokenizer. The paper: `alpaca` for BLOOM, `gemma`, `llama3`. Your own: `{file: my.jinja}`, or "
        "`{before, after, lead, end}`.",
    )
    system: str | None = Field(None, exclude_if=_is_empty, description="System prompt of a chat template or file.")
    thinking: bool | None = Field(
        None,
        exclude_if=_is_none,
        description="What a chat template or file gets as `enable_thinking` (Qwen3, SmolLM3) or `thinking`.",
    )
    template_arguments: dict[str, str | bool | int | float] = Field(
        default_factory=dict, exclude_if=_is_empty, description="Further values that a chat template or file reads."
    )
    resources: Resources = Field(
        default_factory=lambda: Resources.model_validate({}), description="What its trainings ask a cluster for."
    )
    recipe: dict[str, Any] = Field(default_factory=dict, description="Keys of `recipe` that this student overrides.")

    @model_validator(mode="after")
    def _arguments_have_a_reader(self) -> PretrainedStudent:
        given = [name for name in ("system", "thinking", "template_arguments") if name in self.model_dump()]
        if given and self.template != "chat" and not isinstance(self.template, TemplateFile):
            raise ValueError(f"{given[0]} is for template: chat or {{file: ...}}, which can read it")
        return self


Student = Annotated[BuiltStudent | EarlierStudent | PretrainedStudent, Field(discriminator="kind")]
