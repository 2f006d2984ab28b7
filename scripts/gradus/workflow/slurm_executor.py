"""What a grid of thousands of jobs needs of Snakemake's SLURM plugin beyond what the plugin (2.8.0) does.

- Short jobs of one rule share a submission (``sharing``); each keeps its own result, failure and retries.
- A submission that a limit of the site refuses waits until there is room; the plugin would count it as a failed job.
- A job that the controller has forgotten is looked up in the accounting, and then by its own files; the plugin waits for ever
  for jobs that its query does not list, and for `CANCELLED by 0` of `sacct`.

The class is made from the plugin's own at run time, in the main process alone: jobs on the nodes are the plugin's.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gradus.terminal.attach import handler_of
from gradus.terminal.run_state import Queue
from gradus.workflow import job_states, sharing, site_promises
from gradus.workflow.submission_limits import reason_to_wait

PLUGIN = "snakemake_executor_plugin_slurm"
REPEAT_SECONDS = 600.0


@dataclass
class Gathered:
    """Ready jobs of one kind that are not submitted yet, and when the first of them came."""

    share: sharing.Share
    since: float
    jobs: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class OneAtATime:
    """Constraints for Snakemake's sum over a group of jobs: so many cores, hence one job after another."""

    cores: int

    def get(self, name: str) -> Any:
        return SimpleNamespace(value=self.cores if name == "_cores" else None)


def install(workflow: Any) -> None:
    """Let this process submit jobs through the class below, where SLURM's plugin is installed and this is the main process."""
    if not workflow.is_main_process or PLUGIN not in sys.modules:
        return
    from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

    plugin = ExecutorPluginRegistry().get_plugin("slurm")
    if not hasattr(plugin.executor, "gathered_jobs"):
        plugin.executor = executor_class(plugin.executor, sys.modules[PLUGIN].SubmittedJobInfo)


def executor_class(plugin_class: Any, job_info_class: Any) -> Any:
    """The plugin's executor with sharing, patience and a memory. ``job_info_class``: what the interface calls a submitted job."""

    class SharingExecutor(plugin_class):  # type: ignore[misc]
        """One instance per run of a workflow. Snakemake's scheduler, its polling and its submissions are three threads."""

        def __post_init__(self, *arguments: Any, **options: Any) -> None:
            self._state = threading.RLock()
            self._gathered: dict[Hashable, Gathered] = {}
            self._members: dict[int, list[Any]] = {}  # by id() of the group that carries them
            self._carriers: list[Any] = []  # so that no id is given again
            self._refused: list[Any] = []  # jobs that wait for room, in their order
            self._numbers = count(1)
            self._looks: dict[str, tuple[str | None, int]] = {}  # job number -> state, looks in a row that found it
            self._reported: dict[str, float] = {}  # what was reported, and when
            self._active: set[str] = set()  # numbers of jobs that have not ended
            self._site = site_promises.Site()
            self._ready = False
            super().__post_init__(*arguments, **options)
            self._site = self._ask_site()
            self._ready = True

        def _ask_site(self) -> site_promises.Site:
            """What the site says of itself; what is to be known of it is told."""
            given = self.workflow.resource_settings
            groups = [given.default_resources or {}, *(given.overwrite_resources or {}).values()]
            named = {
                name: {str(getattr(group[name], "raw", group[name])) for group in groups if name in group}
                for name in ("slurm_account", "qos")
            }
            chosen = {self.workflow.executor_settings.qos} - {None}
            site = site_promises.ask(
                {os.path.expandvars(name) for name in named["slurm_account"]}, named["qos"] | chosen
            )
            for remark in site_promises.remarks(site, self._slots):
                self.logger.warning(remark)
            return site

        # Submitting

        def gathered_jobs(self) -> int:
            """Jobs that wait for others to go with."""
            with self._state:
                return sum(len(gathered.jobs) for gathered in self._gathered.values())

        def run_jobs(self, jobs: Sequence[Any]) -> None:
            alone, patience = [], set()
            for job in jobs:
                share = None if job.is_group() else sharing.share_of(job.resources, self._slots)
                if share is None:
                    alone.append(job)
                    continue
                # What a job of before left is no proof that this one succeeded.
                self.workflow.async_run(job.remove_existing_output())
                kind = sharing.kind_of(job.rule.name, job.attempt, job.threads, job.resources)
                with self._state:
                    found = self._gathered.setdefault(kind, Gathered(share, time.monotonic()))
                    found.jobs.append(job)
                patience.add(share.patience)
            super().run_jobs(self._fitting(alone))
            if patience:
                timer = threading.Timer(min(patience) + 0.1, self._submit_gathered)
                timer.daemon = True
                timer.start()

        def _fitting(self, jobs: list[Any]) -> list[Any]:
            """So many of the jobs as a known limit has room for; the rest waits, unasked."""
            if self._site.limit is None:
                return jobs
            with self._state:
                room = max(0, self._site.limit - len(self._active) - len(self._refused))
                self._refused += jobs[room:]
            return jobs[:room]

        @property
        def _slots(self) -> int:
            return self.workflow.nodes or 1

        def _submit_gathered(self) -> None:
            """Submit what is due of the gathered jobs."""
            if getattr(self.workflow.scheduler, "_user_kill", None):
                return  # the next look sees to them
            with self._state:
                now, alone = time.monotonic(), not self._active
                due = [
                    (kind, gathered)
                    for kind, gathered in self._gathered.items()
                    if sharing.is_due(gathered.share, len(gathered.jobs), now - gathered.since, alone)
                ]
                for kind, _ in due:
                    del self._gathered[kind]
            for _, gathered in due:
                for portion in sharing.portions(gathered.jobs, gathered.share.size):
                    self._submit_job(portion[0] if len(portion) == 1 else self._carrier(portion))

        def _carrier(self, jobs: list[Any]) -> Any:
            """One group that carries the jobs to the scheduler; it asks for what the largest does, and for all their times."""
            name = f"{jobs[0].rule.name}_together_{next(self._numbers)}"
            group = self.dag.group_job_factory.new(name, jobs, OneAtATime(max(job.threads for job in jobs)))
            group.toposorted = [jobs]
            if jobs[0].attempt > 1:
                group.attempt = jobs[0].attempt
            with self._state:
                self._members[id(group)] = jobs
                self._carriers.append(group)
            return group

        def get_job_args(self, job: Any, **options: Any) -> str:
            """In a shared job a failure stops nobody else."""
            arguments = str(super().get_job_args(job, **options))
            return f"{arguments} --keep-going" if job.is_group() else arguments

        def report_job_error(self, job_info: Any, msg: str | None = None, **details: Any) -> None:
            job = job_info.job
            if job_info.external_jobid is None:
                reason = reason_to_wait(msg, others_active=bool(self._active))
                if reason is not None:
                    with self._state:
                        self._refused.append(job)
                    self._report("full", f"SLURM takes no more jobs now ({reason}): they wait until it does.")
                    return
            for member in self._members.get(id(job), [job]):
                super().report_job_error(job_info_class(member, job_info.external_jobid, job_info.aux), msg, **details)

        def report_job_submission(self, job_info: Any, register_job: bool = True) -> None:
            super().report_job_submission(job_info, register_job)
            self._active.add(job_info.external_jobid)

        def _submit_refused(self, ended: int) -> None:
            """Try again as many of the waiting jobs as a known limit has room for, else as others have ended, and one."""
            with self._state:
                room = ended + 1
                if self._site.limit is not None:
                    room = max(self._site.limit - len(self._active), 0 if self._active else 1)
                again, self._refused = self._refused[:room], self._refused[room:]
            for job in again:
                self._submit_job(job)

        # Ending

        def cancel(self) -> None:
            """Ctrl-C: what waits here is not submitted, what runs is cancelled."""
            self._take_waiting()
            super().cancel()

        def _take_waiting(self) -> list[Any]:
            """The jobs that wait here, which then wait no more."""
            with self._state:
                found = [job for gathered in self._gathered.values() for job in gathered.jobs]
                found += [member for job in self._refused for member in self._members.get(id(job), [job])]
                self._gathered.clear()
                self._refused.clear()
            return found

        def _end_if_asked(self) -> None:
            """TERM: nothing more is submitted, so Snakemake, which waits for all that it chose, must not wait for these."""
            scheduler = self.workflow.scheduler
            if getattr(scheduler, "_user_kill", None) and (waiting := self._take_waiting()):
                self.logger.warning(f"Ending as asked: {len(waiting)} jobs that waited here were not submitted.")
                with scheduler._lock:
                    scheduler.running.difference_update(waiting)
                scheduler._open_jobs.release()

        # Following

        async def check_active_jobs(self, active_jobs: list[Any]) -> AsyncIterator[Any]:
            settings = self.workflow.executor_settings
            # The interface starts this thread before __post_init__, and an error here would end it without a word.
            if not self.__dict__.get("_ready"):
                for info in active_jobs:
                    yield info
                return
            self._end_if_asked()
            self._submit_gathered()
            ended, in_doubt = 0, False
            if self._submitted_job_clusters:  # several clusters: the plugin knows how to ask them
                self._active = set()
                async for info in super().check_active_jobs(active_jobs):
                    self._active.add(info.external_jobid)
                    yield info
                ended = len(active_jobs) - len(self._active)
            elif active_jobs:
                states = self._states(active_jobs)
                self._show(states)
                for info in active_jobs:
                    state = None if states is None else states.get(info.external_jobid)
                    if states is None or not self._settle(info, state):
                        in_doubt = in_doubt or (states is not None and job_states.is_in_doubt(state))
                        yield info
                    else:
                        ended += 1
            else:
                self._show({})
            interval = settings.init_seconds_before_status_checks
            if ended or in_doubt or not active_jobs:
                self.next_seconds_between_status_checks = interval
            else:
                self.next_seconds_between_status_checks = min(self.next_seconds_between_status_checks + 10, 180)
            self._submit_refused(ended)

        def _show(self, states: dict[str, str] | None) -> None:
            """Let the run's status line tell what the queue said, if it said anything."""
            handler = handler_of(self.workflow)
            if handler is not None and states is not None:
                counts = Counter(states.values())
                with self._state:
                    refused = sum(len(self._members.get(id(job), [job])) for job in self._refused)
                held = self.gathered_jobs() + refused
                handler.at_scheduler(Queue(counts["RUNNING"], sum(counts[name] for name in job_states.QUEUED), held))

        def _states(self, active_jobs: list[Any]) -> dict[str, str] | None:
            """States of the active jobs by number; a job that queue and accounting do not know is missing. None: no answer."""
            answer = job_states.queue(self.run_uuid)
            if answer.states is None:
                waiting = f"{len(active_jobs)} jobs are asked for again"
                self._report("silence", f"SLURM does not answer ({answer.message}); {waiting}.")
                return None
            forgotten = [info.external_jobid for info in active_jobs if info.external_jobid not in answer.states]
            if not forgotten:
                return dict(answer.states)
            kept = job_states.accounting(forgotten)
            if kept.states is None:
                self._report(
                    "forgotten",
                    f"SLURM's controller has forgotten jobs ({', '.join(forgotten[:5])}), and the accounting does not "
                    f"answer ({kept.message}): their own files tell what became of them.",
                )
            return {**(kept.states or {}), **answer.states}

        def _settle(self, info: Any, state: str | None) -> bool:
            """Report a job if it has ended; whether it has."""
            number = info.external_jobid
            before, looks = self._looks.get(number, (None, 0))
            looks = looks + 1 if before == state else 1
            self._looks[number] = (state, looks)
            found = job_states.verdict(state, looks, self.workflow.executor_settings.requeue)
            if found == "running":
                return False
            members = self._members.get(id(info.job))
            # Files of another node may appear late, and only they tell which members of a failed job are done.
            if members is not None and found == "failed" and looks < 2:
                return False
            log = info.aux.get("slurm_logfile") if info.aux else None
            reason = f"SLURM-job '{number}' ended, SLURM status is: '{state}'."
            if found == "unknown":
                reason = f"Neither SLURM's queue nor its accounting knows what became of SLURM-job '{number}' ({state})"
            for member in members or [info.job]:
                one, missing = job_info_class(member, number, info.aux), self._missing(member)
                if found == "done" or ((found == "unknown" or members) and not missing):
                    self.report_job_success(one)
                else:
                    more = f", and it left files missing: {missing[0]}." if found == "unknown" else ""
                    self.report_job_error(one, msg=reason + more, aux_logs=[str(log)] if log else None)
            self._looks.pop(number, None)
            self._active.discard(number)
            if found == "done" and log and not self.workflow.executor_settings.keep_successful_logs:
                Path(log).unlink(missing_ok=True)
            return True

        def _missing(self, job: Any) -> list[str]:
            """What a job has not written; programs write each file whole, and Snakemake removes those of a failed job."""
            return [str(path) for path in job.output if not Path(str(path)).exists()]

        def _report(self, kind: str, message: str) -> None:
            """Say something, and again every ten minutes in which it is still so."""
            now = time.monotonic()
            if now - self._reported.get(kind, -REPEAT_SECONDS) >= REPEAT_SECONDS:
                self._reported[kind] = now
                self.logger.warning(message)

    return SharingExecutor
