"""What the ranks and their launcher agree on: the DeepSpeed JSON of a recipe, the exit status of a stop."""

from __future__ import annotations

from typing import Any

STOPPED = 75  # EX_TEMPFAIL: stopped by a signal, progress saved, run the same command again


LARGEST_BUCKET = 500_000_000  # DeepSpeed's default, in elements


def deepspeed_config(recipe: dict[str, Any], parameters: int) -> dict[str, Any]:
    """The DeepSpeed JSON of a recipe for a model with so many weights.

    Micro-batches are ours, so DeepSpeed sees one of size one. The buckets never exceed the model: DeepSpeed allocates a
    whole bucket (2 GB by default) at every step, which slowed a tiny student down twentyfold.
    """
    bucket = min(parameters, LARGEST_BUCKET)
    return {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "gradient_clipping": recipe["max_grad_norm"],
        "zero_optimization": {
            "stage": recipe["zero_stage"],
            "reduce_bucket_size": bucket,
            "allgather_bucket_size": bucket,
        },
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "bf16": {"enabled": recipe["precision"] == "bf16"},
        "steps_per_print": 10**9,
    }
