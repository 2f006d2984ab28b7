"""The preview: a crate as a page for people, ``ro-crate-preview.html`` (RO-Crate 1.1), which loads nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from gradus.presentation.pages import to_page
from gradus.presentation.table import Table
from gradus.runtime.markdown import one_line

PREVIEW = "ro-crate-preview.html"


def preview(crate: Mapping[str, Any]) -> str:
    """The page of a crate's metadata: the study, its files, its run, jobs by rule, software, terms."""
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    root, run = entities["./"], entities.get("#run")
    title = one_line(str(root["name"]))
    lines = [f"# {title}", "", one_line(str(root.get("description", ""))), ""]
    authors = [_name(entities, one) for one in _listed(root.get("author"))]
    lines += [f"- authors: {', '.join(authors) or 'not named'}", f"- date: {root.get('datePublished', 'unknown')}"]
    lines += [f"- licence: {', '.join(_name(entities, one) for one in _listed(root.get('license')))}", ""]
    if run is not None:
        agents = ", ".join(_name(entities, one) for one in _listed(run.get("agent")))
        lines += ["## The run", "", f"From {run['startTime']} to {run['endTime']}, by {agents}.", ""]
        lines += [_jobs(entities), ""]
    lines += ["## Files", "", _files(entities, _listed(root.get("hasPart"))), ""]
    lines += ["## Software", "", *_facts(entities, "#software-", "softwareVersion"), ""]
    lines += ["## Terms", "", *_facts(entities, "#terms-", "description"), ""]
    return to_page("\n".join(lines), title)


def _jobs(entities: Mapping[str, Mapping[str, Any]]) -> str:
    counted = Counter(one["name"].split(" of ")[0] for name, one in entities.items() if name.startswith("#job-"))
    return Table(
        ["rule", "jobs"], [[rule, str(count)] for rule, count in sorted(counted.items())], align="lr"
    ).markdown()


def _files(entities: Mapping[str, Mapping[str, Any]], parts: Sequence[Mapping[str, str]]) -> str:
    found = [entities[one["@id"]] for one in parts if one["@id"] in entities]
    rows = [
        [str(one["@id"]), str(one.get("contentSize", "")), str(one.get("description", one.get("name", "")))]
        for one in found
    ]
    return Table(["file", "bytes", "what"], rows, align="lrl").markdown()


def _facts(entities: Mapping[str, Mapping[str, Any]], prefix: str, field: str) -> list[str]:
    found = [one for name, one in entities.items() if name.startswith(prefix)]
    return [f"- {one_line(str(one['name']))}: {one_line(str(one.get(field, 'unknown')))}" for one in found]


def _name(entities: Mapping[str, Mapping[str, Any]], reference: Mapping[str, str]) -> str:
    entity = entities.get(reference["@id"], {})
    return one_line(str(entity.get("name", reference["@id"])))


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
