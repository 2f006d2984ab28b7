"""Publish an archive to Zenodo, annotations or a student to the Hugging Face Hub. A dry run unless --send is given."""

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from gradus.archive.publishing import hub, zenodo
from gradus.archive.publishing.contents import (
    Upload,
    annotation_uploads,
    archive_uploads,
    check_limits,
    student_uploads,
)
from gradus.archive.verification import read_manifest
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.study import paths
from gradus.study.config import Study, load


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("what", type=Path, help="an archive's folder, or a checkpoint's (Hub only)")
    options.add_argument("--to", required=True, choices=[*zenodo.SITES, "hub"])
    options.add_argument("--repository", help="the Hub's repository, OWNER/NAME")
    options.add_argument("--send", action="store_true", help="send; without it, only what would be sent is printed")
    options.add_argument("--final", action="store_true", help="Zenodo: publish the draft, which cannot be undone")
    options.add_argument("--url", help="another address of the service")
    given = options.parse_args()
    if given.to == "hub":
        _to_hub(given)
    else:
        _to_zenodo(given)


def _to_zenodo(given: argparse.Namespace) -> None:
    study, manifest = _study(given.what)
    uploads = archive_uploads(given.what)
    check_limits(uploads, zenodo.MOST_FILES, zenodo.MOST_BYTES, "Zenodo")
    guide = (given.what / "README.md").read_text(encoding="utf-8")
    metadata = zenodo.deposit_metadata(study, guide, manifest["commit"])
    site = given.url or zenodo.SITES[given.to]
    memory = given.what.parent / "publication" / f"{given.to}.json"
    known = read_json(memory) if memory.exists() else {}
    target = f"the draft {known['id']}" if known else "a new draft"
    _tell(uploads, f"{target} at {site}, title {metadata['title']!r}, licence {metadata['license']}", given.send)
    if given.send:
        token = _token(zenodo.TOKENS[given.to])

        def remember(record: zenodo.Record) -> None:
            write_json(memory, record.to_json())

        record = zenodo.Zenodo(site, token).deposit(metadata, uploads, known.get("id"), given.final, remember)
        state = "published" if record.published else "a draft: look at it, then give the command again with --final"
        print(f"{state}: {record.url}, DOI {record.doi} (written down in {memory})")


def _to_hub(given: argparse.Namespace) -> None:
    if not given.repository or given.repository.count("/") != 1:
        raise UserError("the Hub needs --repository OWNER/NAME")
    kind: hub.Kind = "model" if (given.what / "weights").is_dir() else "dataset"
    with tempfile.TemporaryDirectory() as staging:
        if kind == "model":
            uploads = student_uploads(given.what)
            memory = given.what.parent / f"{given.what.name}.hub.run.json"
        else:
            _study(given.what)
            uploads = annotation_uploads(given.what, Path(staging))
            memory = given.what.parent / "publication" / "hub.json"
        _tell(uploads, f"the private {kind} {given.repository} at {given.url or 'the Hugging Face Hub'}", given.send)
        if given.send:
            done = hub.commit(
                given.repository, kind, uploads, f"Published by Gradus: {given.what.name}", _token(hub.TOKEN), given.url
            )
            write_json(memory, done)
            print(f"revision {done['revision']}: {done['url']} (written down in {memory})")


def _study(archive: Path) -> tuple[Study, dict[str, Any]]:
    """The archive's study and manifest; the study lies beside it."""
    manifest = read_manifest(archive)
    copy = archive.parent / Path(paths.STUDY_COPY).name
    if not copy.exists():
        raise UserError("the resolved study is not beside the archive", where=copy, hint="restore the archive first")
    return load(read_json(copy), str(copy)), manifest


def _token(name: str) -> str:
    token = os.environ.get(name)
    if not token:
        raise UserError(f"the environment variable {name} is not set", hint="tokens are never read from files")
    return token


def _tell(uploads: list[Upload], target: str, send: bool) -> None:
    size = sum(upload.size for upload in uploads)
    print(f"{'Sending' if send else 'Would send'} {len(uploads)} files, {size / 1e6:.1f} MB, to {target}:")
    for upload in uploads:
        print(f"  {upload.name}  {upload.size} bytes")
    if not send:
        print("Nothing was sent: add --send.")


if __name__ == "__main__":
    program.run(main)
