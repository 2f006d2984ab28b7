"""Snakemake's logger plug-in `gradus`: where scripts/ is on the path, `snakemake --logger gradus` shows any workflow this way.

The Snakefile attaches the same handler itself, so that a fresh clone needs no option and no installation.
"""

from gradus.terminal.handler import RunHandler as LogHandler

__all__ = ["LogHandler"]
