"""What is handed to sbatch, to the letter: by the real plugin, to a client that writes its arguments down and refuses."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from running import HANG_LIMIT, PROJECT, Workflow

CELL = "gradeschool/tutor/original/L1"
CLIENTS = {
    "sbatch": 'printf "%s\\0" "$@" > "$(mktemp "$LINES/XXXXXXXX")"; exit 1',
    "squeue": "exit 0",
    "sacct": "exit 0",
    "sinfo": "exit 0",
    "scontrol": "echo 'MinJobAge               = 300 sec'",
    "scancel": "exit 0",
    "sacctmgr": "echo lab",
    "sshare": "echo lab",
}


def run_with(clients: dict[str, str], copied: Workflow, folder: Path, *arguments: str) -> str:
    """The two trainings of a finished study through the cluster profile, with clients of our own; they must fail."""
    shutil.rmtree(copied.results / "checkpoints" / CELL)
    (folder / "bin").mkdir()
    (folder / "lines").mkdir()
    for name, script in clients.items():
        (folder / "bin" / name).write_text(f"#!/bin/bash\n{script}\n", encoding="utf-8")
        (folder / "bin" / name).chmod(0o755)
    environment = {
        **copied.environment(),
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "LINES": str(folder / "lines"),
        "GRADUS_ACCOUNT": "lab",
        "GRADUS_CPU_PARTITION": "cpu",
        "GRADUS_GPU_PARTITION": "gpu",
    }
    targets = [f"results/tiny/checkpoints/{CELL}/{name}/seed1/manifest.json" for name in ("mini", "midi")]
    command = copied.command()[: -len(["--cores", "2"])]
    profile = ["--profile", str(PROJECT / "profiles" / "slurm")]
    done = subprocess.run(
        [*command[:3], *targets, *command[3:], *profile, *arguments],
        cwd=copied.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def submitted(copied: Workflow, tmp_path: Path) -> dict[str, list[str]]:
    """Per rule and try, the words of sbatch for the two trainings of a finished study."""
    copied.config["students"]["mini"]["resources"] = {"nodes": 2, "gpus_per_rank": 4, "cpus_per_rank": 3, "mem_mb": 700}
    copied.config["students"]["midi"]["resources"] = {"gpus_per_rank": 2, "runtime": 77}
    run_with(CLIENTS, copied, tmp_path)
    jobs = {}
    for path in (tmp_path / "lines").iterdir():
        words = path.read_text(encoding="utf-8").split("\0")[:-1]
        last = next(index for index, word in enumerate(words) if word.startswith("--wrap"))
        started = " ".join(words[last:])
        rule = re.search(r"--allowed-rules (\w+)", started)
        attempt = re.search(r"--attempt (\d)", started)
        assert rule and attempt
        jobs[f"{rule[1]} {attempt[1]}"] = words[:last]
    return jobs


def options(words: list[str]) -> list[str]:
    """The words without what changes from run to run: the run's name, and folders."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "RUN", " ".join(words))
    return re.sub(r"/\S+/", "", text).split()


def test_the_lines_for_one_node_and_for_several(submitted: dict[str, list[str]]) -> None:
    common = ["--parsable", "--job-name", "RUN", "--output", "%j.log", "--export=ALL", "--comment"]
    assert options(submitted["train 1"]) == [
        *common,
        "rule_train_wildcards_tiny_gradeschool_tutor_original_L1_midi_1",
        *("-A", "lab", "-p", "gpu", "-t", "77", "--mem", "4000", "--nodes=1", "--requeue", "--cpus-per-task=2"),
        *("-D", "copy", "--gpus=4"),
    ]
    assert options(submitted["train_on_nodes 1"]) == [
        *common,
        "rule_train_on_nodes_wildcards_tiny_gradeschool_tutor_original_L1_mini_1",
        *("-A", "lab", "-p", "gpu", "-t", "240", "--mem", "700", "--nodes=2", "--requeue", "--ntasks=2"),
        *("--cpus-per-task=3", "--gpus-per-node=4", "-D", "copy", "--gpus=8"),
    ]
    tries = [words[words.index("--mem") + 1] for name, words in sorted(submitted.items()) if "nodes" in name]
    assert tries == ["700", "1050", "1400", "1750"], "memory does not grow with each try"


def test_a_job_whose_status_is_lost_is_not_taken_for_done(copied: Workflow, tmp_path: Path) -> None:
    """The plugin reports success where SLURM answers UNKNOWN; the missing checkpoint says otherwise."""
    clients = {
        **CLIENTS,
        "sbatch": 'echo $$ | tee "$(mktemp "$LINES/XXXXXXXX")"',
        "squeue": 'for f in "$LINES"/*; do echo "$(cat "$f")|UNKNOWN"; done',
    }
    waits = ("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "1")
    output = run_with(clients, copied, tmp_path, *waits)
    assert len(list((tmp_path / "lines").iterdir())) == 4, "two trainings in one submission, and each try again"
    assert "missing" in output.lower() and "manifest.json" in output
    assert not list((copied.results / "checkpoints" / CELL).rglob("manifest.json"))
