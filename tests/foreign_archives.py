"""Archives that somebody else made: sums and manifest fit, whatever the members are and say."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gradus.archive.manifest import read_manifest
from gradus.archive.members import read_members
from gradus.archive.verification import read_sums
from gradus.runtime.atomic import canonical_json, sha256_bytes, sha256_file, write_json, write_text
from gradus.statistics.intervals import wilson


def entry(name: str, size: int = 1, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """The header of a member."""
    made = tarfile.TarInfo(name)
    made.size, made.type, made.linkname = size, kind, link
    return made


def describe(archive: Path, sums: dict[str, str], study: str = "s") -> None:
    """Write the sums, the guide and the manifest of an archive whose only tar, ``metrics.tar``, is there."""
    tar = archive / "metrics.tar"
    facts = {"file": tar.name, "files": len(sums), "bytes": tar.stat().st_size, "sha256": sha256_file(tar)}
    write_text(archive / "SHA256SUMS", "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    write_text(archive / "README.md", "what lies here\n")
    companions = {name: sha256_file(archive / name) for name in ("README.md", "SHA256SUMS")}
    members = dict.fromkeys(sums, "metrics")
    manifest = {"study": study, "groups": {"metrics": facts}, "members": members, "companions": companions}
    write_json(archive / "manifest.json", manifest)


def write_archive(archive: Path, files: Sequence[tuple[str, bytes]], study: str = "s") -> Path:
    """An archive of these files, their names as they are: nothing is checked."""
    archive.mkdir(parents=True)
    with tarfile.open(archive / "metrics.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files:
            tar.addfile(entry(name, len(content)), io.BytesIO(content))
    describe(archive, {name: sha256_bytes(content) for name, content in files}, study)
    return archive


def write_study_archive(archive: Path, config: dict[str, Any]) -> Path:
    """An archive of a study file alone."""
    name, content = f"results/{config['study']}/study.json", json.dumps(config, indent=2) + "\n"
    return write_archive(archive, [(name, content.encode())], config["study"])


def rewrite(archive: Path, changes: Mapping[str, bytes]) -> None:
    """Change members of an archive so that every sum fits again: what somebody packed, not what broke on the way."""
    manifest = json.loads((archive / "manifest.json").read_text(encoding="utf-8"))
    sums = read_sums(archive / "SHA256SUMS")
    for group in {manifest["members"][name] for name in changes}:
        tar_path = archive / manifest["groups"][group]["file"]
        with tarfile.open(tar_path) as tar:
            kept = {one.name: tar.extractfile(one).read() for one in tar.getmembers()}  # type: ignore[union-attr]
        kept |= {name: content for name, content in changes.items() if manifest["members"][name] == group}
        with tarfile.open(tar_path, "w", format=tarfile.PAX_FORMAT) as tar:
            for name, content in sorted(kept.items()):
                tar.addfile(entry(name, len(content)), io.BytesIO(content))
        sums |= {name: sha256_bytes(content) for name, content in kept.items()}
        manifest["groups"][group] |= {"bytes": tar_path.stat().st_size, "sha256": sha256_file(tar_path)}
    write_text(archive / "SHA256SUMS", "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    manifest["companions"]["SHA256SUMS"] = sha256_file(archive / "SHA256SUMS")
    write_json(archive / "manifest.json", manifest)


def plant_solved(archive: Path, metric: str, problems: int) -> None:
    """Let the cell of a metric file in an archive solve so many problems more: rows, their manifest and the metric agree."""
    rows_name = metric.removesuffix(".json") + ".rows.jsonl"
    manifest_name = rows_name.removesuffix(".jsonl") + ".manifest.json"
    names = (metric, rows_name, manifest_name)
    found = read_members(archive, read_manifest(archive), lambda name: name in names)
    rows = [json.loads(line) for line in found[rows_name].splitlines()]
    unsolved = [row for row in rows if not row["correct"]][:problems]
    assert len(unsolved) == problems
    for row in unsolved:
        row["correct"] = True
    content = "".join(canonical_json(row) + "\n" for row in rows).encode()
    facts = json.loads(found[manifest_name]) | {"bytes": len(content), "sha256": sha256_bytes(content)}
    value = json.loads(found[metric])
    value["correct"] += problems
    value["disagreements"] = sum(row["strict"] != row["correct"] for row in rows)
    value["accuracy"] = value["correct"] / len(rows)
    interval = wilson(value["correct"], len(rows))
    value |= {"interval_low": interval.low, "interval_high": interval.high}
    rewrite(
        archive,
        {
            rows_name: content,
            manifest_name: json.dumps(facts).encode(),
            metric: (json.dumps(value, indent=2) + "\n").encode(),
        },
    )
