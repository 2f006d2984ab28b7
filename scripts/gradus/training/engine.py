"""The training loop over a DeepSpeed engine: one process per rank, started by ``launch``.

A loop of our own instead of transformers' Trainer, because it keeps three promises exactly: a step is a fixed set of
samples normalised by its target tokens over all ranks, a signal stops every rank at the same step boundary, and the
start costs seconds (docs/architecture.md gives the reasons).
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deepspeed
import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar

from gradus.atomic import write_json
from gradus.progress import bar
from gradus.training.batches import Step, learning_rate, plan_steps
from gradus.training.checkpoints import newest_verified, seal
from gradus.training.engine_config import STOPPED, deepspeed_config

IGNORED = -100


@dataclass(frozen=True)
class Job:
    """One training: token lists with the number of prompt tokens, where from, where to, and how."""

    base: str
    tokens: list[list[int]]
    prompt_lengths: list[int]
    recipe: dict[str, Any]
    seed: int
    progress: str
    weights: str
    title: str
    pad_id: int


class StopFlag:
    """Set by TERM or USR1 on any rank; asked about by all ranks together."""

    def __init__(self) -> None:
        self.raised = False
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, self._raise)

    def _raise(self, number: int, frame: object) -> None:
        self.raised = True

    def agreed(self) -> bool:
        """Whether any rank was told to stop (a collective call)."""
        flag = torch.tensor([int(self.raised)])
        if torch.distributed.get_world_size() > 1:
            flag = flag.to(deepspeed.get_accelerator().current_device_name())
            torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
        return bool(flag.item())


def train(job: Job) -> int:
    """Train to the end, or to the step at which a signal came; returns the exit status."""
    _quiet()
    stop = StopFlag()
    # DeepSpeed would compile its shared-memory collectives (half a minute with gcc) for inference only.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    deepspeed.init_distributed(dist_backend=None if torch.cuda.is_available() else "gloo", verbose=False)
    rank, ranks = torch.distributed.get_rank(), torch.distributed.get_world_size()
    torch.manual_seed(job.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    recipe = job.recipe
    steps = plan_steps(
        [len(ids) for ids in job.tokens],
        batch_size=recipe["batch_size"],
        epochs=recipe["epochs"],
        ranks=ranks,
        micro_batch_tokens=recipe["micro_batch_tokens"],
        seed=job.seed,
    )
    dtype = torch.bfloat16 if recipe["precision"] == "bf16" else torch.float32
    model = AutoModelForCausalLM.from_pretrained(job.base, dtype=dtype, local_files_only=True)
    model.config.use_cache = False
    model.train()
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=recipe["learning_rate"],
        betas=(0.9, recipe["beta2"]),
        weight_decay=recipe["weight_decay"],
    )
    configuration = deepspeed_config(recipe, sum(parameter.numel() for parameter in model.parameters()))
    engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, config=configuration)
    progress = Path(job.progress)
    done = _resume(engine, progress)
    if rank == 0:
        logging.getLogger("gradus").info(
            "%s: %d steps of %d samples, %d ranks, ZeRO-%d, starting after step %d",
            job.title,
            len(steps),
            recipe["batch_size"],
            ranks,
            recipe["zero_stage"],
            done,
        )
    trace = progress / "trace.jsonl"
    if rank == 0:
        _cut_trace(trace, done)
    display = bar(len(steps), job.title, "step", initial=done) if rank == 0 else None
    for number in range(done, len(steps)):
        rate = learning_rate(number, len(steps), recipe["learning_rate"], recipe["warmup_share"])
        facts = _one_step(engine, steps[number], job, rank, rate, number)
        if rank == 0 and display is not None:
            with open(trace, "a", encoding="utf-8") as stream:
                stream.write(json.dumps({"step": number + 1, **facts}) + "\n")
            display.set_postfix_str(f"loss {facts['loss']:.3f}", refresh=False)
            display.update()
        finished = number + 1 == len(steps)
        stopping = not finished and stop.agreed()
        if stopping or (not finished and (number + 1) % recipe["save_every"] == 0):
            _save(engine, progress, number + 1)
        if stopping:
            if rank == 0:
                print(
                    f"stopped by a signal after step {number + 1} of {len(steps)}; progress is saved", file=sys.stderr
                )
            return STOPPED
    if display is not None:
        display.close()
    _finish(engine, job, len(steps), rank, configuration)
    return 0


def _one_step(engine: Any, step: Step, job: Job, rank: int, rate: float, number: int) -> dict[str, Any]:
    """One optimizer step; returns loss per target token, learning rate, gradient norm, tokens, seconds, padding share."""
    start = time.monotonic()
    torch.manual_seed(job.seed * 1_000_003 + number)  # dropout of a resumed run equals that of an undisturbed one
    targets = sum(len(job.tokens[i]) - max(1, job.prompt_lengths[i]) for i in step.samples)
    mine = step.micro_batches[rank]
    for group in engine.optimizer.param_groups:
        group["lr"] = rate
    total, slots, used = 0.0, 0, 0
    for position, micro in enumerate(mine):
        ids, labels = _tensors(micro, job)
        # Right padding needs no mask: in a causal model no token sees what follows it.
        logits = engine(input_ids=ids.to(engine.device)).logits
        labels = labels.to(engine.device)
        summed = torch.nn.functional.cross_entropy(
            logits[:, :-1].reshape(-1, logits.size(-1)).float(),
            labels[:, 1:].reshape(-1),
            ignore_index=IGNORED,
            reduction="sum",
        )
        # DeepSpeed averages over ranks: multiply by their number to normalise by the step's target tokens.
        loss = summed * (len(step.micro_batches) / targets)
        engine.set_gradient_accumulation_boundary(position + 1 == len(mine))
        engine.backward(loss, scale_wrt_gas=False)
        engine.step()
        total += float(summed.detach())
        slots += ids.numel()
        used += sum(len(job.tokens[i]) for i in micro)
    sums = torch.tensor([total, float(slots), float(used)], dtype=torch.float64)
    if len(step.micro_batches) > 1:
        sums = sums.to(engine.device)
        torch.distributed.all_reduce(sums)
    norm = engine.get_global_grad_norm()
    return {
        "loss": sums[0].item() / targets,
        "learning_rate": rate,
        "grad_norm": float(norm) if norm else None,  # DeepSpeed tells none at stage 0
        "samples": len(step.samples),
        "target_tokens": targets,
        "tokens": int(sums[2].item()),
        "padding_share": 1 - sums[2].item() / sums[1].item(),
        "seconds": round(time.monotonic() - start, 4),
    }


def _tensors(micro: tuple[int, ...], job: Job) -> tuple[torch.Tensor, torch.Tensor]:
    """Right-padded ids and labels [samples, longest]; an empty micro-batch is one token without loss."""
    rows = [job.tokens[i] for i in micro] or [[job.pad_id, job.pad_id]]
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest), job.pad_id)
    labels = torch.full((len(rows), longest), IGNORED)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = torch.tensor(row)
        if micro:
            first = max(1, job.prompt_lengths[micro[number]])
            labels[number, first : len(row)] = torch.tensor(row[first:])
    return ids, labels


def _resume(engine: Any, progress: Path) -> int:
    """Load the newest verified checkpoint on all ranks; rank 0 chooses, so that all load the same."""
    found = [newest_verified(progress) if torch.distributed.get_rank() == 0 else None]
    torch.distributed.broadcast_object_list(found, src=0)
    if found[0] is None:
        return 0
    step, folder = found[0]
    engine.load_checkpoint(str(folder), tag="engine", load_module_strict=True)
    return step


def _save(engine: Any, progress: Path, step: int) -> None:
    unfinished = progress / f"unfinished-{step:08d}"
    if torch.distributed.get_rank() == 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
    torch.distributed.barrier()
    engine.save_checkpoint(str(unfinished), tag="engine")
    torch.distributed.barrier()
    if torch.distributed.get_rank() == 0:
        seal(unfinished, progress, step)
    torch.distributed.barrier()


def _finish(engine: Any, job: Job, steps: int, rank: int, configuration: dict[str, Any]) -> None:
    """Gather the weights on rank 0 and write them as safetensors; the caller proves and publishes them."""
    parameters = list(engine.module.parameters())
    with deepspeed.zero.GatheredParameters(parameters, enabled=job.recipe["zero_stage"] == 3):
        if rank == 0:
            state = {name: tensor.detach().cpu().clone() for name, tensor in engine.module.state_dict().items()}
    if rank == 0:
        target = Path(job.weights)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        engine.module.config.use_cache = True
        engine.module.save_pretrained(target, state_dict=state)
        write_json(target / "deepspeed.json", configuration)
        _compare(target, state)
        write_json(target.parent / "finished.json", {"steps": steps})
    torch.distributed.barrier()


def _compare(target: Path, state: dict[str, torch.Tensor]) -> None:
    """Load what was written and compare it with what was trained; RuntimeError where they differ or are not finite."""
    read = AutoModelForCausalLM.from_pretrained(str(target), local_files_only=True, dtype="auto").state_dict()
    for name, tensor in state.items():
        if not bool(torch.isfinite(tensor).all()):
            raise RuntimeError(f"tensor {name!r} holds values that are not finite: the training diverged")
        if name not in read or not torch.equal(read[name], tensor):
            raise RuntimeError(f"tensor {name!r} in {target} differs from the trained one")


def _cut_trace(trace: Path, done: int) -> None:
    """Forget logged steps that are not part of the resumed progress."""
    if trace.exists():
        kept = []
        for line in trace.read_text(encoding="utf-8").splitlines():
            try:
                if json.loads(line)["step"] <= done:
                    kept.append(line + "\n")
            except ValueError:
                break
        trace.write_text("".join(kept), encoding="utf-8")


def _is_disk_trouble(error: Exception) -> bool:
    """Whether writing failed (torch tells of a full disk by a RuntimeError of its file writer)."""
    return (
        isinstance(error, OSError | SafetensorError)
        or "PytorchStreamWriter" in str(error)
        or "file write failed" in str(error)
    )


def _quiet() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    warnings.filterwarnings("ignore", category=FutureWarning)  # DeepSpeed calls what torch is about to rename
    disable_progress_bar()
    for name in ("DeepSpeed", "deepspeed", "transformers", "torch.distributed"):
        logging.getLogger(name).setLevel(logging.ERROR)


def main() -> None:
    """Entry of each rank: ``python -m gradus.training.engine JOB.json``."""
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    try:
        status = train(job)
    except (OSError, RuntimeError, SafetensorError) as error:
        if not _is_disk_trouble(error):
            raise
        print(f"error: cannot save the training in {job.progress}: {error}", file=sys.stderr, flush=True)
        os._exit(1)  # the launcher ends the other ranks; nothing that was sealed is lost
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    sys.stdout.flush()
    os._exit(status)  # nothing is left to do; the interpreter's teardown would cost a second per rank


if __name__ == "__main__":
    main()
