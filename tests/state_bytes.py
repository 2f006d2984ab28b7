"""Under torchrun: how many bytes per weight a DeepSpeed engine of ours holds on each rank, by ZeRO stage (JSON on stdout)."""

import gc
import json
import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
os.environ["DS_ACCELERATOR"] = "cpu"

import deepspeed
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from gradus.students.training.engine import import_optimizers, meet
from gradus.students.training.engine_config import deepspeed_config
from gradus.students.training.modelling import make_optimizer
from gradus.study.config.students import Recipe


def live_bytes() -> int:
    """Bytes of all tensors' storages."""
    found = {}
    for thing in gc.get_objects():
        if torch.is_tensor(thing):
            storage = thing.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes()
    return sum(found.values())


def most_held(stage: int) -> float:
    """The most bytes per weight between the passes of a second step."""
    recipe = Recipe.model_validate({"zero_stage": stage, "precision": "bf16"})
    config = LlamaConfig(
        vocab_size=500,
        hidden_size=256,
        intermediate_size=1024,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        tie_word_embeddings=True,
    )
    model: torch.nn.Module = LlamaForCausalLM(config)
    model = model.to(torch.bfloat16)
    weights = sum(parameter.numel() for parameter in model.parameters())
    engine, *_ = deepspeed.initialize(
        model=model, optimizer=make_optimizer(model, recipe), config=deepspeed_config(recipe, weights)
    )
    ids = torch.randint(0, 500, (1, 4))
    most = 0
    for _ in range(2):
        for last in (False, True):
            engine.set_gradient_accumulation_boundary(last)
            loss = engine(ids, labels=ids).loss
            engine.backward(loss, scale_wrt_gas=False)
            del loss
            gc.collect()
            most = max(most, live_bytes())
        engine.step()
        gc.collect()
        most = max(most, live_bytes())
    engine.destroy()
    del engine, model
    gc.collect()
    return float(most / weights)


def main() -> None:
    """All stages."""
    for name in ("DeepSpeed", "deepspeed"):
        logging.getLogger(name).setLevel(logging.ERROR)
    import_optimizers()
    meet()
    gc.freeze()  # modules: a million objects that no count below has to go through
    found = {stage: most_held(stage) for stage in range(4)}
    if torch.distributed.get_rank() == 0:
        print("held " + json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
