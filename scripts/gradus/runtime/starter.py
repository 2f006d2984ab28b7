"""A starter: one process that has imported what the jobs of a run need, and forks a process for each job that asks.

torch, transformers and DeepSpeed take seconds of a processor to import, from a slow file system a minute. Jobs of one Snakemake
process (cells that share a job of a cluster, a study on one machine) ask the starter that the first of them left, and so do
those of a script that says so (``GRADUS_STARTER``). What it forks has the asker's streams, working folder and environment, and
ends when the asker does. A starter serves jobs of one environment (but for Gradus's own variables), one interpreter, the same
limits and the same state of code and packages only: what a job says that it was made by is read from the files. It ends with the
Snakemake process, or the script, that it belongs to, or after IDLE_SECONDS.

There is none where an accelerator is: what imports may touch it, and a process must not fork after that. Nor is there one for a
job in a container of its own, whose files go with it.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import importlib
import json
import os
import resource
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from gradus.runtime.attempts import count_cpu_seconds
from gradus.runtime.environment import gpus_here, installed, is_of_gradus, starter_belongs_to, starter_wanted
from gradus.runtime.folders import files_below
from gradus.runtime.leases import machine
from gradus.runtime.processes import die_with_parent

IDLE_SECONDS = 120.0
_ASKING_SECONDS = 10.0  # in which an asker that has come says what it wants
_DEAF_TO = (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGINT)
_LARGEST = 1 << 16
_SCRIPTS = Path(__file__).resolve().parents[2]
_SEARCHED = ("PYTHONPATH", "LD_LIBRARY_PATH")  # for what is imported; they may name folders in the working folder


class Started:
    """A process that a starter has forked for this one; what of ``subprocess.Popen`` its caller needs."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self.pid = pid
        self._connection = connection

    def wait(self) -> int:
        """The exit status, negative for the signal that ended it; its processor time is counted as this process's own.

        Where an error comes meanwhile (Ctrl-C), the process has ended before that goes on: the caller may hold a lease for it.
        """
        with self._connection:
            try:
                answer = _receive(self._connection)
            except BaseException:
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_WR)
                    _receive(self._connection)
                raise
        if not answer:
            return -signal.SIGKILL  # the process that kept it is gone, and it with that
        count_cpu_seconds(float(answer["cpu_seconds"]))
        return int(answer["status"])


def start(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], deaf_to: Sequence[int] = ()
) -> Started | None:
    """``python -m module arguments`` from a starter of this run; None where there can be none, and the caller starts it itself.

    ``module`` has ``run()``, and ``prepare(arguments)``, which imports what the next jobs will need too. The process begins with
    the signals ``deaf_to`` ignored, and those that this one ignores; it is not in this one's process group, so signals are passed
    on by the caller.
    """
    if not starter_wanted() or gpus_here() or not hasattr(os, "pidfd_open"):
        return None
    if None in (sys.stdin, sys.stdout, sys.stderr):
        return None  # the number of a closed stream soon means another file
    above = _script_above() or snakemake_above()
    if above is None:
        return None
    deaf = {*deaf_to, *(number for number in _DEAF_TO if signal.getsignal(number) is signal.SIG_IGN)}
    own = {name: value for name, value in environment.items() if _is_own(name)}
    asked = {"arguments": list(arguments), "deaf_to": sorted(deaf), "environment": own}
    try:
        request = json.dumps({**asked, "folder": os.getcwd()}).encode()
        if len(request) >= _LARGEST:
            return None
        if _mounts(str(above)) != _mounts("self"):
            return None
        os.close(os.pidfd_open(above))  # not every kernel has it
        path = _folder() / f"{above}-{_circumstances(module, environment)}"
        connection = _connect(path) or _begin(path, module, above, environment)
        if connection is None:
            return None
        socket.send_fds(connection, [request], [0, 1, 2])
        answer = _receive(connection)
    except OSError:
        return None
    if not answer:
        connection.close()
        return None
    return Started(connection, int(answer["pid"]))


def snakemake_above() -> int | None:
    """The nearest process above this one that is Snakemake; None if there is none, or where /proc does not tell."""
    with contextlib.suppress(OSError):
        for pid in _above():
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if any(os.path.basename(word) == b"snakemake" for word in command[:4]):
                return pid
    return None


def _script_above() -> int | None:
    """The process that the environment names, if it is above this one. A cluster takes the variable to its nodes too, where the
    number is nobody's, or a stranger's."""
    named = starter_belongs_to()
    with contextlib.suppress(OSError):
        if named is not None and named in _above():
            return named
    return None


def _above() -> Iterator[int]:
    """The processes above this one, the nearest first; OSError where /proc does not tell."""
    pid = os.getppid()
    while pid > 0:  # in a container Snakemake may be the first process
        yield pid
        pid = _parent(pid)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])  # a name is any bytes


def _mounts(pid: str) -> str:
    """The name of a process's file systems; processes of one container have the same."""
    return os.readlink(f"/proc/{pid}/ns/mnt")


def _folder() -> Path:
    """Where this user's starters are found; OSError unless it is the user's alone."""
    folder = Path(tempfile.gettempdir()) / f"gradus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not this user's alone")
    return folder


def _circumstances(module: str, environment: Mapping[str, str]) -> str:
    """A hash of all that a process takes over from the one that starts it, and of the state of what it would import."""
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
    umask = os.umask(0o077)
    os.umask(umask)
    searched = [part for name in _SEARCHED if name in environment for part in environment[name].split(os.pathsep)]
    taken = [
        module,
        sys.executable,
        sorted((name, value) for name, value in environment.items() if not _is_own(name)),
        [os.path.abspath(part) for part in searched],
        sorted(os.sched_getaffinity(0)),
        os.nice(0),
        limits,
        umask,
        Path("/proc/self/cgroup").read_text(),
        machine(),  # temporary folders may be shared
        _mounts("self"),
        sorted((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in files_below(_SCRIPTS, ".py")),
        installed(),
    ]
    return hashlib.sha256(json.dumps(taken).encode()).hexdigest()[:16]


def _is_own(variable: str) -> bool:
    """Whether no import reads a variable, so that each job may have its own: Gradus's, and what a shell keeps for itself."""
    return is_of_gradus(variable) or variable in {"PWD", "OLDPWD", "SHLVL", "_"}


def _connect(path: Path) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        with _address(path) as address:
            connection.connect(address)
    except OSError:
        connection.close()
        return None
    return connection


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """A socket's path by way of its open folder: the kernel takes 107 bytes, and temporary folders may have longer names."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _begin(path: Path, module: str, above: int, environment: Mapping[str, str]) -> socket.socket | None:
    """Leave a starter behind and connect to it; one job at a time does, and others that come meanwhile find it."""
    with open(f"{path}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection = _connect(path)
        if connection is not None:
            return connection
        path.unlink(missing_ok=True)
        ready, write_end = os.pipe()
        with open(ready, "rb") as told:
            subprocess.Popen(  # it outlives this process, which never waits for it
                # -P: modules are those of PYTHONPATH, as for a program, and none of the working folder
                [sys.executable, "-P", "-m", "gradus.runtime.starter", str(path), module, str(above), str(write_end)],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[write_end],
                start_new_session=True,
            )
            os.close(write_end)
            told.read()
        return _connect(path)


def _receive(connection: socket.socket) -> dict[str, float]:
    """A message; empty where the other side is gone."""
    try:
        text = connection.recv(_LARGEST)
    except ConnectionError:
        return {}
    return dict(json.loads(text)) if text else {}


def serve(path: str, module: str, above: int, ready: int) -> None:
    """Import ``module`` and fork for every asker, until Snakemake is gone or none has come for long."""
    for deaf_to in _DEAF_TO:  # SLURM sends them to every process of a job
        signal.signal(deaf_to, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored, nobody is told a status
    snakemake = os.pidfd_open(above)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        with _address(Path(path)) as address:
            listener.bind(address)
        mine = Path(path).stat()
        try:
            listener.listen()
            os.close(ready)  # who asks now waits for the imports
            _answer(listener, snakemake, importlib.import_module(module))
        finally:
            _leave(Path(path), mine)


def _answer(listener: socket.socket, snakemake: int, code: ModuleType) -> None:
    """Serve those who ask until there is nobody to wait for."""
    counted, keepers = 0.0, 0
    while True:
        came = select.select([listener.fileno(), snakemake], [], [], IDLE_SECONDS)[0]
        while keepers and os.waitpid(-1, os.WNOHANG)[0]:
            keepers -= 1
        if snakemake in came or not (came or keepers):
            return
        if came:
            used = time.process_time()
            keepers += _fork_keeper(listener, code, used - counted)
            counted = used


def _leave(path: Path, mine: os.stat_result) -> None:
    """Delete a starter's socket and its lock, unless another starter has taken its place meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_ino == mine.st_ino:
            path.unlink()
            Path(f"{path}.lock").unlink()


def _fork_keeper(listener: socket.socket, code: ModuleType, seconds: float) -> int:
    """Take one asker, and leave a process with it; 1, or 0 where the asker is gone already.

    ``seconds``: of a processor that this starter has used since the last asker, for this one to count.
    """
    connection = listener.accept()[0]
    with connection:
        connection.settimeout(_ASKING_SECONDS)
        try:
            text, streams, *_ = socket.recv_fds(connection, _LARGEST, 3)
        except OSError:
            return 0
        connection.settimeout(None)
        if not text:
            return 0
        request = json.loads(text)
        try:
            _go_to(request)
        except OSError:
            _put_away(streams)
            return 0  # the asker goes without
        with contextlib.suppress(Exception, SystemExit):  # what is wrong, the process itself will tell
            code.prepare(request["arguments"])
        if os.fork() == 0:
            try:
                listener.close()
                _keep(connection, code, request, streams, seconds)
            finally:
                os._exit(1)  # what is the starter's to put away is not this process's
        _put_away(streams)
    return 1


def _put_away(streams: Sequence[int]) -> None:
    for stream in streams:
        os.close(stream)


def _go_to(request: Mapping[str, Any]) -> None:
    """Take over an asker's working folder and own variables; what is forked next begins with them."""
    for variable in filter(_is_own, list(os.environ)):
        del os.environ[variable]
    os.environ.update(request["environment"])
    os.chdir(request["folder"])


def _keep(
    connection: socket.socket, code: ModuleType, request: Mapping[str, Any], streams: Sequence[int], seconds: float
) -> NoReturn:
    """Fork the asker's process and see to it: killed if the asker goes, else its status told. A process of its own for each,
    so that none depends on the starter's life."""
    keeper = os.getpid()
    pid = os.fork()
    if pid == 0:
        connection.close()
        die_with_parent()
        if os.getppid() != keeper:
            os._exit(1)  # gone before that: the asker knows of no process
        count_cpu_seconds(seconds)  # for its own record, where it keeps one
        _become(code, request["arguments"], request["deaf_to"], streams)
    _put_away(streams)
    with contextlib.suppress(ConnectionError):
        connection.send(json.dumps({"pid": pid}).encode())
    process = os.pidfd_open(pid)
    ready = select.select([process, connection.fileno()], [], [])[0]
    if process not in ready:  # an asker says nothing more: it is gone
        os.kill(pid, signal.SIGKILL)
    _, raw, used = os.wait4(pid, 0)
    answer = {"status": os.waitstatus_to_exitcode(raw), "cpu_seconds": seconds + used.ru_utime + used.ru_stime}
    with contextlib.suppress(ConnectionError):
        connection.send(json.dumps(answer).encode())
    os._exit(0)


def _become(code: ModuleType, arguments: Sequence[str], deaf_to: Sequence[int], streams: Sequence[int]) -> NoReturn:
    """What a forked process does instead of returning: it takes the asker's streams and runs the program to its end."""
    status = 1
    try:
        for heard in set(_DEAF_TO) - set(deaf_to):
            signal.signal(heard, signal.SIG_DFL)
        if signal.SIGINT not in deaf_to:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        # Python's own were made for the starter's, and remember whether those could seek.
        sys.stdin = os.fdopen(0, encoding=sys.stdin.encoding, closefd=False)
        sys.stdout = os.fdopen(1, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors, closefd=False)
        sys.stderr = os.fdopen(2, "w", 1, encoding=sys.stderr.encoding, errors=sys.stderr.errors, closefd=False)
        sys.argv = [str(code.__file__), *arguments]
        code.run()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    atexit._run_exitfuncs()
    for written in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            written.flush()
    os._exit(status)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
