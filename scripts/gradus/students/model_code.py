"""Model code: importing what a student's weights will be loaded with, before a process forks."""

from __future__ import annotations

import contextlib
from pathlib import Path

from transformers import AutoConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING


def import_model_code(model: str | Path) -> None:
    """Import the class of the model in a folder. One that cannot be loaded is for those to report who load it."""
    with contextlib.suppress(Exception):
        MODEL_FOR_CAUSAL_LM_MAPPING[type(AutoConfig.from_pretrained(model, local_files_only=True))]
