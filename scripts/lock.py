"""Resolve requirements.lock: every version that `make venv` installs, from the stages that pyproject.toml lists."""

import argparse
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
HEAD = """\
# Exact versions of everything that `make venv` installs; resolved from pyproject.toml by `make lock`, do not edit.
# torch has neither a build suffix nor a hash: the same pin is the CPU build on one machine and the CUDA build on another.
"""


def main() -> None:
    """Install the direct requirements into a new environment and write down what came with them."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    facts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    stages = facts["tool"]["gradus"]["locked"]
    wanted = sorted({requirement for stage in stages for requirement in facts["dependency-groups"][stage]})
    torch = [requirement for requirement in wanted if requirement.startswith(("torch==", "numpy=="))]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "setuptools", "wheel", *torch], check=True)
        subprocess.run([*pip, "install", "--no-build-isolation", *wanted], check=True)
        frozen = subprocess.run([*pip[:-2], "freeze", "--all"], check=True, capture_output=True, text=True).stdout
    lines = [line.split("+")[0] for line in frozen.splitlines() if "==" in line and not line.startswith("pip==")]
    (PROJECT / "requirements.lock").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
