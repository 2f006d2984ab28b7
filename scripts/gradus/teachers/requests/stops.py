"""Stops: why a failed request ends a job, and what to do about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from gradus.study.config.teachers import ChatTeacher
from gradus.teachers.errors import (
    DailyLimitError,
    ProviderError,
    RateLimitError,
    TimedOutError,
    TransientError,
    UnreachableError,
    UnusableAnswerError,
)

TRANSIENT_ATTEMPTS = 8
# Attempts where each one may be billed (no answer in time, a torn body), or where nobody has ever answered.
SLOW_ATTEMPTS = 2
TORN_ATTEMPTS = 3
UNREACHABLE_ATTEMPTS = 3
PATIENCE_SECONDS = 1800.0


def reason(error: ProviderError, teacher: ChatTeacher) -> tuple[str, str]:
    """What stopped, with the provider's words, and a hint."""
    if isinstance(error, RateLimitError | TransientError) and (error.retry_after or 0) > PATIENCE_SECONDS:
        when = datetime.now() + timedelta(seconds=error.retry_after or 0)
        far = "" if when.year == datetime.now().year else f" {when.year}"
        return (
            f"the provider takes no requests for hours: {error}",
            f"run again after {when:%d %b}{far}, {when:%H:%M}",
        )
    if isinstance(error, RateLimitError):
        minutes = PATIENCE_SECONDS / 60
        return f"throttled for {minutes:.0f} minutes without one answer: {error}", "lower requests_per_minute"
    if isinstance(error, DailyLimitError):
        return (
            f"the provider's quota of a day is used up: {error}",
            "run again when its next day has begun; all is kept",
        )
    if isinstance(error, TimedOutError):
        return (
            f"no answer within {teacher.longest_wait_seconds:.0f} s, in {SLOW_ATTEMPTS} attempts of this job: {error}",
            "each may be billed; raise timeout_seconds, or see whether the server is well",
        )
    if isinstance(error, UnreachableError):
        return f"the server cannot be reached: {error}", "check base_url, network, proxy and certificates"
    if isinstance(error, UnusableAnswerError):
        return (
            f"what the server sends is no answer: {error}",
            "check base_url and model; what came is in the journal, marked unusable",
        )
    if isinstance(error, TransientError):
        return f"no usable answer after {TRANSIENT_ATTEMPTS} attempts: {error}", "retry once the server has recovered"
    hint = "fix the cause and run again; nothing paid for is lost"
    if "max_completion_tokens" in str(error) and teacher.length_field is None:
        hint = "set length_field: max_completion_tokens in the teacher's entry"
    if teacher.successor:
        hint += f"; if the model was retired: its successor is {teacher.successor}, make that an entry of its own"
    return f"the provider answers: {error}", hint
