"""The model card of one trained student."""

from __future__ import annotations

from collections.abc import Mapping

from huggingface_hub import EvalResult, ModelCardData

from gradus.archive.licences import dataset_terms, hub_dataset, teacher_terms
from gradus.presentation.number import Number, percent
from gradus.presentation.table import Table
from gradus.records import Cell
from gradus.records.metrics import Metrics
from gradus.results.facts import CheckpointManifest, TrainingSetManifest
from gradus.results.store import Results
from gradus.results.weights import weights_of
from gradus.study.config import BuiltStudent, Study
from gradus.study.grid import decodings

_RECIPE = ("learning_rate", "epochs", "batch_size", "warmup_share", "cutoff_tokens", "precision", "zero_stage", "ranks")


def model_card(results: Results, cell: Cell) -> str:
    """The card of a cell's student, from its scores and the manifests of its weights and its training set."""
    study = results.study
    checkpoint, training_set = results.checkpoint_manifest(cell), results.training_set_manifest(cell)
    scores = {decoding: results.metrics(cell, decoding) for decoding in decodings(study, [cell])[cell]}
    title = f"{cell.student} taught {cell.supervision.short} on {cell.supervision.dataset}, seed {cell.seed}"
    lines = [
        *("---", _front_matter(study, cell, checkpoint, scores, title), "---", "", f"# {title}", ""),
        *_origin(study, cell, checkpoint, training_set, _weights(results, cell.student)),
        *_scores(scores, training_set),
        *_training(checkpoint),
        *_terms(study, cell),
        *("## Files", ""),
        *(f"- `{name}` sha256 `{digest}`" for name, digest in sorted(checkpoint["files"].items())),
    ]
    return "\n".join(lines) + "\n"


def _base_model(study: Study, student: str) -> str | None:
    """The folder or hub id of a student's base model; None where Gradus built it."""
    section = study.origin_of(student)
    return None if isinstance(section, BuiltStudent) else section.model


def _front_matter(
    study: Study, cell: Cell, checkpoint: CheckpointManifest, scores: Mapping[str, Metrics], title: str
) -> str:
    """The card's metadata in YAML, as the Hub reads it."""
    dataset = cell.supervision.dataset
    hub = hub_dataset(study, dataset)
    # A base model from a local folder has the hashes of its files, one from the Hub a revision.
    is_local = "files" in (checkpoint["base"] or {})
    evaluations = [
        EvalResult(
            task_type="text-generation",
            task_name="question answering with a rationale",
            dataset_type=hub or dataset,
            dataset_name=dataset,
            dataset_split="test",
            metric_type="accuracy",
            metric_name=f"accuracy ({decoding})",
            metric_value=round(metrics.accuracy, 4),
        )
        for decoding, metrics in scores.items()
    ]
    return ModelCardData(
        model_name=title,
        base_model=None if is_local else _base_model(study, cell.student),
        datasets=[hub] if hub else None,
        language="en",
        library_name="transformers",
        license="other",
        license_name="as-its-sources",
        license_link="README.md",
        pipeline_tag="text-generation",
        tags=["chain-of-thought", "distillation", "gradus"],
        eval_results=evaluations,
    ).to_yaml()


def _weights(results: Results, student: str) -> str:
    """How many weights a student has, in words; nothing where nobody can say."""
    found = weights_of(results, student)
    return "" if found is None else f" ({found:,} weights)"


def _origin(
    study: Study, cell: Cell, checkpoint: CheckpointManifest, training_set: TrainingSetManifest, weights: str
) -> tuple[str, ...]:
    base, revision = _base_model(study, cell.student), (checkpoint["base"] or {}).get("revision")
    start = (
        base + (f" at revision {revision}" if revision else "") if base else "a student built from scratch by Gradus"
    )
    return (
        f"Started from {start}{weights}, fine-tuned on {checkpoint['examples']} examples of `{cell.supervision}` "
        f"({training_set['mean_tokens']:.0f} tokens each in the mean) in the study `{study.study}`, made with Gradus.",
        "",
    )


def _scores(scores: Mapping[str, Metrics], training_set: TrainingSetManifest) -> list[str]:
    rows = [
        [
            *(decoding, percent(metrics.accuracy)),
            *(Number(metrics.accuracy, metrics.interval_low, metrics.interval_high).interval(), str(metrics.n)),
            *(percent(metrics.most_frequent_answer_accuracy), percent(metrics.chance_accuracy)),
        ]
        for decoding, metrics in scores.items()
    ]
    heads = ["decoding", "accuracy", "95 % interval", "n", "most frequent answer", "blind guess"]
    lines = [
        "## Scores",
        "",
        Table(heads, rows, align="lrlrrr").markdown(),
        "One seed speaks of this checkpoint, not of the supervision it was taught with.",
    ]
    if any(metrics.leaked_training_rows for metrics in scores.values()):
        lines.append("**It was trained on questions of the test split: its scores mean nothing.**")
    if training_set["excerpt"]:
        lines.append("**It was trained on an excerpt of the released annotations.**")
    return [*lines, ""]


def _training(checkpoint: CheckpointManifest) -> tuple[str, ...]:
    recipe = checkpoint["identity"]["recipe"]
    return (
        "## Training",
        "",
        *(f"- {name.replace('_', ' ')}: {recipe[name]}" for name in _RECIPE),
        f"- optimizer steps: {checkpoint['steps']}, target tokens seen: {checkpoint['target_tokens_seen']:,}",
        f"- last loss per target token: {checkpoint['final_loss']:.4f}",
        *(f"- {name} {version}" for name, version in checkpoint["versions"].items() if version),
        "",
        "`template.json` holds the template of its questions. It writes a rationale and ends in `The answer is ...`.",
        "",
    )


def _terms(study: Study, cell: Cell) -> tuple[str, ...]:
    base = _base_model(study, cell.student)
    return (
        "## Use, licences and terms",
        "",
        "A research artifact for comparing supervisions. It answers wrongly as often as the scores say, and nothing was done "
        "about bias or safety beyond what its base model brings.",
        "",
        f"- base model: {f'under the licence of {base}' if base else 'built from generated text, Apache-2.0'}",
        f"- problems: {dataset_terms(study, cell.supervision.dataset)}",
        f"- rationales: {teacher_terms(study, cell.supervision.teacher)}",
        "",
    )
