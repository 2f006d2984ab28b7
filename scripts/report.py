"""Make the browsable report of finished items with Snakemake's own reporter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from gradus import program
from gradus.errors import UserError


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--items", required=True, nargs="+", help="the finished files to show")
    options.add_argument("--output", required=True, help="a .zip")
    given = options.parse_args()
    output = Path(given.output)
    # The name of the zip becomes the name of the folder inside, so it is made under its own name elsewhere.
    unfinished = output.parent / ".unfinished" / output.name
    shutil.rmtree(unfinished.parent, ignore_errors=True)
    unfinished.parent.mkdir(parents=True)
    snakefile = Path(__file__).resolve().parent.parent / "Snakefile"
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--configfile", given.study]
    command += ["--nolock", "--quiet", "all", "--report", str(unfinished), "--", *given.items]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not unfinished.exists():
        raise UserError(f"Snakemake could not make the report:\n{done.stderr[-2000:]}", where=output)
    os.replace(unfinished, output)
    unfinished.parent.rmdir()


if __name__ == "__main__":
    program.run(main)
