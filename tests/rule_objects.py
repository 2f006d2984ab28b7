"""The project's rules and the jobs of a study as Snakemake itself has them, as plain values.

Snakemake's API gives neither; its objects behind the API are those of the pinned version.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from running import PROJECT
from snakemake.api import SnakemakeApi
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    GroupSettings,
    OutputSettings,
    Quietness,
    RemoteExecutionSettings,
    ResourceSettings,
    SchedulingSettings,
)

from gradus.workflow.looking_ahead import ask


@dataclass(frozen=True)
class Rule:
    """A rule with ``use rule ... with`` resolved."""

    name: str
    directives: set[str]
    docstring: str
    shell: str
    environment: str
    resources: set[str]
    input_names: list[str | None]
    output_names: list[str | None]
    functions: list[tuple[str, tuple[str, ...]]]  # a directive that has a function, and the names of its arguments


@dataclass(frozen=True)
class Job:
    """A job of a study, with everything that its wildcards decide."""

    rule: str
    name: str
    inputs: list[str]
    ancient: list[str]
    outputs: list[str]
    log: list[str]
    benchmark: str
    params: dict[str, Any]
    command: str


@dataclass(frozen=True)
class Rules:
    """All rules by name, and all jobs of one study."""

    rules: dict[str, Rule]
    jobs: list[Job]


def load_rules(study: Path, targets: list[str], folder: Path) -> Rules:
    """Load the workflow with a study file and build its graph of jobs in an empty folder; nothing runs."""
    environment = dict(os.environ)
    os.environ.pop("GRADUS_DATA", None)
    try:
        with SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, dryrun=True)) as api:
            opened = api.workflow(
                snakefile=PROJECT / "Snakefile",
                workdir=folder,
                resource_settings=ResourceSettings(cores=2),
                config_settings=ConfigSettings(configfiles=[study]),
            )
            workflow = opened._workflow
            workflow.dag_settings = opened.dag(DAGSettings(targets=set(targets))).dag_settings
            workflow.execution_settings = ExecutionSettings()
            workflow.remote_execution_settings = RemoteExecutionSettings()
            workflow.scheduling_settings = SchedulingSettings()
            workflow.group_settings = GroupSettings()
            workflow._prepare_dag(forceall=False, ignore_incomplete=True, lock_warn_only=True)
            workflow._build_dag()
            return Rules({rule.name: _rule(rule) for rule in workflow.rules}, [_job(job) for job in workflow.dag.jobs])
    finally:
        os.environ.clear()
        os.environ.update(environment)


def due_rules(config: Mapping[str, Any], folder: Path, snakefile: Path = PROJECT / "Snakefile") -> Counter[str]:
    """How many jobs of each rule are due in a folder with finished work, asked in this process."""
    before = dict(os.environ), list(sys.path), Path.cwd()
    study = folder / "study.yaml"
    study.write_text(yaml.safe_dump(dict(config), sort_keys=False), encoding="utf-8")
    try:
        os.chdir(folder)
        return Counter(job.rule for job in ask(snakefile, study))
    finally:
        os.environ.clear()
        os.environ.update(before[0])
        sys.path[:] = before[1]
        os.chdir(before[2])


def _rule(rule: Any) -> Rule:
    written = vars(rule.ruleinfo)
    ignored = {"func", "name", "norun", "path_modifier"}
    return Rule(
        name=rule.name,
        directives={name for name, value in written.items() if value not in (None, False) and name not in ignored},
        docstring=rule.docstring or "",
        shell=rule.shellcmd or "",
        environment=str(rule.ruleinfo.conda_env or ""),
        resources=set(rule.ruleinfo.resources[1]) if rule.ruleinfo.resources else set(),
        input_names=_names(rule.ruleinfo.input),
        output_names=_names(rule.ruleinfo.output),
        functions=list(_functions(rule.ruleinfo)),
    )


def _names(files: Any) -> list[str | None]:
    return [*(None for _ in files.paths), *files.kwpaths] if files else []


def _functions(ruleinfo: Any) -> Any:
    for directive in ("input", "params", "resources", "threads"):
        value = getattr(ruleinfo, directive)
        if directive == "input" and value:
            values = [*value.paths, *value.kwpaths.values()]
        elif directive == "threads":
            values = [value]
        else:
            values = [*value[0], *value[1].values()] if value else []
        for one in values:
            function = getattr(one, "callable", one)
            if callable(function):
                yield directive, tuple(inspect.signature(function).parameters)


def _job(job: Any) -> Job:
    return Job(
        rule=job.rule.name,
        name=f"{job.rule.name} {dict(job.wildcards_dict)}",
        inputs=[str(path) for path in job.input],
        ancient=[str(path) for path in job.input if path.flags.get("ancient")],
        outputs=[str(path) for path in job.output],
        log=[str(path) for path in job.log],
        benchmark=str(job.benchmark),
        params=dict(job.params.items()),
        command=job.shellcmd or "",
    )
