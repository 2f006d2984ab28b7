"""Telemetry: how fast a training runs, what share of the machine it uses, how much memory and energy it takes.

These are facts of a machine and an hour: they go into ``telemetry.run.jsonl`` and the run record, never into the trace or
the manifest, whose bytes must not depend on them.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from gradus.runtime.environment import peak_tflops, tensorboard_folder
from gradus.students.model_config import is_beside_text
from gradus.students.model_sizes import Work

# Dense bf16 FLOP/s by a part of the device's name (NVIDIA's data sheets); other devices: GRADUS_PEAK_TFLOPS.
PEAK_FLOPS = {"H200": 989e12, "H100": 989e12, "A100": 312e12}
TIMED = ("seconds", "tokens_per_second", "samples_per_second", "mfu", "peak_memory_bytes", "energy_joules")


class Speed(TypedDict):
    """Rates of one step over all ranks; ``mfu`` is the share of what the devices could do at best, None where that is unknown."""

    seconds: float
    tokens_per_second: float
    samples_per_second: float
    mfu: float | None


class StepFacts(Speed):
    """What one optimizer step computed and how it ran (docs/reference/outputs.md names every field)."""

    loss: float
    end_loss: float | None
    learning_rate: float
    grad_norm: float | None
    samples: int
    target_tokens: int
    tokens: int
    micro_batches: int
    padding_share: float
    peak_memory_bytes: int
    energy_joules: float | None
    validation_loss: NotRequired[float]


class StepPoint(StepFacts):
    """The same with the number of the step, from 1: a line of the trace."""

    step: int


class PhaseClock:
    """Where the time of a training goes, phase by phase, beside its steps."""

    def __init__(self, started: float) -> None:
        self._last = started
        self.seconds: dict[str, float] = {}

    def end_of(self, phase: str) -> None:
        """The phase since the last call is over."""
        now = time.time()
        self.seconds[phase] = round(now - self._last, 3)
        self._last = now


def work_of(causal: Any, frozen: bool) -> Work:
    """The work of a transformers model on a text, of its text part where it sees pictures too."""
    config = causal.config.get_text_config()
    head = causal.get_output_embeddings()
    head_size = 0 if head is None else _size(head.weight)
    tables = {id(module.weight) for module in (head, causal.get_input_embeddings()) if module is not None}
    text = (one for name, one in causal.named_parameters() if not is_beside_text(name))
    body = sum(_size(parameter) for parameter in text if id(parameter) not in tables)
    heads = getattr(config, "num_attention_heads", None) or 1
    width = (getattr(config, "head_dim", None) or config.hidden_size // heads) * heads
    return Work(body, head_size, int(config.num_hidden_layers), int(width), 2 if frozen else 3)


def _size(parameter: Any) -> int:
    packed = getattr(getattr(parameter, "quant_state", None), "shape", None)  # of weights in 4 bits, two to a byte
    return int(packed.numel() if packed is not None else getattr(parameter, "ds_numel", None) or parameter.numel())


def peak_flops(device_name: str) -> float | None:
    """Operations a second of one device at best; None where it is not known."""
    given = peak_tflops()
    if given:
        return given * 1e12
    return next((flops for name, flops in PEAK_FLOPS.items() if name in device_name), None)


class Meter:
    """Reads memory and energy of this rank's device."""

    def __init__(self, device: Any) -> None:
        import torch

        self._cuda = device.type == "cuda"
        self._device = device
        self.name = torch.cuda.get_device_name(device) if self._cuda else "cpu"
        self.peak_flops = peak_flops(self.name)
        self._handle = self._find_counter()
        self._energy = self._joules()

    def _find_counter(self) -> Any:
        try:
            import pynvml

            pynvml.nvmlInit()
            handle = pynvml.nvmlDeviceGetHandleByIndex(self._device.index or 0)
            pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        except Exception:  # no NVML, no such device, or one without a counter: then there is no such fact
            return None
        return handle

    def _joules(self) -> float | None:
        if self._handle is None:
            return None
        import pynvml

        return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(self._handle)) / 1000

    def energy(self) -> float | None:
        """Joules of this rank's device since the last call."""
        before, self._energy = self._energy, self._joules()
        return None if before is None or self._energy is None else self._energy - before

    def peak_memory(self) -> int:
        """The most bytes this rank has held: on its GPU, else in the host's memory."""
        if self._cuda:
            import torch

            return int(torch.cuda.max_memory_allocated(self._device))
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def speed(seconds: float, tokens: int, samples: int, flops: float, peak: float | None, ranks: int) -> Speed:
    """The rates of a step that took so many seconds, tokens and operations."""
    return {
        "seconds": round(seconds, 4),
        "tokens_per_second": round(tokens / seconds, 1),
        "samples_per_second": round(samples / seconds, 2),
        "mfu": None if peak is None else round(flops / seconds / (peak * ranks), 4),
    }


class Board:
    """Scalars for TensorBoard, where ``GRADUS_TENSORBOARD`` names a folder and the package is there."""

    def __init__(self, title: str) -> None:
        folder = tensorboard_folder()
        self._writer: Any = None
        self.missing = False
        if folder:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                self.missing = True
                return
            self._writer = SummaryWriter(os.path.join(folder, title))

    def write(self, step: int, facts: Mapping[str, object]) -> None:
        """One step's numbers."""
        if self._writer is not None:
            for name, value in facts.items():
                if isinstance(value, int | float) and name != "step":
                    self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()


def split(point: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """One logged step as what the training computed and how it ran; both keep the step's number."""
    computed = {key: value for key, value in point.items() if key not in TIMED}
    return computed, {"step": point["step"], **{key: point[key] for key in TIMED if key in point}}
