"""API teachers against a strict local provider, through the real SDKs: nothing lost, nothing paid twice, clear stops."""

import json
import random
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fake_provider import KEY
from running import PRICE, PROJECT, Annotating, Provider, program, url, wait_for

from gradus.records.vocabulary import Verdict
from gradus.runtime.jsonl import read_json


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_the_providers_bill_equals_the_journal(provider: Provider, tmp_path: Path, kind: str) -> None:
    job = Annotating(tmp_path, 60, kind, base_url=url(provider, kind), temperature=0.5)
    done = job.run()
    assert done.returncode == 0, done.stderr
    bill, entries = provider.control(), job.entries()
    assert bill["answered"] == len(entries) == 60
    assert bill["rejected"] == []
    usage = [entry["response"]["usage"] for entry in entries]
    assert sum(one["input_tokens"] for one in usage) == bill["input_tokens"]
    assert sum(one["output_tokens"] for one in usage) == bill["output_tokens"]
    owed = (bill["input_tokens"] * 2.5 + bill["output_tokens"] * 10.0) / 1e6
    assert sum(row.price_usd or 0 for row in job.rows()) == pytest.approx(owed)
    assert read_json(tmp_path / "out.run.json")["journal_usd"] == pytest.approx(owed, abs=1e-6)
    assert all(row.verdict == "agrees" for row in job.rows())
    sent = job.rows()[0].parameters
    assert ("temperature" in sent) == (kind == "openai")
    assert all(entry["raw"]["usage"] for entry in entries)
    assert all(entry["sdk"].startswith(kind) and entry["attempts"] == 1 and entry["time"] for entry in entries)


def test_a_second_run_asks_nothing_and_offline_needs_no_key(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Annotating(tmp_path, 20, base_url=provider.openai)
    assert job.run().returncode == 0
    first = job.output.read_bytes()
    monkeypatch.delenv("OPENAI_API_KEY")
    job.output.unlink()
    assert job.run().returncode == 0
    assert provider.control()["seen"] == 20
    job.settings["offline"] = True
    job.settings["base_url"] = "http://127.0.0.1:1/v1"
    job.output.unlink()
    assert job.run().returncode == 0
    assert job.output.read_bytes() == first
    done = job.run(supervision="g/t/original/L4")
    assert done.returncode == 1 and "the journal holds no answer" in done.stderr
    job.settings |= {"offline": False, "base_url": provider.openai}
    done = job.run(supervision="g/t/original/L4")
    assert "environment variable OPENAI_API_KEY: the key of teacher model model-1 is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_permuting_adding_and_removing_rows_and_moving_re_buys_nothing(provider: Provider, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    job = Annotating(tmp_path / "a", 30, base_url=provider.openai)
    assert job.run().returncode == 0
    lines = (job.folder / "problems.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "a").rename(tmp_path / "b")
    moved = Annotating(tmp_path / "b", 40, base_url=provider.openai)
    more = (moved.folder / "problems.jsonl").read_bytes().splitlines(keepends=True)
    mixed = lines[5:] + [line for line in more if line not in lines]
    random.Random(1).shuffle(mixed)
    (moved.folder / "problems.jsonl").write_bytes(b"".join(mixed))
    (moved.folder / "problems.manifest.json").unlink()  # that of other bytes, which would be refused
    new = len([line for line in mixed if line not in lines])
    assert moved.run().returncode == 0
    assert 1 <= new <= 40
    assert provider.control()["answered"] == 30 + new


@pytest.mark.parametrize(
    ("fault", "verdict"), [("length", "truncated"), ("content_filter", "refused"), ("empty_choices", "unparsable")]
)
@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_odd_answers_end_in_their_class(
    provider: Provider, tmp_path: Path, kind: str, fault: str, verdict: Verdict
) -> None:
    provider.control(faults=[{"kind": fault}])
    job = Annotating(tmp_path, 8, kind, base_url=url(provider, kind))
    done = job.run()
    assert done.returncode == 0, done.stderr
    verdicts = [row.verdict for row in job.rows()]
    assert verdicts.count(verdict) == 1 and verdicts.count("agrees") == 7
    assert read_json(tmp_path / "out.manifest.json")["verdicts"][verdict] == 1


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_transient_faults_pass(provider: Provider, tmp_path: Path, kind: str) -> None:
    # The first request goes alone and fails once; after its answer the others meet the faults side by side.
    faults = ["500", "", "reset", "half", "malformed", "529", "429", "reset", "503"]
    provider.control(faults=[{"kind": name, "retry_after": 0.2} for name in faults])
    job = Annotating(tmp_path, 30, kind, base_url=url(provider, kind), timeout_seconds=5.0)
    done = job.run()
    assert done.returncode == 0, done.stderr
    assert len(job.rows()) == 30 and all(row.verdict == "agrees" for row in job.rows())
    bill = provider.control()
    assert bill["faults"] == []
    # A half-sent answer is on the bill and never arrived; nothing else is paid twice.
    assert bill["answered"] - len(job.entries()) <= 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("401", "[key]"),
        ("403", "The fault 403"),
        ("404", "its successor is model-2"),
        ("400", "The fault 400"),
        ("quota", "exceeded your current quota"),
        ("wrong_model", "comes from model 'another-model-9'"),
    ],
)
def test_permanent_faults_stop_at_once(provider: Provider, tmp_path: Path, fault: str, said: str) -> None:
    provider.control(faults=[{"kind": fault, "count": 1000}])
    job = Annotating(tmp_path, 100, base_url=provider.openai, successor="model-2", max_concurrency=4)
    done = job.run()
    assert done.returncode == 1
    assert said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert not job.output.exists()
    assert provider.control()["seen"] <= 4


def test_an_unknown_price_is_refused_and_a_budget_is_kept(provider: Provider, tmp_path: Path) -> None:
    job = Annotating(tmp_path, 200, base_url=provider.openai, price=None)
    assert "no price is known for model model-1" in job.run().stderr
    job.settings.update(price=PRICE, budget_usd=0.02, max_concurrency=8)
    done = job.run()
    assert done.returncode == 1 and "the budget of $0.02 is spent" in done.stderr
    spent = sum(entry["response"]["price_usd"] for entry in job.entries())
    dearest = max(entry["response"]["price_usd"] for entry in job.entries())
    assert 0.02 <= spent <= 0.02 + 8 * dearest
    seen = provider.control()["seen"]
    assert job.run().returncode == 1
    assert provider.control()["seen"] == seen


def test_a_stop_signal_waits_for_what_is_in_flight(provider: Provider, tmp_path: Path) -> None:
    provider.control(latency=0.3)
    job = Annotating(tmp_path, 300, base_url=provider.openai, max_concurrency=8)
    process = job.start()
    wait_for(lambda: provider.control()["answered"] >= 20, "twenty answers")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 1
    bill = provider.control()
    assert 20 <= bill["answered"] < 300
    assert len(job.entries()) == bill["answered"]
    assert not job.output.exists()


def has_answered(provider: Provider, count: float) -> bool:
    return bool(provider.control()["answered"] >= count)


def killed_and_finished(provider: Provider, folder: Path, count: int, kills: int, seed: int) -> Annotating:
    """A job that is killed with -9 at random moments, then run to its end."""
    dice = random.Random(seed)
    provider.control(latency=0.05)
    job = Annotating(folder, count, base_url=provider.openai, max_concurrency=16)
    struck = 0
    for number in range(kills):
        goal = (number + dice.random()) * count / (kills + 1)
        process = job.start()
        wait_for(partial(has_answered, provider, goal), f"{goal} answers")
        assert process.poll() is None, "the job ended before the kill"
        process.kill()
        process.wait()
        struck += provider.control()["answered"] < count
        assert not job.output.exists()
    assert struck == kills
    done = job.run()
    assert done.returncode == 0, done.stderr
    return job


# What cost nothing (refused, broken off before an answer, torn), and good texts in odd bodies.
FAULTS = ["500", "429", "reset", "malformed", "529", "503", "odd"]


def check_kills(provider: Provider, tmp_path: Path, count: int, kills: int, faults: int = 0) -> None:
    storms = [[{"kind": "", "count": 4}, {"kind": FAULTS[number % len(FAULTS)]}] for number in range(faults)]
    provider.control(faults=[fault for storm in storms for fault in storm])
    (tmp_path / "struck").mkdir()
    (tmp_path / "calm").mkdir()
    job = killed_and_finished(provider, tmp_path / "struck", count, kills, seed=7)
    bill = provider.control()
    assert bill["faults"] == [], "all faults struck"
    distinct = len({entry["key"] for entry in job.entries() if not entry.get("unusable")})
    assert distinct == bill["distinct"] == count
    # Paid twice at most what was in flight at each kill.
    assert bill["answered"] - count <= kills * 16
    provider.control(latency=0.0)
    calm = Annotating(tmp_path / "calm", count, base_url=provider.openai, max_concurrency=16)
    assert calm.run().returncode == 0
    assert calm.output.read_bytes() == job.output.read_bytes()


def test_kill_9_loses_nothing_and_pays_nothing_twice(provider: Provider, tmp_path: Path) -> None:
    check_kills(provider, tmp_path, count=400, kills=5, faults=35)


@pytest.mark.full
def test_kill_9_at_twenty_moments_in_two_thousand_requests(provider: Provider, tmp_path: Path) -> None:
    """And through faults of every kind, one after every four answers."""
    check_kills(provider, tmp_path, count=2000, kills=20, faults=300)


def test_no_key_is_in_any_file_or_message(provider: Provider, tmp_path: Path) -> None:
    provider.control(faults=[{"kind": "500"}, {"kind": "reset"}])
    job = Annotating(tmp_path, 20, base_url=provider.openai)
    fine = job.run()
    provider.control(faults=[{"kind": "401", "count": 50}])
    refused = job.run(supervision="g/t/original/L5")
    assert (fine.returncode, refused.returncode) == (0, 1)
    for text in (fine.stdout, fine.stderr, refused.stdout, refused.stderr):
        assert KEY not in text and KEY[3:] not in text
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert KEY[3:].encode() not in path.read_bytes(), path


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_keys_of_no_known_form_are_in_no_file_or_message(
    provider: Provider, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key without any prefix, which the provider quotes in refusals, in declined requests and in its answers."""
    key = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    monkeypatch.setenv("OTHER_KEY", key)
    provider.control(key=key, faults=[{"kind": "declined"}, {"kind": "echo", "count": 50}])
    job = Annotating(tmp_path, 10, kind, base_url=url(provider, kind), key_variable="OTHER_KEY", max_concurrency=1)
    runs = [job.run(), job.run()]
    provider.control(key="another")
    runs.append(job.run(supervision="g/t/original/L5"))
    assert runs[-1].returncode == 1 and "AuthenticationError" in runs[-1].stderr
    if kind == "openai":
        assert runs[0].returncode == 0, runs[0].stderr
        assert sum("error" in entry.get("raw", {}) for entry in job.entries()) == 1, "the declined one is an answer"
    assert sum("Bearer [key]" in json.dumps(entry["raw"]) for entry in job.entries()) >= 8
    assert all(key not in text for run in runs for text in (run.stdout, run.stderr))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path


def test_two_jobs_of_one_teacher_take_turns(provider: Provider, tmp_path: Path) -> None:
    provider.control(latency=0.1)
    job = Annotating(tmp_path, 60, base_url=provider.openai, max_concurrency=4)
    processes = [job.start(), job.start()]
    assert [process.wait(120) for process in processes] == [0, 0]
    bill = provider.control()
    assert (bill["answered"], bill["most_in_flight"]) == (60, 4)


def test_a_served_teacher_is_started_and_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    program = tmp_path / "this_server.py"  # a name that no other test's process has
    program.symlink_to(PROJECT / "tests" / "fake_provider.py")
    server = [sys.executable, str(program), "--port", "{port}"]
    job = Annotating(tmp_path, 10, "vllm", server=server, startup_seconds=60.0, price=None)
    done = job.run()
    assert done.returncode == 0, done.stderr
    assert all(row.verdict == "agrees" and row.price_usd is None for row in job.rows())
    left = subprocess.run(["pgrep", "-f", str(program)], capture_output=True, text=True, check=False)
    assert left.stdout == ""


@pytest.mark.parametrize(
    ("settings", "policy", "said"),
    [
        ({"provider": "openai"}, {}, "key model: required key is missing"),
        ({"provider": "openai", "model": "m"}, {"budget": 1}, "key budget: unknown key"),
        ({"provider": "telepathy"}, {}, "unknown provider 'telepathy'"),
        (["openai"], {}, "not JSON objects"),
    ],
)
def test_incomplete_settings_are_one_message(tmp_path: Path, settings: Any, policy: Any, said: str) -> None:
    job = Annotating(tmp_path, 2)
    chosen = {"teacher-settings": json.dumps(settings), "request-policy": json.dumps(policy)}
    done = job.run(**chosen)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr
    named = {"dataset": "g", "teacher": "t", "format": "original", "prompts": str(PROJECT / "prompts")}
    others = {"problems": "problems.jsonl", "prices": str(PROJECT / "prices.yaml"), "output": "e.json"}
    options = [part for name, value in {**named, **others, **chosen}.items() for part in (f"--{name}", value)]
    done = program("exemplar", *options, folder=tmp_path)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("server", "said"),
    [
        (["no-such-server", "{port}"], "the server cannot be started"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "the server ended with code 3"),
        ([sys.executable, "-c", "import time; time.sleep(60)"], "the server was not ready after 2 s"),
    ],
)
def test_a_server_that_does_not_come_up_is_one_message(tmp_path: Path, server: list[str], said: str) -> None:
    job = Annotating(tmp_path, 2, "vllm", server=server, startup_seconds=2.0, price=None)
    done = job.run()
    assert done.returncode == 1 and said in done.stderr
    assert "Traceback" not in done.stderr
