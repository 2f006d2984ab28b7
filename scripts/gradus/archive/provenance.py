"""Provenance: the chain of files, hashes, parameters and costs behind one number."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.records import Cell, Supervision
from gradus.records.metrics import Metrics
from gradus.results.scored_counts import contradiction
from gradus.results.store import Results, read_facts
from gradus.runtime.atomic import sha256_file
from gradus.runtime.errors import UserError
from gradus.study import paths
from gradus.study.config import EarlierStudent, base_of
from gradus.study.grid import is_untaught, sources


@dataclass(frozen=True)
class Link:
    """One file of the chain: what it is, where, its SHA-256 (None where it is not here), and what is known of it."""

    what: str
    path: str
    sha256: str | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class EvaluatedCell:
    """Which number a metric file holds: of a cell, on some problems (``test`` say), with a decoding."""

    cell: Cell
    problems: str
    decoding: str


def parse_metric(path: str) -> tuple[Path, EvaluatedCell]:
    """The study's folder and what a metric file's path says of its number; UserError for any other path."""
    found = paths.METRICS.wildcards_in(path)
    if found is None or not found["seed"].isdigit():
        raise UserError("is no metric file", where=path, hint=f"expected {paths.METRICS}")
    supervision = Supervision(found["dataset"], found["teacher"], found["format"], found["level"])
    inside = Path(paths.METRICS.removeprefix(f"{paths.RESULTS}/"))
    return (
        Path(path).parents[len(inside.parts) - 1],
        EvaluatedCell(Cell(supervision, found["student"], int(found["seed"])), found["problems"], found["decoding"]),
    )


def chain(results: Results, evaluated: EvaluatedCell) -> list[Link]:
    """From the problems to the number, in the order in which they were made; files that are not here have no hash."""
    study, cell, decoding = results.study, evaluated.cell, evaluated.decoding
    supervision = cell.supervision
    metric = results.path(paths.METRICS, cell, problems=evaluated.problems, decoding=decoding)
    if not metric.exists():
        raise UserError("is not there", where=metric, hint="ask Snakemake for it")
    problems = {
        "train": results.path(paths.PROBLEMS, dataset=supervision.dataset, split="train"),
        evaluated.problems: results.root / paths.problems_file(study, supervision.dataset, evaluated.problems),
    }
    training_set = results.path(paths.TRAINING_SET, cell)
    predictions = results.path(paths.PREDICTIONS, cell, problems=evaluated.problems, decoding=decoding)
    written = {"decoding": study.decodings[decoding].model_dump(), **_manifest(predictions), "run": _run(predictions)}
    if is_untaught(supervision):
        return [
            *(_link(f"{name} problems", path, _manifest(path)) for name, path in problems.items()),
            *_base_models(results, cell.student),
            _link("predictions", predictions, written | {"untaught": study.teachers[supervision.teacher].model_dump()}),
            _link("number", metric, read_facts(metric)),
        ]
    return [
        *(_link(f"{name} problems", path, _manifest(path)) for name, path in problems.items()),
        *(_annotations(results, source) for source in (*sources(study, supervision), supervision)),
        _link("training set", training_set, _manifest(training_set)),
        *_base_models(results, cell.student),
        _checkpoint(results, cell),
        _link("predictions", predictions, written),
        _link("number", metric, read_facts(metric)),
    ]


def _base_models(results: Results, student: str) -> list[Link]:
    """The base model of a cell, after the one whose warm-up kept its weights where it is an earlier one."""
    section = results.study.students[student]
    path = results.path(paths.BASE_MODEL.manifest, student=base_of(student))
    own = _link("base model", path, {"settings": section.model_dump(), "files": _files_of_model(path)})
    if not isinstance(section, EarlierStudent):
        return [own]
    whole = results.path(paths.BASE_MODEL.manifest, student=section.of)
    settings = results.study.students[section.of].model_dump()
    return [_link(f"warm-up {section.of}", whole, {"settings": settings, "files": _files_of_model(whole)}), own]


def _files_of_model(manifest: Path) -> dict[str, Any]:
    """The hashes of a base model's files, as its manifest has them: of one built here, or of the folder that is pinned."""
    facts = read_facts(manifest) if manifest.exists() else {}
    return dict(facts.get("files") or (facts.get("reference") or {}).get("files") or {})


def _annotations(results: Results, supervision: Supervision) -> Link:
    path = results.path(paths.ANNOTATIONS, supervision)
    facts: dict[str, Any] = {"teacher": results.study.teachers[supervision.teacher].model_dump(), **_manifest(path)}
    try:
        rows = results.find_annotations(supervision)
    except UserError:  # told as a break of the chain, which is shown whole
        rows = []
    if rows:
        sent = Counter(json.dumps(row.parameters, sort_keys=True) for row in rows)
        prices = [row.price_usd for row in rows if row.price_usd is not None]
        facts |= {
            "models": sorted({row.model for row in rows}),
            "parameters_sent": [json.loads(text) for text in sent],
            "tokens": dict(sum((Counter(row.usage) for row in rows), Counter())),
            "price_usd": round(sum(prices), 6) if len(prices) == len(rows) else None,
        }
    return _link(f"annotations {supervision}", path, {**facts, "run": _run(path)})


def _checkpoint(results: Results, cell: Cell) -> Link:
    facts: dict[str, Any] = {}
    manifest: Mapping[str, Any] | None = results.find_checkpoint_manifest(cell)
    if manifest is not None:
        identity = {key: value for key, value in manifest["identity"].items() if key != "recipe"}
        facts = {
            "recipe": manifest["identity"].get("recipe"),
            "identity": identity,
            **{
                key: manifest[key]
                for key in ("steps", "examples", "final_loss", "files", "from_store")
                if key in manifest
            },
        }
    facts["run"] = results.find_run_record(paths.CHECKPOINT, cell) or {}
    return _link("checkpoint", results.path(paths.WEIGHTS.manifest, cell), facts)


def _link(what: str, path: Path, facts: dict[str, Any]) -> Link:
    return Link(what, str(path), sha256_file(path) if path.exists() else None, facts)


def _manifest(path: Path) -> dict[str, Any]:
    """The facts of a large file's manifest, but for the file's own name and size."""
    manifest = Path(paths.Artifact(path).manifest)
    facts = read_facts(manifest) if manifest.exists() else {}
    return {key: value for key, value in facts.items() if key not in ("file", "bytes", "sha256")}


def _run(path: Path) -> dict[str, Any]:
    record = Path(paths.Artifact(path).run_record)
    return read_facts(record) if record.exists() else {}


def breaks(links: list[Link]) -> list[str]:
    """Where the chain does not hold: a file that is not the one that the next was made from."""
    by_name = {link.what: link for link in links}
    # An untaught student has neither checkpoint nor training set.
    identity = by_name["checkpoint"].facts.get("identity", {}) if "checkpoint" in by_name else {}
    found = []
    for what, key in (("training set", "training_set"), ("base model", "base")):
        made_from, here = identity.get(key), by_name[what].sha256 if what in by_name else None
        if made_from and here and made_from != here:
            found.append(f"the checkpoint was made from another {what} (sha256 {made_from}) than {by_name[what].path}")
    for link in links:
        manifest = Path(paths.Artifact(link.path).manifest) if link.path.endswith(".jsonl") else None
        if manifest and manifest.exists() and link.sha256 and read_facts(manifest).get("sha256") != link.sha256:
            found.append(f"{link.path} is not what its manifest says")
        found += _other_weights(link)
    number = by_name["number"]
    rows = Path(number.path).with_suffix(".rows.jsonl")
    manifest = Path(paths.Artifact(rows).manifest)
    if rows.exists() and manifest.exists() and read_facts(manifest).get("sha256") != sha256_file(rows):
        found.append(f"{rows} is not what its manifest says")
    try:
        contradicted = contradiction(Metrics.from_json(number.facts), rows)
    except UserError as error:
        raise UserError(error.what, where=error.where or number.path, line=error.line, hint=error.hint) from None
    return found if contradicted is None else [*found, f"{number.path} {contradicted}"]


def _other_weights(link: Link) -> list[str]:
    """The weights behind a manifest that are not what it says: a checkpoint's, or those of a base model that was built here.

    Those that are gone, or lie on the hub, are not looked at.
    """
    folder = Path(link.path).parent / {"checkpoint": "weights", "base model": "model"}.get(link.what, "")
    files = link.facts.get("files")
    if link.what not in ("checkpoint", "base model") or not isinstance(files, dict) or not folder.is_dir():
        return []
    there = {folder / name: digest for name, digest in files.items() if (folder / name).is_file()}
    return [f"{path} is not what {link.path} says" for path, digest in there.items() if sha256_file(path) != digest]


def to_text(links: list[Link]) -> str:
    """The chain for people: a heading with the hash per file, its facts below, empty ones left out."""
    lines = []
    for number, link in enumerate(links, 1):
        lines.append(f"{number}. {link.what}: {link.path}")
        lines.append(f"   sha256 {link.sha256 or '- (not here)'}")
        for key, value in link.facts.items():
            if value in (None, {}, [], ""):
                continue
            text = _shown(value)
            lines.append(f"   {key}: {text if len(text) <= 400 else text[:397] + '...'}")
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    """A fact as text; of an object what is short comes first, because long texts are cut."""
    if isinstance(value, dict):
        value = dict(sorted(value.items(), key=lambda item: (isinstance(item[1], dict | list), item[0])))
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
