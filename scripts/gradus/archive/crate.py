"""The crate: a Workflow Run RO-Crate of an archive, with one action per job (RO-Crate 1.1, Provenance Run Crate 0.5).

A crate cannot point into a tar. So each archived file is an entity of its own, with its SHA-256 and the tar that holds it.
The crate does not depend on when it is packed: two builds are the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from rocrate.model import ComputationalWorkflow, ContextEntity, File
from rocrate.rocrate import ROCrate

from gradus.archive.finished_jobs import FinishedJob
from gradus.archive.licences import dataset_terms, teacher_terms
from gradus.archive.manifest import Tar
from gradus.study.config import Study

METADATA = "ro-crate-metadata.json"
WORKFLOW = "Snakefile"
PROFILES = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/ro/wfrun/provenance/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
_KINDS = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
_FORMATS = {
    ".tar": "application/x-tar",
    ".json": "application/json",
    ".md": "text/markdown",
    ".html": "text/html",
    "": "text/plain",
}


@dataclass(frozen=True)
class ArchivedFile:
    """A member of an archive: its group and its SHA-256."""

    group: str
    sha256: str


def metadata(
    study: Study,
    groups: Mapping[str, Tar],
    companions: Mapping[str, int],
    files: Mapping[str, ArchivedFile],
    jobs: Sequence[FinishedJob],
    versions: Mapping[str, str | None],
) -> dict[str, Any]:
    """The content of ``ro-crate-metadata.json``.

    ``companions``: the sizes in bytes of the files beside the tars; ``files``: every archived file by its name; ``versions`` of
    the software that ran.
    """
    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms.update({"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"})
    licence = _licence(crate, "Apache-2.0", "Apache License 2.0")
    _describe_root(crate, study, licence, jobs)
    workflow = _workflow(crate, licence, jobs)
    _add_tars(crate, groups, licence, _terms(crate, study))
    for name, size in companions.items():
        if name != WORKFLOW:
            facts = {"name": name, "contentSize": str(size), "encodingFormat": _FORMATS[PurePosixPath(name).suffix]}
            about = {"about": {"@id": "./"}} if name == "README.md" else {}
            crate.add(File(crate, dest_path=name, source=None, properties={**facts, **about}))
    _actions(crate, workflow, jobs, files, versions)
    crate.metadata["conformsTo"] = [{"@id": "https://w3id.org/ro/crate/1.1"}, {"@id": PROFILES[-1]}]
    return dict(crate.metadata.generate())


def _describe_root(crate: ROCrate, study: Study, licence: ContextEntity, jobs: Sequence[FinishedJob]) -> None:
    """Title, description, date, profiles, licence and authors of the study."""
    root, facts = crate.root_dataset, study.archive
    crate.name = facts.title or f"Chain-of-thought distillation study {study.study}"
    crate.description = study.about or f"All experiments of the study {study.study}, made with Gradus."
    root["datePublished"] = (jobs[-1].ended if jobs else _EPOCH)[:10]
    root["conformsTo"] = [
        _entity(crate, url, "CreativeWork", {"name": _profile_name(url)})
        for url in (PROFILES if jobs else PROFILES[-1:])
    ]
    root["license"] = _licence(crate, facts.licence, facts.licence) if facts.licence else licence
    if facts.authors:
        root["author"] = [_author(crate, author.name, author.orcid, author.affiliation) for author in facts.authors]


def _licence(crate: ROCrate, identifier: str, name: str) -> ContextEntity:
    url = f"https://spdx.org/licenses/{identifier}"
    return _entity(crate, url, "CreativeWork", {"name": name, "identifier": identifier})


def _add_tars(
    crate: ROCrate, groups: Mapping[str, Tar], licence: ContextEntity, terms: Sequence[ContextEntity]
) -> None:
    for group, tar in groups.items():
        facts = {"name": tar.file, "contentSize": str(tar.bytes), "sha256": tar.sha256}
        content = {"description": f"{tar.files} files of the group {group}", "encodingFormat": _FORMATS[".tar"]}
        entity = crate.add(File(crate, dest_path=tar.file, source=None, properties={**facts, **content}))
        if group in ("code", "config"):
            entity["license"] = licence
        else:
            entity["license"] = [licence, *terms] if group == "prompts" else list(terms)


_COMPLETED = {"actionStatus": {"@id": "http://schema.org/CompletedActionStatus"}}
_EPOCH = datetime.fromtimestamp(0, UTC).isoformat().replace("+00:00", "Z")


def _profile_name(url: str) -> str:
    name, version = url.rsplit("/", 2)[-2:]
    return f"{name.replace('-', ' ').title()} {version}"


def _entity(crate: ROCrate, identifier: str, kind: str | list[str], properties: dict[str, Any]) -> ContextEntity:
    existing = crate.dereference(identifier)
    if existing is not None:
        return existing
    return crate.add(ContextEntity(crate, identifier, properties={"@type": kind, **properties}))


def _author(crate: ROCrate, name: str, orcid: str | None, affiliation: str | None) -> ContextEntity:
    properties: dict[str, Any] = {"name": name}
    if affiliation:
        identifier = f"#organisation-{_slug(affiliation)}"
        properties["affiliation"] = _entity(crate, identifier, "Organization", {"name": affiliation})
    return _entity(crate, f"https://orcid.org/{orcid}" if orcid else f"#{_slug(name)}", "Person", properties)


def _slug(text: str) -> str:
    return "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())


def _terms(crate: ROCrate, study: Study) -> list[ContextEntity]:
    """An entity per dataset and teacher with the terms that bind its texts."""
    found = [
        (f"#terms-dataset-{name}", f"terms of the dataset {name}", dataset_terms(study, name))
        for name in study.datasets
    ]
    found += [
        (f"#terms-teacher-{name}", f"terms of the teacher {name}", teacher_terms(study, name))
        for name in study.teachers
    ]
    return [
        _entity(crate, identifier, "CreativeWork", {"name": name, "description": text})
        for identifier, name, text in found
    ]


def _workflow(crate: ROCrate, licence: ContextEntity, jobs: Sequence[FinishedJob]) -> ContextEntity:
    """The Snakefile with a step and a tool per rule that ran."""
    language = _entity(
        crate,
        "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
        "ComputerLanguage",
        {
            "name": "Snakemake",
            "url": {"@id": "https://snakemake.github.io"},
            "identifier": {"@id": "https://snakemake.github.io"},
        },
    )
    workflow = crate.add(
        ComputationalWorkflow(
            crate,
            dest_path=WORKFLOW,
            source=None,
            properties={"@type": _KINDS, "name": "Gradus", "encodingFormat": "text/plain", "license": licence},
        )
    )
    workflow["conformsTo"] = {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"}
    workflow["programmingLanguage"] = language
    crate.mainEntity = workflow
    rules = list(dict.fromkeys(job.rule for job in jobs))
    for number, rule in enumerate(rules):
        tool = _entity(crate, f"#tool-{rule}", "SoftwareApplication", {"name": f"program of the rule {rule}"})
        step = {"name": rule, "position": str(number), "workExample": tool}
        workflow.append_to("step", _entity(crate, f"#step-{rule}", "HowToStep", step))
        workflow.append_to("hasPart", tool)
    return workflow


def _actions(
    crate: ROCrate,
    workflow: ContextEntity,
    jobs: Sequence[FinishedJob],
    files: Mapping[str, ArchivedFile],
    versions: Mapping[str, str | None],
) -> None:
    """The run of the workflow, and an action per job with its files."""
    if not jobs:
        return
    organise = _run(crate, workflow, jobs, files, versions)
    for number, job in enumerate(jobs):
        action = _entity(
            crate,
            f"#job-{number}",
            "CreateAction",
            {
                "name": f"{job.rule} of {job.outputs[0]}",
                "description": job.command,
                "instrument": {"@id": f"#tool-{job.rule}"},
                "startTime": job.started,
                "endTime": job.ended,
                "object": _files(crate, job.inputs, files),
                "result": _files(crate, job.outputs, files),
                **_COMPLETED,
            },
        )
        control = {"name": f"control of {job.rule}", "instrument": {"@id": f"#step-{job.rule}"}, "object": action}
        organise.append_to("object", _entity(crate, f"#control-{number}", "ControlAction", control))


def _run(
    crate: ROCrate,
    workflow: ContextEntity,
    jobs: Sequence[FinishedJob],
    files: Mapping[str, ArchivedFile],
    versions: Mapping[str, str | None],
) -> ContextEntity:
    """The run as a whole: its software, its times, what it started from and what came out; the action that organised it."""
    facts = {"softwareVersion": versions.get("snakemake") or "unknown", "url": {"@id": "https://snakemake.github.io"}}
    engine = _entity(crate, "#snakemake", "SoftwareApplication", {"name": "Snakemake", **facts})
    requirements = [
        _entity(crate, f"#software-{name}", "SoftwareApplication", {"name": name, "softwareVersion": version})
        for name, version in versions.items()
        if version and name != "snakemake"
    ]
    if requirements:
        workflow["softwareRequirements"] = requirements
    span = {"startTime": min(job.started for job in jobs), "endTime": max(job.ended for job in jobs)}
    study = {"name": "the study", **span, **_COMPLETED, "instrument": workflow}
    run = _entity(crate, "#run", "CreateAction", study)
    organisation = {"name": "run of Snakemake", **span, "instrument": engine, "result": run}
    organise = _entity(crate, "#organise", "OrganizeAction", organisation)
    crate.root_dataset["mentions"] = run
    made = {output for job in jobs for output in job.outputs}
    used = {name for job in jobs for name in job.inputs}
    run["object"] = [*_settings(crate), *(_file(crate, name, files) for name in sorted(used - made))]
    run["agent"] = _agents(crate)
    run["result"] = _files(crate, sorted(made - used), files)
    return organise


def _settings(crate: ROCrate) -> list[ContextEntity]:
    """What every run starts from: the study with its settings, and the prompts."""
    found = [crate.dereference(name) for name in ("config.tar", "prompts.tar")]
    return [entity for entity in found if entity is not None]


def _agents(crate: ROCrate) -> Any:
    """Who ran the study: its authors; where it names none, somebody who is not named."""
    authors = crate.root_dataset.get("author")
    if authors:
        return authors
    about = {"name": "not named", "description": "The study names no authors (archive.authors)."}
    return _entity(crate, "#agent", "Person", about)


def _files(
    crate: ROCrate, names: Sequence[str], files: Mapping[str, ArchivedFile]
) -> ContextEntity | list[ContextEntity]:
    found = [_file(crate, name, files) for name in names]
    return found[0] if len(found) == 1 else found


def _file(crate: ROCrate, name: str, files: Mapping[str, ArchivedFile]) -> ContextEntity:
    """A file of a job; only its name is known where it is not archived (weights, files of another folder)."""
    properties: dict[str, Any] = {"name": name}
    if name in files:
        properties |= {"sha256": files[name].sha256, "isPartOf": {"@id": f"{files[name].group}.tar"}}
    return _entity(crate, f"#{name}", "CreativeWork", properties)
