"""The dataset card of a study's annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from huggingface_hub import DatasetCardData

from gradus.archive.licences import dataset_terms, hub_dataset, teacher_terms
from gradus.presentation.table import Table
from gradus.records import Supervision
from gradus.results.facts import AnnotationManifest
from gradus.results.store import Results
from gradus.study.config import Study
from gradus.study.grid import supervisions
from gradus.teachers.audit_facts import SupervisionAudit

# The Hub's classes of dataset sizes.
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def dataset_card(results: Results) -> str:
    """The card of all annotations, with a configuration per supervision, from their manifests and their audit."""
    study = results.study
    manifests = {supervision: results.annotation_manifest(supervision) for supervision in supervisions(study)}
    audits = {audit["supervision"]: audit for audit in results.annotation_audit()["supervisions"]}
    rows = sum(manifest["rows"] for manifest in manifests.values())
    title = f"Rationales of the study {study.study}"
    lines = [
        *("---", _front_matter(study, manifests, rows, title), "---", "", f"# {title}", ""),
        *((study.about, "") if study.about else ()),
        f"{rows:,} rationales in {len(manifests)} supervisions (dataset, teacher, format, level), made with Gradus. Every row "
        "is kept, also where its answer disagrees with gold: see `verdict`.",
        "",
        "## What is in it",
        "",
        Table(
            ["supervision", "rows", "mean words", "verdicts", "defects"],
            [_row(supervision, manifest, audits.get(str(supervision))) for supervision, manifest in manifests.items()],
            align="lrrll",
        ).markdown(),
        "Fields: `problem_id`, `sample`, `attempt`, the supervision, `rationale` (without the answer sentence), `answer` as it "
        "was read, `verdict` (agrees, disagrees, unparsable, truncated, refused, failed), `model`, `parameters` that were sent, "
        "`finish_reason`, `usage`, `price_usd`. Defects are counted, not repaired.",
        "",
        *_terms(study, manifests),
        "## Use",
        "",
        "Made to compare supervisions of small students. Rationales may be wrong even where their answers agree with gold. Test "
        "problems are not in it; questions of training and test splits that are the same are counted above.",
    ]
    return "\n".join(lines) + "\n"


def _front_matter(study: Study, found: Iterable[Supervision], rows: int, title: str) -> str:
    """The card's metadata in YAML, as the Hub reads it."""
    sources = sorted({hub for supervision in found if (hub := hub_dataset(study, supervision.dataset))})
    return DatasetCardData(
        language="en",
        license="other",
        license_name="per-source",
        license_link="README.md",
        pretty_name=title,
        size_categories=next((name for limit, name in _SIZES if rows < limit), "10M<n<100M"),
        task_categories=["text-generation", "question-answering"],
        tags=["chain-of-thought", "distillation", "gradus"],
        source_datasets=sources or None,
        configs=[
            {"config_name": str(supervision).replace("/", "--"), "data_files": f"annotations/{supervision}.jsonl"}
            for supervision in found
        ],
    ).to_yaml()


def _row(supervision: Supervision, manifest: AnnotationManifest, audit: SupervisionAudit | None) -> list[str]:
    findings = audit.get("findings", {}) if audit else {}
    defects = ", ".join(
        f"{name.replace('_', ' ')} {finding['count']}" for name, finding in findings.items() if finding["count"]
    )
    verdicts = ", ".join(f"{name} {count}" for name, count in manifest["verdicts"].items())
    name = f"{supervision} (excerpt)" if manifest.get("excerpt") else str(supervision)
    return [name, str(manifest["rows"]), f"{manifest['mean_words']:.1f}", verdicts, defects]


def _terms(study: Study, found: Mapping[Supervision, object]) -> tuple[str, ...]:
    teachers = dict.fromkeys(supervision.teacher for supervision in found)
    return (
        "## Licences and terms",
        "",
        *(f"- problems of `{name}`: {dataset_terms(study, name)}" for name in study.datasets),
        *(f"- texts of `{name}`: {teacher_terms(study, name)}" for name in teachers),
        "",
    )
