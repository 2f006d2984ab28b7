"""Measure the workflow itself: what Snakemake takes for a whole grid, for one cell and inside a job, beside a bare Snakefile.

python benchmarks/workflow.py --cells 1000 5000 10000 20000
python benchmarks/workflow.py --study studies/paper.yaml

Nothing is run: every figure is the wall time of a dry run in a fresh process, the median of ``--repeats``. Beside it stand two
bare Snakefiles with as many jobs: one with the same files and nothing but input, output and a command in its rules, and one
whose jobs have a single input and a single output each.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
CHAIN = ("annotate", "training_set", "train", "generate", "score")


def grid(cells: int) -> dict[str, Any]:
    """A study of that many cells: 7 datasets, 6 levels, 7 students, and seeds until there are enough."""
    datasets = ["svamp", "gsm8k", "aqua", "math", "csqa", "obqa", "strategyqa"]
    models = ["bigscience/bloom-560m", "bigscience/bloom-1b1", "bigscience/bloom-1b7", "bigscience/bloom-3b"]
    models += ["google/gemma-2b", "meta-llama/Llama-3.2-1B", "meta-llama/Llama-3.2-3B"]
    students = {Path(name).name.lower(): {"kind": "pretrained", "model": name} for name in models}
    seeds = -(-cells // (len(datasets) * 6 * len(students)))
    return {
        "study": "grid",
        "datasets": {name: {"source": name} for name in datasets},
        "teachers": {"released-gpt-4o": {"provider": "released", "author": "gpt-4o"}},
        "students": students,
        "decodings": {"greedy": {}},
        "experiments": {
            "granularity": {
                "question": "How fine?",
                "axis": "level",
                "datasets": datasets,
                "teachers": ["released-gpt-4o"],
                "levels": ["L1", "L2", "L3", "L4", "L5", "L6"],
                "students": list(students),
                "seeds": list(range(1, seeds + 1)),
            }
        },
    }


def bare(counts: dict[str, int], folder: Path) -> Path:
    """A Snakefile with as many jobs of each kind in one chain, and nothing else in its rules."""
    text = [f"rule all:\n    input: expand('score/{{i}}', i=range({counts['score']}))"]
    before = None
    for name in CHAIN:
        # Jobs that several later ones share are shared here too.
        if before is None:
            text.append(f"rule {name}:\n    output: '{name}/{{i}}'\n    shell: 'touch {{output}}'")
        else:
            source = f"lambda w: f'{before}/{{int(w.i) % {counts[before]}}}'"
            rule = f"rule {name}:\n    input: {source}\n    output: '{name}/{{i}}'\n    shell: 'touch {{output}}'"
            text.append(rule)
        before = name
    path = folder / "Snakefile"
    path.write_text("\n\n".join(text) + "\n", encoding="utf-8")
    return path


def stripped(folder: Path) -> Path:
    """This project's rules with nothing but input, output and a command."""
    for name in ("rules", "scripts", "envs", "report", "prompts"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "rules").glob("*.smk"):
        text = path.read_text(encoding="utf-8")
        for directive in ("resources", "params", "message", "log", "benchmark", "conda", "shell"):
            kept = "    shell:\n        'true'\n" if directive == "shell" else ""
            text = re.sub(rf"(?m)^    {directive}:\n(?:        .*\n)+", kept, text)
        path.write_text(re.sub(r"(?m)^    (threads|retries):.*\n", "", text), encoding="utf-8")
    shutil.copy2(PROJECT / "Snakefile", folder)
    return folder / "Snakefile"


def timed(command: list[str], folder: Path, repeats: int) -> tuple[float, str]:
    """Median wall seconds, and the output of the last run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GRADUS_")}
    seconds, output = [], ""
    for _ in range(repeats):
        start = time.monotonic()
        done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False)
        seconds.append(time.monotonic() - start)
        output = done.stdout + done.stderr
        if done.returncode != 0:
            sys.exit(output[-3000:])
    return statistics.median(seconds), output


def measure(study: dict[str, Any], repeats: int) -> dict[str, Any]:
    """One row of the table."""
    snakemake = [sys.executable, "-m", "snakemake"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
        ours = [*snakemake, "--snakefile", str(PROJECT / "Snakefile"), "--configfile", "study.yaml", "-n"]
        _, output = timed([*ours, "metrics", "--quiet", "rules"], folder, 1)
        counts = {rule: int(count) for rule, count in re.findall(r"^(\w+)\s+(\d+)$", output, flags=re.MULTILINE)}
        whole, _ = timed([*ours, "metrics", "--quiet", "all"], folder, repeats)
        head = next(iter(study["experiments"].values()))
        cell = f"{head['datasets'][0]}/{head['teachers'][0]}/original/L1/{head['students'][0]}/seed1"
        path = f"results/{study['study']}/metrics/{cell}/test/greedy.json"
        one, _ = timed([*ours, path, "--quiet", "all"], folder, repeats)
        wildcards = "study={},dataset={},teacher={},format=original,level=L1,student={},seed=1".format(
            study["study"], head["datasets"][0], head["teachers"][0], head["students"][0]
        )
        # As the executor starts Snakemake inside a job: this rule only, no lock, inputs taken as they are.
        inside = [
            *ours,
            "--target-jobs",
            f"train:{wildcards}",
            "--allowed-rules",
            "train",
            "--nolock",
            "--quiet",
            "all",
        ]
        inside += ["--mode", "remote", "--executor", "dryrun"]
        job, _ = timed(inside, folder, repeats)
        (folder / "stripped").mkdir()
        command = [*snakemake, "--snakefile", str(stripped(folder / "stripped")), "--configfile", "study.yaml", "-n"]
        same, _ = timed([*command, "metrics", "--quiet", "all"], folder, repeats)
        (folder / "bare").mkdir()
        shape = {rule: max(1, counts.get(rule, 0) + counts.get(f"{rule}_served", 0)) for rule in CHAIN}
        bare(shape, folder / "bare")
        plain, _ = timed([*snakemake, "-n", "--quiet", "all"], folder / "bare", repeats)
    return {
        "cells": counts["train"],
        "jobs": counts["total"],
        "whole grid, s": whole,
        "same files, bare rules, s": same,
        "ours / that": whole / same,
        "one file a job, s": plain,
        "ours / that, per job": (whole / counts["total"]) / (plain / sum(shape.values())),
        "one cell, s": one,
        "inside a job, s": job,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cells", type=int, nargs="*", default=[])
    options.add_argument("--study", type=Path, action="append", default=[])
    options.add_argument("--repeats", type=int, default=3)
    given = options.parse_args()
    studies = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in given.study]
    rows = [measure(study, given.repeats) for study in [*studies, *(grid(cells) for cells in given.cells)]]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    names = list(rows[0])
    print("| " + " | ".join(names) + " |\n|" + "---:|" * len(names))
    for row in rows:
        shown = [f"{value:,}" if isinstance(value, int) else f"{value:.2f}" for value in row.values()]
        print("| " + " | ".join(shown) + " |")


if __name__ == "__main__":
    main()
