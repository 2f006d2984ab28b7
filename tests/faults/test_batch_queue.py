"""Batches through the real SDKs against the local provider: same output as online, half the price, crashes reconciled."""

import json
from pathlib import Path
from typing import Any

import pytest
from running import Annotating, Provider, url

from gradus.runtime.jsonl import read_json

KINDS = ("openai", "anthropic")


def batching(folder: Path, count: int, kind: str, provider: Provider, **keys: Any) -> Annotating:
    folder.mkdir(exist_ok=True)
    keys = {"mode": "batch", "batch_poll_seconds": 0.05, "batch_wait_hours": 0.01, **keys}
    return Annotating(folder, count, kind, base_url=url(provider, kind), **keys)


def texts(job: Annotating) -> list[dict[str, Any]]:
    """Rows without what a batch makes cheaper."""
    return [{**row.to_json(), "price_usd": None} for row in job.rows()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_gives_what_online_gives_at_half_the_price(provider: Provider, tmp_path: Path, kind: str) -> None:
    batch = batching(tmp_path / "batch", 25, kind, provider)
    done = batch.run()
    assert done.returncode == 0, done.stderr
    bill = provider.control()
    assert (bill["seen"], bill["batch_requests"], bill["batches"]) == (0, 25, 1)
    online = batching(tmp_path / "online", 25, kind, provider, mode="online")
    assert online.run().returncode == 0
    assert texts(batch) == texts(online)
    prices = [(half.price_usd, whole.price_usd) for half, whole in zip(batch.rows(), online.rows(), strict=True)]
    assert all(half == pytest.approx((whole or 0) / 2) for half, whole in prices)
    assert batch.run().returncode == 0
    assert provider.control()["batch_requests"] == 25
    assert not list((tmp_path / "batch" / "journal" / "t" / "batches").iterdir())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["expired", "failed", "errored"])
def test_only_what_is_missing_is_submitted_again(provider: Provider, tmp_path: Path, kind: str, fault: str) -> None:
    provider.control(batch_faults=[fault])
    job = batching(tmp_path, 30, kind, provider)
    done = job.run()
    assert done.returncode == 0, done.stderr
    assert len(job.rows()) == 30 and all(row.verdict == "agrees" for row in job.rows())
    bill = provider.control()
    assert (bill["batches"], bill["batch_requests"], bill["twice"]) == (2, 30, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_between_submission_and_record_is_reconciled(provider: Provider, tmp_path: Path, kind: str) -> None:
    """The connection breaks after the provider took the batch: we have an intent without an id."""
    provider.control(batch_faults=["crash_after"])
    job = batching(tmp_path, 20, kind, provider, max_concurrency=1)
    job.settings["timeout_seconds"] = 5.0
    first = job.run()
    assert first.returncode == 1 and "batch service answers" in first.stderr
    intents = list((tmp_path / "journal" / "t" / "batches").glob("*.batch.json"))
    assert len(intents) == 1 and read_json(intents[0])["id"] is None
    second = job.run()
    assert second.returncode == 0, second.stderr
    assert "is found again" in second.stderr
    assert provider.control()["batches"] == 1
    assert len(job.rows()) == 20


@pytest.mark.parametrize("kind", KINDS)
def test_an_intent_that_the_provider_never_saw_is_forgotten(provider: Provider, tmp_path: Path, kind: str) -> None:
    job = batching(tmp_path, 10, kind, provider)
    folder = tmp_path / "journal" / "t" / "batches"
    folder.mkdir(parents=True)
    record = {"tag": "lost", "created": 4e9, "id": None, "keys": ["k"]}
    (folder / "lost.batch.json").write_text(json.dumps(record), encoding="utf-8")
    done = job.run()
    assert done.returncode == 0, done.stderr
    assert provider.control()["batches"] == 1


def test_submit_today_and_collect_tomorrow(provider: Provider, tmp_path: Path) -> None:
    job = batching(tmp_path, 15, "openai", provider)
    assert job.run(only="submit", output=str(tmp_path / "s.json")).returncode == 0
    assert provider.control()["batches"] == 1
    assert job.run(only="submit", output=str(tmp_path / "s.json")).returncode == 0
    assert provider.control()["batches"] == 1, "what is under way is not submitted twice"
    assert not job.output.exists() and job.entries() == []
    assert job.run(only="collect", output=str(tmp_path / "c.json")).returncode == 0
    assert len(job.entries()) == 15
    assert job.run().returncode == 0
    assert provider.control()["batches"] == 1 and len(job.rows()) == 15


def test_a_batch_that_takes_too_long_is_found_again(provider: Provider, tmp_path: Path) -> None:
    provider.control(batch_polls=3)
    job = batching(tmp_path, 5, "openai", provider, batch_wait_hours=1e-9)
    done = job.run()
    assert done.returncode == 1 and "are not finished yet" in done.stderr
    job.settings["batch_wait_hours"] = 0.01
    assert job.run().returncode == 0
    assert provider.control()["batches"] == 1


def test_a_batch_beyond_the_budget_is_not_submitted(provider: Provider, tmp_path: Path) -> None:
    job = batching(tmp_path, 50, "openai", provider, budget_usd=0.01)
    done = job.run()
    assert done.returncode == 1 and "does not cover a batch" in done.stderr
    assert provider.control()["batches"] == 0


def test_only_batch_teachers_have_halves(provider: Provider, tmp_path: Path) -> None:
    job = batching(tmp_path, 2, "openai", provider, mode="online")
    done = job.run(only="submit", output=str(tmp_path / "s.json"))
    assert done.returncode == 1 and "mode: batch" in done.stderr
