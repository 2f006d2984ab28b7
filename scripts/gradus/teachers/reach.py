"""Reach: whether the servers of remote teachers can be asked now, take the key and know the model, before anything is spent.

    python -m gradus.teachers.reach < ENTRIES.json

Prints an objection or null for each entry. Each server's free list of models is asked for, once, all at the same time. It is a
process of its own, with the interpreter of the jobs that will ask: only there are the providers' SDKs.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Sequence

from gradus.runtime.errors import UserError
from gradus.study.config.sections import did_you_mean
from gradus.study.config.teachers import NO_KEY, AnthropicTeacher, ChatTeacher, OpenAITeacher, read_teacher
from gradus.teachers.errors import (
    BadRequestError,
    KeyRefusedError,
    PermanentError,
    ProviderError,
    TimedOutError,
    TransientError,
    UnreachableError,
)
from gradus.teachers.registry import make_lister
from gradus.teachers.requests.pinned_model import is_pinned
from gradus.teachers.requests.servers import address_of

Remote = OpenAITeacher | AnthropicTeacher
SECONDS = 10.0
# Gemini answers 400 to a wrong key.
_OF_THE_KEY = re.compile(r"\bapi[ _-]?key\b", re.IGNORECASE)
# A key that may ask for chat completions and not for lists is a good one (OpenAI's restricted keys).
_OF_THE_LIST = re.compile(r"\bscopes?\b|insufficient permissions", re.IGNORECASE)


async def objection(teacher: Remote, seconds: float = SECONDS) -> str | None:
    """What a teacher's server has against being asked, in one line with its address."""
    address = address_of(teacher)
    try:
        async with asyncio.timeout(seconds):
            return await _objection(teacher, address, seconds)
    except (TimeoutError, TimedOutError):
        return f"{address} does not answer within {seconds:g} s"
    except UserError as error:
        return f"{address} cannot be asked ({_line(error)})"
    except UnreachableError as error:
        return f"{address} cannot be reached ({_line(error)})"
    except TransientError as error:
        return f"{address} has trouble ({_line(error)})"
    except ProviderError as error:
        return _declined(teacher, address, error)


def _declined(teacher: Remote, address: str, error: ProviderError) -> str | None:
    words, variable = _line(error), teacher.variable_of_key
    is_of_the_key = isinstance(error, KeyRefusedError) or (
        isinstance(error, BadRequestError) and _OF_THE_KEY.search(words)
    )
    if is_of_the_key and _OF_THE_LIST.search(words):
        return None
    if is_of_the_key:
        what = "wants a key, and key_variable is none" if variable == NO_KEY else f"refuses the key in {variable}"
        return f"{address} {what} ({words})"
    # What else is wrong with the request for a list says nothing of other requests; nor does a busy server.
    is_lasting = isinstance(error, PermanentError) and not isinstance(error, BadRequestError)
    return f"{address} declines ({words})" if is_lasting else None


async def _objection(teacher: Remote, address: str, seconds: float) -> str | None:
    client = make_lister(teacher, seconds)
    try:
        found = await client.models()
        if found is None or not found.is_whole or _is_listed(teacher, found.names):
            return None
        if await client.has_model(teacher.model):
            return None
    finally:
        await client.close()
    hint = did_you_mean(teacher.model, found.names).strip()
    return f"{address} lists no model {teacher.model}" + (f" ({hint})" if hint else "")


def _is_listed(teacher: ChatTeacher, listed: Sequence[str]) -> bool:
    """Whether a list names the pinned model, in any of the forms in which servers write it, or one that may answer for it."""
    names = {name.removeprefix("models/") for name in listed}  # Gemini
    # Ollama takes `m` for `m:latest`; routers take `m:variant` where `m` is listed.
    forms = {teacher.model.removeprefix("models/"), teacher.model.partition(":")[0], f"{teacher.model}:latest"}
    return bool(forms & names) or any(is_pinned(teacher, name) for name in names)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


async def _all(teachers: Sequence[Remote]) -> list[str | None]:
    return list(await asyncio.gather(*map(objection, teachers)))


def main() -> None:
    """Read entries from standard input, print their objections."""
    teachers = [read_teacher(entry["identity"], entry["policy"]) for entry in json.load(sys.stdin)]
    remote = [teacher for teacher in teachers if isinstance(teacher, OpenAITeacher | AnthropicTeacher)]
    loop = asyncio.new_event_loop()
    json.dump(loop.run_until_complete(_all(remote)), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # a look-up of a name that hangs is not waited for


if __name__ == "__main__":
    main()
