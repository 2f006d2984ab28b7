"""The process of one rank: it meets the others, loads and probes the model, trains, and writes the weights.

A loop of our own (``trainer``) instead of transformers' Trainer, because it keeps three promises exactly: a step is a fixed set
of samples normalised by its target tokens over all ranks, a signal stops every rank at the same step boundary, and the start
costs seconds (docs/background/architecture.md gives the reasons).
"""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deepspeed
import torch
from safetensors import SafetensorError
from transformers.utils.logging import disable_progress_bar

from gradus.runtime.arithmetic import arithmetic
from gradus.runtime.atomic import write_json
from gradus.runtime.processes import die_with_parent
from gradus.students.training import best_weights, packed_attention, probes, weights
from gradus.students.training.batches import Step, evaluation_steps, plan_evaluation, plan_steps
from gradus.students.training.checkpoints import earlier_folder, newest_verified, seal
from gradus.students.training.engine_config import deepspeed_config, outcome_file, stop_file
from gradus.students.training.inputs import make_inputs
from gradus.students.training.job import CannotSave, Finished, Job, Outcome, Refused
from gradus.students.training.modelling import load_model, make_optimizer
from gradus.students.training.objective import Objective, is_large
from gradus.students.training.refusals import failure, first_line, refusing, would_come_again
from gradus.students.training.stopping import StopFlag
from gradus.students.training.telemetry import Meter, PhaseClock, work_of
from gradus.students.training.trainer import Trainer, Validating
from gradus.study.config.students import Recipe

log = logging.getLogger("gradus")


def train(job: Job, node: int) -> Outcome:
    """Train to the end, or to the step at which a signal came or the job's time ended; returns the outcome.

    ``outcome`` is ``finished`` or ``stopped``; where stopped, ``cause`` (see StopFlag) and the number of ``steps`` made.
    Raises Refused.
    """
    clock = PhaseClock(job.started)
    clock.end_of("interpreter_and_imports")
    stop = StopFlag(stop_file(Path(job.progress), node), job.ends)
    rank, ranks, device = meet()
    recipe = job.recipe
    if ranks != recipe.ranks:
        raise Refused(
            f"{ranks} processes were started, the recipe says {recipe.ranks} ranks: a checkpoint fits one number only"
        )
    torch.manual_seed(job.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Filling every new tensor would be a kernel more for each, against faults of torch's own.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # torch does not type it
    lengths = [len(ids) for ids in job.tokens]
    trained_on = len(lengths) - job.held_out
    steps = plan_steps(lengths[:trained_on], recipe, ranks=ranks, seed=job.seed)
    clock.end_of("rendezvous")
    with refusing("this model cannot be trained as the recipe asks"):
        model = load_model(job.base, recipe, "cpu" if recipe.offload == "parameters" else device)
        objective = with_objective(model, recipe, job.end_ids, rank)
        _be_strict(objective, job, steps, rank)
        work = work_of(objective.causal, frozen=recipe.adapter is not None)
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
            recipe.batch_size,
            ranks,
            recipe.zero_stage,
            done,
        )

    def save(step: int) -> None:
        _save(engine, progress, step, recipe)

    def keep(share: float) -> None:
        _write(weights.gather(engine.module.model, recipe), engine, job, earlier_folder(progress, share))

    validation = None
    if job.held_out:
        samples = plan_evaluation(range(trained_on, len(lengths)), lengths, recipe, ranks=ranks)
        validation = Validating(evaluation_steps(trained_on, recipe), samples, _keeper(engine, progress, recipe))
    trainer = Trainer(engine, job, steps, work, Meter(engine.device), stop, clock, save, keep, validation)
    stopped = trainer.run(done)
    if stopped is not None:
        last, cause = stopped
        if rank == 0:
            why = "by a signal" if cause == "signal" else "before the end of the job's time"
            log.info("stopped %s after step %d of %d; progress is saved", why, last, len(steps))
        return {"outcome": "stopped", "cause": cause, "steps": last - done}
    _finish(engine, job, len(steps), configuration, clock)
    return {"outcome": "finished"}


def import_optimizers() -> None:
    """Import the optimizers that DeepSpeed looks through in every rank, without torch's compiler.

    It names Muon among those that ZeRO supports, and importing that would load the compiler: as long as all other imports
    together, and in every rank anew. Recipes offer no Muon.
    """
    compiled = deepspeed.runtime.compiler.compile
    deepspeed.runtime.compiler.compile = lambda: lambda function: function
    try:
        importlib.import_module("deepspeed.runtime.zero.muon.muon_optimizer")
    finally:
        deepspeed.runtime.compiler.compile = compiled


def meet() -> tuple[int, int, torch.device]:
    """Join the other ranks; this one's number, how many there are, and the device it works on."""
    import_optimizers()
    # DeepSpeed would ask a compiler about all its operations, and compile one for inference only (half a minute with gcc).
    deepspeed.ops.__compatible_ops__ = {"deepspeed_shm_comm": False}
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    deepspeed.init_distributed(dist_backend=None if torch.cuda.is_available() else "gloo", verbose=False)
    device = torch.device(deepspeed.get_accelerator().current_device_name())
    return torch.distributed.get_rank(), torch.distributed.get_world_size(), device


def with_objective(model: Any, recipe: Recipe, end_ids: list[int], rank: int) -> Objective:
    """The model with its loss, after the probes have allowed what the recipe asks for; Refused otherwise."""
    vocabulary = int(model.get_input_embeddings().weight.size(0))
    if end_ids[0] >= vocabulary:
        raise Refused(f"the end token {end_ids[0]} lies beyond the model's {vocabulary} embeddings")
    reason = probes.sight_ahead(model)
    if reason is not None:
        raise Refused(f"{type(model).__name__} is no causal language model: {reason}; choose a decoder")
    if recipe.layout == "padding-free":
        # On a processor the one mask is the quicker way: 34 against 45 CPU seconds a step of SmolLM2.
        by_sample = next(model.parameters()).is_cuda and packed_attention.use(model)
        reason = probes.contamination(model)
        if reason is not None and by_sample:
            packed_attention.leave(model)
            reason = probes.contamination(model)
        if reason is not None:
            raise Refused(f"layout padding-free is not possible: {reason}; choose layout: budgeted")
    chunked = recipe.lm_head == "chunked" or (recipe.lm_head == "auto" and is_large(vocabulary))
    if chunked:
        reason = probes.plain_head(model)
        if reason is not None and recipe.lm_head == "chunked":
            raise Refused(f"lm_head chunked is not possible: {reason}; choose lm_head: auto")
        if reason is not None:
            chunked = False
            if rank == 0:
                log.info("the loss is computed from whole logits: %s", reason)
    return Objective(model, chunked=chunked)


def _be_strict(objective: Objective, job: Job, steps: list[Step], rank: int) -> None:
    """On a GPU, let torch take deterministic operations alone where this model has them, tried on the first sample."""
    if not next(objective.parameters()).is_cuda:
        return
    micro = steps[0].micro_batches[rank][0][:1]
    flat = job.recipe.layout == "padding-free"
    inputs = make_inputs(micro, job.tokens, job.prompt_lengths, pad_id=job.pad_id, end_id=job.end_ids[0], flat=flat)
    reason = probes.indeterminism(objective, inputs.to(next(objective.parameters()).device))
    torch.use_deterministic_algorithms(True, warn_only=reason is not None)
    if reason is not None and rank == 0:
        log.warning("%s: the same training may give other last bits on this GPU: %s", job.title, reason)


def _resume(engine: Any, progress: Path, recipe: Recipe) -> int:
    """Load the newest verified checkpoint on all ranks; rank 0 chooses, so that all load the same."""
    found = [newest_verified(progress) if torch.distributed.get_rank() == 0 else None]
    torch.distributed.broadcast_object_list(found, src=0)
    if found[0] is None:
        if torch.distributed.get_rank() == 0:
            best_weights.forget(progress)
        return 0
    step, folder = found[0]
    if torch.distributed.get_rank() == 0:
        best_weights.bring(folder, progress)
    engine.load_checkpoint(str(folder), tag="engine", load_module_strict=recipe.adapter is None)
    return step


def _save(engine: Any, progress: Path, step: int, recipe: Recipe) -> None:
    unfinished = progress / f"unfinished-{step:08d}"
    if torch.distributed.get_rank() == 0:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
    torch.distributed.barrier()
    try:
        engine.save_checkpoint(str(unfinished), tag="engine", exclude_frozen_parameters=recipe.adapter is not None)
    except (OSError, RuntimeError) as error:  # torch reports a full disk by RuntimeErrors of many wordings
        raise CannotSave(str(error).splitlines()[0]) from error
    torch.distributed.barrier()
    if torch.distributed.get_rank() == 0:
        best_weights.bring(progress, unfinished)
        seal(unfinished, progress, step)
    torch.distributed.barrier()


def _keeper(engine: Any, progress: Path, recipe: Recipe) -> Callable[[best_weights.Evaluation], None]:
    """What is done after each evaluation: where the best weights are to be published, keep those that are better than before."""
    found = [best_weights.found(progress) if torch.distributed.get_rank() == 0 else None]
    torch.distributed.broadcast_object_list(found, src=0)

    def report(evaluation: best_weights.Evaluation) -> None:
        if not _keeps_best(recipe) or (found[0] is not None and not evaluation.loss < found[0].loss):
            return
        found[0] = evaluation
        state = weights.gather(engine.module.model, recipe)
        if torch.distributed.get_rank() == 0:
            best_weights.keep(state, evaluation, progress)
        torch.distributed.barrier()

    return report


def _keeps_best(recipe: Recipe) -> bool:
    return recipe.validation is not None and recipe.validation.keep == "best"


def _finish(engine: Any, job: Job, steps: int, configuration: dict[str, object], clock: PhaseClock) -> None:
    """Write the weights and how they were made; the caller proves and publishes them."""
    state, kept_step = weights.gather(engine.module.model, job.recipe), steps
    if _keeps_best(job.recipe) and torch.distributed.get_rank() == 0:
        best = best_weights.found(Path(job.progress))
        assert best is not None  # the last step at the latest has been evaluated
        state, kept_step = best_weights.kept(Path(job.progress)), best.step
    target = Path(job.weights)
    _write(state, engine, job, target)
    if torch.distributed.get_rank() == 0:
        write_json(target / "deepspeed.json", configuration)
        write_json(target / "recipe.json", job.recipe.model_dump())
        clock.end_of("save_and_compare")
        facts: Finished = {"steps": steps, "kept_step": kept_step, "seconds": clock.seconds, "arithmetic": arithmetic()}
        write_json(target.parent / "finished.json", facts)
    torch.distributed.barrier()


def _write(state: dict[str, torch.Tensor], engine: Any, job: Job, target: Path) -> None:
    """Write weights that rank 0 has gathered as safetensors; Refused on all ranks where they are no numbers."""
    broken = [next((name for name, tensor in state.items() if not bool(torch.isfinite(tensor).all())), None)]
    torch.distributed.broadcast_object_list(broken, src=0)
    if broken[0] is not None:
        raise Refused(f"the training diverged: tensor {broken[0]!r} holds values that are not finite")
    if torch.distributed.get_rank() == 0:
        weights.write(engine.module.model, state, job.base, job.recipe, job.end_ids, target)
    torch.distributed.barrier()


def quieten() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    warnings.filterwarnings("ignore", category=FutureWarning)  # DeepSpeed calls what torch is about to rename
    disable_progress_bar()
    for name in ("DeepSpeed", "deepspeed", "transformers", "torch.distributed"):
        logging.getLogger(name).setLevel(logging.ERROR)


def main() -> None:
    """Entry of each rank: ``python -m gradus.students.training.engine JOB.json NODE``."""
    die_with_parent()
    quieten()
    job = Job.read(Path(sys.argv[1]))
    node = int(sys.argv[2])
    try:
        outcome = train(job, node)
    except Refused as error:
        outcome = failure(str(error))
    except (CannotSave, OSError, SafetensorError) as error:
        print(f"error: cannot read or save the training in {job.progress}: {error}", file=sys.stderr, flush=True)
        os._exit(1)  # the launcher ends the other ranks; nothing that was sealed is lost
    except Exception as error:
        traceback.print_exc()
        if would_come_again(error):  # this rank may be the only one: whichever it is writes it down
            write_json(outcome_file(Path(job.progress), node), failure(f"{type(error).__name__}: {first_line(error)}"))
        sys.stderr.flush()
        os._exit(1)
    if os.environ["LOCAL_RANK"] == "0":
        write_json(outcome_file(Path(job.progress), node), outcome)
    if outcome["outcome"] != "failed":
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()
    sys.stdout.flush()
    os._exit(0)  # nothing is left to do; the interpreter's teardown would cost a second per rank


if __name__ == "__main__":
    main()
