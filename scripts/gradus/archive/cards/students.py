"""The model card of one trained student."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from gradus.archive.licences import dataset_terms, teacher_terms
from gradus.data.datasets.catalogue import CATALOGUE
from gradus.records import Cell
from gradus.study.config import BuiltStudent, Study
from gradus.study.config.datasets import CatalogueDataset

_RECIPE = ("learning_rate", "epochs", "batch_size", "warmup_share", "cutoff_tokens", "precision", "zero_stage", "ranks")


def model_card(
    study: Study,
    cell: Cell,
    checkpoint: Mapping[str, Any],
    taught: Mapping[str, Any],
    scores: Mapping[str, Mapping[str, Any]],
) -> str:
    """The card; ``checkpoint`` and ``taught`` are the manifests of weights and training set, ``scores`` by decoding."""
    place = cell.supervision
    section = study.students[cell.student]
    base = None if isinstance(section, BuiltStudent) else section.model
    recipe = checkpoint["identity"]["recipe"]
    reference = checkpoint["base"] if isinstance(checkpoint.get("base"), Mapping) else {}
    title = f"{cell.student} taught {place.short} on {place.dataset}, seed {cell.seed}"
    source = study.datasets[place.dataset]
    hub = (source.hub or CATALOGUE[source.source].hub) if isinstance(source, CatalogueDataset) else None
    results = [
        EvalResult(
            task_type="text-generation",
            task_name="question answering with a rationale",
            dataset_type=hub or place.dataset,
            dataset_name=place.dataset,
            dataset_split="test",
            metric_type="accuracy",
            metric_name=f"accuracy ({decoding})",
            metric_value=round(metrics["accuracy"], 4),
        )
        for decoding, metrics in scores.items()
    ]
    data = ModelCardData(
        model_name=title,
        # The files of a local folder are listed, those of the hub have a revision.
        base_model=base if base and "files" not in reference else None,
        datasets=[hub] if hub else None,
        language="en",
        library_name="transformers",
        license="other",
        license_name="as-its-sources",
        license_link="README.md",
        pipeline_tag="text-generation",
        tags=["chain-of-thought", "distillation", "gradus"],
        eval_results=results,
    )
    revision = reference.get("revision")
    started = (
        f"{base}" + (f" at revision {revision}" if revision else "")
        if base
        else "a student built from scratch by Gradus"
    )
    lines = ["---", data.to_yaml(), "---", "", f"# {title}", ""]
    lines += [
        f"Started from {started}, fine-tuned on {taught['rows']} examples of `{place}` "
        f"({taught['mean_tokens']:.0f} tokens each in the mean) in the study `{study.study}`, made with Gradus.",
        "",
        "## Scores",
        "",
        "| decoding | accuracy | 95 % interval | n | most frequent answer | blind guess |",
        "|---|---:|---|---:|---:|---:|",
    ]
    for decoding, metrics in scores.items():
        interval = f"[{100 * metrics['interval_low']:.1f}, {100 * metrics['interval_high']:.1f}]"
        others = (100 * metrics["most_frequent_answer_accuracy"], 100 * metrics["chance_accuracy"])
        lines.append(
            f"| {decoding} | {100 * metrics['accuracy']:.1f} % | {interval} | {metrics['n']} "
            f"| {others[0]:.1f} % | {others[1]:.1f} % |"
        )
    lines += ["", "One seed speaks of this checkpoint, not of the supervision it was taught with."]
    if any(metrics["leaked_training_rows"] for metrics in scores.values()):
        lines.append("**It was trained on questions of the test split: its scores mean nothing.**")
    if taught.get("excerpt"):
        lines.append("**It was trained on an excerpt of the released annotations.**")
    lines += [
        "",
        "## Training",
        "",
        *(f"- {name.replace('_', ' ')}: {recipe[name]}" for name in _RECIPE),
        f"- optimizer steps: {checkpoint['steps']}, target tokens seen: {checkpoint['target_tokens_seen']:,}",
        f"- last loss per target token: {checkpoint['final_loss']:.4f}",
        *(f"- {name} {version}" for name, version in checkpoint["versions"].items() if version),
        "",
        "Questions are put to it in the template of `template.json`; it writes a rationale and ends in `The answer is ...`.",
        "",
        "## Use, licences and terms",
        "",
        "A research artifact for comparing supervisions. It answers wrongly as often as the scores say, and nothing was done "
        "about bias or safety beyond what its base model brings.",
        "",
        f"- base model: {'under the licence of ' + base if base else 'built from generated text, Apache-2.0'}",
        f"- problems: {dataset_terms(study, place.dataset)}",
        f"- rationales: {teacher_terms(study, place.teacher)}",
        "",
        "## Files",
        "",
        *(f"- `{name}` sha256 `{digest}`" for name, digest in sorted(checkpoint["files"].items())),
    ]
    return "\n".join(lines) + "\n"
