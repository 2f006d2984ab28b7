"""How a request can fail, in the words of no provider: these kinds alone decide what happens next."""

from __future__ import annotations


class ProviderError(Exception):
    """Base of the kinds; the message is the provider's own, without the key."""


class RateLimitError(ProviderError):
    """The provider asks for fewer requests (429); ``retry_after`` seconds if it said how long to wait."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TransientError(ProviderError):
    """A fault of server or network that may pass: 5xx, time-outs, resets, half-sent or malformed bodies."""


class PermanentError(ProviderError):
    """A fault that a retry does not fix (401, 403, 404, 400, an exhausted quota): everything stops."""


class ContentFiltered(ProviderError):
    """The provider refused this one request for its content; an outcome of its own, not an error."""
