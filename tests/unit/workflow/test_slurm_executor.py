"""The executor between Snakemake's scheduler and SLURM, with a plugin that submits nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradus.terminal.run_state import Queue
from gradus.workflow import job_states, sharing, site_promises, slurm_executor
from gradus.workflow.job_states import Answer

REFUSED = "SLURM sbatch failed. The error message was 'sbatch: error: QOSMaxSubmitJobPerUserLimit'"


@dataclass(frozen=True)
class Info:
    """A submitted job, as the plugins' interface has it."""

    job: Any
    external_jobid: str | None = None
    aux: Any = None


@dataclass(eq=False)
class Job:
    """A job, or a group of them."""

    name: str
    output: list[Path]
    resources: Mapping[str, Any]
    members: list[Job] | None = None
    threads: int = 1
    attempt: int = 1
    removed: bool = False

    @property
    def rule(self) -> Any:
        return SimpleNamespace(name=self.name)

    def is_group(self) -> bool:
        return self.members is not None

    def remove_existing_output(self) -> None:
        for path in self.output:
            path.unlink(missing_ok=True)


class Plugin:
    """What of the plugin the executor builds on."""

    def __init__(self, slots: int) -> None:
        settings = SimpleNamespace(
            init_seconds_before_status_checks=5, requeue=True, keep_successful_logs=False, qos="small"
        )
        given = SimpleNamespace(default_resources={"slurm_account": "lab"}, overwrite_resources={})
        self.workflow = SimpleNamespace(
            executor_settings=settings,
            resource_settings=given,
            nodes=slots,
            async_run=lambda done: done,
            scheduler=SimpleNamespace(
                _user_kill=None, _lock=threading.Lock(), _open_jobs=threading.Semaphore(0), running=set()
            ),
        )
        self.dag = SimpleNamespace(group_job_factory=SimpleNamespace(new=self._group))
        self.logger = SimpleNamespace(warning=lambda text: self.told.append(text))
        self.next_seconds_between_status_checks = 5
        self.told: list[str] = []
        self.submitted: list[Job] = []
        self.done: list[Any] = []
        self.failed: dict[Any, str | None] = {}
        self.full = False
        self._submitted_job_clusters: set[str] = set()
        self.run_uuid = "run"
        self._job_submission_executor = self
        self.__post_init__()

    def __post_init__(self) -> None:
        pass

    def _group(self, name: str, jobs: list[Job], constraints: Any) -> Job:
        assert constraints.get("_cores").value == 1 and constraints.get("mem_mb").value is None
        return Job(name, [], {"runtime": 10}, members=list(jobs))

    def submit(self, function: Any, job: Job) -> Future[None]:
        function(job)
        return Future()

    def run_jobs(self, jobs: list[Job]) -> None:
        for job in jobs:
            self._submit_job(job)

    def _submit_job(self, job: Job) -> None:
        self.run_job(job)

    def run_job(self, job: Job) -> None:
        if self.full:
            self.report_job_error(Info(job), REFUSED)
        else:
            self.submitted.append(job)
            self.report_job_submission(Info(job, str(len(self.submitted))))

    def get_job_args(self, job: Job) -> str:
        return "--cores all"

    def cancel(self) -> None:
        self.cancelled = True

    def report_job_submission(self, info: Info, register_job: bool = True) -> None:
        pass

    def report_job_success(self, info: Info) -> None:
        self.done.append(info.job)

    def report_job_error(self, info: Info, msg: str | None = None, **_: Any) -> None:
        self.failed[info.job] = msg


@dataclass
class Site:
    """An executor, its jobs, and what queue and accounting say."""

    folder: Path
    executor: Any
    queue: dict[str, str] | None = field(default_factory=dict)
    accounting: dict[str, str] | None = field(default_factory=dict)
    active: list[Info] = field(default_factory=list)

    def job(self, name: str = "score", **resources: Any) -> Job:
        number = len(list(self.folder.iterdir()))
        (self.folder / f"{number}.json").write_text("of an earlier run")
        return Job(name, [self.folder / f"{number}.json"], {"runtime": 5, **resources})

    def look(self, times: int = 1) -> None:
        """Let the executor ask for its jobs."""

        async def ask() -> None:
            for _ in range(times):
                self.active = [info async for info in self.executor.check_active_jobs(self.active)]

        self.active = [Info(job, str(number)) for number, job in enumerate(self.executor.submitted, 1)]
        self.active = [info for info in self.active if not ({info.job} | set(info.job.members or [])) & self._ended()]
        asyncio.run(ask())

    def _ended(self) -> set[Any]:
        return {*self.executor.done, *self.executor.failed}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(sharing, "GATHERING_SECONDS", 0.0)
    # What a timer would do is done where a test asks for it.
    monkeypatch.setattr(threading, "Timer", lambda *_: SimpleNamespace(start=lambda: None, daemon=True))
    monkeypatch.setattr(site_promises, "ask", lambda accounts, qualities: site_promises.Site())
    made = Site(tmp_path, slurm_executor.executor_class(Plugin, Info)(100))
    silent = "Unable to contact slurm controller"
    monkeypatch.setattr(job_states, "queue", lambda _: Answer(made.queue, silent))
    monkeypatch.setattr(job_states, "accounting", lambda _: Answer(made.accounting, silent))
    return made


def shared(site: Site, count: int) -> list[Job]:
    """So many ready jobs, submitted as one."""
    jobs = [site.job(together=24) for _ in range(count)]
    site.executor.run_jobs(jobs)
    site.executor._submit_gathered()
    assert [job.members for job in site.executor.submitted] == [jobs]
    return jobs


def test_ready_jobs_of_a_rule_are_one_submission_and_what_was_there_before_is_gone(site: Site) -> None:
    jobs = shared(site, 3)
    assert not any(path.exists() for job in jobs for path in job.output)
    assert "--keep-going" in site.executor.get_job_args(site.executor.submitted[0])
    assert site.executor.get_job_args(jobs[0]) == "--cores all"
    site.queue = {"1": "COMPLETED"}
    site.look()
    assert site.executor.done == jobs and not site.executor.failed


def test_one_member_fails_and_the_others_are_done(site: Site) -> None:
    jobs = shared(site, 3)
    for job in (jobs[0], jobs[2]):
        job.output[0].write_text("made")
    site.queue = {"1": "FAILED"}
    site.look()
    assert not site.executor.done, "files of another node may appear late"
    site.look()
    assert site.executor.done == [jobs[0], jobs[2]]
    assert list(site.executor.failed) == [jobs[1]]


def test_jobs_that_ask_for_nothing_of_it_go_alone(site: Site) -> None:
    alone, other = site.job("train"), site.job("audit")
    site.executor.run_jobs([alone, other])
    assert site.executor.submitted == [alone, other]


def test_a_refused_submission_waits_for_room(site: Site) -> None:
    running, waiting = site.job("train"), site.job("train")
    site.executor.run_jobs([running])
    site.executor.full = True
    site.executor.run_jobs([waiting])
    site.queue = {"1": "RUNNING"}
    site.look()
    assert not site.executor.failed
    assert ["QOSMaxSubmitJobPerUserLimit" in text for text in site.executor.told] == [True]
    site.executor.full = False
    site.queue = {"1": "COMPLETED"}
    site.look()
    assert site.executor.submitted == [running, waiting] and not site.executor.failed


def test_a_mistake_in_a_submission_fails_every_member(site: Site) -> None:
    jobs = [site.job(together=24) for _ in range(2)]
    group = site.executor._carrier(jobs)
    site.executor.report_job_error(Info(group), "Invalid account or account/partition combination specified")
    assert list(site.executor.failed) == jobs


def test_jobs_that_ended_while_the_login_node_slept_are_asked_of_accounting(site: Site) -> None:
    jobs = [site.job("train") for _ in range(3)]
    site.executor.run_jobs(jobs)
    site.queue, site.accounting = {"3": "RUNNING"}, {"1": "COMPLETED", "2": "CANCELLED"}
    site.look()
    assert site.executor.done == [jobs[0]]
    assert list(site.executor.failed) == [jobs[1]] and "CANCELLED" in (site.executor.failed[jobs[1]] or "")


@pytest.mark.parametrize("accounting", [{}, None], ids=["does not know it", "does not answer"])
def test_a_job_that_nobody_knows_is_judged_by_its_files(site: Site, accounting: dict[str, str] | None) -> None:
    made, lost = site.job("train"), site.job("train")
    site.executor.run_jobs([made, lost])
    lost.output[0].unlink()
    site.accounting = accounting
    site.look(job_states.PATIENCE - 1)
    assert not site.executor.done and not site.executor.failed
    site.look()
    assert site.executor.done == [made]
    assert "Neither" in (site.executor.failed[lost] or "") and "missing" in (site.executor.failed[lost] or "")


def test_a_scheduler_that_does_not_answer_is_named_and_asked_again(site: Site) -> None:
    job = site.job("train")
    site.executor.run_jobs([job])
    site.queue = None
    site.look(5)
    assert not site.executor.failed and len(site.executor.told) == 1
    assert "Unable to contact slurm controller" in site.executor.told[0]
    site.queue = {"1": "COMPLETED"}
    site.look()
    assert site.executor.done == [job]


def test_a_known_limit_is_told_and_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def ask(accounts: set[str], qualities: set[str]) -> site_promises.Site:
        asked.append((accounts, qualities))
        return site_promises.Site(2, "QOS small")

    monkeypatch.setattr(site_promises, "ask", ask)
    site.executor = slurm_executor.executor_class(Plugin, Info)(100)
    assert asked == [({"lab"}, {"small"})]
    assert "QOS small lets 2 of your jobs" in site.executor.told[0]
    jobs = [site.job("train") for _ in range(4)]
    site.executor.run_jobs(jobs)
    assert site.executor.submitted == jobs[:2]
    site.queue = {"1": "COMPLETED", "2": "RUNNING"}
    site.look()
    assert jobs[2] in site.executor.submitted and not site.executor.failed


def test_a_look_before_everything_is_there_does_no_harm(site: Site) -> None:
    """The interface starts looking in a thread of its own before the executor is complete."""
    site.executor.__dict__.clear()
    site.active = []

    async def look() -> list[Any]:
        return [info async for info in site.executor.check_active_jobs([])]

    site.executor.workflow = SimpleNamespace(executor_settings=None)
    assert asyncio.run(look()) == []


def test_term_submits_nothing_more_and_snakemake_does_not_wait_for_what_was_not(site: Site) -> None:
    scheduler = site.executor.workflow.scheduler
    running, waiting, gathered = site.job("train"), site.job("train"), site.job(together=24)
    scheduler.running |= {running, waiting, gathered}
    site.executor.run_jobs([running])
    site.executor.full = True
    site.executor.run_jobs([waiting, gathered])
    scheduler._user_kill = "graceful"
    site.executor.full = False
    site.queue = {"1": "RUNNING"}
    site.look()
    assert site.executor.submitted == [running] and scheduler.running == {running}
    assert "2 jobs that waited here" in site.executor.told[-1]
    assert scheduler._open_jobs.acquire(blocking=False)
    site.queue = {"1": "COMPLETED"}
    site.look()
    assert site.executor.done == [running]


def test_an_interrupt_leaves_nothing_to_be_submitted_later(site: Site) -> None:
    site.executor.run_jobs([site.job(together=24) for _ in range(3)])
    site.executor.cancel()
    site.executor._submit_gathered()
    assert site.executor.cancelled and not site.executor.submitted


def test_the_status_line_counts_jobs_that_wait_here_also_where_none_is_submitted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Queue] = []
    monkeypatch.setattr(slurm_executor, "handler_of", lambda _: SimpleNamespace(at_scheduler=told.append))
    monkeypatch.setattr(sharing, "GATHERING_SECONDS", 600.0)
    monkeypatch.setattr(sharing, "is_due", lambda *_: False)
    site.executor.run_jobs([site.job(together=24) for _ in range(2)])
    site.look()
    assert told == [Queue(0, 0, held=2)]
    monkeypatch.setattr(sharing, "is_due", lambda *_: True)
    site.executor.full = True
    site.executor._submit_gathered()
    monkeypatch.setattr(site.executor, "_submit_refused", lambda _: None)
    site.look()
    assert told[1:] == [Queue(0, 0, held=2)], "two jobs, though they go as one"
