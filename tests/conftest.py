"""Fixtures of all tests: small studies, the tiny one run once, a real SLURM, a local provider."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import slurm_cluster
from builders import decoding, tiny_study  # noqa: F401 - some tests still take these names from here
from fake_provider import KEY
from filelock import FileLock
from hypothesis import HealthCheck
from running import HANG_LIMIT, PROJECT, Provider, Workflow, copy_project, program, wait_for  # noqa: F401
from slurm_cluster import Cluster

pytest_plugins = ["explorer_in_browser"]


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # A thread that waits for another one would look for it all the while, on a processor that some other test could use.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # thousands of short processes would compile the same code again
    # Machines are noisy: no example has to end within a time, and slow drawing is no failure.
    hypothesis.settings.register_profile("gradus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    hypothesis.settings.load_profile("gradus")


SLOWEST_FIRST = ("slurm", "workflow", "faults", "browser", "real_data", "contract", "unit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of minutes come before files of seconds, so that parallel test processes end at the same time."""
    items.sort(key=lambda item: SLOWEST_FIRST.index(item.path.relative_to(PROJECT / "tests").parts[0]))


@pytest.fixture
def workflow(tmp_path: Path) -> Callable[..., Workflow]:
    """Make a workflow in a new folder."""

    def make(config: dict[str, Any] | None = None, snakefile: Path = PROJECT / "Snakefile") -> Workflow:
        return Workflow(tmp_path, config or tiny_study(), snakefile)

    return make


@pytest.fixture(scope="session")
def gradus_data() -> Path:
    """The folder of real data; skips where there is none."""
    folder = os.environ.get("GRADUS_DATA")
    if not folder:
        pytest.skip("GRADUS_DATA is not set: the real datasets are not here")
    return Path(folder)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """The tiny study, run to the end once for all test processes; tests must leave it as they found it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    made = Workflow(shared / "finished", tiny_study())
    done = shared / "finished.done"
    with FileLock(shared / "finished.lock"):
        if not done.exists():
            assert not made.folder.exists(), "another test process could not run the tiny study; its message says why"
            made.folder.mkdir()
            made.run()
            done.touch()
    return made


@pytest.fixture
def copied(finished: Workflow, tmp_path: Path) -> Workflow:
    """A copy of the finished study, with Snakemake's records, to change at will."""
    shutil.copytree(finished.folder, tmp_path / "copy", symlinks=True)
    return Workflow(tmp_path / "copy", copy.deepcopy(finished.config))


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """A copy of the project's code, to change at will."""
    copy_project(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A real SLURM with two nodes; skips where none can be booted, fails there if GRADUS_REQUIRE_SLURM is set."""
    missing = slurm_cluster.missing_programs()
    if missing:
        reason = f"no SLURM cluster can be booted here: {', '.join(missing)}"
        if os.environ.get("GRADUS_REQUIRE_SLURM"):
            pytest.fail(reason)
        pytest.skip(reason)
    running = slurm_cluster.start(tmp_path_factory.mktemp("slurm"))
    try:
        yield running
    finally:
        running.stop()


def local_provider() -> Iterator[Provider]:
    """A fake provider with a fresh bill; the keys that it accepts are in the environment."""
    command = [sys.executable, str(PROJECT / "tests" / "fake_provider.py")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        patch.setenv("ANTHROPIC_API_KEY", KEY)
        try:
            yield Provider(int(process.stdout.readline()), process)
        finally:
            process.kill()
            process.wait()


provider = pytest.fixture(local_provider, name="provider")
module_provider = pytest.fixture(local_provider, scope="module", name="module_provider")
