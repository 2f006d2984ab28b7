"""The benchmark of GPUs runs wherever there is none, so that whoever has one can trust it to run."""

import subprocess
import sys

from conftest import HANG_LIMIT, PROJECT


def test_the_gpu_benchmark_runs_on_a_cpu() -> None:
    options = ["gpu", "--shape", "tiny-llama", "--layout", "padding-free", "--steps", "5", "--budget", "4096"]
    done = subprocess.run(
        [sys.executable, str(PROJECT / "benchmarks" / "training.py"), *options],
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if "tokens/s" in line]
    assert lines[0].startswith("tiny-llama | gradus padding-free | ")
    assert "padding 0.0%" in lines[0]
    assert lines[1].startswith("tiny-llama | transformers Trainer, padded | ")


def test_the_gpu_benchmark_of_predictions_runs_on_a_cpu() -> None:
    options = ["gpu", "--shape", "tiny-llama", "--prompts", "4", "--longest", "6"]
    done = subprocess.run(
        [sys.executable, str(PROJECT / "benchmarks" / "evaluation.py"), *options],
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
        cwd=PROJECT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if "tokens/s" in line]
    assert [line.split(" | ")[1] for line in lines] == ["rows leaving", "continuous"]
