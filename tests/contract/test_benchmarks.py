"""The benchmark of GPUs runs wherever there is none, so that whoever has one can trust it to run."""

import subprocess
import sys

import pytest
from running import HANG_LIMIT, PROJECT


def lines_of(benchmark: str, *options: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "benchmarks" / f"{benchmark}.py"), "gpu", *options],
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [line for line in done.stdout.splitlines() if "tokens/s" in line]


@pytest.mark.full
def test_the_gpu_benchmark_runs_on_a_cpu() -> None:
    options = ["--shape", "tiny-llama", "--layout", "padding-free", "--steps", "5", "--batch", "8", "--budget", "2048"]
    lines = lines_of("training", *options)
    assert lines[0].startswith("tiny-llama | gradus padding-free | ")
    assert "padding 0.0%" in lines[0]
    assert lines[1].startswith("tiny-llama | transformers Trainer, padded | ")


def test_the_gpu_benchmark_of_predictions_runs_on_a_cpu() -> None:
    lines = lines_of("evaluation", "--shape", "tiny-llama", "--prompts", "4", "--longest", "6")
    assert [line.split(" | ")[1] for line in lines] == ["rows leaving", "continuous"]
