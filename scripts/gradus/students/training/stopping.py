"""Stopping: when a training has to end before its last step, agreed on by all ranks at the same step."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import deepspeed
import torch

from gradus.students.training.job import Cause

LEAST_MARGIN = 15  # seconds before the scheduler's end of a job


class StopFlag:
    """Raised by TERM or USR1 on any rank, by a launcher that heard one before its ranks could, or by the clock in time to save.

    All ranks ask together.
    """

    def __init__(self, stop_file: Path, ends: float | None) -> None:
        self.raised = False
        self._ends = ends
        self.longest_step, self.longest_save = 0.0, 0.0
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, self._raise)
        self.raised = self.raised or stop_file.exists()

    def _raise(self, number: int, frame: object) -> None:
        self.raised = True

    def agreed(self) -> Cause | None:
        """Why any rank has to stop: a ``signal``, or the ``time``; None where none has (a collective call)."""
        flag = torch.tensor([2 if self.raised else int(self._is_late())])
        if torch.distributed.get_world_size() > 1:
            flag = flag.to(deepspeed.get_accelerator().current_device_name())
            torch.distributed.all_reduce(flag, op=torch.distributed.ReduceOp.MAX)
        causes: tuple[Cause | None, ...] = (None, "time", "signal")
        return causes[int(flag.item())]

    def _is_late(self) -> bool:
        """Whether another step, a save and their usual lateness might not fit before the scheduler's end."""
        needed = LEAST_MARGIN + 2 * self.longest_step + 3 * self.longest_save
        return self._ends is not None and time.time() + needed > self._ends
