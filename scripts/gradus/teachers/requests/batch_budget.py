"""The budget of a teacher who is asked by batch: a batch is paid as a whole, so that its price is estimated beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradus.runtime.errors import UserError
from gradus.study.config.teachers import BatchableTeacher, PriceEntry
from gradus.teachers.requests.estimates import expected_output, input_tokens
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.prices import cost

_HINT = "leave budget_usd out and watch the provider's own bill"


class BatchBudget:
    """Prices answers by batch, and forbids what the budget does not cover."""

    def __init__(self, journal: Journal, teacher: BatchableTeacher, price: PriceEntry | None) -> None:
        self._journal = journal
        self._teacher = teacher
        self._price = price

    @property
    def is_set(self) -> bool:
        """Whether the entry has a budget."""
        return self._teacher.budget_usd is not None

    def price(self, usage: Mapping[str, int]) -> float | None:
        """US dollars of one answer; None where they are unknown."""
        return None if self._price is None else cost(self._price, usage, is_batch=True)

    def estimate(self, bodies: Iterable[Mapping[str, Any]]) -> float:
        """US dollars that some requests are expected to cost; 0 without a budget, as nobody asks then."""
        if not self.is_set or self._price is None:
            return 0.0
        each, read, count = expected_output(self._teacher), 0, 0
        for body in bodies:
            read += input_tokens(body)
            count += 1
        return self.price({"input_tokens": read, "output_tokens": each * count}) or 0.0

    def check(self, batch: float, open_batches: float) -> None:
        """UserError where the estimated price of a batch, beside those that are open, does not fit any more."""
        budget, spent = self._teacher.budget_usd, self._journal.spent_usd
        if budget is None or spent + open_batches + batch <= budget:
            return
        beside = f", and about ${open_batches:.4f} are in open batches" if open_batches else ""
        raise UserError(
            f"the budget of ${budget:.2f} does not cover a batch of about ${batch:.4f} (${spent:.4f} are spent{beside})",
            where=self._journal.folder,
            hint="raise budget_usd, or set mode: online, which stops at the budget",
        )

    def check_before(self, uncounted: int) -> None:
        """UserError where nothing may be submitted, since earlier answers did not tell what they cost.

        ``uncounted`` is the number of this job's own; those of other jobs count where no answer at all has a price.
        """
        if not uncounted and not self._journal.spent_usd:
            uncounted = self._journal.unpriced
        if not self.is_set or not uncounted:
            return
        raise UserError(
            f"{uncounted} answers in the journal have no price, so that the budget of ${self._teacher.budget_usd:.2f} cannot "
            "be kept; nothing is submitted",
            where=self._journal.folder,
            hint=f"{_HINT}; or go on with mode: online, which tries one request",
        )

    def check_after(self, batch: str, uncounted: int) -> None:
        """UserError where answers of a collected batch do not tell what they cost."""
        if not self.is_set or not uncounted:
            return
        raise UserError(
            f"{uncounted} answers do not tell their tokens (no usage), so that the budget of "
            f"${self._teacher.budget_usd:.2f} cannot be kept; they are in the journal, without a price",
            where=f"batch {batch}",
            hint=_HINT,
        )


def is_uncounted(response: Response) -> bool:
    """Whether an answer in the journal has no price because it tells no tokens."""
    return response.price_usd is None and "input_tokens" not in response.usage and "output_tokens" not in response.usage
