"""The environment: every variable of Gradus, the only module that reads them by name; interpreter, commit and versions."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from gradus.runtime.errors import UserError


@dataclass(frozen=True)
class Variable:
    """A variable of the environment: what it means, who sets it, and why it is not an option or a key of the study file."""

    name: str
    meaning: str
    set_by: str
    reason: str


_MACHINE = "It says where things are on this machine; a study file goes to other machines."
_DEVICE = "It describes this machine, and changes no result."
_SITE = "It belongs to the site; the profile is tracked and shared."
_JOB = "Snakemake starts jobs in processes of their own, and rules can name it in their commands."
_TESTS = "pytest decides by it which tests may be skipped."

PROJECT = Variable("GRADUS", "The folder of the project, whose programs the rules start.", "the Snakefile", _JOB)
DATA = Variable(
    "GRADUS_DATA",
    "Folder of local datasets and released annotations. It takes precedence over `data_folder` in the study file.",
    "you, or the Snakefile from `data_folder`",
    _MACHINE,
)
JOURNAL = Variable(
    "GRADUS_JOURNAL", "Folder of paid answers; without it `journal/`. Never delete this folder.", "you", _MACHINE
)
WORK = Variable("GRADUS_WORK", "Folder of resumable progress; without it `work/`.", "you", _MACHINE)
STORE = Variable(
    "GRADUS_STORE",
    "Folder that a group shares: finished trainings, predictions and teachers' texts by all that decides them, taken instead of "
    "made. Manifests say what came from it.",
    "you",
    _MACHINE,
)
PROMPTS = Variable("GRADUS_PROMPTS", "Folder of prompt files.", "the Snakefile, from `prompts` in the study file", _JOB)
SUBMITTED = Variable(
    "GRADUS_SUBMITTED",
    "Set where a process runs one job of a workflow whose main process is elsewhere.",
    "the Snakefile",
    _JOB,
)
LOG = Variable(
    "GRADUS_LOG",
    "`debug` shows debug messages, and the traceback behind the one-line message of a failing disk.",
    "you",
    "The rules start the programs, so a program's own option would be out of reach.",
)
STARTER = Variable(
    "GRADUS_STARTER",
    "`no`: every training and every set of answers imports torch for itself; without it one process of a run does for all of "
    "them, on CPUs. The number of a process (`$$` in a shell script): programs below it share one too, without Snakemake.",
    "you, to look for a fault or in a script of your own",
    "It changes no result.",
)
LEASE_WAIT = Variable(
    "GRADUS_LEASE_WAIT",
    "Seconds that a job waits for another holder of its progress to end; without it 1800.",
    "you",
    "It changes no result, and jobs of every kind read it.",
)
REMAKE = Variable(
    "GRADUS_REMAKE",
    "`1` starts a run that makes finished trainings or answers again for the last bits of their results alone, after a change of "
    "`micro_batch_tokens`, say; without it such a run does not start.",
    "you",
    "It is said once, of one run.",
)
NOTIFY = Variable(
    "GRADUS_NOTIFY",
    "Who is told when a run ends: a mail address (by the program `mail`), or a command, which gets `finished` or `failed` and "
    "the study's name as arguments and the closing lines as its input.",
    "you",
    "It changes no result; a study file goes to other people.",
)
MASTER = Variable(
    "GRADUS_MASTER",
    "`HOST` or `HOST:PORT` where the nodes of a training meet; without it the step's first node.",
    "you, where nodes cannot reach each other by SLURM's names",
    _DEVICE,
)
PEAK_TFLOPS = Variable(
    "GRADUS_PEAK_TFLOPS",
    "Peak speed of one device in TFLOP/s, for the MFU of devices that Gradus does not know.",
    "you",
    _DEVICE,
)
TENSORBOARD = Variable("GRADUS_TENSORBOARD", "Folder for TensorBoard's files of trainings.", "you", _MACHINE)
ACCOUNT = Variable("GRADUS_ACCOUNT", "SLURM account, for `profiles/slurm`.", "you", _SITE)
CPU_PARTITION = Variable("GRADUS_CPU_PARTITION", "SLURM partition for jobs without a GPU.", "you", _SITE)
GPU_PARTITION = Variable("GRADUS_GPU_PARTITION", "SLURM partition for jobs with GPUs.", "you", _SITE)
REQUIRE_BROWSER = Variable("GRADUS_REQUIRE_BROWSER", "Tests fail where Chromium is missing.", "CI", _TESTS)
REQUIRE_SLURM = Variable("GRADUS_REQUIRE_SLURM", "Tests fail where SLURM is missing.", "CI", _TESTS)
GIB_PER_SECOND = Variable(
    "GRADUS_GIB_PER_SECOND",
    "Memory bandwidth of the GPU in GiB/s, for `benchmarks/evaluation.py`; without it an H200's, 4470.",
    "you",
    _DEVICE,
)
VARIABLES = tuple(value for value in list(globals().values()) if isinstance(value, Variable))


def is_of_gradus(variable: str) -> bool:
    """Whether a variable is one of ours: they are read when they are needed, and by no import."""
    return variable == PROJECT.name or variable.startswith(f"{PROJECT.name}_")


def starter_wanted() -> bool:
    """Whether jobs of a run may share one process's imports."""
    return os.environ.get(STARTER.name) != "no"


def starter_belongs_to() -> int | None:
    """The process whose jobs share imports, where one is named."""
    named = os.environ.get(STARTER.name, "")
    return int(named) if re.fullmatch("[0-9]{1,9}", named) else None


def gpus_here() -> bool:
    """Whether this machine shows an accelerator to its processes."""
    return Path("/dev/nvidia0").exists() or Path("/dev/kfd").exists()


def journal_folder() -> Path:
    """The folder of paid answers, the one folder never to delete."""
    return Path(os.environ.get(JOURNAL.name) or "journal")


def work_folder() -> Path:
    """The folder of resumable progress."""
    return Path(os.environ.get(WORK.name) or "work")


def store_folder() -> Path | None:
    """The folder of finished work that a group shares, where there is one."""
    chosen = os.environ.get(STORE.name)
    return Path(chosen) if chosen else None


def remakes() -> bool:
    """Whether finished work may be made again for the last bits of its results alone."""
    return os.environ.get(REMAKE.name) == "1"


def notify_command() -> str | None:
    """The mail address or command that is told when a run ends, where there is one."""
    return os.environ.get(NOTIFY.name) or None


def data_folder() -> Path | None:
    """The folder of local datasets and released annotations, where there is one."""
    chosen = os.environ.get(DATA.name)
    return Path(chosen) if chosen else None


@contextmanager
def folder_or_hub(name: str) -> Iterator[None]:
    """What is read inside is a local folder or a hub id by that name; a folder that is not there is called that."""
    # A hub id is a name, or two with a slash between them.
    is_path = name.startswith(("~", "/", "./", "../")) or name.count("/") > 1
    if not Path(name).exists() and (is_path or ("/" in name and Path(name).parent.exists())):
        raise UserError(f"no folder {name} in {Path.cwd()}", hint="make it, or give the folder's whole path")
    try:
        yield
    except UserError as error:
        if Path(name).exists() or "/" not in name:
            raise
        said = error.what if str(error.where) == name else str(error)
        hint = error.hint if str(error.where) == name else None
        raise UserError(f"no folder {name} in {Path.cwd()}, and not to be had as a hub id: {said}", hint=hint) from None


def project_folder() -> Path:
    """The folder of the project, as the workflow's process set it."""
    return Path(os.environ[PROJECT.name])


def prompts_folder() -> str:
    """The folder of prompt files that jobs use."""
    return os.environ[PROMPTS.name]


def debugging() -> bool:
    """Whether programs show debug messages."""
    return os.environ.get(LOG.name) == "debug"


def lease_wait() -> float:
    """Seconds that a job waits for another one to end, its own nodes idle."""
    return float(os.environ.get(LEASE_WAIT.name) or 1800)


def peak_tflops() -> float | None:
    """Peak speed of a device in TFLOP/s, where somebody stated it."""
    given = os.environ.get(PEAK_TFLOPS.name)
    return float(given) if given else None


def tensorboard_folder() -> str | None:
    """The folder for TensorBoard's files, where somebody wants them."""
    return os.environ.get(TENSORBOARD.name) or None


def meeting_point(environment: Mapping[str, str]) -> tuple[str, str]:
    """Host and port where the nodes of a training meet, as a task's environment gives them; empty where it does not."""
    host, _, port = environment.get(MASTER.name, "").partition(":")
    return host, port


def prepare(project: str | Path, submitted: bool) -> None:
    """Let `python` be the interpreter that runs Snakemake, and `$GRADUS` the project, for all jobs of this process.

    ``submitted``: this process runs one job of a workflow whose main process is elsewhere.
    """
    os.environ[PROJECT.name] = str(project)
    if submitted:
        os.environ[SUBMITTED.name] = "1"
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def submitted_job() -> str | None:
    """The number of the SLURM job that a workflow submitted for this program alone; None elsewhere."""
    return os.environ.get("SLURM_JOB_ID") if os.environ.get(SUBMITTED.name) else None


def offer_data(folder: str | None) -> None:
    """Let the study file name the data folder where the environment does not."""
    if folder:
        os.environ.setdefault(DATA.name, folder)


def choose_prompts(folder: str | None) -> None:
    """Let the study file name the prompts; without a name they are the project's own."""
    chosen = Path(folder) if folder else project_folder() / "prompts"
    os.environ[PROMPTS.name] = str(chosen)


def check_cluster(*resources: Any) -> None:
    """UserError if a profile's resources name a variable of the environment that is not set (SLURM would be asked for it).

    ``resources``: mappings from names to Snakemake's resources, as the profile and the command line gave them.
    """
    texts = [str(getattr(value, "raw", value)) for group in resources if group for value in _leaves(group)]
    missing = sorted({name for text in texts for name in re.findall(r"\$(GRADUS_\w+)", text) if name not in os.environ})
    if missing:
        raise UserError(
            f"the cluster profile needs {', '.join(missing)} in the environment",
            hint="for example: export " + " ".join(f"{name}=..." for name in missing) + " (docs/howto/cluster.md)",
        )


def _leaves(group: Any) -> list[Any]:
    return [leaf for value in group.values() for leaf in (_leaves(value) if hasattr(value, "values") else [value])]


def versions(*packages: str) -> dict[str, str | None]:
    """Installed versions of some packages; None where one is not there."""
    found: dict[str, str | None] = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def installed() -> str:
    """A short hash of the names and versions of all installed packages (those of their folders, read in milliseconds)."""
    folders = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    found = sorted({path.name for folder in folders for path in folder.glob("*.*-info")})
    return hashlib.sha256("\n".join(found).encode()).hexdigest()[:16]


def commit() -> str | None:
    """The commit of the project's code, marked where files differ from it; None outside a git checkout."""
    project = Path(__file__).resolve().parents[3]
    git = ["git", "-C", str(project)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{head}-changed" if changed.stdout.strip() else head
