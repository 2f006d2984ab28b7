"""Setting aside, before the first job, what trainings and predictions that run again have made (``results.set_aside``)."""

from __future__ import annotations

from typing import Any

from gradus.results import set_aside
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.paths import Artifact
from gradus.workflow.rule_names import plain

# Rules whose programs take back what they find there, and what one job of each makes.
RULES = {"train": "training", "train_on_nodes": "training", "generate": "prediction", "generate_vllm": "prediction"}


def before_the_first_job(workflow: Any, study: Study) -> str:
    """Set aside what the jobs of these rules have made, and say so; empty where they have made nothing.

    One that is asked for by force makes it anew.
    """
    set_aside.tidy(paths.RESULTS.of(study))
    counts = dict.fromkeys(RULES.values(), 0)
    for job in workflow.dag.needrun_jobs():
        kind = RULES.get(plain(job.rule.name))
        if kind is not None:
            made = [Artifact(path) for path in job.output]
            if workflow.dag.reason(job).forced:
                set_aside.drop(made)
            else:
                counts[kind] += set_aside.set_aside(made)
    found = [f"{count} finished {name}{'s' * (count > 1)}" for name, count in counts.items() if count]
    return f"Due again: {' and '.join(found)}; whatever nothing changes for is not computed again." if found else ""


def after_the_last_job(study: Study) -> None:
    """Forget what no job has come to."""
    set_aside.tidy(paths.RESULTS.of(study))
