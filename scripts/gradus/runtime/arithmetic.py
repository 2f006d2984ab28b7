"""What decides the last bits of a sum on this machine: two machines that differ here train to different weights."""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from typing import NotRequired, TypedDict

# Instruction sets among which torch and its libraries choose their code.
_FLAGS = re.compile(r"avx\w*|amx\w*|fma|sse4_\w+|asimd\w*|sve\w*|bf16|neon")
_VARIABLES = (
    "ATEN_CPU_CAPABILITY",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "OPENBLAS_CORETYPE",
    "ONEDNN_MAX_CPU_ISA",
)


class TorchArithmetic(TypedDict):
    """What torch chose on this machine."""

    version: str
    capability: str
    threads: int
    blas: str | None
    gpu: NotRequired[str]


class Arithmetic(TypedDict):
    """Processor and its instruction sets, and the variables that choose among them; ``torch`` where it is loaded."""

    processor: str
    flags: list[str]
    variables: dict[str, str]
    torch: NotRequired[TorchArithmetic]


def arithmetic(cpuinfo: Path = Path("/proc/cpuinfo")) -> Arithmetic:
    """What decides the last bits of a sum on this machine."""
    model, flags = processor(cpuinfo)
    found: Arithmetic = {
        "processor": model,
        "flags": flags,
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
    }
    torch = sys.modules.get("torch")  # never imported for this: most programs do without
    if torch is not None:
        blas = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
        found["torch"] = {
            "version": torch.__version__,
            "capability": torch.backends.cpu.get_cpu_capability(),
            "threads": torch.get_num_threads(),
            "blas": blas.group(1) if blas else None,
        }
        if torch.cuda.is_available():
            found["torch"]["gpu"] = f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
    return found


def processor(cpuinfo: Path) -> tuple[str, list[str]]:
    """Name of the first processor and its instruction sets for arithmetic, sorted; none where the system does not tell."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        lines = []
    facts = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    words = (facts.get("flags") or facts.get("features") or "").split()
    return facts.get("model name", platform.machine()), sorted({word for word in words if _FLAGS.fullmatch(word)})
