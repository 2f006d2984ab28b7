"""Lanes: one job at a time asks a server; jobs that ask different servers run side by side.

Pace, budget and "never paid twice" need no state that jobs share then. A lane is a resource, of which the workflow has one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from gradus.study.config import Study
from gradus.study.config.teachers import AnthropicTeacher, BatchableTeacher, OpenAITeacher, Teacher
from gradus.workflow.wildcards import Wildcards

_USUAL = {"openai": "https://api.openai.com", "anthropic": "https://api.anthropic.com"}


def lane_of(teacher: Teacher) -> str | None:
    """The lane of a teacher's server, its host and port; None for a teacher that asks nobody, or serves its own model."""
    if not isinstance(teacher, OpenAITeacher | AnthropicTeacher):
        return None
    address = teacher.base_url or _USUAL[teacher.provider]
    server = urlsplit(address if "//" in address else f"//{address}").netloc.rpartition("@")[2].lower()
    return "annotation_" + re.sub(r"\W+", "_", server).strip("_")


def waits_for_batches(teacher: Teacher) -> TypeGuard[BatchableTeacher]:
    """Whether a job that asks this teacher submits batches and waits for them: it asks seldom, and takes no lane."""
    return isinstance(teacher, BatchableTeacher) and teacher.mode == "batch"


def lanes(study: Study) -> list[str]:
    """The lanes of a study, sorted."""
    return sorted(set(filter(None, map(lane_of, study.teachers.values()))))


def taken(
    study: Study, teacher_of: Callable[[Wildcards], str], *, online: bool = False
) -> dict[str, Callable[[Wildcards], int]]:
    """The resources of a job: its teacher's lane. ``online``: it asks at once, whatever the teacher's mode (an exemplar)."""

    def share(lane: str, wildcards: Wildcards) -> int:
        teacher = study.teachers[teacher_of(wildcards)]
        return int(lane_of(teacher) == lane and (online or not waits_for_batches(teacher)))

    return {lane: partial(share, lane) for lane in lanes(study)}


def all_taken(study: Study) -> dict[str, int]:
    """The resources of a job beside which no teacher may be asked: all lanes."""
    return dict.fromkeys(lanes(study), 1)


def open_lanes(workflow: Any, study: Study) -> None:
    """Tell Snakemake that there is one of each lane, but for those of which a profile or the command line says otherwise."""
    for lane in lanes(study):
        if lane not in workflow.global_resources:
            workflow.register_resource(lane, 1)
