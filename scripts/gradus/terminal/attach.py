"""The handler in place of Snakemake's own, where nobody asked for another: a fresh clone needs no option and no installation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradus.study import paths
from gradus.study.config import Study
from gradus.terminal.handler import RunHandler
from gradus.terminal.measured import measured
from gradus.terminal.run_state import Workload

_DEFAULT = "DefaultStreamHandler"  # the name that Snakemake gives its own


def attach(workflow: Any, study: Study) -> RunHandler | None:
    """Let a run of this process be shown by ``RunHandler``; None where it is not.

    Dry runs, jobs of a run elsewhere, -p, --verbose and --debug-dag keep Snakemake's output, and so does another logger plug-in.
    """
    settings, manager = workflow.output_settings, workflow.logger_manager
    if workflow.dryrun or not workflow.is_main_process:
        return None
    if settings.printshellcmds or settings.verbose or settings.debug_dag or settings.stdout:
        return None
    handler = next((one for one in manager.plugin_handlers if isinstance(one, RunHandler)), None)
    if handler is None:
        usual = next((one for one in manager.logger.handlers if one.name == _DEFAULT), None)
        if usual is None:
            return None
        handler = RunHandler(settings, None)
        handler.setFormatter(usual.formatter)
        for one in usual.filters:
            handler.addFilter(one)
        manager.logger.removeHandler(usual)
        manager.logger.addHandler(handler)
    handler.prepare = lambda: _prepare(handler, workflow)
    handler.where = _where(study)
    return handler


def handler_of(workflow: Any) -> RunHandler | None:
    """The handler that shows this run; None where Snakemake's own does, or another."""
    manager = getattr(workflow, "logger_manager", None)
    # One that was asked for (`--logger gradus`) stands behind a queue of Snakemake's.
    handlers = [*manager.logger.handlers, *manager.plugin_handlers] if manager is not None else []
    return next((one for one in handlers if isinstance(one, RunHandler)), None)


def _prepare(handler: RunHandler, workflow: Any) -> None:
    """What is known of the jobs that are going to run."""
    jobs = list(workflow.dag.needrun_jobs())
    rules = {job.rule.name: job.rule for job in jobs}
    at_once = float(min(workflow.nodes or 1, len(jobs)) or 1)  # on a cluster
    patterns = {name: str(rule.benchmark) for name, rule in rules.items() if rule.benchmark}
    handler.state.workload = Workload(
        stages={rule.name: stage for rule in workflow.rules if (stage := _stage(rule)) is not None},
        measured=measured(patterns),
        lanes={job.rule.name: _share(job, workflow.resource_settings.cores, at_once) for job in jobs},
    )


def _share(job: Any, cores: float | None, at_once: float) -> float:
    """The part of the machine that a job takes."""
    return min(float(job.threads), cores) / cores if cores else 1 / at_once


def _stage(rule: Any) -> str | None:
    """The room of a rule, by its file: ``rules/students_fit.smk`` belongs to students; None for what only names targets."""
    stem = Path(str(rule.snakefile)).stem.partition("_")[0]
    return None if stem in ("Snakefile", "targets") else stem


def _where(study: Study) -> list[str]:
    """The lines of a run with nothing to do, beside the first."""
    explorer = Path(paths.EXPLORER.of(study))
    return [f"Study {study.study}: open {explorer}"] if explorer.exists() else []
