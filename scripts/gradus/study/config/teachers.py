"""The `teachers` of a study file."""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, field_validator, model_validator

from gradus.runtime.errors import UserError
from gradus.study.config.options import read_section
from gradus.study.config.pasted_keys import NEVER_SHOWN, WHAT_TO_DO, asks_with_a_key, carries_a_key, is_pasted
from gradus.study.config.sections import Section
from gradus.study.config.thinking import room_to_think, thinks
from gradus.study.config.web_addresses import added_path, is_web_address

# What `key_variable` says where a server needs no key.
NO_KEY = "none"


def _is_one(value: object) -> bool:
    """Keys that came later leave the dump, and so the identity, of a study that does not use them as it was."""
    return value == 1


class TutorTeacher(Section):
    """A built-in teacher that renders the solution graph of generated problems."""

    provider: Literal["tutor"] = Field(description="Who writes.")
    wordings: int = Field(3, ge=1, le=3, description="Number of wordings that the tutor varies between.")
    error_rate: float = Field(0.0, ge=0, le=1, description="Share of problems with a wrong step in the rationale.")
    seed: int = Field(0, description="Seed of wordings and errors.")
    samples: int = Field(
        1,
        ge=1,
        exclude_if=_is_one,
        description="Rationales of each problem, in other wordings from level 4 on; wrong steps are the same in all.",
    )


class GoldTeacher(Section):
    """The gold answers alone: the answer-only baseline."""

    provider: Literal["gold"] = Field(description="Who writes.")


class HumanTeacher(Section):
    """The rationales that the datasets' own authors wrote (docs/reference/datasets.md names the source of each)."""

    provider: Literal["human"] = Field(description="Who writes.")


class MixedTeacher(Section):
    """Holds mixtures alone: transforms that choose among the annotations of other teachers and levels."""

    provider: Literal["mixed"] = Field(description="Who writes.")


class ReleasedTeacher(Section):
    """The annotations that the paper released (dataset_info.json names the files)."""

    provider: Literal["released"] = Field(description="Who writes.")
    author: Literal["gpt-4o", "gemini-1.5-flash", "llama-3-70b", "human", "gold"] = Field(
        description="Whose released annotations."
    )
    allow_excerpt: bool = Field(
        False, description="Train on a file of which there is only an excerpt; every table is marked."
    )


class NoTeacher(Section):
    """Nobody: the base model itself, evaluated as every cell is (`NAME/untaught/native`, seed 0) and never trained."""

    provider: Literal["none"] = Field(description="Who writes.")
    shots: int = Field(
        0,
        ge=0,
        description="Worked examples in front of every question: training problems with the dataset's own rationale where it has "
        "one, else with the answer alone.",
    )
    seed: int = Field(1, description="Seed of their choice.")
    max_new_tokens: int = Field(
        256, gt=0, description="Longest output where a decoding says `auto`: nothing was learned that could tell."
    )


class PriceEntry(Section):
    """What a model costs; written down only by someone who has seen the page."""

    input_usd_per_million: float = Field(ge=0, description="US dollars per million input tokens.")
    output_usd_per_million: float = Field(ge=0, description="US dollars per million output tokens.")
    cached_input_usd_per_million: float | None = Field(
        None,
        ge=0,
        description="US dollars per million input tokens that the provider had cached; unset: as other input.",
    )
    batch_factor: float = Field(gt=0, le=1, description="What a batch costs of that.")
    seen: str = Field(description="The day on which the page was seen.")
    source: str = Field(description="The page.")


class RequestPolicy(Section):
    """How a teacher behind a chat interface is asked: nothing in here changes an annotation."""

    successor: str | None = Field(None, description="The model to make an entry for once this one is retired.")
    requests_per_minute: float | None = Field(
        None, gt=0, description="A cap; a lower limit in the provider's headers takes precedence."
    )
    tokens_per_minute: float | None = Field(None, gt=0, description="The same for tokens, input and output.")
    max_concurrency: int = Field(64, ge=1, description="Most requests in flight; the actual number adapts below it.")
    timeout_seconds: float = Field(
        120.0,
        gt=0,
        description="An answer that takes longer is reported. Gradus waits up to four times as long for it, because it "
        "may be billed.",
    )
    tolerated_failures: float = Field(
        0.02,
        ge=0,
        le=1,
        description="Share of requests (one at least, unless 0) that the provider may be unable to answer: their outcome is "
        "`failed`, and the others go on.",
    )
    budget_usd: float | None = Field(
        None,
        ge=0,
        description="Nothing is sent once the journal of this teacher, over all studies, has cost that much.",
    )
    price: PriceEntry | None = Field(None, description="The price, where prices.yaml has no row for the model.")
    allow_unknown_price: bool = Field(False, description="Send requests to a model without a known price.")
    headers: dict[str, str] = Field(
        default_factory=dict,
        description="Headers sent with every request; never a key (the log and the params show them).",
    )
    key_header: str | None = Field(
        None,
        pattern="^[A-Za-z][A-Za-z0-9-]*$",
        description="Header that carries the key alone (`api-key` for classic Azure); unset: the provider's own way.",
    )
    query: dict[str, str] = Field(
        default_factory=dict, description="Query of the address (`api-version` for classic Azure); never a key."
    )
    same_server_as: list[str] = Field(
        default_factory=list,
        description="Other `base_url`s whose answers are this server's: it moved, or is reached by another name.",
    )
    offline: bool = Field(False, description="Answer from the journal alone; no key, no network, a miss is an error.")
    key_variable: str | None = Field(
        None,
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
        description="Environment variable of the key; unset: OPENAI_API_KEY or ANTHROPIC_API_KEY; `none` "
        "where the server needs no key.",
    )

    @field_validator("key_variable", mode="before")
    @classmethod
    def _names_a_variable(cls, given: object) -> object:
        if isinstance(given, str) and is_pasted(given):
            raise ValueError(f"{NEVER_SHOWN}: {WHAT_TO_DO}")
        return given

    @field_validator("headers", "query", mode="before")
    @classmethod
    def _carries_no_key(cls, given: object) -> object:
        found = [str(name) for name in given if carries_a_key(str(name))] if isinstance(given, dict) else []
        if found:
            what = f"{WHAT_TO_DO}; `key_header` names another header for it"
            raise ValueError(f"{', '.join(found)}: {NEVER_SHOWN}: {what}")
        return given

    def tolerated(self, requests: int) -> int:
        """How many of so many requests may fail."""
        return max(1, int(self.tolerated_failures * requests)) if self.tolerated_failures else 0

    @property
    def longest_wait_seconds(self) -> float:
        """What is waited for one answer: it is being written, and will be billed."""
        return 4 * self.timeout_seconds


class BatchPolicy(RequestPolicy):
    """The policy of teachers with a batch interface."""

    mode: Literal["online", "batch"] = Field(
        "online", description="`batch`: the provider's batches, cheaper and later."
    )
    batch_poll_seconds: float = Field(60.0, gt=0, description="Pause between two looks at an open batch.")
    batch_wait_hours: float = Field(
        26.0, gt=0, description="Longest wait of one job for its batches; a later job finds them again."
    )


class ServerPolicy(RequestPolicy):
    """The policy of teachers that are served for the time of a job."""

    words_of_commands: ClassVar[frozenset[str]] = frozenset({"server"})
    server: list[str] = Field(
        ["vllm", "serve", "{model}", "--host", "127.0.0.1", "--port", "{port}"],
        min_length=1,
        description="The server's command line; `{model}` and `{port}` are filled in.",
    )
    health: str = Field("/health", pattern="^/", description="Path that answers 200 once the server is ready.")
    startup_seconds: float = Field(1800.0, gt=0, description="Longest wait for the server to be ready.")
    gpus: int = Field(1, ge=0, description="GPUs of the job.")
    allow_unknown_price: bool = Field(True, description="A served model has no price per token.")


RationaleSource = Literal["answer", "reasoning", "both"]
# Keys that came later: an entry without them has the identity that it always had.
_LATER_KEYS = ("rationale", "extra", "length_field", "system")


class _Asked(Section):
    """What is asked of a teacher behind a chat interface, and so decides its texts."""

    model: str = Field(description="The pinned model, as the provider names it.")
    also_accept: list[str] = Field(
        default_factory=list,
        description="Further model ids that may answer, besides the pinned one and its dated forms.",
    )
    gold: Literal["shown", "hidden"] = Field("shown", description="Whether the teacher sees the gold answer.")
    temperature: float | None = Field(None, ge=0, description="Sent where the model accepts it; unset: its default.")
    top_p: float | None = Field(None, gt=0, le=1, description="Sent where the model accepts it; unset: its default.")
    max_output_tokens: int = Field(
        1024,
        gt=0,
        description="Longest output, thoughts included; hitting it counts as truncated. Unset: 16,000 for a model that thinks "
        "before it answers.",
    )
    samples: int = Field(1, ge=1, description="Answers per question.")
    rationale: RationaleSource = Field(
        "answer",
        description="What students learn of a reasoning model: its answer, the thoughts before it, or both "
        "one after the other.",
    )
    extra: dict[str, Any] = Field(
        default_factory=dict,
        description="Fields merged into the body of every request (`reasoning_effort`, `thinking`, "
        "`chat_template_kwargs`, ...).",
    )
    length_field: Literal["max_tokens", "max_completion_tokens"] | None = Field(
        None,
        description="The server's name of the longest output; unset: OpenAI's and Anthropic's own, `max_tokens` elsewhere.",
    )
    system: Literal["system", "user", "none"] = Field(
        "system",
        description="Where the system prompt goes: a message of its own, the beginning of the question, or nowhere.",
    )

    @model_validator(mode="before")
    @classmethod
    def _thoughts_need_room(cls, given: Any) -> Any:
        match given:
            case {"model": str(model)} if given.get("max_output_tokens") is None:
                extra = given.get("extra")  # what is no mapping is told by the field itself
                extra = extra if isinstance(extra, dict) else {}
                if thinks(model, given.get("rationale", "answer"), extra):
                    return {**given, "max_output_tokens": room_to_think(extra)}
        return given

    @property
    def thinks(self) -> bool:
        """Whether the model thinks before it answers, by its name, or by what the entry says of it."""
        return thinks(self.model, self.rationale, self.extra)


class ChatTeacher(RequestPolicy, _Asked):
    """What all teachers behind a chat interface share; an entry has two parts, its identity and its request policy."""

    policy_section: ClassVar[type[RequestPolicy]] = RequestPolicy
    usual_key_variable: ClassVar[str] = "OPENAI_API_KEY"

    @property
    def variable_of_key(self) -> str:
        """The environment variable that holds the key; ``NO_KEY`` where the server needs none."""
        return self.key_variable or self.usual_key_variable

    def identity(self) -> dict[str, object]:
        """What decides the texts, as plain JSON values: the part that a job's params hold."""
        found = self.model_dump(mode="json", exclude=set(self.policy_section.model_fields))
        unset = {name for name in _LATER_KEYS if name in found and name not in self._changed()}
        return {name: value for name, value in found.items() if name not in unset}

    def _changed(self) -> set[str]:
        return set(self.model_dump(exclude_defaults=True))

    def policy(self) -> dict[str, object]:
        """How the teacher is asked, as plain JSON values: the part that reruns nothing."""
        return self.model_dump(mode="json", include=set(self.policy_section.model_fields))


class BatchableTeacher(BatchPolicy, ChatTeacher):
    """What teachers with a batch interface share."""

    policy_section: ClassVar[type[RequestPolicy]] = BatchPolicy

    @field_validator("base_url", check_fields=False)
    @classmethod
    def _is_an_address(cls, given: str | None) -> str | None:
        if given is not None and not is_web_address(given):
            raise ValueError("write the whole address of a server, such as http://localhost:8000/v1")
        if given is not None and asks_with_a_key(given):
            raise ValueError(f"{NEVER_SHOWN}: {WHAT_TO_DO}")
        path = None if given is None else added_path(given)
        if path is not None:
            raise ValueError(f"leave out {path}, which Gradus adds itself")
        return given


class OpenAITeacher(BatchableTeacher):
    """OpenAI, or any server that speaks its chat format (Gemini's compatible endpoint, vLLM, ...)."""

    provider: Literal["openai"] = Field(description="Who writes.")
    base_url: str | None = Field(None, description="Another server than OpenAI's.")


class AnthropicTeacher(BatchableTeacher):
    """Anthropic's models."""

    usual_key_variable: ClassVar[str] = "ANTHROPIC_API_KEY"
    provider: Literal["anthropic"] = Field(description="Who writes.")
    base_url: str | None = Field(None, description="Another server than Anthropic's.")


class VllmTeacher(ServerPolicy, ChatTeacher):
    """A model served for the time of the annotation job itself, by vLLM or a server with the same interface."""

    policy_section: ClassVar[type[RequestPolicy]] = ServerPolicy
    provider: Literal["vllm"] = Field(description="Who writes.")


Teacher = Annotated[
    TutorTeacher
    | GoldTeacher
    | HumanTeacher
    | MixedTeacher
    | NoTeacher
    | ReleasedTeacher
    | OpenAITeacher
    | AnthropicTeacher
    | VllmTeacher,
    Field(discriminator="provider"),
]
CHAT_PROVIDERS = tuple(
    provider
    for section in get_args(get_args(Teacher)[0])
    if issubclass(section, ChatTeacher)
    for provider in get_args(section.model_fields["provider"].annotation)
)


def read_teacher(identity: Any, policy: Any) -> Teacher:
    """The entry whose two parts a job was given as plain JSON values; UserError names the first key that is wrong."""
    where = "options --teacher-settings and --request-policy"
    if not isinstance(identity, dict) or not isinstance(policy, dict):
        raise UserError("not JSON objects", where=where)
    found: Teacher = read_section(json.dumps({**identity, **policy}), Teacher, where)
    return found
