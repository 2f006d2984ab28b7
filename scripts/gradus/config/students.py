"""The `students` of a study file, their corpora and recipes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from gradus.config.sections import Section


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
    """The built-in warm-up text: number facts, narrated stories, questions answered by bookkeeping (no tutor's text)."""

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
