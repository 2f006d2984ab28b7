"""Provenance: the chain of files, hashes, parameters and costs behind one number."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.records import Annotation, Cell, Supervision
from gradus.runtime.atomic import sha256_file
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json, read_records
from gradus.study import paths
from gradus.study.config import Study, load
from gradus.study.grid import sources


@dataclass(frozen=True)
class Link:
    """One file of the chain: what it is, where, its SHA-256 (None where it is not here), and what is known of it."""

    what: str
    path: str
    sha256: str | None
    facts: dict[str, Any]


def parse_metric(path: str) -> tuple[str, Cell, str]:
    """Study, cell and decoding of a metric file's path; UserError for any other."""
    found = paths.wildcards_of(paths.METRICS, path)
    if found is None or not found["seed"].isdigit():
        raise UserError("is no metric file", where=path, hint=f"expected {paths.METRICS}")
    place = Supervision(found["dataset"], found["teacher"], found["format"], found["level"])
    return found["study"], Cell(place, found["student"], int(found["seed"])), found["decoding"]


def chain(study_name: str, cell: Cell, decoding: str) -> list[Link]:
    """From the problems to the number, in the order in which they were made; files that are not here have no hash."""
    copy = paths.fill(paths.STUDY_COPY, study_name)
    if not Path(copy).exists():
        raise UserError("no such study here", where=copy, hint="start this where Snakemake is started")
    study = load(read_json(copy), copy)
    metric = paths.fill(paths.METRICS, study_name, cell, decoding=decoding)
    if not Path(metric).exists():
        raise UserError("is not there", where=metric, hint="ask Snakemake for it")
    place, name = cell.supervision, study.study
    links = [_problems(study, place.dataset, split) for split in ("train", "test")]
    for source in [*sources(study, place), place]:
        links.append(_annotations(study, source))
    set_ = paths.fill(paths.TRAINING_SET, name, place, student=cell.student)
    links.append(_link("training set", set_, _manifest(set_)))
    base = paths.fill(f"{paths.STUDENT}/manifest.json", name, student=cell.student)
    links.append(_link("base model", base, {"settings": study.students[cell.student].model_dump()}))
    links.append(_checkpoint(study, cell))
    written = paths.fill(paths.PREDICTIONS, name, cell, decoding=decoding)
    facts = {"decoding": study.decodings[decoding].model_dump(), **_manifest(written), "run": _run(written)}
    links.append(_link("predictions", written, facts))
    links.append(_link("number", metric, read_json(metric)))
    return links


def _problems(study: Study, dataset: str, split: str) -> Link:
    path = paths.fill(paths.PROBLEMS, study.study, dataset=dataset, split=split)
    return _link(f"{split} problems", path, _manifest(path))


def _annotations(study: Study, place: Supervision) -> Link:
    path = paths.fill(paths.ANNOTATIONS, study.study, place)
    facts: dict[str, Any] = {"teacher": study.teachers[place.teacher].model_dump(), **_manifest(path)}
    if Path(path).exists():
        rows = read_records(path, Annotation)
        sent = Counter(json.dumps(row.parameters, sort_keys=True) for row in rows)
        prices = [row.price_usd for row in rows if row.price_usd is not None]
        facts |= {
            "models": sorted({row.model for row in rows}),
            "parameters_sent": [json.loads(text) for text in sent],
            "tokens": dict(sum((Counter(row.usage) for row in rows), Counter())),
            "price_usd": round(sum(prices), 6) if len(prices) == len(rows) else None,
        }
    return _link(f"annotations {place}", path, {**facts, "run": _run(path)})


def _checkpoint(study: Study, cell: Cell) -> Link:
    path = paths.fill(f"{paths.CHECKPOINT}/manifest.json", study.study, cell)
    facts: dict[str, Any] = {}
    if Path(path).exists():
        manifest = read_json(path)
        identity = {key: value for key, value in manifest["identity"].items() if key != "recipe"}
        facts = {
            "recipe": manifest["identity"].get("recipe"),
            "identity": identity,
            **{key: manifest[key] for key in ("steps", "examples", "final_loss", "files") if key in manifest},
        }
    run = Path(f"{Path(path).parent}.run.json")
    return _link("checkpoint", path, {**facts, "run": read_json(run) if run.exists() else {}})


def _link(what: str, path: str, facts: dict[str, Any]) -> Link:
    return Link(what, path, sha256_file(path) if Path(path).exists() else None, facts)


def _manifest(path: str) -> dict[str, Any]:
    """What the small file beside a large one tells, but for the large one's name and size."""
    small = Path(paths.manifest(path))
    facts = read_json(small) if small.exists() else {}
    return {key: value for key, value in facts.items() if key not in ("file", "bytes", "sha256")}


def _run(path: str) -> dict[str, Any]:
    record = Path(paths.run_record(path))
    return dict(read_json(record)) if record.exists() else {}


def breaks(links: list[Link]) -> list[str]:
    """Where the chain does not hold: a file that is not the one that the next was made from."""
    by_name = {link.what: link for link in links}
    identity = by_name["checkpoint"].facts.get("identity", {})
    found = []
    for what, key in (("training set", "training_set"), ("base model", "base")):
        made_from, here = identity.get(key), by_name[what].sha256
        if made_from and here and made_from != here:
            found.append(f"the checkpoint was made from another {what} (sha256 {made_from}) than {by_name[what].path}")
    for link in links:
        small = Path(paths.manifest(link.path)) if link.path.endswith(".jsonl") else None
        if small and small.exists() and link.sha256 and read_json(small)["sha256"] != link.sha256:
            found.append(f"{link.path} is not what its manifest says")
    return found


def told(links: list[Link]) -> str:
    """The chain for people: a heading with the hash per file, its facts below, empty ones left out."""
    lines = []
    for number, link in enumerate(links, 1):
        lines.append(f"{number}. {link.what}: {link.path}")
        lines.append(f"   sha256 {link.sha256 or '- (not here)'}")
        for key, value in link.facts.items():
            if value in (None, {}, [], ""):
                continue
            shown = json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict | list) else value
            text = str(shown)
            lines.append(f"   {key}: {text if len(text) <= 400 else text[:397] + '...'}")
    return "\n".join(lines) + "\n"
