"""What the ranks and their launcher agree on: the DeepSpeed JSON of a recipe, the exit status and outcome of a training."""

from __future__ import annotations

from pathlib import Path

from gradus.study.config.students import Recipe

STOPPED = 75  # EX_TEMPFAIL: stopped by a signal, progress saved, run the same command again
LARGEST_BUCKET = 500_000_000  # DeepSpeed's default, in elements


def outcome_file(progress: Path, node: int) -> Path:
    """How the ranks of a node ended (``finished``, ``stopped``, ``failed``), in a file: torchrun passes on a status only."""
    return progress / f"outcome-{node}.json"


def stop_file(progress: Path, node: int) -> Path:
    """A file that exists once a node's launcher was asked to stop."""
    return progress / f"stop-{node}"


def deepspeed_config(recipe: Recipe, parameters: int) -> dict[str, object]:
    """The DeepSpeed JSON of a recipe for a model with so many weights to train.

    Micro-batches are ours, so DeepSpeed sees one of size one. The buckets never exceed the model: DeepSpeed allocates a
    whole bucket (2 GB by default) at every step, which slowed a tiny student down twentyfold. In bf16, gradients are
    accumulated in fp32 where ZeRO offers it. The host's Adam is torch's fused one, not DeepSpeed's, which needs a compiler.
    """
    bucket = min(parameters, LARGEST_BUCKET)
    zero: dict[str, object] = {
        "stage": recipe.zero_stage,
        "reduce_bucket_size": bucket,
        "allgather_bucket_size": bucket,
    }
    if recipe.offload != "none":
        zero["offload_optimizer"] = {"device": "cpu"}
    if recipe.offload == "parameters":
        zero["offload_param"] = {"device": "cpu"}
    configuration = {
        "train_micro_batch_size_per_gpu": 1,
        "gradient_accumulation_steps": 1,
        "gradient_clipping": recipe.max_grad_norm,
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "bf16": {"enabled": recipe.precision == "bf16"},
        "steps_per_print": 10**9,
    }
    if recipe.precision == "bf16" and recipe.zero_stage > 0:
        configuration["data_types"] = {"grad_accum_dtype": "fp32"}
    return configuration
