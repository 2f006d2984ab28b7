"""Croissant: the annotations of an archive for machines, with the fields on responsible use that conferences ask for.

The format is Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html) with its vocabulary for responsible
AI (https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gradus.archive.finished_jobs import FinishedJob
from gradus.archive.licences import dataset_terms, teacher_terms
from gradus.archive.manifest import Tar
from gradus.records import Supervision
from gradus.study import paths
from gradus.study.config import ChatTeacher, GradeschoolDataset, Study
from gradus.study.grid import supervisions

CROISSANT = "croissant.json"
_GROUP = "annotations"
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
# The fields of a row that are plain values: name, type, meaning.
_FIELDS = (
    ("problem_id", "sc:Text", "The problem, as the group data names it."),
    ("sample", "sc:Integer", "Which of several texts for the problem, from 0."),
    ("dataset", "sc:Text", "The dataset of the problem."),
    ("teacher", "sc:Text", "Who wrote, as the study names it."),
    ("format", "sc:Text", "The format of the rationale."),
    ("level", "sc:Text", "The granularity level, L1 to L6; native where nobody controls it."),
    ("rationale", "sc:Text", "The text, without the sentence that states the answer."),
    ("answer", "sc:Text", "The answer as it was read; empty where none was."),
    ("verdict", "sc:Text", "Whether the answer agrees with gold: agrees, disagrees, unparsable, truncated, refused."),
    ("model", "sc:Text", "The model as its provider named it."),
    ("finish_reason", "sc:Text", "Why the text ends."),
)


def croissant(study: Study, groups: Mapping[str, Tar], jobs: Sequence[FinishedJob], doi: str | None) -> dict[str, Any]:
    """The content of ``croissant.json``: the tar of the annotations, its files and their fields, and what to know before use."""
    facts, tar = study.archive, groups[_GROUP]
    found: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": f"{study.study}-annotations",
        "description": f"Rationales of the study {study.study}, made with Gradus. {study.about}".strip(),
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "version": "1.0.0",
        "datePublished": (jobs[-1].ended if jobs else "1970-01-01")[:10],
        "isLiveDataset": False,
        **_responsible_use(study),
    }
    if doi:
        found["url"] = f"https://doi.org/{doi}"
    if facts.licence:
        found["license"] = f"https://spdx.org/licenses/{facts.licence}"
    if facts.authors:
        found["creator"] = [{"@type": "sc:Person", "name": author.name} for author in facts.authors]
        names = " and ".join(author.name for author in facts.authors)
        found["citeAs"] = f"{names}: {facts.title or study.study}{f', doi:{doi}' if doi else ''}"
    found["distribution"] = [
        {
            "@type": "cr:FileObject",
            "@id": tar.file,
            "name": tar.file,
            "contentUrl": tar.file,
            "contentSize": f"{tar.bytes} B",
            "encodingFormat": "application/x-tar",
            "sha256": tar.sha256,
        },
        *(_file(study, supervision, tar.file) for supervision in supervisions(study)),
    ]
    found["recordSet"] = [_rows(supervision) for supervision in supervisions(study)]
    return found


def _file(study: Study, supervision: Supervision, tar: str) -> dict[str, Any]:
    """The file of a supervision; each is named, because readers load rows from single files of a tar, not from a pattern."""
    return {
        "@type": "cr:FileObject",
        "@id": f"{supervision}.jsonl",
        "name": f"{supervision}.jsonl",
        "containedIn": {"@id": tar},
        "contentUrl": paths.ANNOTATIONS.of(study, supervision),
        "encodingFormat": "application/jsonlines",
    }


def _rows(supervision: Supervision) -> dict[str, Any]:
    """The rows of a supervision with their fields."""
    return {
        "@type": "cr:RecordSet",
        "@id": str(supervision),
        "name": str(supervision),
        "description": f"One row per text of {supervision.teacher}; nothing is filtered.",
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{supervision}/{name}",
                "name": f"{supervision}/{name}",
                "description": meaning,
                "dataType": kind,
                "source": {"fileObject": {"@id": f"{supervision}.jsonl"}, "extract": {"column": name}},
            }
            for name, kind, meaning in _FIELDS
        ],
    }


def _responsible_use(study: Study) -> dict[str, Any]:
    """The fields of the vocabulary for responsible AI, as far as a study knows them."""
    chosen = supervisions(study)
    teachers = dict.fromkeys(one.teacher for one in chosen)
    models = [name for name in teachers if isinstance(study.teachers[name], ChatTeacher)]
    foreign = [name for name, section in study.datasets.items() if not isinstance(section, GradeschoolDataset)]
    personal = f"not screened: {', '.join(foreign)}" if foreign else "none: problems are generated from templates"
    return {
        "rai:dataCollection": "Problems: " + "; ".join(dataset_terms(study, name) for name in study.datasets),
        "rai:dataCollectionType": ["Software Collection"] if models or not foreign else ["Secondary Data Analysis"],
        "rai:dataAnnotationProtocol": f"{len(chosen)} supervisions; each teacher got every training problem with one prompt per "
        "format and level (prompts.tar), and its answer was compared with gold.",
        "rai:dataAnnotationPlatform": "Gradus, https://arxiv.org/abs/2502.18001 for the method",
        "rai:annotationsPerItem": "one text per problem and supervision, more where the study draws samples",
        "rai:dataAnnotationAnalysis": f"{paths.ANNOTATION_AUDIT.of(study)} in {_GROUP}.tar: lengths, verdicts, defects",
        "rai:machineAnnotationTools": [f"{name}: {teacher_terms(study, name)}" for name in teachers],
        "rai:dataPreprocessingProtocol": "none: every row is kept, with its verdict",
        "rai:personalSensitiveInformation": personal,
        "rai:dataBiases": "Rationales show the habits of their teachers; the author's to complete.",
        "rai:dataLimitations": "Rationales may be wrong even where their answers agree with gold.",
        "rai:dataUseCases": "Comparing supervisions of small students.",
        "rai:dataSocialImpact": "The author's to answer.",
        "rai:dataReleaseMaintenancePlan": "An archive does not change; corrections are new versions under one concept DOI.",
    }
