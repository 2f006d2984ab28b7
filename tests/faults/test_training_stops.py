"""Trainings that are stopped, killed, torn or impossible: the same weights in the end, or one clear message.

Each test first proves that it struck in mid-work.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT, Workflow, bytes_of, program, saved_steps, start, wait_for
from running import training as any_training

from gradus.students import tiny_models

# A step of ZeRO-3 takes some ten times as long; either way there is time to strike.
EPOCHS = {2: 32.0, 3: 16.0}


def training(finished: Workflow, output: Path, zero_stage: int = 2, **changes: Any) -> list[object]:
    """A training of three steps an epoch, with progress saved at every second step."""
    return any_training(finished, output, **{"zero_stage": zero_stage, "epochs": EPOCHS[zero_stage], **changes})


def steps_of(zero_stage: int = 2) -> int:
    return round(3 * EPOCHS[zero_stage])


@pytest.fixture(scope="module")
def undisturbed(finished: Workflow, tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, bytes]]:
    """By ZeRO stage, the files of a training that nothing disturbed."""
    found = {}
    for stage in (2, 3):
        folder = tmp_path_factory.mktemp("undisturbed")
        arguments = training(finished, folder / "cell", zero_stage=stage)
        done = program(*arguments, folder=finished.folder, GRADUS_WORK=str(folder / "work"))
        assert done.returncode == 0, done.stderr
        found[stage] = bytes_of(folder / "cell")
    return found


def output(work: Path) -> str:
    return (work / "output.txt").read_text(encoding="utf-8")


def logged_steps(work: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in work.glob("*/trace.jsonl"))


def saved_beyond(work: Path, step: int) -> bool:
    return max([0, *saved_steps(work)]) > step


def rank_processes(work: Path) -> dict[int, int]:
    """The process of each rank, in their order: all that the starter's command runs in but the starter, also when it is gone."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            started = (Path("/proc") / parent / "cmdline").read_bytes()
        except OSError:
            continue
        is_training = b"gradus.students.training.local_ranks" in command and str(work).encode() in command
        if is_training and b"scripts/train.py" not in started:
            found.append(int(folder.name))
    return dict(enumerate(sorted(found)))


def kill(process: subprocess.Popen[bytes], work: Path) -> None:
    """kill -9 of the job's group; its ranks, which are not in it, must go with it."""
    assert len(rank_processes(work)) == 2
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    wait_for(lambda: not rank_processes(work), "the end of the ranks", seconds=60)


def finish(finished: Workflow, work: Path, **changes: Any) -> None:
    again = start(finished.folder, work, *training(finished, work / "cell", **changes))
    assert again.wait(timeout=600) == 0, output(work)


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=pytest.mark.full)])
@pytest.mark.parametrize("stage", [2, pytest.param(3, marks=pytest.mark.full)])
def test_killed_at_random_moments_it_ends_in_the_same_bytes(
    finished: Workflow, undisturbed: dict[int, dict[str, bytes]], tmp_path: Path, kills: int, stage: int
) -> None:
    draw = random.Random(f"{kills}/{stage}")
    struck = []
    for _ in range(kills):
        before = max([0, *saved_steps(tmp_path)])
        process = start(finished.folder, tmp_path, *training(finished, tmp_path / "cell", zero_stage=stage))
        wait_for(partial(saved_beyond, tmp_path, before), f"progress beyond step {before}")
        time.sleep(draw.uniform(0, 0.1))
        kill(process, tmp_path)
        struck.append(logged_steps(tmp_path))
        assert before < struck[-1] < steps_of(stage), "the kill did not strike in mid-work"
        assert not (tmp_path / "cell").exists()
    finish(finished, tmp_path, zero_stage=stage)
    assert output(tmp_path).count("starting after step") == kills + 1
    assert bytes_of(tmp_path / "cell") == undisturbed[stage]


@pytest.mark.parametrize(
    ("stage", "rank", "number"),
    [pytest.param(2, 1, signal.SIGTERM, marks=pytest.mark.full), (3, 0, signal.SIGUSR1)],
)
def test_a_signal_to_any_one_rank_stops_all_at_a_step_and_has_its_own_status(
    finished: Workflow, undisturbed: dict[int, dict[str, bytes]], tmp_path: Path, stage: int, rank: int, number: int
) -> None:
    process = start(finished.folder, tmp_path, *training(finished, tmp_path / "cell", zero_stage=stage))
    wait_for(lambda: logged_steps(tmp_path) > 0, "a step")
    os.kill(rank_processes(tmp_path)[rank], number)
    assert process.wait(timeout=300) == 75, output(tmp_path)
    stopped = saved_steps(tmp_path)[-1]
    assert 0 < stopped < steps_of(stage), "the signal did not strike in mid-work"
    assert f"stopped by a signal after step {stopped} of {steps_of(stage)}" in output(tmp_path)
    assert "Traceback" not in output(tmp_path)
    assert not (tmp_path / "cell").exists()
    finish(finished, tmp_path, zero_stage=stage)
    assert f"starting after step {stopped}" in output(tmp_path)
    assert bytes_of(tmp_path / "cell") == undisturbed[stage]


@pytest.mark.full
@pytest.mark.parametrize("adapter", [None, {"rank": 4, "dropout": 0.1}], ids=["whole", "adapted"])
def test_dropout_of_a_resumed_training_is_that_of_an_undisturbed_one(
    finished: Workflow, tmp_path: Path, adapter: dict[str, Any] | None
) -> None:
    """That of the model's own configuration, and that before adapters."""
    base = tiny_models.make("llama", tmp_path / "base", attention_dropout=0.2)
    settings = json.dumps({"kind": "pretrained", "model": str(base), "revision": None, "template": "plain"})
    made = program("student", "--student", "dropping", "--settings", settings, "--output", "student", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    losses = {}
    without: dict[str, Any] = {"dropout": "off", "adapter": None}
    cases: dict[str, dict[str, Any]] = {"calm": {}, "struck": {}, "without": without}
    for name, changes in cases.items():
        work = tmp_path / name
        work.mkdir()
        arguments = training(finished, work / "cell", **{"adapter": adapter, **changes})
        arguments[arguments.index("--student") + 1] = tmp_path / "student"
        process = start(finished.folder, work, *arguments)
        if name == "struck":
            wait_for(partial(saved_beyond, work, 0), "progress")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=300) == 75, output(work)
            process = start(finished.folder, work, *arguments)
        assert process.wait(timeout=600) == 0, output(work)
        first = (work / "cell" / "trace.jsonl").read_text(encoding="utf-8").splitlines()[0]
        losses[name] = json.loads(first)["loss"]
    assert bytes_of(tmp_path / "struck" / "cell") == bytes_of(tmp_path / "calm" / "cell")
    assert losses["calm"] != losses["without"], "there was dropout"


def test_a_rank_that_is_killed_takes_the_others_with_it(finished: Workflow, tmp_path: Path) -> None:
    """The others would wait for it in a collective call."""
    process = start(finished.folder, tmp_path, *training(finished, tmp_path / "cell"))
    wait_for(lambda: saved_steps(tmp_path), "a progress checkpoint")
    os.kill(rank_processes(tmp_path)[1], signal.SIGKILL)
    assert process.wait(timeout=300) == 1, output(tmp_path)
    assert saved_steps(tmp_path)[-1] < steps_of(), "the signal did not strike in mid-work"
    assert "rank 1 ended with status -9" in output(tmp_path)
    assert "the same command goes on from the saved progress" in output(tmp_path)
    assert not rank_processes(tmp_path)
    assert not (tmp_path / "cell").exists()


def test_a_signal_to_every_process_as_a_scheduler_sends_it(finished: Workflow, tmp_path: Path) -> None:
    """The process that starts the ranks must not end them before they have saved."""
    process = start(finished.folder, tmp_path, *training(finished, tmp_path / "cell"))
    wait_for(lambda: logged_steps(tmp_path) > 0, "a step")
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(timeout=300) == 75, output(tmp_path)
    assert 0 < saved_steps(tmp_path)[-1] < steps_of()


def test_a_signal_before_the_ranks_can_hear_is_not_lost(finished: Workflow, tmp_path: Path) -> None:
    process = start(finished.folder, tmp_path, *training(finished, tmp_path / "cell"))
    wait_for(lambda: rank_processes(tmp_path), "a rank")
    assert logged_steps(tmp_path) == 0
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(timeout=300) == 75, output(tmp_path)
    assert saved_steps(tmp_path) == [1]


DROPOUT = {"adapter": {"rank": 4, "alpha": 8.0, "dropout": 0.3, "modules": "all-linear"}}


BEST = {"validation": {"share": 0.3, "every": 1, "keep": "best"}, "learning_rate": 0.1}


@pytest.mark.parametrize(
    ("damage", "changes"),
    [pytest.param("truncated", {}, marks=pytest.mark.full), ("deleted", {**DROPOUT, **BEST})],
)
def test_a_torn_newest_checkpoint_falls_back_to_the_one_before(
    finished: Workflow,
    undisturbed: dict[int, dict[str, bytes]],
    tmp_path: Path,
    damage: str,
    changes: dict[str, Any],
) -> None:
    """With adapters and dropout too: their checkpoints leave the frozen weights out, their draws do not depend on stops.

    With best weights to be kept as well: those that came after the older checkpoint are forgotten.
    """
    expected = undisturbed[2]
    if changes:
        arguments = training(finished, tmp_path / "calm", **changes)
        calm = program(*arguments, folder=finished.folder, GRADUS_WORK=str(tmp_path / "calm-work"))
        assert calm.returncode == 0, calm.stderr
        expected = bytes_of(tmp_path / "calm")
    process = start(finished.folder, tmp_path, *training(finished, tmp_path / "cell", **changes))
    wait_for(lambda: len(saved_steps(tmp_path)) >= 2, "two progress checkpoints")
    kill(process, tmp_path)
    before, newest = saved_steps(tmp_path)[-2:]
    states = sorted(tmp_path.glob(f"*/step-{newest:08d}/engine/*optim_states.pt"))
    if damage == "truncated":
        states[0].write_bytes(states[0].read_bytes()[:-100])
    else:
        states[1].unlink()
    finish(finished, tmp_path, **changes)
    assert f"starting after step {before}" in output(tmp_path)
    assert bytes_of(tmp_path / "cell") == expected


def limit_to_32_kib() -> None:
    """Stands for a full disk: room for the job's description, none for a progress checkpoint."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (32768, 32768))


def test_a_full_disk_is_told_and_the_next_run_finishes(
    finished: Workflow, undisturbed: dict[int, dict[str, bytes]], tmp_path: Path
) -> None:
    arguments = training(finished, tmp_path / "cell")
    full = program(*arguments, folder=finished.folder, limits=limit_to_32_kib, GRADUS_WORK=str(tmp_path))
    assert full.returncode == 1
    assert 0 < logged_steps(tmp_path) < steps_of(), "the disk was not full in mid-work"
    assert "error: cannot read or save the training" in full.stderr
    assert "the same command goes on from the saved progress" in full.stderr
    assert not (tmp_path / "cell").exists()
    again = program(*arguments, folder=finished.folder, GRADUS_WORK=str(tmp_path))
    assert again.returncode == 0, again.stderr
    assert bytes_of(tmp_path / "cell") == undisturbed[2]


def test_another_number_of_ranks_is_told_and_starts_anew(finished: Workflow, tmp_path: Path) -> None:
    process = start(finished.folder, tmp_path, *training(finished, tmp_path / "cell"))
    wait_for(lambda: saved_steps(tmp_path), "a progress checkpoint")
    kill(process, tmp_path)
    finish(finished, tmp_path, ranks=1)
    assert "holds progress of this training with 2 ranks; a checkpoint fits one number of ranks only" in output(
        tmp_path
    )
    assert "Traceback" not in output(tmp_path)
    assert json.loads((tmp_path / "cell" / "manifest.json").read_text(encoding="utf-8"))["world_size"] == 1
    assert saved_steps(tmp_path), "the other progress was thrown away"


def test_too_few_processes_are_refused(finished: Workflow, tmp_path: Path) -> None:
    """As when one node of two started: the ranks themselves say so, instead of a traceback from a checkpoint."""
    process = start(finished.folder, tmp_path, *training(finished, tmp_path / "cell"))
    wait_for(lambda: saved_steps(tmp_path), "a progress checkpoint")
    kill(process, tmp_path)
    job = next(tmp_path.glob("*/job-0.json"))
    command = [
        "-m",
        "torch.distributed.run",
        "--standalone",
        "--nproc-per-node=1",
        "-m",
        "gradus.students.training.engine",
    ]
    done = subprocess.run(
        [sys.executable, *command, str(job), "0"],
        env={**os.environ, "DS_ACCELERATOR": "cpu", "PYTHONPATH": str(PROJECT / "scripts")},
        cwd=finished.folder,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert "Traceback" not in done.stderr
    told = json.loads((job.parent / "outcome-0.json").read_text(encoding="utf-8"))
    assert told["outcome"] == "failed"
    assert told["message"].startswith("1 processes were started, the recipe says 2 ranks")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"layout": "padding-free"},
            "layout padding-free is not possible: the model lets a sample see the one before it",
        ),
        ({"learning_rate": 1e30}, "the training diverged: "),
        (
            {"adapter": {"modules": ["q_projj"]}},
            "this model cannot be trained as the recipe asks: NoMatchingPeftModuleError: Target modules",
        ),
    ],
    ids=["contamination", "divergence", "modules"],
)
def test_what_would_fail_again_is_one_message_and_told_at_once_the_next_time(
    finished: Workflow, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    base = tiny_models.make("bloom", tmp_path / "bloom")
    settings = json.dumps({"kind": "pretrained", "model": str(base), "revision": None, "template": "alpaca"})
    made = program("student", "--student", "bloom", "--settings", settings, "--output", "student", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    arguments = training(finished, tmp_path / "cell", **changes)
    arguments[arguments.index("--student") + 1] = tmp_path / "student"
    before: dict[Path, int] = {}
    for attempt in range(2):
        done = program(*arguments, folder=finished.folder, GRADUS_WORK=str(tmp_path / "work"))
        assert done.returncode == 1
        assert message in done.stderr
        assert "Traceback" not in done.stderr
        assert ("steps of" in done.stderr) == (attempt == 0 and "learning_rate" in changes)
        assert not (tmp_path / "cell").exists()
        started = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").glob("*/job-0.json")}
        assert attempt == 0 or started == before, "the second try started the ranks"
        before = started
