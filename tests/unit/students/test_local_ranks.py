"""Ranks that are forked: what their process is deaf to, and what it does not import."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from gradus.students.training import local_ranks
from gradus.study.fingerprint import SCRIPTS

LOOKED_THROUGH = """
import sys
import torch
from gradus.students.training import engine

if sys.argv[1] == "ours":
    engine.import_optimizers()
compiled = engine.deepspeed.runtime.compiler.compile()
from deepspeed.runtime.zero import utils

utils.dist.get_rank = lambda: 1
weight = torch.nn.Parameter(torch.ones(1))
assert utils.is_zero_supported_optimizer(torch.optim.AdamW([weight]))
assert not utils.is_zero_supported_optimizer(torch.optim.SparseAdam([weight]))
print("torch._inductor.compile_fx" in sys.modules, compiled is torch.compile)
"""


@pytest.mark.parametrize("way", ["ours", pytest.param("DeepSpeed's", marks=pytest.mark.full)])
def test_no_rank_loads_torchs_compiler_to_look_through_optimizers(way: str) -> None:
    """Without this DeepSpeed does: where that has ended, so may what spares it."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "DS_ACCELERATOR": "cpu"}
    command = [sys.executable, "-c", LOOKED_THROUGH, way]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == [str(way != "ours"), "True"]


@pytest.mark.parametrize("deaf", [False, True])
def test_ranks_of_a_run_in_the_background_are_not_killed_by_ctrl_c(deaf: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "TCPStore", lambda *_, **options: SimpleNamespace(port=1))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if deaf else signal.SIG_DFL)
    try:
        assert local_ranks.fork_ranks(0) == 0
        assert (signal.getsignal(signal.SIGINT) is signal.SIG_IGN) == deaf
    finally:
        signal.signal(signal.SIGINT, before)
