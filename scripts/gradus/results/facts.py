"""Facts: the JSON files beside the records (manifests, audits, traces), typed by the fields that later stages read.

A file may hold more fields than its type names (docs/reference/outputs.md lists all); it never holds fewer.
"""

# No `from __future__ import annotations`: with it Python 3.11 takes the fields that are NotRequired for required ones.
from typing import Any, NotRequired, TypedDict

from gradus.teachers.audit_facts import SupervisionAudit


class AnnotationManifest(TypedDict):
    """What the annotation job counted; ``excerpt`` says whether released rows are a part of what was released."""

    rows: int
    mean_words: float
    verdicts: dict[str, int]
    without_annotation: list[str]
    excerpt: NotRequired[bool]


class TrainingSetManifest(TypedDict):
    """How many examples a student trains on, and their mean tokens."""

    rows: int
    mean_tokens: float
    excerpt: bool


class CheckpointManifest(TypedDict):
    """What decided the weights of a trained student (``identity``), its training in numbers, the SHA-256 of its files."""

    identity: dict[str, Any]
    base: dict[str, Any] | None
    versions: dict[str, str | None]
    steps: int
    examples: int
    target_tokens_seen: int
    final_loss: float
    final_end_loss: NotRequired[float | None]
    kept_step: NotRequired[int]
    validation_loss: NotRequired[float]
    files: dict[str, str]


class TraceStep(TypedDict):
    """What one optimizer step computed; ``loss`` is per target token, ``padding_share`` a share of the tokens.

    ``validation_loss``, where it was computed after the step: that of the examples held out.
    """

    step: int
    loss: float
    padding_share: float
    validation_loss: NotRequired[float]


class TelemetryStep(TypedDict):
    """How one optimizer step ran on its machine; None where the device does not tell."""

    step: int
    seconds: float
    tokens_per_second: float
    mfu: float | None
    peak_memory_bytes: int


class TrainingRun(TypedDict):
    """The run record of a finished training; ``tokens_per_second`` over all its ranks."""

    tokens_per_second: float


class TrialFacts(TypedDict):
    """What the trial of a pretrained student found, and what the study had asked (``students.trial.examination.Examined``)."""

    architecture: str
    positions: int | None
    notes: list[str]
    demands: dict[str, dict[str, object]]


class DatasetAudit(TypedDict):
    """Counts of a dataset's problems; those of structures and tuples of generated problems alone.

    ``test_questions_of_others``: by dataset, what the training split holds of its test questions (``data.leaks.Leaks``).
    """

    dataset: str
    source: str
    train: int
    test: int
    test_questions_in_train_normalised: list[str]
    shared_structures: NotRequired[int]
    test_questions_near_train: NotRequired[list[str]]
    test_questions_templated_in_train: NotRequired[list[str]]
    test_questions_of_others: NotRequired[dict[str, dict[str, Any]]]
    shared_number_tuples: NotRequired[int]


class AnnotationAudit(TypedDict):
    """The audit of all supervisions of a study."""

    supervisions: list[SupervisionAudit]
    stale_exemplars: list[str]
