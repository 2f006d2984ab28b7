"""How a request can fail, in the words of no provider: what to do next is decided by these kinds alone."""

from __future__ import annotations


class Failure(Exception):
    """Base of the kinds; the message is the provider's own, with no key in it."""


class Throttled(Failure):
    """The provider asks for less (429); ``retry_after`` seconds if it said how long."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Passing(Failure):
    """A fault of server or network that may pass: 5xx, time-outs, resets, half-sent or malformed bodies."""


class Lasting(Failure):
    """A fault that asking again does not mend (401, 403, 404, 400, an exhausted quota): everything stops."""


class Declined(Failure):
    """The provider refused this one request for its content; an outcome of its own, not an error."""
