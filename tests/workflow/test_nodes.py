"""Two launchers as srun starts them on two nodes, here on one machine: one training, published by the first."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from running import HANG_LIMIT, PROJECT, Workflow, program

from gradus.runtime.atomic import canonical_json, sha256_file
from gradus.study.config.students import Recipe

CELL = "gradeschool/tutor/original/L1"


def test_two_nodes_train_what_one_does(finished: Workflow, tmp_path: Path) -> None:
    recipe = Recipe.model_validate({**finished.config["recipe"], "zero_stage": 3}).model_dump()

    def arguments(output: Path) -> list[str]:
        results = finished.results
        options = {
            "cell": "nodes",
            "training-set": results / "training_sets" / CELL / "mini.jsonl",
            "student": results / "students" / "mini",
            "settings": canonical_json({"recipe": recipe, "seed": 1}),
            "output": output,
        }
        return [str(part) for name, value in options.items() for part in (f"--{name}", value)]

    alone = program("train", *arguments(tmp_path / "one"), folder=finished.folder, GRADUS_WORK=str(tmp_path / "w1"))
    assert alone.returncode == 0, alone.stderr

    def together(step: int) -> list[str]:
        """Two launchers as srun starts them, in a job that a workflow submitted; what they tell."""
        slurm = {
            "SLURM_JOB_ID": str(os.getpid()),
            "SLURM_STEP_ID": str(step),
            "SLURM_STEP_NUM_TASKS": "2",
            "GRADUS_SUBMITTED": "1",
            "GRADUS_MASTER": "127.0.0.1",
            "GRADUS_WORK": str(tmp_path / "w2"),
        }
        nodes = [
            subprocess.Popen(
                [sys.executable, str(PROJECT / "scripts" / "train.py"), *arguments(tmp_path / "two")],
                cwd=finished.folder,
                env={**os.environ, **slurm, "SLURM_PROCID": str(node)},
                stderr=subprocess.PIPE,
                text=True,
            )
            for node in range(2)
        ]
        told = [node.communicate(timeout=HANG_LIMIT)[1] for node in nodes]
        assert [node.returncode for node in nodes] == [0, 0], told
        return told

    weights = "weights/model.safetensors"
    assert sum("steps of 8 samples, 2 ranks, ZeRO-3" in text for text in together(0)) == 1
    assert sha256_file(tmp_path / "two" / weights) == sha256_file(tmp_path / "one" / weights)
    # The job is finished; a second one publishes what was kept, and its other nodes do not wait for a training.
    shutil.rmtree(tmp_path / "two")
    assert not any("steps of 8 samples" in text for text in together(1))
    assert sha256_file(tmp_path / "two" / weights) == sha256_file(tmp_path / "one" / weights)
