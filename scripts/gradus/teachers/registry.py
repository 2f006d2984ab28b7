"""Registry: the teachers and clients by name; the only place that knows them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradus.teachers.clients.chat import provider_key
from gradus.teachers.protocols import BatchService, Chat, LocalTeacher

REMOTE = ("openai", "anthropic", "vllm")


def make_local_teacher(settings: dict[str, Any], folder: Path | None) -> LocalTeacher:
    """The teacher that a configuration entry describes; UserError where its files are absent."""
    kind = settings["provider"]
    if kind == "tutor":
        from gradus.teachers.local.tutor import TutorTeacher

        return TutorTeacher(**{key: settings[key] for key in ("wordings", "error_rate", "seed")})
    if kind == "released":
        from gradus.teachers.local.released import ReleasedTeacher

        return ReleasedTeacher(settings["author"], settings["allow_excerpt"], folder)
    if kind == "human":
        from gradus.teachers.local.human import HumanTeacher

        return HumanTeacher(folder)
    from gradus.teachers.local.gold import GoldTeacher

    return GoldTeacher()


def make_chat(settings: dict[str, Any], base_url: str | None = None) -> Chat:
    """The provider of a teacher entry; ``base_url`` is the address of a server of its own."""
    arguments = (provider_key(settings), base_url or settings.get("base_url"), float(settings["timeout_seconds"]))
    if settings["provider"] == "anthropic":
        from gradus.teachers.clients.anthropic_client import AnthropicChat

        return AnthropicChat(*arguments)
    from gradus.teachers.clients.openai_client import OpenAIChat

    return OpenAIChat(*arguments)


def make_batch_service(settings: dict[str, Any]) -> BatchService:
    """The service of a teacher entry; UserError where its key is not set."""
    from gradus.teachers.clients.batches import AnthropicBatches, OpenAIBatches

    key = provider_key(settings)
    kind = AnthropicBatches if settings["provider"] == "anthropic" else OpenAIBatches
    return kind(key, settings["base_url"], float(settings["timeout_seconds"]))
