"""The training loop: every optimizer step of one training, as each rank goes through it.

Read from the top: ``run`` is the loop, ``step`` one optimizer step, ``accumulate`` its forward and backward passes. The line
that computes the loss is ``loss = self.engine(inputs)``; what it computes is in ``objective``.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from gradus.runtime.progress import bar
from gradus.students.model_sizes import Work
from gradus.students.training.batches import Step, learning_rate
from gradus.students.training.best_weights import Evaluation
from gradus.students.training.inputs import Inputs, make_inputs, target_count
from gradus.students.training.job import Cause, Job, Refused
from gradus.students.training.stopping import StopFlag
from gradus.students.training.telemetry import Board, Meter, PhaseClock, StepFacts, StepPoint, speed
from gradus.students.training.weighing import Weighing, weighing

log = logging.getLogger("gradus")


@dataclass(frozen=True)
class Validating:
    """After which steps the loss of which samples is computed; ``report`` is told of each (a collective call)."""

    after: frozenset[int]
    samples: Step
    report: Callable[[Evaluation], None]


@dataclass
class Trainer:
    """A DeepSpeed engine with all that its steps need.

    ``steps`` is the plan of the whole training, ``work`` the operations of one token, ``save`` writes a checkpoint after so many
    steps, ``keep`` the weights as they are after a share of them (collective calls). ``validation``: when and how the loss on
    held-out samples is computed.
    """

    engine: Any
    job: Job
    steps: list[Step]
    work: Work
    meter: Meter
    stop: StopFlag
    clock: PhaseClock
    save: Callable[[int], None]
    keep: Callable[[float], None] = lambda share: None
    validation: Validating | None = None

    @cached_property
    def _weighing(self) -> Weighing | None:
        lengths = [len(ids) for ids in self.job.tokens]
        return weighing(self.job.recipe, lengths, self.job.prompt_lengths, self.job.answer_starts)

    def run(self, done: int) -> tuple[int, Cause] | None:
        """Every step that is not done; the number of the last one and the cause where the training had to stop before its end."""
        recipe, last = self.job.recipe, len(self.steps)
        keep = {max(1, round(share * last)): share for share in self.job.keep_at}
        step_log = _StepLog(self.job, last, done) if torch.distributed.get_rank() == 0 else None
        for number in range(done, last):
            point = self.step(number)
            if number == done:
                self.clock.end_of("first_step")
            if not math.isfinite(point["loss"]):
                raise Refused(f"the training diverged: the loss of step {number + 1} is {point['loss']}")
            start = time.monotonic()
            if self.validation is not None and number + 1 in self.validation.after:
                point["validation_loss"] = self.held_out_loss(self.validation.samples)
                if not math.isfinite(point["validation_loss"]):
                    raise Refused(f"the training diverged: the held-out loss after step {number + 1} is not finite")
                self.validation.report(Evaluation(number + 1, point["validation_loss"]))
            if step_log is not None:
                step_log.write(number + 1, point)
            self.stop.longest_step = max(self.stop.longest_step, point["seconds"] + time.monotonic() - start)
            if number + 1 in keep:  # before a checkpoint of the same step, so that no resumed training lacks them
                self.keep(keep[number + 1])
            is_last = number + 1 == last
            cause = None if is_last else self.stop.agreed()
            if cause is not None or (not is_last and (number + 1) % recipe.save_every == 0):
                start = time.monotonic()
                self.save(number + 1)
                self.stop.longest_save = max(self.stop.longest_save, time.monotonic() - start)
            if cause is not None:
                return number + 1, cause
        if step_log is not None:
            step_log.close()
        self.clock.end_of("other_steps")
        return None

    def step(self, number: int) -> StepFacts:
        """One optimizer step; what it computed and how it ran."""
        start = time.monotonic()
        job, step = self.job, self.steps[number]
        torch.manual_seed(job.seed * 1_000_003 + number)  # dropout of a resumed run equals that of an undisturbed one
        lengths = [len(job.tokens[i]) for i in step.samples]
        targets_of = [target_count(len(job.tokens[i]), job.prompt_lengths[i]) for i in step.samples]
        targets = sum(targets_of)
        rate = learning_rate(number, len(self.steps), job.recipe)
        for group in self.engine.optimizer.param_groups:
            group["lr"] = rate
        sums = self.accumulate(step)
        self.engine.step()
        ranks = len(step.micro_batches)
        energy = self.meter.energy()
        sums = torch.cat([sums, torch.tensor([energy or 0.0], dtype=torch.float64, device=sums.device)])
        if ranks > 1:
            torch.distributed.all_reduce(sums)
        loss, ends, end_count, slots, used, joules = sums.tolist()
        norm = self.engine.get_global_grad_norm()
        seconds = time.monotonic() - start
        flops = self.work.flops(lengths, targets)
        rates = speed(seconds, int(used), len(lengths), flops, self.meter.peak_flops, ranks)
        return {
            "loss": loss / targets,
            "end_loss": ends / end_count if end_count else None,  # None where every example of the step was cut
            "learning_rate": rate,
            "grad_norm": float(norm) if norm else None,  # DeepSpeed gives none at stage 0
            "samples": len(step.samples),
            "target_tokens": targets,
            "tokens": int(used),
            "micro_batches": len(step.micro_batches[0]),
            "padding_share": 1 - used / slots,
            "seconds": rates["seconds"],
            "tokens_per_second": rates["tokens_per_second"],
            "samples_per_second": rates["samples_per_second"],
            "mfu": rates["mfu"],
            "peak_memory_bytes": self.meter.peak_memory(),
            "energy_joules": None if energy is None else round(joules, 1),
        }

    def accumulate(self, step: Step) -> torch.Tensor:
        """Forward and backward passes of a step's micro-batches, up to but without the optimizer.

        Returns this rank's sums [5], float64: loss over targets, loss of the end tokens, number of end tokens,
        positions computed, tokens among them.
        """
        ranks = len(step.micro_batches)
        mine = step.micro_batches[torch.distributed.get_rank()]
        total = self._total(step)
        # DeepSpeed averages over ranks: multiplied by their number, the loss is normalised over the whole step.
        scale = ranks / total if total else 0.0
        sums = torch.zeros(5, dtype=torch.float64, device=self.engine.device)
        for position, micro in enumerate(mine):
            inputs = self._inputs(micro)
            loss = self.engine(inputs)
            self.engine.set_gradient_accumulation_boundary(position + 1 == len(mine))
            self.engine.backward(loss.weighted * scale, scale_wrt_gas=False)
            if position + 1 < len(mine):
                self.engine.step()
            used = sum(len(self.job.tokens[i]) for i in micro)
            counts = sums.new_tensor([inputs.ends.sum(), inputs.ids.numel(), used])
            sums += torch.cat([torch.stack([loss.plain.double(), loss.ends.double()]), counts])
        return sums

    def held_out_loss(self, step: Step) -> float:
        """What the training minimises, of samples that it does not see: no dropout, no gradient, the weights as they are."""
        total = self._total(step)
        loss = torch.zeros(1, dtype=torch.float64, device=self.engine.device)
        self.engine.eval()
        with torch.no_grad():
            for micro in step.micro_batches[torch.distributed.get_rank()]:
                loss += self.engine(self._inputs(micro)).weighted.double()
        self.engine.train()
        if len(step.micro_batches) > 1:
            torch.distributed.all_reduce(loss)
        return float(loss) / total if total else 0.0

    def _inputs(self, micro: Sequence[int]) -> Inputs:
        job, weights = self.job, self._weighing
        return make_inputs(
            micro,
            job.tokens,
            job.prompt_lengths,
            pad_id=job.pad_id,
            end_id=job.end_ids[0],
            flat=job.recipe.layout == "padding-free",
            weights_of=None if weights is None else weights.of,
        ).to(self.engine.device)

    def _total(self, step: Step) -> float:
        """What the loss of a step is divided by: its targets, or their weights."""
        if self._weighing is not None:
            return self._weighing.total(step.samples)
        return sum(target_count(len(self.job.tokens[i]), self.job.prompt_lengths[i]) for i in step.samples)


class _StepLog:
    """What rank 0 writes of each step: the trace, the progress bar, TensorBoard."""

    def __init__(self, job: Job, steps: int, done: int) -> None:
        self._trace = Path(job.progress) / "trace.jsonl"
        cut_trace(self._trace, done)
        self._bar = bar(steps, job.title, "step", initial=done)
        self._board = Board(job.title.replace("/", "_"))
        if self._board.missing:
            log.info(
                "GRADUS_TENSORBOARD is set, but the package tensorboard is not installed: nothing is written there"
            )

    def write(self, step: int, facts: StepFacts) -> None:
        point: StepPoint = {"step": step, **facts}
        with open(self._trace, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(point) + "\n")
        self._board.write(step, point)
        self._bar.set_postfix_str(f"loss {facts['loss']:.3f}", refresh=False)
        self._bar.update()

    def close(self) -> None:
        self._bar.close()
        self._board.close()


def cut_trace(trace: Path, done: int) -> None:
    """Forget logged steps that are not part of the resumed progress."""
    if not trace.exists():
        return
    kept = []
    for line in trace.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["step"] <= done:
                kept.append(line + "\n")
        except ValueError:
            break
    trace.write_text("".join(kept), encoding="utf-8")
