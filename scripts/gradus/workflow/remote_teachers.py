"""Remote teachers: whether those that jobs will ask could be asked now, told before anything is spent.

Imports nothing heavy: Snakemake calls it when a run starts. A process of its own asks the servers (``gradus.teachers.reach``).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from gradus.study.config import ChatTeacher, RewrittenTransform, Study
from gradus.study.config.commands import command_words
from gradus.study.config.teachers import NO_KEY, AnthropicTeacher, OpenAITeacher, VllmTeacher
from gradus.study.fingerprint import SCRIPTS
from gradus.teachers.requests.servers import address_of

# Rules that may ask a teacher.
_ASKING = frozenset(
    {"exemplar", "annotate", "teacher_answers", "batch_submit", "batch_collect", "rewrite", "rewrite_served"}
)
_Remote = OpenAITeacher | AnthropicTeacher
# What the servers are given, and what an interpreter and two SDKs take to start, on slow disks and busy cores.
_SECONDS = 70.0
# Not by PYTHONPATH: a container may not pass it on.
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from gradus.teachers.reach import main; main()"


def asked(study: Study, jobs: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, ChatTeacher]:
    """The teachers behind a chat interface that jobs (rules with their wildcards) ask, by name."""
    names = sorted({_asked(study, wildcards) for rule, wildcards in jobs if rule in _ASKING and "teacher" in wildcards})
    return {name: teacher for name in names if isinstance(teacher := study.teachers[name], ChatTeacher)}


def _asked(study: Study, wildcards: Mapping[str, str]) -> str:
    """The teacher that a job asks: the supervision's, or the one that edits its texts."""
    section = study.transforms.get(wildcards.get("format", ""))
    return section.by if isinstance(section, RewrittenTransform) else wildcards["teacher"]


def problems(study: Study, teachers: Mapping[str, ChatTeacher]) -> list[tuple[list[str], str]]:
    """Why teachers could not be asked now, in one line each with the address: (their names, the problem).

    The servers are asked, all at once, for their free lists of models: once for each address, key and model.
    """
    found: dict[str, list[str]] = {}
    alike: dict[str, list[str]] = {}
    for name, teacher in teachers.items():
        seen = problems_here(teacher)
        for one in seen:
            found.setdefault(one, []).append(name)
        if not seen and not teacher.offline and isinstance(teacher, _Remote):
            alike.setdefault(_what_is_asked(teacher), []).append(name)
    entries = [teachers[names[0]] for names in alike.values()]
    for names, problem in zip(alike.values(), _objections(study, entries), strict=True):
        if problem is not None:
            found.setdefault(problem, []).extend(names)
    return [(names, problem) for problem, names in found.items()]


def problems_here(teacher: ChatTeacher) -> list[str]:
    """What this machine alone tells of a remote teacher: its key is not set, or nobody listens at an address of this machine."""
    if teacher.offline or isinstance(teacher, VllmTeacher):
        return []
    found, variable = [], teacher.variable_of_key
    address = address_of(teacher) if isinstance(teacher, _Remote) else None
    if variable != NO_KEY and not os.environ.get(variable):
        found.append(f"{variable} is not set" + ("" if address is None else f" (the key for {address})"))
    refused = _refusal(address)
    return found + ([] if refused is None else [f"nobody listens at {address} ({refused})"])


def _refusal(address: str | None) -> str | None:
    """Why no connection to a server on this machine can be opened; None where it can, and for servers elsewhere."""
    parts = urlsplit(address or "")
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return None  # a proxy may lead there
    try:
        socket.create_connection((parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)), 2).close()
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return None


def _what_is_asked(teacher: _Remote) -> str:
    """Server, key and model, with all that the answer depends on."""
    said = [teacher.headers, teacher.query, teacher.key_header, sorted(teacher.also_accept)]
    return json.dumps(
        [teacher.provider, teacher.base_url, teacher.variable_of_key, teacher.model, *said], sort_keys=True
    )


def _objections(study: Study, teachers: Sequence[ChatTeacher]) -> list[str | None]:
    """What each teacher's server has against being asked. That it could not be tried stops nothing, and is told."""
    if not teachers:
        return []
    # The interpreter of the jobs that will ask: only there are the providers' SDKs.
    interpreter = command_words(study.interpreters.get("annotate", "python"))
    entries = [{"identity": teacher.identity(), "policy": teacher.policy()} for teacher in teachers]
    try:
        done = subprocess.run(
            [*interpreter, "-c", _PROGRAM, str(SCRIPTS)],
            input=json.dumps(entries),
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        if done.returncode == 0:
            # Containers and modules may greet before it.
            found: list[str | None] = json.loads((done.stdout.splitlines() or [""])[-1])
            return found
        why = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        why = type(error).__name__
    print(f"  Address, key and model of remote teachers were not tried ({why[:200]}).", file=sys.stderr)
    return [None] * len(teachers)
