"""Pages that the site makes from the code while it is built: programs from their ``--help``, the library from its docstrings."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PROJECT = Path(__file__).resolve().parent.parent
SCRIPTS = PROJECT / "scripts"
WIDTH = 78  # of a line in a code block
UPKEEP = ("configuration", "environments", "families", "lock", "published")
PROGRAMS = """\
# Programs

Every rule of the workflow starts one program in `scripts/`, and so can you. This page is what each of them prints for `--help`.

"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {"reference/programs.md": programs()}
    pages |= {f"reference/library/{room}.md": library(room) for room in rooms()}
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def rooms() -> list[str]:
    """The packages of the library."""
    return sorted(path.parent.name for path in (SCRIPTS / "gradus").glob("*/__init__.py"))


def library(room: str) -> str:
    """A page that shows every public class and function of a room."""
    return f"# gradus.{room}\n\n::: gradus.{room}\n    options:\n      show_root_heading: false\n"


def programs() -> str:
    """The page of all programs: those that people start first, then those that rules start."""
    names = sorted(path.stem for path in SCRIPTS.glob("*.py"))
    rules = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "rules").glob("*.smk"))
    by_rules = [name for name in names if f"scripts/{name}.py" in rules]
    by_you = [name for name in names if name not in (*by_rules, *UPKEEP)]
    groups = {"Started by you": by_you, "Started by rules": by_rules, "Upkeep of the project": UPKEEP}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        texts = dict(zip(names, pool.map(help_text, names), strict=True))
    parts = [PROGRAMS]
    for heading, members in groups.items():
        parts.append(f"## {heading}\n\n")
        parts += [f"### {name}.py\n\n```text\n{texts[name]}\n```\n\n" for name in members]
    return "".join(parts)


def help_text(name: str) -> str:
    """What a program prints for ``--help``."""
    environment = {**os.environ, "COLUMNS": str(WIDTH + 2)}
    command = [sys.executable, str(SCRIPTS / f"{name}.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}.py --help: {done.stderr}")
    lines = done.stdout.strip().splitlines()
    return "\n".join(textwrap.fill(line, WIDTH) if len(line) > WIDTH and line[:1].isalpha() else line for line in lines)
