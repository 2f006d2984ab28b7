"""What jobs find in their environment: the interpreter, the project's folder, the place of local data."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def prepare(project: str | Path) -> None:
    """Let `python` be the interpreter that runs Snakemake, and `$GRADUS` the project, for all jobs of this process."""
    os.environ["GRADUS"] = str(project)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def offer_data(folder: str | None) -> None:
    """Let the study file name the data folder where the environment does not."""
    if folder:
        os.environ.setdefault("GRADUS_DATA", folder)


def choose_prompts(folder: str | None) -> None:
    """Let the study file name the prompts; without a name they are the project's own."""
    chosen = Path(folder) if folder else Path(os.environ["GRADUS"]) / "prompts"
    os.environ["GRADUS_PROMPTS"] = str(chosen)


def tell_handling(handling: str) -> None:
    """How each teacher is asked, as JSON, for the jobs that ask."""
    os.environ["GRADUS_HANDLING"] = handling


def prompts_folder() -> str:
    """The folder of prompt files that jobs use."""
    return os.environ["GRADUS_PROMPTS"]
