"""The sizing table: what is counted is counted in the engine, and what follows is consistent."""

import json
import os
import subprocess
import sys

import pytest
from running import HANG_LIMIT, PROJECT

from gradus.planning.sizing import (
    CARDS,
    SETTINGS,
    USABLE,
    activation_bytes,
    bytes_per_gpu,
    smallest,
    state_bytes,
    table,
)
from gradus.students.model_sizes import PUBLISHED


@pytest.mark.parametrize("ranks", [pytest.param(1, marks=pytest.mark.full), 2])
def test_states_are_as_large_as_in_the_engine(ranks: int) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}"]
    done = subprocess.run(
        [*command, str(PROJECT / "tests" / "state_bytes.py")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=HANG_LIMIT,
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("held ")), None)
    assert line is not None, done.stdout + done.stderr
    for stage, held in json.loads(line.removeprefix("held ")).items():
        assert held == pytest.approx(state_bytes(int(stage), ranks), rel=0.05), (stage, ranks)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_larger_card_never_needs_more(name: str) -> None:
    shape = PUBLISHED[name]
    chosen = [smallest(shape, card, 8192) for card in CARDS]
    ranks = [SETTINGS.index(setting) for setting in chosen if setting is not None]
    assert len(ranks) == len(CARDS) and ranks == sorted(ranks, reverse=True)
    for card, setting in zip(CARDS, chosen, strict=True):
        assert setting is not None
        assert bytes_per_gpu(shape, setting, 8192) <= USABLE * card * 1e9
        if SETTINGS.index(setting):
            assert bytes_per_gpu(shape, SETTINGS[0], 8192) > USABLE * card * 1e9


@pytest.mark.parametrize("name", PUBLISHED)
def test_recomputation_and_shorter_batches_save_memory(name: str) -> None:
    shape = PUBLISHED[name]
    assert activation_bytes(shape, 8192, True) < activation_bytes(shape, 8192, False)
    assert activation_bytes(shape, 4096, False) < activation_bytes(shape, 8192, False)


def test_a_model_that_fits_nowhere_is_said_to_need_offload() -> None:
    assert smallest(PUBLISHED["meta-llama/Llama-3.2-3B"], 8, 8192) is None
    assert all(name.split("/")[1] in table() for name in PUBLISHED)
