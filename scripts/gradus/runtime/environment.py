"""What jobs find in their environment: the interpreter, the project's folder, the place of local data."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

from gradus.runtime.errors import UserError

SUBMITTED = "GRADUS_SUBMITTED"


def prepare(project: str | Path, submitted: bool) -> None:
    """Let `python` be the interpreter that runs Snakemake, and `$GRADUS` the project, for all jobs of this process.

    ``submitted``: this process runs one job of a workflow whose main process is elsewhere.
    """
    os.environ["GRADUS"] = str(project)
    if submitted:
        os.environ[SUBMITTED] = "1"
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def submitted_job() -> str | None:
    """The number of the SLURM job that a workflow submitted for this program alone; None elsewhere."""
    return os.environ.get("SLURM_JOB_ID") if os.environ.get(SUBMITTED) else None


def offer_data(folder: str | None) -> None:
    """Let the study file name the data folder where the environment does not."""
    if folder:
        os.environ.setdefault("GRADUS_DATA", folder)


def choose_prompts(folder: str | None) -> None:
    """Let the study file name the prompts; without a name they are the project's own."""
    chosen = Path(folder) if folder else Path(os.environ["GRADUS"]) / "prompts"
    os.environ["GRADUS_PROMPTS"] = str(chosen)


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


def prompts_folder() -> str:
    """The folder of prompt files that jobs use."""
    return os.environ["GRADUS_PROMPTS"]


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
