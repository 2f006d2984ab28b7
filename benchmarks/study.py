"""How long the default study takes, and where the time goes: per rule, and the fixed cost of a training.

Runs the study in a temporary folder, or reads a finished one: ``python benchmarks/study.py [RESULTS_FOLDER]``.
Prints a Markdown table for docs/background/benchmarks.md; times are of this machine, now.
"""

import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import fmean

PROJECT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure (or read) and print."""
    if len(sys.argv) > 1:
        report(Path(sys.argv[1]), None)
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(PROJECT / "Snakefile"), "--cores", "2"]
        start = time.monotonic()
        subprocess.run([*command, "--directory", folder], check=True)
        report(Path(folder) / "results" / "default", time.monotonic() - start)


def report(results: Path, seconds: float | None) -> None:
    """Print the table of one finished study."""
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    if seconds is not None:
        print(f"Whole workflow: {seconds / 60:.1f} minutes")
    walls: dict[str, list[float]] = defaultdict(list)
    for path in (results / "benchmarks").rglob("*.tsv"):
        with open(path, encoding="utf-8") as stream:
            row = next(csv.DictReader(stream, delimiter="\t"))
        walls[path.relative_to(results / "benchmarks").parts[0]].append(float(row["s"]))
    print("| outputs | jobs | mean s | total s |\n|---|---:|---:|---:|")
    for name, values in sorted(walls.items(), key=lambda item: -sum(item[1])):
        print(f"| {name} | {len(values)} | {fmean(values):.1f} | {sum(values):.0f} |")
    trainings = [json.loads(path.read_text(encoding="utf-8")) for path in (results / "checkpoints").rglob("*.run.json")]
    fixed = [run["wall_seconds"] - run["step_seconds"] for run in trainings]
    speed = [run["tokens"] / run["step_seconds"] for run in trainings]
    print(f"Fixed cost of a training (start, load, save, check): mean {fmean(fixed):.1f} s, most {max(fixed):.1f} s")
    print(f"Training speed: mean {fmean(speed):,.0f} tokens/s over both ranks")


if __name__ == "__main__":
    main()
