"""From a teacher entry to its purchase: limits, price, key, and one buyer at a time per journal."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from gradus.runtime.errors import UserError
from gradus.runtime.program import log
from gradus.teachers.clients.capabilities import capabilities
from gradus.teachers.prompts.request_builder import ChatTeacher
from gradus.teachers.registry import make_batch_service, make_chat
from gradus.teachers.requests.batch import BatchPurchase
from gradus.teachers.requests.journal import Journal
from gradus.teachers.requests.prices import Price, find_price
from gradus.teachers.requests.queue import Limits, Order, Purchase

Buy = Callable[[Iterable[Order], int, str], None]


def handling(teacher: str) -> dict[str, Any]:
    """How a teacher is asked (pace, budget, key variable), as the workflow tells in GRADUS_HANDLING."""
    told: dict[str, Any] = json.loads(os.environ.get("GRADUS_HANDLING") or "{}")
    entry: dict[str, Any] = told.get(teacher, {})
    return entry


def make_purchase(
    settings: dict[str, Any], teacher: ChatTeacher, journal: Journal, prices: Path, base_url: str | None = None
) -> Purchase | BatchPurchase:
    """The purchase of a teacher entry, online or by batch.

    Raises UserError where its price is unknown and not allowed to be, or where no budget could be kept.
    """
    price = find_price(settings, prices)
    if price is None and not settings["allow_unknown_price"]:
        raise UserError(
            f"no price is known for model {settings['model']}",
            where=prices,
            hint="add a row (with the page and the day where it was seen), or a price in the teacher's entry, "
            "or set allow_unknown_price: true",
        )
    if price is None and settings["budget_usd"] is not None:
        raise UserError(
            f"a budget cannot be kept without a price of model {settings['model']}",
            where=prices,
            hint="add the price, or leave budget_usd out",
        )
    if settings.get("mode") == "batch":
        return make_batch_purchase(settings, teacher, journal, price)
    limits = Limits(
        settings["requests_per_minute"],
        settings["tokens_per_minute"],
        settings["max_concurrency"],
        settings["budget_usd"],
        settings["max_output_tokens"],
    )
    successor = settings["successor"]
    advice = (
        f"; if the model was retired: its successor is {successor}, make that an entry of its own" if successor else ""
    )
    return Purchase(lambda: make_chat(settings, base_url), journal, limits, price, teacher.accepts, advice)


def make_batch_purchase(
    settings: dict[str, Any], teacher: ChatTeacher, journal: Journal, price: Price | None
) -> BatchPurchase:
    """The batch purchase of a teacher entry."""
    if not capabilities(settings["provider"], settings["model"], bool(settings.get("base_url"))).batch:
        log.info("no batches are known of the server of model %s; trying", settings["model"])
    return BatchPurchase(
        lambda: make_batch_service(settings),
        journal,
        price,
        settings["budget_usd"],
        teacher.accepts,
        settings["batch_poll_seconds"],
        settings["batch_wait_hours"] * 3600,
    )


@contextlib.contextmanager
def sole_buyer(folder: Path) -> Iterator[None]:
    """Wait until no other process buys into this journal: two would pay twice and overrun pace and budget."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".buyer", "ab") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("waiting: another process annotates with this teacher (%s)", folder)
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
