"""What is prepared for jobs elsewhere before the graph of jobs is made."""

import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.executors.local import Executor as LocalExecutor
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.settings import SharedFSUsage

from gradus.workflow.cluster import quote_interpreter

PATH = "/home/me/my studies/.venv/bin/python"
EXECUTORS: tuple[Any, ...] = (LocalExecutor, RemoteExecutor)


@pytest.fixture(autouse=True)
def as_they_were() -> Iterator[None]:
    given = [executor.get_python_executable for executor in EXECUTORS]
    yield
    for executor, method in zip(EXECUTORS, given, strict=True):
        executor.get_python_executable = method


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_interpreter_in_a_folder_with_a_space_is_one_word(executor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SimpleNamespace(shared_fs_usage={SharedFSUsage.SOFTWARE_DEPLOYMENT})
    made = SimpleNamespace(workflow=SimpleNamespace(storage_settings=settings))
    quote_interpreter()
    assert executor.get_python_executable(made) == sys.executable or " " in sys.executable
    monkeypatch.setattr(sys, "executable", PATH)
    for _ in range(2):
        quote_interpreter()
        assert executor.get_python_executable(made) == f"'{PATH}'"
