"""The dataset card of a study's annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huggingface_hub import DatasetCardData

from gradus.archive.licences import dataset_terms, teacher_terms
from gradus.data.datasets.catalogue import CATALOGUE
from gradus.records import Supervision
from gradus.study.config import GradeschoolDataset, Study

# The Hub's classes of dataset sizes.
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def dataset_card(study: Study, manifests: Mapping[Supervision, Mapping[str, Any]], audit: Mapping[str, Any]) -> str:
    """The card, with a configuration per supervision; ``manifests`` of the annotation files, ``audit`` of all annotations."""
    rows = sum(one["rows"] for one in manifests.values())
    data = DatasetCardData(
        language="en",
        license="other",
        license_name="per-source",
        license_link="README.md",
        pretty_name=f"Rationales of the study {study.study}",
        size_categories=next((name for limit, name in _SIZES if rows < limit), "10M<n<100M"),
        task_categories=["text-generation", "question-answering"],
        tags=["chain-of-thought", "distillation", "gradus"],
        source_datasets=sorted({_hub(study, place.dataset) for place in manifests} - {""}) or None,
        configs=[{"config_name": _config(place), "data_files": f"annotations/{place}.jsonl"} for place in manifests],
    )
    facts = {one["supervision"]: one for one in audit["supervisions"]}
    lines = ["---", data.to_yaml(), "---", "", f"# Rationales of the study {study.study}", ""]
    lines += [study.about, ""] if study.about else []
    lines += [
        f"{rows:,} rationales in {len(manifests)} supervisions (dataset, teacher, format, level), made with Gradus. Every row "
        "is kept, those whose answer disagrees with gold too: `verdict` tells them apart.",
        "",
        "## What is in it",
        "",
        "| supervision | rows | mean words | verdicts | defects |",
        "|---|---:|---:|---|---|",
    ]
    for place, manifest in manifests.items():
        found = facts.get(str(place), {}).get("findings", {})
        defects = ", ".join(f"{name.replace('_', ' ')} {one['count']}" for name, one in found.items() if one["count"])
        verdicts = ", ".join(f"{name} {count}" for name, count in manifest["verdicts"].items())
        name = f"{place} (excerpt)" if manifest.get("excerpt") else str(place)
        lines.append(f"| {name} | {manifest['rows']} | {manifest['mean_words']:.1f} | {verdicts} | {defects} |")
    lines += [
        "",
        "Fields: `problem_id`, `sample`, `attempt`, the supervision, `rationale` (without the answer sentence), `answer` as it "
        "was read, `verdict` (agrees, disagrees, unparsable, truncated, refused), `model`, `parameters` that were sent, "
        "`finish_reason`, `usage`, `price_usd`. Defects are counted, not repaired.",
        "",
        "## Licences and terms",
        "",
        *(f"- problems of `{name}`: {dataset_terms(study, name)}" for name in study.datasets),
        *(f"- texts of `{name}`: {teacher_terms(study, name)}" for name in dict.fromkeys(p.teacher for p in manifests)),
        "",
        "## Use",
        "",
        "Made to compare supervisions of small students. Rationales may be wrong even where their answers agree with gold. Test "
        "problems are not in it; questions of training and test splits that are the same are counted above.",
    ]
    return "\n".join(lines) + "\n"


def _config(place: Supervision) -> str:
    return str(place).replace("/", "--")


def _hub(study: Study, name: str) -> str:
    section = study.datasets[name]
    if isinstance(section, GradeschoolDataset):
        return ""
    return section.hub or CATALOGUE[section.source].hub or ""
