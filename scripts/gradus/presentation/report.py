"""The browsable report: finished items, packed by Snakemake's own reporter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gradus.runtime.errors import UserError


def build(study_file: str, items: Sequence[str], output: Path) -> None:
    """Write the report of ``items``, which exist, as a zip; UserError with Snakemake's words where it cannot be made."""
    # The name of the zip becomes the name of the folder inside, so it is made under its own name elsewhere.
    unfinished = output.parent / ".unfinished" / output.name
    shutil.rmtree(unfinished.parent, ignore_errors=True)
    unfinished.parent.mkdir(parents=True)
    snakefile = Path(__file__).resolve().parents[3] / "Snakefile"
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--configfile", study_file]
    command += ["--nolock", "--quiet", "rules", "--report", str(unfinished), "--", *items]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not unfinished.exists():
        raise UserError(f"Snakemake could not make the report:\n{done.stderr[-2000:]}", where=output)
    os.replace(unfinished, output)
    unfinished.parent.rmdir()
