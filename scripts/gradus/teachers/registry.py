"""Registry: from an entry in `teachers` to the classes behind it; the only place that knows them all by name."""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path

from gradus.runtime.errors import UserError
from gradus.runtime.program import log
from gradus.study.config.teachers import (
    NO_KEY,
    AnthropicTeacher,
    BatchableTeacher,
    ChatTeacher,
    GoldTeacher,
    HumanTeacher,
    OpenAITeacher,
    ReleasedTeacher,
    Teacher,
    TutorTeacher,
    VllmTeacher,
)
from gradus.teachers.clients.capabilities import Interface
from gradus.teachers.clients.connections import Address, preparing, usable_key
from gradus.teachers.clients.served import serve
from gradus.teachers.local.gold import GoldAnswers
from gradus.teachers.local.human import HumanRationales
from gradus.teachers.local.released import ReleasedAnnotations
from gradus.teachers.local.tutor import Tutor
from gradus.teachers.protocols import BatchService, ChatClient, LocalTeacher, ModelLister

# What the OpenAI SDK takes from the environment besides the key; they decide whose bill it is.
_PAYERS = {"OPENAI_ORG_ID": "organisation", "OPENAI_PROJECT_ID": "project"}


def make_local_teacher(teacher: Teacher, folder: Path | None) -> LocalTeacher:
    """The teacher that an entry describes; UserError where its files are absent, or where nobody answers."""
    match teacher:
        case TutorTeacher():
            return Tutor(teacher)
        case GoldTeacher():
            return GoldAnswers()
        case HumanTeacher():
            return HumanRationales(folder)
        case ReleasedTeacher():
            return ReleasedAnnotations(teacher, folder)
    raise UserError(f"a teacher with provider {teacher.provider} writes no annotations in this process")


def interface_of(teacher: ChatTeacher) -> Interface:
    """The interface that a teacher's server speaks; ``compatible`` is OpenAI's, as other servers know it."""
    if isinstance(teacher, AnthropicTeacher):
        return "anthropic"
    return "openai" if isinstance(teacher, OpenAITeacher) and not teacher.base_url else "compatible"


def api_key(teacher: ChatTeacher) -> str:
    """The key of a teacher, from the environment variable that its entry names; empty where a server needs none.

    Raises UserError where it is not set; only called when a request must really be sent.
    """
    name = teacher.variable_of_key
    if name == NO_KEY:
        return ""
    key = usable_key(os.environ.get(name, ""), name)
    if not key and not isinstance(teacher, VllmTeacher):
        raise UserError(
            f"the key of teacher model {teacher.model} is not set",
            where=f"environment variable {name}",
            hint="export it; set key_variable: none for a server that needs no key; offline: true works from the journal alone",
        )
    return key


def _address(teacher: ChatTeacher) -> Address:
    return Address(teacher.headers, teacher.query, teacher.key_header)


def _refuse_other_servers(teacher: ChatTeacher) -> None:
    """UserError where the environment would send requests elsewhere than the entry says, or with other headers."""
    if not isinstance(teacher, OpenAITeacher | AnthropicTeacher):
        return
    prefix = "ANTHROPIC" if isinstance(teacher, AnthropicTeacher) else "OPENAI"
    variables = [f"{prefix}_CUSTOM_HEADERS"] if teacher.base_url else [f"{prefix}_BASE_URL", f"{prefix}_CUSTOM_HEADERS"]
    for name in variables:
        if os.environ.get(name):
            what = "another server" if name.endswith("URL") else "headers of its own"
            raise UserError(
                f"it names {what} for the teacher of model {teacher.model}, and the study file does not",
                where=f"environment variable {name}",
                hint="unset it" + (", or write the address into the entry as base_url" if name.endswith("URL") else ""),
            )


def _tell_who_pays(teacher: ChatTeacher) -> None:
    """Tell which organisation and project the environment names for an OpenAI key: many set them on purpose."""
    if isinstance(teacher, OpenAITeacher):
        for name, what in _PAYERS.items():
            if value := os.environ.get(name):
                _tell_once(
                    f"environment variable {name}: requests to OpenAI's interface are sent for the {what} {value}"
                )


@functools.cache
def _tell_once(line: str) -> None:
    log.info("%s", line)


def server_for(teacher: ChatTeacher) -> contextlib.AbstractContextManager[str | None]:
    """The base URL of a teacher's own server for as long as the block runs; None for a teacher behind an API."""
    return serve(teacher) if isinstance(teacher, VllmTeacher) else contextlib.nullcontext()


@preparing()
def make_client(teacher: ChatTeacher, base_url: str | None = None) -> ChatClient:
    """The client of a teacher; ``base_url`` is the address of a server of its own. UserError where its key is not set."""
    key = api_key(teacher)
    _refuse_other_servers(teacher)
    _tell_who_pays(teacher)
    longest, address = teacher.longest_wait_seconds, _address(teacher)
    if isinstance(teacher, AnthropicTeacher):
        from gradus.teachers.clients.anthropic_client import AnthropicClient

        return AnthropicClient(key, teacher.base_url, longest, address)
    from gradus.teachers.clients.openai_client import OpenAIClient

    own = teacher.base_url if isinstance(teacher, OpenAITeacher) else None
    return OpenAIClient(key, base_url or own, longest, address)


@preparing()
def make_lister(teacher: OpenAITeacher | AnthropicTeacher, seconds: float) -> ModelLister:
    """A client that waits for so long, to ask which models there are; UserError where the teacher's key is not set."""
    key = api_key(teacher)
    _refuse_other_servers(teacher)
    if isinstance(teacher, AnthropicTeacher):
        from gradus.teachers.clients import anthropic_client

        return anthropic_client.AnthropicClient(key, teacher.base_url, seconds, _address(teacher))
    from gradus.teachers.clients import openai_client

    return openai_client.OpenAIClient(key, teacher.base_url, seconds, _address(teacher))


@preparing()
def make_batch_service(teacher: BatchableTeacher) -> BatchService:
    """The batch service of a teacher; UserError where its key is not set."""
    from gradus.teachers.clients.batches import AnthropicBatches, OpenAIBatches

    key = api_key(teacher)
    _refuse_other_servers(teacher)
    _tell_who_pays(teacher)
    if isinstance(teacher, AnthropicTeacher):
        return AnthropicBatches(key, teacher.base_url, teacher.timeout_seconds, _address(teacher))
    own = teacher.base_url if isinstance(teacher, OpenAITeacher) else None
    return OpenAIBatches(key, own, teacher.timeout_seconds, _address(teacher))
