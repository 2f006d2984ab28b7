"""Rounding changes: a run that would make finished work again for the last bits of its results alone does not start.

Somebody who is short of memory lowers ``micro_batch_tokens`` and means the cells that did not fit, not those that are there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gradus.planning.due_jobs import DueJob
from gradus.runtime.environment import REMAKE, remakes
from gradus.runtime.errors import UserError
from gradus.study.config import Study
from gradus.study.paths import Artifact
from gradus.workflow import setting_aside
from gradus.workflow.looking_ahead import due_jobs
from gradus.workflow.rule_names import plain

# What takes hours, with its name for one and for several.
_DEAR = {
    "base_models": ("base model", "base models"),
    "trainings": ("training", "trainings"),
    "predictions": ("set of answers", "sets of answers"),
}
DEAR_RULES = frozenset({*setting_aside.RULES, "student", "earlier_student", "pretrained_student"})


def refuse(workflow: Any, study: Study) -> None:
    """UserError where finished trainings or predictions are due for keys that lay out the same sums in another way.

    The jobs tell it, each with what it was made from. (The copy of the study that its results hold does not: a plan, or a run of
    something else, has written it anew by then.) Outputs that are only touched stay what they are.
    """
    if not remakes() and not workflow.touch and _may_be(workflow.dag):
        from gradus.planning.reasons import rounding_alone  # numpy and scipy: every job parses the Snakefile

        where = ", ".join(map(str, workflow.config_settings.configfiles)) or "config.yaml"
        refuse_jobs(rounding_alone(study, due_jobs(workflow.dag, workflow.persistence)), where)


def _may_be(dag: Any) -> bool:
    """Whether a dear job is due for its settings: looked at first, because it takes no time."""
    return any(plain(job.rule.name) in DEAR_RULES and dag.reason(job).params_changed for job in dag.needrun_jobs())


def refuse_jobs(found: Mapping[str, Sequence[DueJob]], where: str) -> None:
    """UserError that tells the keys, what they would make again and what that took; nothing where that is nothing dear."""
    from gradus.planning.reasons import MADE

    kinds = {rule: kind for kind in _DEAR for rule in MADE[kind]}
    dear = {keys: [job for job in jobs if job.rule in kinds] for keys, jobs in found.items()}
    jobs = [job for same in dear.values() for job in same]
    if not jobs:
        return
    counts = Counter(kinds[job.rule] for job in jobs)
    named = " and ".join(f"{counts[kind]} {names[counts[kind] > 1]}" for kind, names in _DEAR.items() if counts[kind])
    keys = "; ".join(dict.fromkeys(key for name, same in dear.items() if same for key in name.split("; ")))
    own = (
        "; for cells that did not fit, write it into the entry of their student (students.NAME.recipe)"
        if any(key.startswith("recipe.") for key in keys.split("; "))
        else ""
    )
    raise UserError(
        f"{keys}: this lays out the same sums in another way, and would make {named} again{_took(jobs)} for the last bits of "
        "their results alone",
        where=where,
        hint=f"put it back{own}. To make all of it again, export {REMAKE.name}=1",
    )


def _took(jobs: Iterable[DueJob]) -> str:
    hours = sum(map(_hours, jobs))
    return f" ({f'{hours:.2g}' if hours < 10 else f'{hours:,.0f}'} hours when they were made)" if hours else ""


def _hours(job: DueJob) -> float:
    """What a finished job took, as its run record says; 0 where there is none."""
    made = Path(job.outputs[0])
    record = Artifact(str(made if made.suffix == ".jsonl" else made.parent)).run_record
    try:
        facts = json.loads(Path(record).read_text(encoding="utf-8"))
        return float(facts.get("rank_hours") or facts.get("wall_seconds", 0.0) / 3600)
    except (OSError, ValueError, TypeError, AttributeError):
        return 0.0
