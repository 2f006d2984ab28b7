"""Contradictions: files that are not what the manifests beside them say, in an archive or on their way into one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradus.archive.tarball import Member
from gradus.runtime.atomic import sha256_file
from gradus.runtime.errors import UserError
from gradus.study.paths import WEIGHTS, Artifact

ENDING = "manifest.json"
# A manifest is small: that of an annotation file lists no more than the problems without one.
LARGEST = 64 * 2**20


def is_manifest(name: str) -> bool:
    """Whether a member tells the content of others."""
    return name.endswith(ENDING) and not name.startswith("code/")


def contradictions(sums: Mapping[str, str], manifests: Mapping[str, bytes]) -> list[str]:
    """The members that are not what a manifest among them says, a line each; ``sums`` are those of all members."""
    found = []
    for name, content in sorted(manifests.items()):
        for described, digest in _described(name, content).items():
            if sums.get(described, digest) != digest:
                found.append(f"{described} is not what {name} says")
    return found


def refuse_contradictions(members: Sequence[Member]) -> None:
    """UserError that names every file, of those to be packed, which the manifest beside it contradicts."""
    here = {member.name: member.path for member in members}
    manifests = {name: path.read_bytes() for name, path in here.items() if is_manifest(name) and path.exists()}
    described = {one for name, content in manifests.items() for one in _described(name, content)}
    sums = {name: sha256_file(path) for name, path in here.items() if name in described and path.exists()}
    found = contradictions(sums, manifests)
    if found:
        raise UserError(
            f"{len(found)} files were changed after they were made: {'; '.join(found[:5])}",
            hint="what was made from them is no longer theirs: put them back, or delete each with its manifest and run again",
        )


def _described(name: str, content: bytes) -> dict[str, str]:
    """The SHA-256 of each file that a manifest tells of, by its member name; nothing for what is no manifest of files."""
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(facts, dict):
        return {}
    if isinstance(facts.get("sha256"), str) and name.endswith(f".{ENDING}"):
        return {f"{name.removesuffix(f'.{ENDING}')}.jsonl": facts["sha256"]}
    if isinstance(facts.get("files"), dict) and Artifact(WEIGHTS.manifest).wildcards_in(name):
        folder = Path(name).parent / Path(WEIGHTS).name
        return {f"{folder.as_posix()}/{one}": str(digest) for one, digest in facts["files"].items()}
    return {}
