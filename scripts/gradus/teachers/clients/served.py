"""A served teacher: start its server, wait until it is healthy, yield its address, stop it with all its children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from gradus.runtime.errors import UserError
from gradus.runtime.program import log
from gradus.study.config.teachers import VllmTeacher

_STOP_SECONDS = 30.0


@contextlib.contextmanager
def serve(teacher: VllmTeacher) -> Iterator[str]:
    """The base URL of a teacher's own server for as long as the block runs.

    Raises UserError where the server cannot be started, ends early, or is not healthy in time.
    """
    port = _free_port()
    command = [part.format(model=teacher.model, port=port) for part in teacher.server]
    try:
        process = subprocess.Popen(command, start_new_session=True)
    except OSError as error:
        raise UserError(
            f"the server cannot be started: {error.strerror}",
            where=command[0],
            hint="install it in the environment of this rule (envs/generate-vllm.yaml), or name another `server`",
        ) from None
    try:
        _wait_until_healthy(process, f"http://127.0.0.1:{port}{teacher.health}", teacher.startup_seconds)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_healthy(process: subprocess.Popen[bytes], address: str, seconds: float) -> None:
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if process.poll() is not None:
            raise UserError(
                f"the server ended with code {process.returncode} before it was ready", hint="see its lines above"
            )
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if answer.status == 200:
                    log.info("the server is ready after %.0f s", time.monotonic() - started)
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.5)
    raise UserError(f"the server was not ready after {seconds:.0f} s", where=address, hint="raise startup_seconds")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server's whole process group, by force where it does not go."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
            break
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
