"""Publish an archive to Zenodo, annotations or a student to the Hugging Face Hub. A dry run unless --send is given."""

import argparse
import json
import os
import tempfile
from pathlib import Path

from gradus.archive.manifest import Manifest, read_manifest
from gradus.archive.portable import archived_study
from gradus.archive.publishing import hub, zenodo
from gradus.archive.publishing.contents import (
    Upload,
    annotation_uploads,
    archive_uploads,
    check_limits,
    student_uploads,
)
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.study.config import Study, load


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("what", type=Path, help="an archive's folder, or a checkpoint's (Hub only)")
    options.add_argument("--to", required=True, choices=[*zenodo.SITES, "hub"])
    options.add_argument("--repository", help="the Hub's repository, OWNER/NAME")
    options.add_argument("--send", action="store_true", help="send; without it, only what would be sent is printed")
    options.add_argument("--final", action="store_true", help="Zenodo: publish the draft, which cannot be undone")
    options.add_argument(
        "--new-version",
        action="store_true",
        help="Zenodo: a new version of the record that was published, same concept DOI",
    )
    options.add_argument("--url", help="another address of the service")
    given = options.parse_args()
    if given.to == "hub":
        _to_hub(given)
    else:
        _to_zenodo(given)


def _to_zenodo(given: argparse.Namespace) -> None:
    uploads = archive_uploads(given.what)
    check_limits(uploads, zenodo.MOST_FILES, zenodo.MOST_BYTES, "Zenodo")
    manifest = read_manifest(given.what)
    guide = (given.what / "README.md").read_text(encoding="utf-8")
    metadata = zenodo.deposit_metadata(_study(given.what, manifest), guide, manifest.commit)
    site = given.url or zenodo.SITES[given.to]
    memory = given.what.parent / "publication" / f"{given.to}.json"
    draft = _remembered_draft(memory)
    if draft is None and given.new_version:
        what = "names no record of which there could be a new version"
        raise UserError(what, where=memory, hint="publish the first version without --new-version")
    target = "a new draft" if draft is None else f"the draft {draft}"
    if given.new_version:
        target = f"a draft of the next version of the record {draft} (or that draft, where it was begun)"
    _announce(uploads, f"{target} at {site}, title {metadata['title']!r}, licence {metadata['license']}", given.send)
    if given.send:
        token = _token(zenodo.TOKENS[given.to])

        def remember(record: zenodo.Record) -> None:
            write_json(memory, record.to_json())

        record = zenodo.Zenodo(site, token).deposit(metadata, uploads, draft, given.final, remember, given.new_version)
        state = "published" if record.published else "a draft: look at it, then give the command again with --final"
        concept = f", all versions {record.concept_doi}" if record.concept_doi else ""
        print(f"{state}: {record.url}, DOI {record.doi}{concept} (kept in {memory})")


def _to_hub(given: argparse.Namespace) -> None:
    if not given.repository or given.repository.count("/") != 1:
        raise UserError("the Hub needs --repository OWNER/NAME")
    kind: hub.Kind = "model" if (given.what / "weights").is_dir() else "dataset"
    with tempfile.TemporaryDirectory() as staging:
        if kind == "model":
            uploads = student_uploads(given.what, Path(staging))
            memory = given.what.parent / f"{given.what.name}.hub.run.json"
        else:
            uploads = annotation_uploads(given.what, Path(staging))
            memory = given.what.parent / "publication" / "hub.json"
        _announce(
            uploads, f"the private {kind} {given.repository} at {given.url or 'the Hugging Face Hub'}", given.send
        )
        if given.send:
            done = hub.commit(
                given.repository, kind, uploads, f"Published by Gradus: {given.what.name}", _token(hub.TOKEN), given.url
            )
            write_json(memory, done)
            print(f"revision {done['revision']}: {done['url']} (kept in {memory})")


def _study(archive: Path, manifest: Manifest) -> Study:
    """The study that an archive holds (whatever ``study.json`` is beside the archive)."""
    archived = archived_study(archive, manifest)
    if archived is None:
        raise UserError("the archive holds no study file", where=archive)
    study = load(json.loads(archived.content), f"{archive}: study.json")
    if study.study != manifest.study:
        raise UserError(f"the archive of {manifest.study!r} holds the study {study.study!r}", where=archive)
    return study


def _remembered_draft(memory: Path) -> int | None:
    """The number of the draft that an earlier run made; None where there is none."""
    known = read_json(memory) if memory.exists() else None
    if known is None:
        return None
    if not isinstance(known, dict) or type(known.get("id")) is not int:
        raise UserError("does not name a draft by its number", where=memory, hint="delete it to make a new draft")
    return int(known["id"])


def _token(name: str) -> str:
    token = os.environ.get(name)
    if not token:
        raise UserError(f"the environment variable {name} is not set", hint="tokens are never read from files")
    return token


def _announce(uploads: list[Upload], target: str, send: bool) -> None:
    size = sum(upload.size for upload in uploads)
    print(f"{'Sending' if send else 'Would send'} {len(uploads)} files, {size / 1e6:.1f} MB, to {target}:")
    for upload in uploads:
        print(f"  {upload.name}  {upload.size} bytes")
    if not send:
        print("Nothing was sent: add --send.")


if __name__ == "__main__":
    program.run(main)
