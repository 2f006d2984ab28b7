"""Bookkeeping of a queue: every body that arrived is priced and journaled; where the disk is full it waits in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Unpack

from gradus.runtime.program import log
from gradus.study.config.teachers import PriceEntry
from gradus.teachers.errors import UnusableAnswerError
from gradus.teachers.requests.chat_request import ChatRequest
from gradus.teachers.requests.entries import AnswerFacts, EntryFacts
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.prices import cost
from gradus.teachers.requests.rate_limits import Clock

ROOM_SECONDS = 600.0
_LOOK_SECONDS = 5.0
_TELL_SECONDS = 60.0


class Bookkeeping:
    """Writes into one journal for one call of ``fetch``."""

    def __init__(self, journal: Journal, price: PriceEntry | None, clock: Clock) -> None:
        self._journal = journal
        self._price = price
        self._clock = clock
        self._waiting: list[Callable[[], None]] = []
        self._syncing: asyncio.Task[None] | None = None

    def keep(self, request: ChatRequest, response: Response, **facts: Unpack[AnswerFacts]) -> float | None:
        """Journal an answer; its price. Raises OSError on a full disk, and holds the answer then."""
        price = response.price_usd
        if price is None and self._price is not None:
            price = cost(self._price, response.usage)
        self._add(request, replace(response, price_usd=price), **facts)
        return price

    def keep_unusable(self, request: ChatRequest, error: UnusableAnswerError, **facts: Unpack[AnswerFacts]) -> None:
        """Journal a body that is no answer, with what it may cost; its request stays unanswered."""
        price = None if self._price is None else cost(self._price, error.usage)
        body = Response("", "unusable", str(request.body["model"]), error.usage, price, raw=error.raw)
        self._add(request, body, unusable=True, **facts)

    def _add(self, request: ChatRequest, response: Response, **facts: Unpack[EntryFacts]) -> None:
        def write() -> None:
            self._journal.add(request.key, request.content, response, defer_sync=True, **facts)

        try:
            write()
        except OSError:
            self._waiting.append(write)
            raise
        if self._journal.sync_is_due and (self._syncing is None or self._syncing.done()):
            # In a thread: a slow disk must not hold up the requests.
            self._syncing = asyncio.create_task(asyncio.to_thread(self._journal.sync))

    async def wait_for_room(self, is_interrupted: Callable[[], bool]) -> None:
        """Write the answers that a full disk left in memory, once there is room; they are paid for."""
        end, tell_at = self._clock.now() + ROOM_SECONDS, self._clock.now()
        while self._waiting:
            try:
                self._waiting[0]()
                self._waiting.pop(0)
                continue
            except OSError as error:
                now, words = self._clock.now(), error.strerror or error
            if now >= end or is_interrupted():
                log.error("%d answers that were paid for are lost: %s", len(self._waiting), words)
                return
            if now >= tell_at:
                log.error(
                    "%s: %d answers that were paid for wait in memory; make room in %s within %.0f minutes",
                    words,
                    len(self._waiting),
                    self._journal.folder,
                    (end - now) / 60,
                )
                tell_at = now + _TELL_SECONDS
            await self._clock.sleep(_LOOK_SECONDS)

    async def finish(self) -> None:
        """Everything that was written is on the disk."""
        if self._syncing is not None:
            await self._syncing
        self._journal.sync()
