"""How a request can fail, in the words of no provider: these kinds alone decide what happens next."""

from __future__ import annotations

from collections.abc import Mapping

from gradus.runtime.errors import UserError


class ProviderError(Exception):
    """Base of the kinds; the message is the provider's own, without the key."""


class RateLimitError(ProviderError):
    """The provider asks for fewer requests (429); ``retry_after`` seconds if it said how long to wait."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TransientError(ProviderError):
    """A fault of server or network that may pass: 5xx, resets, half-sent bodies; ``retry_after`` seconds if it said when."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnreachableError(TransientError):
    """No connection came about: name, port, certificate, proxy. Where no answer ever came, it is not tried for long."""


class TimedOutError(TransientError):
    """The answer did not come in time; the provider may have written it, and bills it then."""


class UnusableAnswerError(ProviderError):
    """A body came with success and is no answer. It may be billed, so that it is kept.

    ``raw`` is the body (its text under ``body`` where it is no JSON object), ``usage`` what it says of tokens.
    ``is_json``: the server meant to send it, and would again; else it may be torn.
    """

    def __init__(self, message: str, raw: dict[str, object], usage: Mapping[str, int], is_json: bool) -> None:
        super().__init__(message)
        self.raw, self.usage, self.is_json = raw, dict(usage), is_json


class PermanentError(ProviderError):
    """A fault that a retry does not fix (401, 403, 404, 400, an exhausted quota): everything stops."""


class KeyRefusedError(PermanentError):
    """The provider does not take the key (401), or not for this (403)."""


class NotOfferedError(PermanentError):
    """There is nothing at this address (404), or nothing that can be asked in this way (405, 501): a path, or a model."""


class DailyLimitError(PermanentError):
    """The quota of a day is used up, and the provider does not say until when."""


class RejectedRequestError(PermanentError):
    """The provider cannot answer this one request (it is too long, say); other requests may be fine."""


class BadRequestError(PermanentError):
    """The provider rejects a request (400, 422) and does not say clearly whether it is this one or all of them."""


class BatchRefusedError(ProviderError):
    """A whole batch ended without an answer; ``is_queue_full``: its tokens did not fit beside those of other batches."""

    def __init__(self, message: str, is_queue_full: bool) -> None:
        super().__init__(message)
        self.is_queue_full = is_queue_full


class ContentFiltered(ProviderError):
    """The provider refused this one request for its content; an outcome of its own, not an error."""


class BatchServiceRefusedError(UserError):
    """A batch service has said no, for a reason that will last: what was asked for has not begun."""


class BatchServiceTroubleError(UserError):
    """A call of a batch service failed in a way that may pass: who waits for batches anyway asks again at the next turn."""
