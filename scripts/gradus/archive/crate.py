"""The crate: a Workflow Run RO-Crate of an archive, with one action per job (RO-Crate 1.1, Provenance Run Crate 0.5).

Files lie inside tars, which crates cannot point into: they are entities of their own with their SHA-256 and the tar that
holds them. Nothing in it is of the moment of packing, so that two builds are the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from rocrate.model import ComputationalWorkflow, ContextEntity, File
from rocrate.rocrate import ROCrate

from gradus.archive.jobs import Job
from gradus.archive.licences import dataset_terms, teacher_terms
from gradus.study.config import Study

METADATA = "ro-crate-metadata.json"
WORKFLOW = "Snakefile"
PROFILES = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/ro/wfrun/provenance/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
_CODE = "https://spdx.org/licenses/Apache-2.0"
_KINDS = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
_TYPES = {".tar": "application/x-tar", ".json": "application/json", ".md": "text/markdown", "": "text/plain"}


def metadata(
    study: Study,
    groups: Mapping[str, Mapping[str, Any]],
    beside: Mapping[str, int],
    members: Mapping[str, tuple[str, str]],
    jobs: Sequence[Job],
    versions: Mapping[str, str | None],
) -> dict[str, Any]:
    """The content of ``ro-crate-metadata.json``.

    ``groups``: facts of each tar; ``beside``: bytes of the other files of the archive; ``members``: (group, SHA-256) of every
    archived file; ``versions`` of the software that ran.
    """
    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms.update({"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"})
    root = crate.root_dataset
    crate.name = study.archive.title or f"Chain-of-thought distillation study {study.study}"
    crate.description = study.about or f"All experiments of the study {study.study}, made with Gradus."
    root["datePublished"] = (jobs[-1].ended if jobs else _EPOCH)[:10]
    root["conformsTo"] = [
        _entity(crate, url, "CreativeWork", {"name": _profile_name(url)})
        for url in (PROFILES if jobs else PROFILES[-1:])
    ]
    licence = _entity(crate, _CODE, "CreativeWork", {"name": "Apache License 2.0", "identifier": "Apache-2.0"})
    own = study.archive.licence
    root["license"] = (
        _entity(crate, f"https://spdx.org/licenses/{own}", "CreativeWork", {"name": own, "identifier": own})
        if own and not _CODE.endswith(f"/{own}")
        else licence
    )
    if study.archive.authors:
        root["author"] = [_author(crate, one.name, one.orcid, one.affiliation) for one in study.archive.authors]
    terms = _terms(crate, study)
    workflow = _workflow(crate, licence, jobs)
    for group, facts in groups.items():
        about = {"name": facts["file"], "contentSize": str(facts["bytes"]), "sha256": facts["sha256"]}
        held = {"description": f"{facts['files']} files of the group {group}", "encodingFormat": _TYPES[".tar"]}
        rights = licence if group in ("code", "config") else [licence, *terms] if group == "prompts" else terms
        tar = crate.add(File(crate, dest_path=facts["file"], source=None, properties={**about, **held}))
        tar["license"] = rights
    for name, size in beside.items():
        if name != WORKFLOW:
            kind = _TYPES[PurePosixPath(name).suffix]
            facts = {"name": name, "contentSize": str(size), "encodingFormat": kind}
            about = {"about": {"@id": "./"}} if name == "README.md" else {}
            crate.add(File(crate, dest_path=name, source=None, properties={**facts, **about}))
    _actions(crate, workflow, jobs, members, versions)
    both = [{"@id": "https://w3id.org/ro/crate/1.1"}, {"@id": PROFILES[-1]}]
    crate.metadata["conformsTo"] = both
    return dict(crate.metadata.generate())


_EPOCH = datetime.fromtimestamp(0, UTC).isoformat().replace("+00:00", "Z")


def _profile_name(url: str) -> str:
    what, version = url.rsplit("/", 2)[-2:]
    return f"{what.replace('-', ' ').title()} {version}"


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
    return "-".join("".join(one if one.isalnum() else " " for one in text.lower()).split())


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
    return [_entity(crate, place, "CreativeWork", {"name": name, "description": text}) for place, name, text in found]


def _workflow(crate: ROCrate, licence: ContextEntity, jobs: Sequence[Job]) -> ContextEntity:
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
    jobs: Sequence[Job],
    members: Mapping[str, tuple[str, str]],
    versions: Mapping[str, str | None],
) -> None:
    """The run of the workflow, and an action per job with its files."""
    if not jobs:
        return
    engine = _entity(
        crate,
        "#snakemake",
        "SoftwareApplication",
        {
            "name": "Snakemake",
            "softwareVersion": versions.get("snakemake") or "unknown",
            "url": {"@id": "https://snakemake.github.io"},
        },
    )
    requirements = [
        _entity(crate, f"#software-{name}", "SoftwareApplication", {"name": name, "softwareVersion": version})
        for name, version in versions.items()
        if version and name != "snakemake"
    ]
    if requirements:
        workflow["softwareRequirements"] = requirements
    span = {"startTime": min(job.started for job in jobs), "endTime": max(job.ended for job in jobs)}
    done = {"actionStatus": {"@id": "http://schema.org/CompletedActionStatus"}}
    run = _entity(crate, "#run", "CreateAction", {"name": "the study", **span, **done, "instrument": workflow})
    organisation = {"name": "run of Snakemake", **span, "instrument": engine, "result": run}
    organise = _entity(crate, "#organise", "OrganizeAction", organisation)
    crate.root_dataset["mentions"] = run
    made = {output for job in jobs for output in job.outputs}
    used = {name for job in jobs for name in job.inputs}
    run["object"] = _files(crate, sorted(used - made), members)
    run["result"] = _files(crate, sorted(made - used), members)
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
                "object": _files(crate, job.inputs, members),
                "result": _files(crate, job.outputs, members),
                **done,
            },
        )
        control = {"name": f"control of {job.rule}", "instrument": {"@id": f"#step-{job.rule}"}, "object": action}
        organise.append_to("object", _entity(crate, f"#control-{number}", "ControlAction", control))


def _files(
    crate: ROCrate, names: Sequence[str], members: Mapping[str, tuple[str, str]]
) -> ContextEntity | list[ContextEntity]:
    found = [_file(crate, name, members) for name in names]
    return found[0] if len(found) == 1 else found


def _file(crate: ROCrate, name: str, members: Mapping[str, tuple[str, str]]) -> ContextEntity:
    """An archived file, or one that only its name is known of (weights that were left out, files of another folder)."""
    properties: dict[str, Any] = {"name": name}
    if name in members:
        group, digest = members[name]
        properties |= {"sha256": digest, "isPartOf": {"@id": f"{group}.tar"}}
    return _entity(crate, f"#{name}", "CreativeWork", properties)
