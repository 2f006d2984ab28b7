"""From a teacher's entry to its journal and the queue that fills it: price, client, server, lock."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from gradus.runtime.errors import UserError
from gradus.runtime.program import log
from gradus.study.config.teachers import BatchableTeacher, ChatTeacher
from gradus.teachers.clients.capabilities import capabilities
from gradus.teachers.registry import interface_of, make_batch_service, make_client, server_for
from gradus.teachers.requests.batch import BatchQueue
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.entries import SourceFacts
from gradus.teachers.requests.journal import Journal
from gradus.teachers.requests.journal_lock import journal_lock
from gradus.teachers.requests.prices import find_price
from gradus.teachers.requests.queue import RequestQueue
from gradus.teachers.requests.servers import check_server, server_of

# Sees to it that the journal holds the answers to some requests: all of them, their number, the label of the progress bar.
Fetch = Callable[[Iterable[ChatRequest], int, str], int | None]


@contextlib.contextmanager
def open_journal(
    teacher: ChatTeacher, folder: Path, prices: Path, half: Literal["submit", "collect"] | None = None
) -> Iterator[tuple[Journal, Fetch | None]]:
    """A teacher's journal in ``folder``, and what fetches missing answers into it (None where the entry says offline).

    ``half``: batches are submitted, or those that have ended are collected; neither waits. While the block runs, no other process
    fetches into the journal, and a served teacher's server is up; while batches are waited for, others fetch.
    """
    with contextlib.ExitStack() as held:
        if teacher.offline:
            yield held.enter_context(Journal(folder)), None
            return
        let_go = held.enter_context(journal_lock(folder))
        journal = held.enter_context(Journal(folder))
        check_server(teacher, journal)
        address = held.enter_context(server_for(teacher))

        def wait(seconds: float) -> None:
            with let_go():
                time.sleep(seconds)
            journal.refresh()

        queue = make_queue(teacher, journal, prices, address, wait)
        fetch: Fetch = queue.fetch
        if isinstance(queue, BatchQueue) and half is not None:
            fetch = queue.submit if half == "submit" else queue.fetch_ended
        yield journal, fetch


def make_queue(
    teacher: ChatTeacher,
    journal: Journal,
    prices: Path,
    base_url: str | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> RequestQueue | BatchQueue:
    """The queue of a teacher, online or by batch; ``base_url`` is the address of a server of its own, ``wait`` is how
    batches are waited for.

    Raises UserError where the price is unknown and the entry does not allow that, or where no budget could be kept.
    """
    price = find_price(teacher, prices)
    if price is None and not teacher.allow_unknown_price:
        raise UserError(
            f"no price is known for model {teacher.model}",
            where=prices,
            hint="add a row (with the page and the day where it was seen), or a price in the teacher's entry, "
            "or set allow_unknown_price: true",
        )
    if price is None and teacher.budget_usd is not None:
        raise UserError(
            f"a budget cannot be kept without a price of model {teacher.model}",
            where=prices,
            hint="add the price, or leave budget_usd out",
        )
    server = server_of(teacher)
    facts: SourceFacts = {} if server is None else {"server": server, "account": teacher.variable_of_key}
    if isinstance(teacher, BatchableTeacher) and teacher.mode == "batch":
        if not capabilities(interface_of(teacher), teacher.model).batch:
            log.info("no batches are known of the server of model %s; trying", teacher.model)
        return BatchQueue(lambda: make_batch_service(teacher), journal, teacher, price, wait, facts)
    return RequestQueue(lambda: make_client(teacher, base_url), journal, teacher, price, facts=facts)
