"""Reach: whether the servers of remote teachers can be asked now, take the key and know the model, before anything is spent.

    python -m gradus.teachers.reach < ENTRIES.json

Prints an objection or null for each entry. Each server's free list of models is asked for, once, all at the same time. It is a
process of its own, with the interpreter of the jobs that will ask: only there are the providers' SDKs.
"""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
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
    RateLimitError,
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
# Gateways' keys, too, that may call some routes alone (LiteLLM).
_OF_THE_LIST = re.compile(
    r"\bscopes?\b|insufficient permissions|\bto call this route\b"
    r"|PermissionDeniedError:.*(?:\broutes?\b|\bendpoint\b|/models\b|\blist(?:ing)?\b.{0,20}\bmodels?\b)",
    re.IGNORECASE,
)
# A gateway's bare refusal of a path (the words are those of its page).
_SAYS_NOTHING = re.compile(
    r"PermissionDeniedError:(?:\W|403|forbidden|access denied|permission denied|(?:nginx|openresty|cloudflare)[\w./]*)*"
    r"(?:\(asked: \S*\))?",
    re.IGNORECASE,
)


async def objection(teacher: Remote, seconds: float = SECONDS) -> str | None:
    """What a teacher's server has against being asked, in one line with its address."""
    address = address_of(teacher)
    try:
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
    if is_of_the_key and (_OF_THE_LIST.search(words) or _SAYS_NOTHING.fullmatch(words)):
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
        async with asyncio.timeout(seconds):
            found = await client.models()
        if found is None or not found.is_whole or _is_listed(teacher, found.names):
            return None
        # The list came: a server that has trouble with this question, or no time for it, tells nothing.
        with contextlib.suppress(TimeoutError, TransientError, RateLimitError):
            async with asyncio.timeout(seconds):
                if not await client.has_model(teacher.model):
                    hint = did_you_mean(teacher.model, found.names).strip()
                    return f"{address} lists no model {teacher.model}" + (f" ({hint})" if hint else "")
        return None
    finally:
        await client.close()


def _is_listed(teacher: ChatTeacher, listed: Sequence[str]) -> bool:
    """Whether a list names the pinned model, in any of the forms in which servers write it, or one that may answer for it."""
    names = {name.removeprefix("models/").casefold() for name in listed}  # Gemini; Ollama minds no case
    model = teacher.model.casefold()
    # Ollama takes `m` for `m:latest`; routers take `m:variant`, and Fireworks `m#deployment`, where `m` is listed.
    forms = {model.removeprefix("models/"), model.partition(":")[0], model.partition("#")[0], f"{model}:latest"}
    if forms & names or any(fnmatch.fnmatchcase(model, name) for name in names if "*" in name):  # LiteLLM: openai/*
        return True
    # `m-latest` is one of the dated forms of `m`.
    undated = teacher.model_copy(update={"model": teacher.model.removesuffix("-latest")})
    return any(is_pinned(one, name) for one in (teacher, undated) for name in listed)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


async def _all(teachers: Sequence[Remote]) -> list[str | None]:
    found = await asyncio.gather(*map(objection, teachers), return_exceptions=True)
    # What nobody foresaw of one server says nothing of the others, and nothing of its teacher.
    return [None if isinstance(one, BaseException) else one for one in found]


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
