"""Needs: what trainings and predictions take, of one cell, of an experiment and of the whole study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gradus.planning import sizing
from gradus.planning.inputs import PlanInputs
from gradus.records import Cell
from gradus.study.grid import is_untaught

# The name of the whole study where its experiments are listed by theirs.
WHOLE = "the whole study"

# Where no training has finished: operations a second of one rank, and its seconds beyond the steps. A core does what tiny
# students reach (docs/background/benchmarks.md), from WIDE weights on what SmolLM2-135M reaches in fp32 with AVX-512, start
# included (docs/howto/real-student.md): its matrices are large enough.
ASSUMED_GPU_FLOPS = sizing.ASSUMED_FLOPS
ASSUMED_CORE_FLOPS, ASSUMED_WIDE_CORE_FLOPS, WIDE = 1.4e10, 5e10, 50_000_000
ASSUMED_FIXED_SECONDS = {"gpu": 60, "cpu": 8}

_BYTES = {"fp32": 4, "bf16": 2}

Speed = Literal["measured", "assumed", "partly assumed"]


@dataclass(frozen=True)
class Needs:
    """The needs of one experiment, or of the whole study, in which shared cells count once.

    ``weights_bytes`` stay, ``progress_bytes`` are the most that one running training keeps in ``work/``; ``rank_hours`` are
    hours of one GPU (or of one process of a CPU training), at the ``speed`` of finished trainings or an assumed one. Both None
    where a student's size is not known before it is fetched.
    """

    name: str
    supervisions: int
    cells: int
    training_samples: int
    optimizer_steps: int
    training_tokens: int
    predictions: int
    weights_bytes: int
    progress_bytes: int
    rank_hours: float | None
    speed: Speed | None


@dataclass(frozen=True)
class TrainingNeeds:
    """What one training keeps, needs meanwhile, and takes (seconds times ranks), at a speed that was ``measured`` or not."""

    weights_bytes: float
    progress_bytes: float
    rank_seconds: float
    measured: bool


@dataclass(frozen=True)
class _CellNeeds:
    """What one cell takes; ``training`` is None where there is none, or the size of its student is not known."""

    samples: int
    steps: int
    tokens: int
    predictions: int
    training: TrainingNeeds | None


def needs_of(inputs: PlanInputs, name: str, chosen: Sequence[Cell], supervisions: int) -> Needs:
    """What the trainings and predictions of some cells take; ``supervisions`` is the number of theirs."""
    each = [_cell_needs(inputs, cell) for cell in chosen]
    taught = [need.training for need, cell in zip(each, chosen, strict=True) if not is_untaught(cell.supervision)]
    trainings = [training for training in taught if training is not None]
    hours = round(sum(need.rank_seconds for need in trainings) / 3600, 3)
    return Needs(
        name=name,
        supervisions=supervisions,
        cells=len(each),
        training_samples=sum(need.samples for need in each),
        optimizer_steps=sum(need.steps for need in each),
        training_tokens=sum(need.tokens for need in each),
        predictions=sum(need.predictions for need in each),
        weights_bytes=round(sum(need.weights_bytes for need in trainings)),
        progress_bytes=round(max((need.progress_bytes for need in trainings), default=0.0)),
        rank_hours=hours if len(trainings) == len(taught) else None,
        speed=_speed(trainings) if len(trainings) == len(taught) else None,
    )


def _speed(trainings: Sequence[TrainingNeeds]) -> Speed | None:
    measured = {need.measured for need in trainings}
    if len(measured) == 2:
        return "partly assumed"
    return None if not measured else "measured" if True in measured else "assumed"


def _cell_needs(inputs: PlanInputs, cell: Cell) -> _CellNeeds:
    study, recipe = inputs.study, inputs.study.recipe_of(cell.student)
    texts_per_problem = sum(study.decodings[name].samples for name in inputs.decodings(cell))
    predictions = inputs.evaluated_problems(cell) * texts_per_problem
    for name in inputs.solvers.get(cell, ()):
        predictions += inputs.problems(cell.supervision.dataset, "train") * study.decodings[name].samples
    if is_untaught(cell.supervision):
        return _CellNeeds(0, 0, 0, predictions, None)
    examples, tokens_per_example = inputs.examples(cell)
    samples = round(examples * recipe.epochs)
    return _CellNeeds(
        samples=samples,
        steps=math.ceil(samples / recipe.batch_size),
        tokens=round(samples * tokens_per_example),
        predictions=predictions,
        training=training_needs(inputs, cell.student, samples * tokens_per_example, tokens_per_example),
    )


def training_needs(inputs: PlanInputs, student: str, tokens: float, tokens_per_example: float) -> TrainingNeeds | None:
    """Disk and time of one training over ``tokens``; None where the student's size is not known.

    Progress is the weights and the optimizer's fp32 copy and two moments, in two checkpoints and one being written. The
    speed is the median of this student's finished trainings in this study, else assumed from its operations.
    """
    size = inputs.size(student)
    if size is None:
        return None
    weights, work = size
    recipe = inputs.study.recipe_of(student)
    width = _BYTES[recipe.precision]
    trained = weights if recipe.adapter is None else 0  # adapters are small beside what is frozen
    resources = inputs.study.students[student].resources
    device = "gpu" if resources.gpus_per_rank else "cpu"
    flops = work.flops([round(tokens_per_example)], round(tokens_per_example)) / max(1.0, tokens_per_example)
    core = ASSUMED_WIDE_CORE_FLOPS if weights >= WIDE else ASSUMED_CORE_FLOPS
    assumed = ASSUMED_GPU_FLOPS if device == "gpu" else core * resources.cpus_per_rank
    measured = inputs.speed(student)
    tokens_per_second = measured or assumed / max(1.0, flops)
    return TrainingNeeds(
        weights_bytes=_BYTES[recipe.save_precision or recipe.precision] * weights,
        progress_bytes=3 * (12 + width) * trained,
        rank_seconds=tokens / tokens_per_second + ASSUMED_FIXED_SECONDS[device] * recipe.ranks,
        measured=measured is not None,
    )
