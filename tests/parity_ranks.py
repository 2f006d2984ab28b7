"""One rank of the parity test: loss and whole gradient of one optimizer step, for many layouts, under one ZeRO stage.

Started by torchrun: ``parity_ranks.py SPECIFICATION.json``; rank 0 writes a tensor file per variant and a JSON of losses.
"""

import json
import os
import sys
from pathlib import Path

import deepspeed
import torch
from safetensors.torch import save_file

from gradus.students.training import engine as training
from gradus.students.training import objective
from gradus.students.training.batches import plan_steps
from gradus.students.training.engine_config import deepspeed_config
from gradus.students.training.inputs import target_count
from gradus.students.training.job import Job
from gradus.students.training.modelling import load_model, make_optimizer
from gradus.students.training.stopping import StopFlag
from gradus.students.training.telemetry import Meter, PhaseClock, work_of
from gradus.students.training.trainer import Trainer
from gradus.study.config.students import Recipe


def main() -> None:
    training.quieten()
    specification = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    rank, ranks, device = training.meet()
    objective.CHUNK_LOGITS = 5000  # about ten targets at a time
    losses = {}
    for name, variant in specification["variants"].items():
        recipe = Recipe.model_validate({**specification["recipe"], **variant["recipe"], "ranks": ranks})
        samples = specification["samples"]
        tokens, prompts = samples["tokens"], samples["prompt_lengths"]
        job = Job(variant["base"], tokens, prompts, prompts, 0, recipe, 1, "", "", name, 0, [0], 0.0, None)
        step = plan_steps([len(ids) for ids in job.tokens], recipe, ranks=ranks, seed=1)[0]
        assert len(step.samples) == len(job.tokens)
        model = load_model(job.base, recipe, device)
        wrapped = training.with_objective(model, recipe, job.end_ids, rank)
        assert wrapped.chunked == (recipe.lm_head == "chunked")
        size = sum(parameter.numel() for parameter in model.parameters())
        engine, *_ = deepspeed.initialize(
            model=wrapped, optimizer=make_optimizer(model, recipe), config=deepspeed_config(recipe, size)
        )
        targets = sum(map(target_count, map(len, job.tokens), job.prompt_lengths))
        work = work_of(wrapped.causal, frozen=False)
        stop, clock = StopFlag(Path("no such file"), None), PhaseClock(0.0)
        trainer = Trainer(engine, job, [step], work, Meter(engine.device), stop, clock, lambda _: None)
        sums = trainer.accumulate(step)
        if ranks > 1:
            torch.distributed.all_reduce(sums)
        gradient = {}
        for key, parameter in engine.module.model.named_parameters():
            found = deepspeed.utils.safe_get_full_grad(parameter)
            gradient[key] = found.detach().float().cpu().clone()
        losses[name] = {"loss": float(sums[0]) / targets, "micro_batches": len(step.micro_batches[0])}
        if rank == 0:
            save_file(gradient, specification["output"] + f"/{name}.safetensors")
        engine.destroy()
    if rank == 0:
        Path(specification["output"], "losses.json").write_text(json.dumps(losses), encoding="utf-8")
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    os._exit(0)


if __name__ == "__main__":
    main()
