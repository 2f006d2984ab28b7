"""A real SLURM with accounting on one machine: two nodes, partitions, counted and typed GPUs, features, QOS, pre-emption.

Everything lives in a folder of its own (configuration, state, logs, database); ``start`` returns when both nodes are idle. It
needs root and the packages slurm-wlm, slurmdbd, mariadb-server and munge. GPUs are counters bound to harmless files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "mariadb-install-db", "sbatch", "sacctmgr")
ACCOUNT = "lab"
NODES = ("n1", "n2")
TYPES = {"n1": "a100", "n2": "h100"}  # of the GPUs
LIMITS = {"few": 3}  # QOS, and how many jobs of a user may be submitted in it
# Snakemake's plugin takes SLURM_CONF from its jobs' environment, so the configuration must lie where SLURM looks for it.
CONFIGURATION = Path("/etc/slurm/slurm.conf")
MARK = "# test cluster of Gradus"


def missing_programs() -> list[str]:
    """What of SLURM and its helpers is not installed; where root is needed and not had, that."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    found = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    found += [] if os.geteuid() == 0 else ["root"]
    mine = not CONFIGURATION.exists() or MARK in CONFIGURATION.read_text(encoding="utf-8")
    return found + ([] if mine else [f"{CONFIGURATION} belongs to another cluster"])


@dataclass
class Cluster:
    """A running cluster; commands need its ``environment``."""

    folder: Path
    daemons: dict[str, tuple[list[str], subprocess.Popen[bytes]]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What clients need to find it."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))},
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
        }

    def run(self, *command: str, check: bool = True) -> str:
        """A client's output."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")
        return done.stdout

    def jobs(self) -> list[dict[str, str]]:
        """What SLURM's accounting knows of all jobs, one entry each; a job that was started again counts once."""
        names = (
            "JobID",
            "Comment",
            "State",
            "Partition",
            "AllocNodes",
            "NodeList",
            "Start",
            "End",
            "Submit",
            "JobName",
        )
        shown = self.run("sacct", "--noheader", "-X", "--parsable2", f"--format={','.join(names)}")
        return [dict(zip(names, line.split("|"), strict=True)) for line in shown.splitlines()]

    def running(self, part: str) -> dict[str, str] | None:
        """The job whose comment holds ``part`` and which runs now: its number and its node."""
        for line in self.run("squeue", "-h", "-t", "R", "-o", "%i|%N|%k").splitlines():
            number, node, comment = line.split("|", 2)
            if part in comment:
                return {"job": number, "node": node}
        return None

    def start(self, name: str, *command: str) -> None:
        """Start a daemon under a name, or again the one that had it."""
        chosen = list(command) or self.daemons[name][0]
        with open(self.folder / f"{name}.out", "ab") as out:
            process = subprocess.Popen(chosen, env=self.environment, stdout=out, stderr=out, start_new_session=True)
        self.daemons[name] = (chosen, process)

    def kill(self, name: str) -> None:
        """kill -9 a daemon."""
        self.daemons[name][1].kill()
        self.daemons[name][1].wait()

    def crash(self, node: str) -> None:
        """What a power cut does to a node: its daemon and all processes of its jobs are gone."""
        jobs = self.run("squeue", "-h", "-w", node, "-o", "%A").split()
        self.kill(f"slurmd-{node}")
        for job in jobs:
            for process, _ in self._processes(job):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def signal_trainings(self, job: str, number: int) -> None:
        """Send a signal to the ranks of a job's trainings, and to what has started them, but to nothing that sees to those."""
        found = [
            process for process, command in self._processes(job) if "gradus.students.training.local_ranks" in command
        ]
        for process in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def _processes(self, job: str) -> Iterator[tuple[int, str]]:
        """A job's processes and their commands, SLURM's own among them."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes().split(b"\0")
                command = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"SLURM_JOB_ID={job}".encode() in environment or command.startswith(f"slurmstepd: [{job}."):
                yield int(folder.name), command

    def stop(self) -> None:
        """Cancel all jobs and end every daemon."""
        self.run("scancel", "--user", "root", check=False)
        for _, process in reversed(self.daemons.values()):
            process.terminate()
        for _, process in reversed(self.daemons.values()):
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
        subprocess.run(["pkill", "-9", "-f", "slurmstepd"], check=False)
        for name in ("slurm.conf", "slurmdbd.conf", "gres.conf"):
            (CONFIGURATION.parent / name).unlink(missing_ok=True)


def start(folder: Path) -> Cluster:
    """Boot all daemons; RuntimeError with the logs' ends if the nodes are not idle within two minutes."""
    folder.mkdir(parents=True, exist_ok=True)
    _end_leftovers()
    cluster = Cluster(folder)
    _configure(folder)
    try:
        cluster.start("munged", "munged", "--foreground", "--force", *_munge_options(folder))
        _wait(lambda: (folder / "munge.socket").exists(), "munged", folder)
        _database(cluster)
        cluster.start("slurmdbd", "slurmdbd", "-D")
        _wait(lambda: _answers(cluster, "sacctmgr", "--immediate", "show", "cluster"), "slurmdbd", folder)
        cluster.run("sacctmgr", "--immediate", "add", "cluster", "test")
        cluster.run("sacctmgr", "--immediate", "add", "account", ACCOUNT, "Description=lab", "Organization=lab")
        cluster.run("sacctmgr", "--immediate", "add", "user", "root", f"Account={ACCOUNT}")
        for quality, limit in LIMITS.items():
            cluster.run("sacctmgr", "--immediate", "add", "qos", quality, f"MaxSubmitJobsPerUser={limit}")
        cluster.run("sacctmgr", "--immediate", "modify", "user", "root", "set", f"qos+={','.join(LIMITS)}")
        cluster.start("slurmctld", "slurmctld", "-D")
        for node in NODES:
            cluster.start(f"slurmd-{node}", "slurmd", "-D", "-N", node)
        states = ("sinfo", "-h", "-N", "-p", "cpu", "-o", "%T")
        _wait(lambda: cluster.run(*states, check=False).split() == ["idle"] * len(NODES), "nodes", folder)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _end_leftovers() -> None:
    """End the daemons of an earlier cluster of ours whose tests were killed."""
    if CONFIGURATION.exists() and MARK in CONFIGURATION.read_text(encoding="utf-8"):
        for pattern in (
            "slurmctld -D",
            "slurmd -D",
            "slurmstepd",
            "slurmdbd -D",
            "munged --foreground",
            "mariadbd --no-def",
        ):
            subprocess.run(["pkill", "-9", "-f", pattern], check=False)


def _answers(cluster: Cluster, *command: str) -> bool:
    done = subprocess.run(command, env=cluster.environment, capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def _wait(condition: object, what: str, folder: Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > end:
            logs = "\n".join(
                f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}"
                for path in sorted([*folder.glob("*.log"), *folder.glob("*.out")])
            )
            raise RuntimeError(f"{what} did not come up\n{logs}")
        time.sleep(0.3)


def _munge_options(folder: Path) -> list[str]:
    names = {"key-file": "munge.key", "socket": "munge.socket", "pid-file": "munge.pid"}
    names |= {"log-file": "munge.log", "seed-file": "munge.seed"}
    return [f"--{option}={folder / name}" for option, name in names.items()]


def _database(cluster: Cluster) -> None:
    folder = cluster.folder
    data, socket = folder / "database", folder / "database.socket"
    if not data.exists():
        subprocess.run(
            ["mariadb-install-db", "--user=root", f"--datadir={data}", "--auth-root-authentication-method=normal"],
            check=True,
            capture_output=True,
        )
    options = [f"--datadir={data}", f"--socket={socket}", f"--pid-file={folder / 'database.pid'}"]
    options += ["--skip-grant-tables", "--bind-address=127.0.0.1", "--port=17033"]
    cluster.start("mariadbd", "mariadbd", "--no-defaults", "--user=root", *options)
    statement = "CREATE DATABASE IF NOT EXISTS slurm_acct_db"
    client = ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "-e", statement]
    _wait(lambda: subprocess.run(client, capture_output=True, check=False).returncode == 0, "mariadbd", folder)


def _configure(folder: Path) -> None:
    CONFIGURATION.parent.mkdir(parents=True, exist_ok=True)
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    for name in ("state", "spool-n1", "spool-n2"):
        (folder / name).mkdir(exist_ok=True)
    (CONFIGURATION.parent / "slurmdbd.conf").write_text(
        f"""AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdPort=17031
SlurmUser=root
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=17033
StorageUser=root
StorageLoc=slurm_acct_db
""",
        encoding="utf-8",
    )
    (CONFIGURATION.parent / "slurmdbd.conf").chmod(0o600)
    devices = []
    for number in range(4):
        device = folder / f"gpu{number}"
        device.touch()
        devices.append(str(device))
    (CONFIGURATION.parent / "gres.conf").write_text(
        "".join(
            f"NodeName={node} Name=gpu Type={TYPES[node]} File={device}\n"
            for index, node in enumerate(NODES)
            for device in devices[2 * index : 2 * index + 2]
        ),
        encoding="utf-8",
    )
    host = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip()
    nodes = "\n".join(
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=8 RealMemory=20000 "
        f"Gres=gpu:{TYPES[name]}:2 Feature={TYPES[name]},infiniband State=UNKNOWN"
        for name, port in (("n1", 17041), ("n2", 17042))
    )
    CONFIGURATION.write_text(
        f"""{MARK}
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=17021
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=2,bf_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
GresTypes=gpu
MpiDefault=none
SwitchType=switch/none
KillWait=20
SlurmdTimeout=30
MinJobAge=600
OverTimeLimit=0
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort=17031
AccountingStoragePass={folder}/munge.socket
AccountingStoreFlags=job_comment
AccountingStorageEnforce=associations,limits,qos
AccountingStorageTRES=gres/gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=5
{nodes}
PartitionName=cpu Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP PriorityTier=10
PartitionName=gpu Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=10 GraceTime=30
PartitionName=whole Nodes=n1,n2 MaxTime=2-00:00:00 State=UP PriorityTier=10 OverSubscribe=EXCLUSIVE
PartitionName=urgent Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=100 PreemptMode=OFF
""",
        encoding="utf-8",
    )
