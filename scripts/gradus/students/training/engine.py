"""The training loop over a DeepSpeed engine: one process per rank, started by ``launch``.

A loop of our own instead of transformers' Trainer, because it keeps three promises exactly: a step is a fixed set of
samples normalised by its target tokens over all ranks, a signal stops every rank at the same step boundary, and the
start costs seconds (docs/background/architecture.md gives the reasons).
"""

from __future__ import annotations

import json
import logging
import math
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
from transformers.utils.logging import disable_progress_bar

from gradus.runtime.atomic import write_json
from gradus.runtime.processes import die_with_parent
from gradus.runtime.progress import bar
from gradus.students.training import probes, weights
from gradus.students.training.batches import Step, learning_rate, plan_steps
from gradus.students.training.checkpoints import newest_verified, seal
from gradus.students.training.engine_config import deepspeed_config, outcome_file, stop_file
from gradus.students.training.inputs import make_inputs, target_count
from gradus.students.training.modelling import load_model, make_optimizer
from gradus.students.training.objective import Objective, is_large
from gradus.students.training.telemetry import Board, Meter, Work, speed, work_of

log = logging.getLogger("gradus")
LEAST_MARGIN = 15  # seconds before the scheduler's end of a job


@dataclass(frozen=True)
class Job:
    """One training: token lists with the number of prompt tokens, where from, where to, and how.

    ``end_ids``: the tokens that end an answer, the learned one first. ``started``: when the launcher started it, ``ends``: when
    the scheduler will end it (Unix times; None: not known).
    """

    base: str
    tokens: list[list[int]]
    prompt_lengths: list[int]
    recipe: dict[str, Any]
    seed: int
    progress: str
    weights: str
    title: str
    pad_id: int
    end_ids: list[int]
    started: float
    ends: float | None


class Refused(Exception):
    """The training cannot be done as asked, and would not be at the next try; every rank knows it at the same place."""


class CannotSave(Exception):
    """Progress or weights could not be written: the disk is full, or gone."""


class StopFlag:
    """Set by TERM or USR1 on any rank, by a launcher that got one before its ranks could hear, or by the clock, in time to save.

    All ranks ask together.
    """

    def __init__(self, told: Path, ends: float | None) -> None:
        self.raised = False
        self._ends = ends
        self.longest_step, self.longest_save = 0.0, 0.0
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, self._raise)
        self.raised = self.raised or told.exists()

    def _raise(self, number: int, frame: object) -> None:
        self.raised = True

    def agreed(self) -> str | None:
        """Why any rank has to stop: a ``signal``, or the ``time``; None where none has (a collective call)."""
        flag = torch.tensor([2 if self.raised else int(self._late())])
        if torch.distributed.get_world_size() > 1:
            flag = flag.to(deepspeed.get_accelerator().current_device_name())
            torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
        return (None, "time", "signal")[int(flag.item())]

    def _late(self) -> bool:
        """Whether another step, a save and their usual lateness might not fit before the scheduler's end."""
        needed = LEAST_MARGIN + 2 * self.longest_step + 3 * self.longest_save
        return self._ends is not None and time.time() + needed > self._ends


class Clock:
    """Where the time of a training goes, phase by phase, beside its steps."""

    def __init__(self, started: float) -> None:
        self._last = started
        self.seconds: dict[str, float] = {}

    def end_of(self, phase: str) -> None:
        """The phase since the last call is over."""
        now = time.time()
        self.seconds[phase] = round(now - self._last, 3)
        self._last = now


def train(job: Job, node: int) -> dict[str, Any]:
    """Train to the end, or to the step at which a signal came or the job's time ended; returns the outcome.

    ``outcome`` is ``finished`` or ``stopped``; where stopped, ``cause`` (see StopFlag) and the number of ``steps`` made.
    Raises Refused.
    """
    clock = Clock(job.started)
    clock.end_of("interpreter_and_imports")
    stop = StopFlag(stop_file(Path(job.progress), node), job.ends)
    rank, ranks, device = _meet()
    recipe = job.recipe
    if ranks != recipe["ranks"]:
        raise Refused(
            f"{ranks} processes were started, the recipe says {recipe['ranks']} ranks: a checkpoint fits one number only"
        )
    torch.manual_seed(job.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    steps = plan_steps([len(ids) for ids in job.tokens], recipe, ranks=ranks, seed=job.seed)
    clock.end_of("rendezvous")
    model = load_model(job.base, recipe, "cpu" if recipe["offload"] == "parameters" else device)
    objective = _probed(model, recipe, job.end_ids, rank)
    work = work_of(objective.causal, frozen=recipe["adapter"] is not None)
    clock.end_of("model")
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    configuration = deepspeed_config(recipe, trained)
    engine, *_ = deepspeed.initialize(model=objective, optimizer=make_optimizer(model, recipe), config=configuration)
    progress = Path(job.progress)
    done = _resume(engine, progress, recipe)
    clock.end_of("engine")
    if rank == 0:
        log.info(
            "%s: %d steps of %d samples, %d ranks, ZeRO-%d, starting after step %d",
            job.title,
            len(steps),
            recipe["batch_size"],
            ranks,
            recipe["zero_stage"],
            done,
        )
    stopped = _all_steps(engine, job, steps, done, work, stop, clock)
    if stopped is not None:
        last, cause = stopped
        if rank == 0:
            why = "by a signal" if cause == "signal" else "before the end of the job's time"
            log.info("stopped %s after step %d of %d; progress is saved", why, last, len(steps))
        return {"outcome": "stopped", "cause": cause, "steps": last - done}
    _finish(engine, job, len(steps), configuration, clock)
    return {"outcome": "finished"}


def _meet() -> tuple[int, int, torch.device]:
    """Join the other ranks; this one's number, how many there are, and the device it works on."""
    # DeepSpeed would compile its shared-memory collectives (half a minute with gcc) for inference only.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    deepspeed.init_distributed(dist_backend=None if torch.cuda.is_available() else "gloo", verbose=False)
    device = torch.device(deepspeed.get_accelerator().current_device_name())
    return torch.distributed.get_rank(), torch.distributed.get_world_size(), device


def _probed(model: Any, recipe: dict[str, Any], end_ids: list[int], rank: int) -> Objective:
    """The model with its loss, after the probes have allowed what the recipe asks for; Refused otherwise."""
    vocabulary = int(model.get_input_embeddings().num_embeddings)
    if end_ids[0] >= vocabulary:
        raise Refused(f"the end token {end_ids[0]} lies beyond the model's {vocabulary} embeddings")
    if recipe["layout"] == "padding-free":
        reason = probes.contamination(model)
        if reason is not None:
            raise Refused(f"layout padding-free is not possible: {reason}; choose layout: budgeted")
    chunked = recipe["lm_head"] == "chunked" or (recipe["lm_head"] == "auto" and is_large(vocabulary))
    if chunked:
        reason = probes.plain_head(model)
        if reason is not None and recipe["lm_head"] == "chunked":
            raise Refused(f"lm_head chunked is not possible: {reason}; choose lm_head: auto")
        if reason is not None:
            chunked = False
            if rank == 0:
                log.info("the loss is computed from whole logits: %s", reason)
    return Objective(model, chunked=chunked)


def _all_steps(
    engine: Any, job: Job, steps: list[Step], done: int, work: Work, stop: StopFlag, clock: Clock
) -> tuple[int, str] | None:
    """Every step that is not done; returns the number of the last one and the cause if it had to stop before the end."""
    progress, recipe, rank = Path(job.progress), job.recipe, torch.distributed.get_rank()
    trace = progress / "trace.jsonl"
    if rank == 0:
        _cut_trace(trace, done)
    display = bar(len(steps), job.title, "step", initial=done) if rank == 0 else None
    board = Board(job.title.replace("/", "_")) if rank == 0 else None
    if board is not None and board.missing:
        log.info("GRADUS_TENSORBOARD is set, but the package tensorboard is not installed: nothing is written there")
    meter = Meter(engine.device)
    for number in range(done, len(steps)):
        rate = learning_rate(number, len(steps), recipe["learning_rate"], recipe["warmup_share"])
        facts = one_step(engine, steps[number], job, rate, number, meter, work)
        if number == done:
            clock.end_of("first_step")
        if not math.isfinite(facts["loss"]):
            raise Refused(f"the training diverged: the loss of step {number + 1} is {facts['loss']}")
        if rank == 0 and display is not None and board is not None:
            point = {"step": number + 1, **facts}
            with open(trace, "a", encoding="utf-8") as stream:
                stream.write(json.dumps(point) + "\n")
            board.write(number + 1, point)
            display.set_postfix_str(f"loss {facts['loss']:.3f}", refresh=False)
            display.update()
        stop.longest_step = max(stop.longest_step, facts["seconds"])
        finished = number + 1 == len(steps)
        stopping = None if finished else stop.agreed()
        if stopping or (not finished and (number + 1) % recipe["save_every"] == 0):
            start = time.monotonic()
            _save(engine, progress, number + 1, recipe)
            stop.longest_save = max(stop.longest_save, time.monotonic() - start)
        if stopping:
            return number + 1, stopping
    if display is not None and board is not None:
        display.close()
        board.close()
    clock.end_of("other_steps")
    return None


def one_step(engine: Any, step: Step, job: Job, rate: float, number: int, meter: Meter, work: Work) -> dict[str, Any]:
    """One optimizer step; its point of the trace (docs/reference/outputs.md names every field)."""
    start = time.monotonic()
    torch.manual_seed(job.seed * 1_000_003 + number)  # dropout of a resumed run equals that of an undisturbed one
    targets = sum(target_count(len(job.tokens[i]), job.prompt_lengths[i]) for i in step.samples)
    for group in engine.optimizer.param_groups:
        group["lr"] = rate
    sums = accumulate(engine, step, job, targets)
    engine.step()
    ranks = len(step.micro_batches)
    energy = meter.energy()
    sums = torch.cat([sums, torch.tensor([energy or 0.0], dtype=torch.float64, device=sums.device)])
    if ranks > 1:
        torch.distributed.all_reduce(sums)
    loss, ends, slots, used, joules = sums.tolist()
    norm = engine.get_global_grad_norm()
    ended = sum(target_count(len(job.tokens[i]), job.prompt_lengths[i]) > 0 for i in step.samples)
    lengths = [len(job.tokens[i]) for i in step.samples]
    seconds = time.monotonic() - start
    return {
        "loss": loss / targets,
        "end_loss": ends / ended,
        "learning_rate": rate,
        "grad_norm": float(norm) if norm else None,  # DeepSpeed tells none at stage 0
        "samples": len(step.samples),
        "target_tokens": targets,
        "tokens": int(used),
        "micro_batches": len(step.micro_batches[0]),
        "padding_share": 1 - used / slots,
        **speed(seconds, int(used), len(lengths), work.flops(lengths, targets), meter.peak_flops, ranks),
        "peak_memory_bytes": meter.peak_memory(),
        "energy_joules": None if energy is None else round(joules, 1),
    }


def accumulate(engine: Any, step: Step, job: Job, targets: int) -> torch.Tensor:
    """Forward and backward passes of a step's micro-batches, up to but without the optimizer.

    Returns this rank's sums [4], float64: loss over targets, loss of the end tokens, places computed, tokens among them.
    """
    recipe = job.recipe
    ranks = len(step.micro_batches)
    mine = step.micro_batches[torch.distributed.get_rank()]
    per_sample = recipe["normalise"] == "samples"
    # DeepSpeed averages over ranks: multiplied by their number, the loss is normalised over the whole step.
    scale = ranks / (len(step.samples) if per_sample else targets)
    sums = torch.zeros(4, dtype=torch.float64, device=engine.device)
    for position, micro in enumerate(mine):
        inputs = make_inputs(
            micro,
            job.tokens,
            job.prompt_lengths,
            pad_id=job.pad_id,
            flat=recipe["layout"] == "padding-free",
            per_sample=per_sample,
        )
        loss = engine(inputs.to(engine.device))
        engine.set_gradient_accumulation_boundary(position + 1 == len(mine))
        engine.backward(loss.weighted * scale, scale_wrt_gas=False)
        if position + 1 < len(mine):
            engine.step()
        used = sum(len(job.tokens[i]) for i in micro)
        sums += torch.stack(
            [loss.plain.double(), loss.ends.double(), sums.new_tensor(inputs.ids.numel()), sums.new_tensor(used)]
        )
    return sums


def _resume(engine: Any, progress: Path, recipe: dict[str, Any]) -> int:
    """Load the newest verified checkpoint on all ranks; rank 0 chooses, so that all load the same."""
    found = [newest_verified(progress) if torch.distributed.get_rank() == 0 else None]
    torch.distributed.broadcast_object_list(found, src=0)
    if found[0] is None:
        return 0
    step, folder = found[0]
    engine.load_checkpoint(str(folder), tag="engine", load_module_strict=recipe["adapter"] is None)
    return step


def _save(engine: Any, progress: Path, step: int, recipe: dict[str, Any]) -> None:
    unfinished = progress / f"unfinished-{step:08d}"
    if torch.distributed.get_rank() == 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
    torch.distributed.barrier()
    try:
        engine.save_checkpoint(str(unfinished), tag="engine", exclude_frozen_parameters=recipe["adapter"] is not None)
    except (OSError, RuntimeError) as error:  # torch tells of a full disk by RuntimeErrors of many wordings
        raise CannotSave(str(error).splitlines()[0]) from error
    torch.distributed.barrier()
    if torch.distributed.get_rank() == 0:
        seal(unfinished, progress, step)
    torch.distributed.barrier()


def _finish(engine: Any, job: Job, steps: int, configuration: dict[str, Any], clock: Clock) -> None:
    """Gather the weights on rank 0 and write them as safetensors; the caller proves and publishes them."""
    model = engine.module.model
    state = weights.gather(model, job.recipe["zero_stage"])
    broken = [next((name for name, tensor in state.items() if not bool(torch.isfinite(tensor).all())), None)]
    torch.distributed.broadcast_object_list(broken, src=0)
    if broken[0] is not None:
        raise Refused(f"the training diverged: tensor {broken[0]!r} holds values that are not finite")
    if torch.distributed.get_rank() == 0:
        target = Path(job.weights)
        weights.write(model, state, job.base, job.recipe, job.end_ids, target)
        write_json(target / "deepspeed.json", configuration)
        write_json(target / "recipe.json", job.recipe)
        clock.end_of("save_and_compare")
        write_json(target.parent / "finished.json", {"steps": steps, "seconds": clock.seconds})
    torch.distributed.barrier()


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


def _quiet() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    warnings.filterwarnings("ignore", category=FutureWarning)  # DeepSpeed calls what torch is about to rename
    disable_progress_bar()
    for name in ("DeepSpeed", "deepspeed", "transformers", "torch.distributed"):
        logging.getLogger(name).setLevel(logging.ERROR)


def main() -> None:
    """Entry of each rank: ``python -m gradus.students.training.engine JOB.json NODE``."""
    die_with_parent()
    _quiet()
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    node = int(sys.argv[2])
    try:
        outcome = train(job, node)
    except Refused as error:
        outcome = {"outcome": "failed", "message": str(error)}
    except (CannotSave, OSError, SafetensorError) as error:
        print(f"error: cannot save the training in {job.progress}: {error}", file=sys.stderr, flush=True)
        os._exit(1)  # the launcher ends the other ranks; nothing that was sealed is lost
    if os.environ["LOCAL_RANK"] == "0":
        write_json(outcome_file(Path(job.progress), node), outcome)
    if outcome["outcome"] != "failed":
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
    sys.stdout.flush()
    os._exit(0)  # nothing is left to do; the interpreter's teardown would cost a second per rank


if __name__ == "__main__":
    main()
