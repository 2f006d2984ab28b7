"""A real SLURM with accounting on one machine: two nodes, three partitions, counted GPUs, pre-emption.

Everything lives in a folder of its own (configuration, state, logs, database); ``start`` returns when both nodes are idle. It
needs root and the packages slurm-wlm, slurmdbd, mariadb-server and munge. GPUs are counters bound to harmless files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "slurmdbd", "munged", "mariadbd", "mariadb-install-db", "sbatch", "sacctmgr")
ACCOUNT = "lab"
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
    processes: list[subprocess.Popen[bytes]]

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

    def stop(self) -> None:
        """Cancel all jobs and end every daemon."""
        self.run("scancel", "--user", "root", check=False)
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
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
    cluster = Cluster(folder, [])
    _configure(folder)
    path = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}

    def daemon(*command: str) -> None:
        with open(folder / f"{Path(command[0]).name}.out", "ab") as out:
            process = subprocess.Popen(command, env=path, stdout=out, stderr=out, start_new_session=True)
        cluster.processes.append(process)

    try:
        daemon("munged", "--foreground", "--force", *_munge_options(folder))
        _wait(lambda: (folder / "munge.socket").exists(), "munged", folder)
        _database(folder, daemon)
        daemon("slurmdbd", "-D")
        _wait(lambda: _answers(cluster, "sacctmgr", "--immediate", "show", "cluster"), "slurmdbd", folder)
        cluster.run("sacctmgr", "--immediate", "add", "cluster", "test")
        cluster.run("sacctmgr", "--immediate", "add", "account", ACCOUNT, "Description=lab", "Organization=lab")
        cluster.run("sacctmgr", "--immediate", "add", "user", "root", f"Account={ACCOUNT}")
        daemon("slurmctld", "-D", "-i")
        for node in ("n1", "n2"):
            daemon("slurmd", "-D", "-N", node)
        states = ("sinfo", "-h", "-N", "-p", "cpu", "-o", "%T")
        _wait(lambda: cluster.run(*states, check=False).split() == ["idle"] * 2, "nodes", folder)
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _end_leftovers() -> None:
    """End the daemons of an earlier cluster of ours whose tests were killed."""
    if CONFIGURATION.exists() and MARK in CONFIGURATION.read_text(encoding="utf-8"):
        for pattern in ("slurmctld -D", "slurmd -D", "slurmstepd", "slurmdbd -D", "munged --foreground", "mariadbd --no-def"):
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


def _database(folder: Path, daemon: object) -> None:
    data, socket = folder / "database", folder / "database.socket"
    if not data.exists():
        subprocess.run(
            ["mariadb-install-db", "--user=root", f"--datadir={data}", "--auth-root-authentication-method=normal"],
            check=True,
            capture_output=True,
        )
    options = [f"--datadir={data}", f"--socket={socket}", f"--pid-file={folder / 'database.pid'}"]
    options += ["--skip-grant-tables", "--bind-address=127.0.0.1", "--port=17033"]
    daemon("mariadbd", "--no-defaults", "--user=root", *options)  # type: ignore[operator]
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
            f"NodeName={node} Name=gpu File={devices[2 * index]}\nNodeName={node} Name=gpu File={devices[2 * index + 1]}\n"
            for index, node in enumerate(("n1", "n2"))
        ),
        encoding="utf-8",
    )
    host = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip()
    nodes = "\n".join(
        f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=8 RealMemory=20000 Gres=gpu:2 State=UNKNOWN"
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
AuthInfo=socket={folder}/munge.socket
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
AccountingStorageEnforce=associations
AccountingStorageTRES=gres/gpu
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=5
{nodes}
PartitionName=cpu Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP PriorityTier=10
PartitionName=gpu Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=10 GraceTime=30
PartitionName=urgent Nodes=n1,n2 MaxTime=INFINITE State=UP PriorityTier=100 PreemptMode=OFF
""",
        encoding="utf-8",
    )
