"""Looking ahead: a process of its own asks Snakemake what would run now and why, and runs nothing; it prints JSON.

    python -m gradus.workflow.looking_ahead SNAKEFILE STUDY

Snakemake's API tells neither; its objects behind the API are those of the pinned version.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

from gradus.planning.due_jobs import DueJob, to_json
from gradus.workflow.rule_names import plain


def due_jobs(dag: Any, persistence: Any) -> list[DueJob]:
    """The jobs that would run, each after those that it waits for; what only names files (``all``) is left out."""
    jobs = [
        job
        for level in dag.toposorted()
        for job in sorted(level, key=lambda job: (job.rule.name, list(job.output)))
        if dag.needrun(job) and job.output
    ]
    number = {job: position for position, job in enumerate(jobs)}
    return [_due(job, number, dag, persistence) for job in jobs]


def _due(job: Any, number: dict[Any, int], dag: Any, persistence: Any) -> DueJob:
    reason = dag.reason(job)
    updated = reason.updated_input_run
    known = any(persistence.metadata(path) is not None for path in job.output)
    params = persistence.params_changed(job) if known else None
    named = {repr(str(value)): name for name, value in job.params.items() if isinstance(value, str)}
    return DueJob(
        rule=plain(job.rule.name),
        wildcards=dict(job.wildcards_dict),
        outputs=[str(path) for path in job.output],
        made_before=known or any(Path(path).exists() for path in job.output),
        after=[number[other] for other, files in dag.dependencies[job].items() if other in number and files & updated],
        before=[_read(text) for text in sorted(params.only_old)] if params else [],
        now={named[text]: _read(text) for text in sorted(params.only_new) if text in named} if params else None,
        inputs=sorted(str(path) for path in reason.updated_input - updated),
        missing=sorted(str(path) for path in {*reason.missing_output, *reason.incomplete_output}),
        rule_changed=known
        and (any(persistence.code_changed(job)) or any(persistence.input_changed(job)) or bool(reason.forced)),
    )


def _read(text: str) -> str:
    """A param as it was given: Snakemake keeps its ``repr``."""
    value = ast.literal_eval(text)
    return value if isinstance(value, str) else text


def ask(snakefile: Path, study: Path) -> list[DueJob]:
    """The jobs that are due before all of a study in the working folder is there."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings import types

    with SnakemakeApi(types.OutputSettings(quiet={types.Quietness.ALL}, dryrun=True)) as api:
        opened = api.workflow(
            snakefile=snakefile,
            resource_settings=types.ResourceSettings(cores=1),
            config_settings=types.ConfigSettings(configfiles=[study]),
        )
        workflow = opened._workflow
        workflow.dag_settings = opened.dag(types.DAGSettings(force_incomplete=True)).dag_settings
        workflow.execution_settings = types.ExecutionSettings()
        workflow.remote_execution_settings = types.RemoteExecutionSettings()
        workflow.scheduling_settings = types.SchedulingSettings()
        workflow.group_settings = types.GroupSettings()
        workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
        workflow._build_dag()
        return due_jobs(workflow.dag, workflow.persistence)


if __name__ == "__main__":
    try:
        found = ask(Path(sys.argv[1]), Path(sys.argv[2]))
    except Exception as error:
        sys.exit(str(error))
    json.dump(to_json(found), sys.stdout)
