"""The `decodings` of a study file: how predictions are written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gradus.study.config.sections import Section


class Decoding(Section):
    """How predictions are written."""

    engine: Literal["transformers", "continuous", "vllm"] = Field(
        "transformers",
        description="What writes them: `transformers` in batches, on any machine, the same bytes each time; `continuous` is "
        "transformers' continuous batching (GPUs; not BLOOM); `vllm` needs a GPU and an environment of its own.",
    )
    max_new_tokens: Annotated[int, Field(gt=0)] | Literal["auto"] = Field(
        "auto",
        description="Longest output in tokens; hitting it counts as truncated. `auto`: a quarter more than the longest text "
        "that the cell was trained on.",
    )
    batch_size: int = Field(256, gt=0, description="Most texts per forward pass (engine `transformers`).")
    memory_gib: float = Field(
        4.0, gt=0, description="What keys and values of a batch may take; longer prompts make smaller batches."
    )
    samples: int = Field(1, gt=0, description="Texts per problem, for self-consistency and pass@k.")
    temperature: float = Field(0.0, ge=0, description="0 takes the likeliest token each time.")
    beams: int = Field(1, gt=0, description="Beam search with so many beams (engine `transformers`).")
    stop_strings: list[str] = Field(
        default_factory=list, description="A text is cut before the first of these; the learned end needs none."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Decoding:
        if self.samples > 1 and not self.temperature:
            raise ValueError("several samples at temperature 0 would be the same text: set a temperature")
        if self.beams > 1 and (self.temperature or self.engine != "transformers"):
            raise ValueError("beam search is for engine: transformers at temperature 0")
        if self.engine == "continuous" and self.temperature:
            raise ValueError("engine: continuous is greedy: choose transformers or vllm for a temperature")
        return self
