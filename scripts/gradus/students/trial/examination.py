"""The examination of a pretrained student: every check of the trial, and one message for all that stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.students.caches import cache_kind
from gradus.students.templates import resolve_template
from gradus.students.tokens import load_tokens
from gradus.students.training import probes
from gradus.students.trial.configuration import read_configuration
from gradus.students.trial.ends import check_end, check_head
from gradus.students.trial.findings import Findings
from gradus.students.trial.miniature import miniature
from gradus.students.trial.outline import build_outline, check_adapter, check_ids, check_positions
from gradus.study.config.students import PretrainedStudent
from gradus.study.config.training import StudentDemands


@dataclass(frozen=True)
class Examined:
    """A student that has passed: its class, its weights, the end of its positions (None: no limit), and what is good to know."""

    architecture: str
    parameters: int
    positions: int | None
    notes: list[str]


def examine(folder: Path, student: PretrainedStudent, demands: StudentDemands) -> Examined:
    """Try what can be tried without the weights, and read the few rows of them that matter.

    Raises UserError with every reason against the student, each with what to do.
    """
    findings = Findings()
    config = read_configuration(folder, findings)
    tokens = findings.hear(lambda: load_tokens(folder))
    template = None if tokens is None else findings.hear(lambda: resolve_template(student, tokens, folder))
    outline = None if config is None else build_outline(config, demands.recipe.attention, findings)
    if config is None or outline is None:
        findings.raise_refusals(student.model)
        raise AssertionError("no outline without a reason")
    architecture = type(outline).__name__
    parameters = sum(parameter.numel() for parameter in outline.parameters())
    check_head(folder, outline, str((config.architectures or [architecture])[0]), findings)
    positions = check_positions(outline, demands, findings)
    if tokens is not None:
        check_ids(outline, tokens, template, findings)
        if template is not None and not findings.refusals:
            check_end(folder, outline, tokens, template, demands.recipe, findings)
    check_adapter(outline, demands.recipe, findings)
    small = miniature(config, demands.recipe.attention, findings)
    if small is not None:
        _run(small, architecture, demands, findings)
    findings.raise_refusals(student.model)
    return Examined(architecture, parameters, positions, findings.notes)


def _run(small: Any, architecture: str, demands: StudentDemands, findings: Findings) -> None:
    """What a small model of the architecture shows when it runs; its training tries the same on the real one."""
    reason = probes.sight_ahead(small)
    if reason is not None:
        findings.refuse(f"{architecture} is no causal language model: {reason}", "choose a decoder")
        return
    if demands.recipe.layout == "padding-free":
        reason = probes.contamination(small)
        if reason is not None:
            findings.refuse(f"layout padding-free is not possible: {reason}", "set recipe.layout to budgeted")
    if demands.recipe.lm_head == "chunked":
        reason = probes.plain_head(small)
        if reason is not None:
            findings.refuse(f"lm_head chunked is not possible: {reason}", "set recipe.lm_head to auto")
    if demands.caches:
        findings.hear(lambda: cache_kind(small))
