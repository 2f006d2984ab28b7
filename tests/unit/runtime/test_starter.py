"""A starter's life with real processes: a program called snakemake whose children ask, one after another or side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from running import wait_for

from gradus.runtime import starter
from gradus.study.fingerprint import SCRIPTS

JOB = """
import os, pathlib, signal, sys, time

with open(os.environ["LOADED"], "a") as file:
    file.write(f"{os.getpid()}\\n")
if os.environ.get("BROKEN"):
    raise ImportError("as if a package were missing")
PREPARED = []


def prepare(arguments):
    PREPARED.append(arguments[0])


def run():
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # as every program does, with a pipe too
    print(f"{what} among {len(PREPARED)}", flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    (folder / f"{what}.pid").write_text(str(os.getpid()))
    if what == "work":
        sum(range(30_000_000))
    if what == "wait":
        (folder / "waiting").touch()
        while not (folder / "go").exists():
            time.sleep(0.02)
    if what == "fail":
        sys.exit(7)
    if what == "die":
        os.kill(os.getpid(), 9)
    if what == "count":
        from gradus.runtime import attempts

        print("imports counted" if sum(attempts._elsewhere) > 0.01 else "nothing counted")
    if what == "where":
        print(os.getcwd(), sorted(item for item in os.environ.items() if item[0] == "GRADUS_JOURNAL"))
    if what == "hear":
        print("deaf" if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else "hears", "to Ctrl-C")
    if what == "raise":
        raise ValueError("its own mistake")
"""

# What a job of Snakemake's does: it asks, waits, and says what came of it.
ASKER = """
import json, os, pathlib, signal, sys
from gradus.runtime import attempts, starter

given = json.loads(sys.argv[3])
arguments = [*sys.argv[1:3], "x" * int(given.pop("MORE", "0"))]
started = starter.start("a_job", arguments, {**os.environ, **given}, [signal.SIGTERM, signal.SIGUSR1])
(pathlib.Path(arguments[1]) / "asker.pid").write_text(str(os.getpid()))
try:
    status = None if started is None else started.wait()
except KeyboardInterrupt:
    status = f"interrupted, its job lives: {os.path.exists(f'/proc/{started.pid}')}"
print(json.dumps({"status": status, "cpu": sum(attempts._elsewhere)}), flush=True)
"""

SNAKEMAKE = """
import subprocess, sys

for line in sys.stdin:  # a command of several words, run as Snakemake's shell does
    subprocess.run(["sh", "-c", line.rstrip("\\n") + "; true"])
    print("ended", flush=True)
"""


class Run:
    """A process whose command line is Snakemake's, and what its jobs left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("a_job.py", JOB), ("asker.py", ASKER), ("snakemake", SNAKEMAKE)):
            (folder / name).write_text(text)
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.environment = {
            **os.environ,
            "TMPDIR": str(self.temporary),
            "LOADED": str(folder / "loaded"),
            "PYTHONPATH": os.pathsep.join([str(SCRIPTS), str(folder)]),
        }
        self.process = subprocess.Popen(
            [sys.executable, str(folder / "snakemake")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # these tests may run in the background
        )

    def begin(self, what: str, shell: str = "{}", /, **environment: str) -> Path:
        """Let a job start, its command in place of ``{}``; returns the file that gets its streams."""
        assert self.process.stdin is not None
        output = self.folder / f"{what}-{time.monotonic_ns()}.txt"
        given = json.dumps(environment).replace('"', '\\"')
        command = shell.format(f'"{sys.executable}" "{self.folder}/asker.py" {what} "{self.folder}" "{given}"')
        self.process.stdin.write(f'({command}) 2>&1 | cat > "{output}"\n')
        self.process.stdin.flush()
        return output

    def ended(self, output: Path) -> tuple[list[str], dict[str, Any]]:
        """The lines of a job that has ended, and what its asker says of it."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ended\n"
        *lines, last = output.read_text().splitlines()
        return lines, json.loads(last)

    def run(self, what: str, shell: str = "{}", /, **environment: str) -> tuple[list[str], dict[str, Any]]:
        return self.ended(self.begin(what, shell, **environment))

    def pid(self, what: str) -> int:
        return int((self.folder / f"{what}.pid").read_text())

    def starters(self) -> list[int]:
        """The processes that have imported the job's module."""
        loaded = self.folder / "loaded"
        return [int(line) for line in loaded.read_text().split()] if loaded.exists() else []

    def left(self) -> list[Path]:
        """The files in the temporary folder."""
        return [path for path in self.temporary.rglob("*") if not path.is_dir()]

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def run(tmp_path: Path) -> Run:
    folder = tmp_path / "a run" / ("d" * 100)  # a space, and more than a socket's path may have
    folder.mkdir(parents=True)
    return Run(folder)


def test_jobs_in_turn_share_the_imports_and_keep_their_own_streams_and_ends(run: Run) -> None:
    assert run.run("work")[0] == ["work among 1", "to stderr"]
    said, facts = run.run("fail")
    assert said == ["fail among 2", "to stderr"] and facts["status"] == 7
    assert run.run("die")[1]["status"] == -signal.SIGKILL
    said, facts = run.run("raise")
    assert said[-1] == "ValueError: its own mistake" and facts["status"] == 1
    assert run.run("work")[1]["status"] == 0
    assert len(run.starters()) == 1
    run.end()


def test_the_processor_time_of_a_job_is_its_askers(run: Run) -> None:
    run.run("fail")
    little, much = run.run("fail")[1]["cpu"], run.run("work")[1]["cpu"]
    assert 0 <= little < 0.1 < much
    run.end()


def test_a_job_that_keeps_a_record_itself_counts_the_imports_that_it_caused(run: Run) -> None:
    assert "imports counted" in run.run("count")[0]
    assert "nothing counted" in run.run("count")[0]
    run.end()


def test_what_a_job_would_take_over_decides_which_starter_it_asks(run: Run) -> None:
    for environment in ({}, {"OMP_NUM_THREADS": "3"}, {}, {"OMP_NUM_THREADS": "3"}):
        assert run.run("work", **environment)[1]["status"] == 0
    assert len(set(run.starters())) == 2
    run.end()


def test_a_job_has_its_askers_folder_and_gradus_variables_whoever_asked_first(run: Run) -> None:
    (run.folder / "there").mkdir()
    first = run.run("where", f'cd "{run.folder}/there" && {{}}')
    second = run.run("where", 'SHLVL=7 GRADUS_JOURNAL="a journal" {}')
    third = run.run("where")
    here = os.getcwd()
    assert first[0][-1] == f"{run.folder}/there []"
    assert second[0][-1] == f"{here} [('GRADUS_JOURNAL', 'a journal')]"
    assert third[0][-1] == f"{here} []"
    assert len(run.starters()) == 1
    run.end()


def test_a_job_in_a_folder_that_is_gone_starts_by_itself(run: Run) -> None:
    gone = run.folder / "gone"
    gone.mkdir()
    assert run.run("work", f'cd "{gone}" && rmdir "{gone}" && {{}}')[1]["status"] is None
    assert run.run("work")[1]["status"] == 0
    run.end()


def test_jobs_of_a_script_that_names_itself_share_one_and_it_ends_with_the_script(run: Run) -> None:
    script = run.folder / "script.sh"
    ask = f'"{sys.executable}" "{run.folder}/asker.py" work "{run.folder}" "{{}}"'
    script.write_text(f"export GRADUS_STARTER=$$\n{ask}\n{ask}\n")
    said = subprocess.run(["sh", script], env=run.environment, capture_output=True, text=True, check=True).stdout
    assert said.count('"status": 0') == 2
    [left] = run.starters()
    wait_for(lambda: not lives(left), "the starter's end", seconds=20)
    assert not run.left()
    run.end()


def test_a_script_that_is_not_above_a_job_has_no_part_in_it(run: Run) -> None:
    """A job of a cluster takes over the variable from where it was submitted; on its node the number is another process's."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    with subprocess.Popen(["sleep", "60"]) as other:
        for named in (gone.pid, other.pid, 0, "9" * 5000, "a script"):
            assert run.run("work", f"GRADUS_STARTER='{named}' {{}}")[1]["status"] == 0
        other.kill()
    [left] = run.starters()
    run.end()
    wait_for(lambda: not lives(left), "the starter's end", seconds=20)


def test_a_job_ends_with_its_asker(run: Run) -> None:
    run.begin("wait")
    wait_for((run.folder / "waiting").exists, "the job at work")
    job = run.pid("wait")
    subprocess.run(["pkill", "-9", "-f", f"{run.folder}/asker.py"], check=True)
    wait_for(lambda: not lives(job), "the job's end", seconds=20)
    assert lives(run.starters()[0]), "others may ask it yet"
    run.end()


def test_what_ctrl_c_interrupts_has_ended_before_its_asker_goes_on(run: Run) -> None:
    output = run.begin("wait")
    wait_for((run.folder / "waiting").exists, "the job at work")
    wait_for((run.folder / "asker.pid").exists, "the asker, which waits")
    time.sleep(0.1)
    os.kill(int((run.folder / "asker.pid").read_text()), signal.SIGINT)
    assert run.ended(output)[1]["status"] == "interrupted, its job lives: False"
    run.end()


def test_signals_to_a_whole_job_end_neither_the_starter_nor_what_it_forked(run: Run) -> None:
    output = run.begin("wait")
    wait_for((run.folder / "waiting").exists, "the job at work")
    for pid in (run.starters()[0], run.pid("wait")):
        for number in (signal.SIGTERM, signal.SIGUSR1):
            os.kill(pid, number)
    (run.folder / "go").touch()
    assert run.ended(output)[1]["status"] == 0
    run.end()


def test_a_job_goes_on_without_its_starter_and_the_next_finds_another(run: Run) -> None:
    output = run.begin("wait")
    wait_for((run.folder / "waiting").exists, "the job at work")
    os.kill(run.starters()[0], signal.SIGKILL)
    (run.folder / "go").touch()
    assert run.ended(output)[1]["status"] == 0
    assert run.run("work")[1]["status"] == 0
    assert len(run.starters()) == 2
    run.end()


def test_a_starter_that_cannot_import_is_no_starter(run: Run) -> None:
    assert run.run("work", BROKEN="yes")[1]["status"] is None
    wait_for(lambda: not run.left(), "the end of what was left", seconds=20)
    assert run.run("work")[1]["status"] == 0
    run.end()


def test_it_ends_with_snakemake_and_leaves_nothing(run: Run) -> None:
    run.run("work")
    [left] = run.starters()
    assert lives(left)
    run.end()
    wait_for(lambda: not lives(left), "the starter's end", seconds=20)
    assert not run.left()


def test_a_folder_that_others_may_write_is_not_used(run: Run) -> None:
    open_to_all = run.temporary / f"gradus-{os.getuid()}"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    assert run.run("work")[1]["status"] is None and not run.starters()
    run.end()


def test_modules_in_the_working_folder_are_not_taken_for_the_programs(run: Run) -> None:
    (run.folder / "elsewhere").mkdir()
    for name in ("a_job.py", "json.py"):
        (run.folder / "elsewhere" / name).write_text("raise RuntimeError('somebody else')\n")
    assert run.run("work", f'cd "{run.folder}/elsewhere" && {{}}')[0] == ["work among 1", "to stderr"]
    run.end()


def test_a_job_of_a_run_in_the_background_is_as_deaf_to_ctrl_c_as_its_asker(run: Run) -> None:
    assert "deaf to Ctrl-C" in run.run("hear", "trap '' INT; {}")[0]
    assert "hears to Ctrl-C" in run.run("hear")[0]
    run.end()


def test_a_status_is_told_where_children_are_not_waited_for(run: Run) -> None:
    ignore = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    assert run.run("fail", f'"{sys.executable}" -c "{ignore}" {{}}')[1]["status"] == 7
    assert run.run("work")[1]["status"] == 0
    assert len(run.starters()) == 1
    run.end()


def test_a_job_without_standard_input_starts_by_itself(run: Run) -> None:
    assert run.run("work", "{} <&-")[1]["status"] is None and not run.starters()
    run.end()


def test_a_command_too_long_for_a_message_starts_by_itself_and_leaves_the_starter_to_others(run: Run) -> None:
    run.run("work")
    assert run.run("work", MORE="70000")[1]["status"] is None
    assert run.run("work")[1]["status"] == 0 and len(run.starters()) == 1
    run.end()


def test_another_starters_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "1-socket"
    path.touch()
    mine = path.stat()
    path.unlink()
    (tmp_path / "between").touch()  # else the new file may get the number of the old one
    path.touch()
    starter._leave(path, mine)
    assert path.exists()
    starter._leave(path, path.stat())
    assert not path.exists()


def test_a_process_above_with_half_a_letter_in_its_name_is_passed() -> None:
    name = b"\xc3"  # the kernel keeps 15 bytes of a name
    ask = "from gradus.runtime import starter; print(starter.snakemake_above())"
    renamed = f"open('/proc/self/comm', 'wb').write({name!r})"
    begin = f"import subprocess, sys; {renamed}; subprocess.run([sys.executable, '-c', {ask!r}])"
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    said = subprocess.run([sys.executable, "-c", begin], env=environment, capture_output=True, text=True)
    assert not said.stderr


@pytest.mark.parametrize(
    ("name", "found"), [("snakemake_above", None), ("gpus_here", True), ("starter_wanted", False), ("_mounts", str)]
)
def test_there_is_none_without_snakemake_beside_an_accelerator_where_none_is_wanted_or_in_a_container(
    monkeypatch: pytest.MonkeyPatch, name: str, found: object
) -> None:
    monkeypatch.setattr(starter, "snakemake_above", os.getppid)
    monkeypatch.setattr(starter, name, found if callable(found) else lambda: found)
    monkeypatch.setattr(starter, "_folder", lambda: pytest.fail("it was asked for all the same"))
    assert starter.start("a_job", [], os.environ) is None
