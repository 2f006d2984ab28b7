"""Ranks that are forked: what their process is deaf to."""

from __future__ import annotations

import signal
from types import SimpleNamespace

import pytest
import torch

from gradus.students.training import local_ranks


@pytest.mark.parametrize("deaf", [False, True])
def test_ranks_of_a_run_in_the_background_are_not_killed_by_ctrl_c(deaf: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "TCPStore", lambda *_, **options: SimpleNamespace(port=1))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if deaf else signal.SIG_DFL)
    try:
        assert local_ranks.fork_ranks(0) == 0
        assert (signal.getsignal(signal.SIGINT) is signal.SIG_IGN) == deaf
    finally:
        signal.signal(signal.SIGINT, before)
