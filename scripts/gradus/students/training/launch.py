"""From a job to weights: start the ranks of this node and see them through."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gradus.runtime import starter
from gradus.runtime.atomic import write_json, write_text
from gradus.runtime.environment import gpus_here, installed, lease_wait, submitted_job
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.runtime.processes import die_with_parent
from gradus.runtime.slurm import end_of_job, is_preempted, requeue
from gradus.students.training.checkpoints import progress_folder, require_private
from gradus.students.training.engine_config import outcome_file, stop_file
from gradus.students.training.geometry import Geometry, geometry
from gradus.students.training.job import Finished, Job, Outcome
from gradus.students.training.publication import FINISHED, TRACE, WEIGHTS, WORD, is_finished
from gradus.study.config.students import Recipe
from gradus.study.fingerprint import SCRIPTS

log = logging.getLogger("gradus")

STOPPING = (signal.SIGTERM, signal.SIGUSR1)
LOCAL_RANKS = "gradus.students.training.local_ranks"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Stopped(Exception):
    """The training was stopped by a signal and has saved its progress."""


@dataclass(frozen=True)
class TrainingRequest:
    """A training as its caller sees it; ``identity`` is everything that decides the weights.

    ``answer_starts`` are read where the recipe weighs rationale and answer apart. The last ``held_out`` samples are not trained
    on. ``cpus`` are the cores of this node that it may use; None: what OMP_NUM_THREADS says, else all. ``keep_at``: shares of the
    steps after which the weights are kept in ``earlier/``, beside those of the end.
    """

    title: str
    base: Path
    tokens: list[list[int]]
    prompt_lengths: list[int]
    answer_starts: list[int]
    recipe: Recipe
    seed: int
    pad_id: int
    end_ids: list[int]
    identity: Mapping[str, object]
    held_out: int = 0
    cpus: int | None = None
    keep_at: tuple[float, ...] = ()


@dataclass(frozen=True)
class Trained:
    """What a training left: weights (those after ``kept_step``), its log, its number of steps, the seconds of each phase, and the
    arithmetic of its first rank.

    ``leads`` is False on all nodes but the first: they have done their share, and find nothing here.
    """

    weights: Path
    trace: Path
    steps: int
    kept_step: int
    seconds: dict[str, float]
    leads: bool
    arithmetic: Mapping[str, object]


def launch(request: TrainingRequest, work: Path) -> Trained:
    """Train (or go on training) on this node alone or together with others; the caller holds the lease.

    Raises Stopped after a signal, UserError where the ranks failed; progress stays in ``work`` either way. A failure that
    would come again is recorded there, and reported at once by the next try.
    """
    here = geometry(os.environ, request.recipe.ranks)
    progress = progress_folder(work, request.identity)
    require_private(progress)
    finished, weights = progress / FINISHED, progress / WEIGHTS
    if here.leads:
        training = not is_finished(progress)
        if here.nodes > 1:
            write_text(_word(progress), "train" if training else "done")
    else:
        training = _first_nodes_word(progress, request.title) == "train"
    if training:
        _raise_recorded_failure(request, progress, 0)
        job = Job(
            base=str(request.base),
            tokens=request.tokens,
            prompt_lengths=request.prompt_lengths,
            answer_starts=request.answer_starts,
            held_out=request.held_out,
            recipe=request.recipe,
            seed=request.seed,
            progress=str(progress),
            weights=str(weights),
            title=request.title,
            pad_id=request.pad_id,
            end_ids=request.end_ids,
            started=time.time(),
            ends=end_of_job(os.environ),
            keep_at=request.keep_at,
        )
        if here.leads:
            write_json(progress / "identity.json", request.identity)
            _mention_other_ranks(request, work)
        outcome_path = outcome_file(progress, here.node)
        outcome_path.unlink(missing_ok=True)
        job_file = progress / f"job-{here.node}.json"
        job.write(job_file)
        status = _run_ranks(job_file, here, request.cpus or _cpus_of_job())
        outcome: Outcome | None = read_json(outcome_path) if outcome_path.exists() else None
        if outcome is not None and outcome["outcome"] == "stopped":
            if here.leads:
                _back_into_queue(outcome)
            raise Stopped
        _raise_recorded_failure(request, progress, here.node)
        if status != 0 or (here.leads and not finished.exists()):
            raise UserError(
                f"the training processes ended with status {status} before the last step",
                where=request.title,
                hint="their messages are above; the same command goes on from the saved progress",
            )
    facts: Finished = read_json(finished) if here.leads else {"steps": 0, "seconds": {}}
    steps = facts["steps"]
    kept, found = facts.get("kept_step", steps), facts.get("arithmetic", {})
    return Trained(weights, progress / TRACE, steps, kept, facts["seconds"], here.leads, found)


def _word(progress: Path) -> Path:
    """Where the first node of this job step, once it has the lease, writes for the others whether there is anything to train."""
    return progress / f"{WORD}{os.environ.get('SLURM_JOB_ID')}-{os.environ.get('SLURM_STEP_ID')}"


def _first_nodes_word(progress: Path, title: str) -> str:
    """What the first node has written, waited for as long as that node may wait itself; UserError after that."""
    end = time.monotonic() + lease_wait() + 60
    while not _word(progress).exists():
        if time.monotonic() > end:
            raise UserError("the first node of this job did not start", where=title)
        time.sleep(0.2)
    return _word(progress).read_text(encoding="utf-8")


def _back_into_queue(outcome: Outcome) -> None:
    """Let SLURM start this job again where it was stopped for time or for another job, which is no failure to be counted.

    Not where no step was made: it would stop at the same step for ever.
    """
    job = submitted_job()
    if job and outcome["steps"] > 0 and (outcome["cause"] == "time" or is_preempted(job)) and requeue(job):
        log.info("SLURM job %s goes back into the queue, and on from here", job)


def _raise_recorded_failure(request: TrainingRequest, progress: Path, node: int) -> None:
    """UserError for a recorded failure: trying again would only repeat it, unless other packages are installed by now."""
    outcome_path = outcome_file(progress, node)
    outcome: Outcome | None = read_json(outcome_path) if outcome_path.exists() else None
    if outcome is None or outcome["outcome"] != "failed":
        return
    if outcome.get("packages", installed()) == installed():
        raise UserError(
            outcome["message"],
            where=request.title,
            hint=f"the same training would fail again; change its recipe, or delete {progress} to try anyway",
        )


def _mention_other_ranks(request: TrainingRequest, work: Path) -> None:
    """Log progress of the same training with another number of ranks: it fits no other number, so this one starts anew."""
    mine = {**request.identity, "recipe": {**request.recipe.identity(), "ranks": None}}
    for path in sorted(work.glob("*/identity.json")):
        other = read_json(path)
        recipe = other.get("recipe")
        if not isinstance(recipe, dict) or recipe.get("ranks") == request.recipe.ranks:
            continue
        if {**other, "recipe": {**recipe, "ranks": None}} == mine and list(path.parent.glob("step-*")):
            log.info(
                "%s: %s holds progress of this training with %d ranks; a checkpoint fits one number of ranks only, so this "
                "run with %d ranks starts from the beginning (set recipe.ranks back to go on there)",
                request.title,
                path.parent,
                recipe["ranks"],
                request.recipe.ranks,
            )


def _run_ranks(job: Path, here: Geometry, cpus: int) -> int:
    """Start the ranks of this node, pass on TERM and USR1, and return their common exit status."""
    ranks = here.ranks_per_node
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(SCRIPTS), environment.get("PYTHONPATH")]))
    # Snakemake sets the threads of the whole job; for each rank they would be too many, and add in another order.
    environment.update(dict.fromkeys(THREAD_VARIABLES, str(max(1, cpus // ranks))))
    environment.setdefault("TOKENIZERS_PARALLELISM", "false")
    environment.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic with it only
    if not gpus_here():
        environment["DS_ACCELERATOR"] = "cpu"
    arguments = [str(job), str(here.node)]
    stop_file(job.parent, here.node).unlink(missing_ok=True)

    process: subprocess.Popen[bytes] | starter.Started | None = None

    def forward(number: int, frame: object) -> None:
        stop_file(job.parent, here.node).touch()  # for ranks that are still importing and have no handlers yet
        if process is not None:
            _signal_ranks(process.pid, number)

    previous = {number: signal.signal(number, forward) for number in STOPPING}
    try:
        process = _started(here, arguments, environment)
        return process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _cpus_of_job() -> int:
    """The threads that Snakemake or the user gave the job, else all cores."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) > 0 else os.cpu_count() or 1


def _started(
    here: Geometry, arguments: list[str], environment: Mapping[str, str]
) -> subprocess.Popen[bytes] | starter.Started:
    """The process that starts this node's ranks: ``local_ranks`` where ranks can be forked, else torchrun."""
    command = [sys.executable, "-m"]
    if here.nodes == 1 and not gpus_here():
        forked = starter.start(LOCAL_RANKS, arguments, environment, deaf_to=STOPPING)
        if forked is not None:
            return forked
        command += [LOCAL_RANKS]
    else:
        engine = ["-m", "gradus.students.training.engine"]
        command += ["torch.distributed.run", *here.torchrun_options(), "--signals-to-handle=SIGINT", *engine]
    return subprocess.Popen([*command, *arguments], env=environment, preexec_fn=_deaf_and_bound)


def _deaf_and_bound() -> None:
    """torchrun answers TERM by killing the ranks without a checkpoint, and SLURM sends TERM to every process of a step. So what
    starts the ranks begins with these signals ignored, and dies with this process; the ranks set handlers of their own."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    die_with_parent()


def _signal_ranks(parent: int, number: int) -> None:
    """Send a signal to the ranks themselves."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    try:
        for child in children.read_text().split():
            os.kill(int(child), number)
    except OSError:
        pass  # they have ended by themselves
