"""Inputs of rules: large files, whose content their manifests tell.

Snakemake compares files above 1 MB by their time alone, and a touch or a copy must rerun nothing: a rule takes the large
file as ``ancient`` and its manifest as an input like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from snakemake.io import ancient

from gradus.study.paths import Artifact
from gradus.workflow.wildcards import Wildcards

Large = Artifact | list[Artifact] | Callable[[Wildcards], list[Artifact]]


def large(**artifacts: Large) -> dict[str, object]:
    """Named inputs for large files (an artifact, several, or a function of wildcards): ``x`` and ``x_manifest`` for each."""
    found: dict[str, object] = {}
    for name, files in artifacts.items():
        found[name] = ancient(files)
        found[f"{name}_manifest"] = _manifests(files)
    return found


def large_and_small(files: Callable[[Wildcards], list[Artifact]]) -> dict[str, object]:
    """The inputs ``large`` and ``small`` for a mixed list, in which every large file comes with its manifest."""

    def sorted_out(wildcards: Wildcards, is_large: bool) -> list[Artifact]:
        every = files(wildcards)
        manifests = set(every)
        return [path for path in every if (path.manifest in manifests) == is_large]

    return {
        "large": ancient(lambda wildcards: sorted_out(wildcards, True)),
        "small": lambda wildcards: sorted_out(wildcards, False),
    }


def _manifests(files: Large) -> Any:
    if isinstance(files, Artifact):
        return files.manifest
    if isinstance(files, list):
        return [file.manifest for file in files]
    return lambda wildcards: [file.manifest for file in files(wildcards)]
