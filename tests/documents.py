"""What the documents say, read by the tests that compare them with the programs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from running import PROJECT

# Pages of docs/howto whose commands are run, in the order of the index; each goes on where the one before it ended.
COOKBOOK = (
    "own-study",
    "rebuild-a-cell",
    "add-a-level",
    "change-the-teacher",
    "raise-the-budget",
    "look-at-a-running-study",
    "price-an-edit",
    "compare-two-studies",
    "trace-a-number",
    "archive-and-restore",
    "publish",
)


@dataclass(frozen=True)
class DocumentedFile:
    """A section of docs/reference/outputs.md: the paths it is about, and the fields in its tables by the head of the table."""

    paths: tuple[str, ...]
    fields: dict[str, set[str]]

    def has(self, path: str) -> bool:
        """Whether a path below a study's results is one of the section's."""
        return any(re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(known)), path) for known in self.paths)


def documented_files() -> list[DocumentedFile]:
    """What the page of outputs says, section by section; the first section holds for all manifests and run records."""
    page = (PROJECT / "docs" / "reference" / "outputs.md").read_text(encoding="utf-8")
    found = []
    for section in re.split(r"^(?=Path: |## )", page, flags=re.MULTILINE):
        fields: dict[str, set[str]] = {}
        for table in re.findall(r"(?:^\|.*\n)+", section, flags=re.MULTILINE):
            head, _, *rows = table.splitlines()
            names = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
            fields.setdefault(head.split("|")[1].strip(), set()).update(names)
        first = section.splitlines()[0]
        found.append(
            DocumentedFile(tuple(re.findall(r"`([^`]+)`", first)) if first.startswith("Path: ") else (), fields)
        )
    return found


def undocumented_fields(results: Path) -> set[str]:
    """``path: field`` of every JSON object and column below a study's results that its section of the page does not name."""
    sections = documented_files()
    (for_all,) = [section.fields for section in sections if "run record" in section.fields and not section.paths]
    annotations = next(section.fields for section in sections if any("annotations/{" in path for path in section.paths))
    missing = set()
    for path in sorted(results.rglob("*.*")):
        inside = path.relative_to(results)
        ours = inside.name not in ("study.json", "ro-crate-metadata.json", "croissant.json") and not {
            "weights",
            "model",
        } & set(inside.parts)
        if not ours or path.suffix not in (".json", ".jsonl", ".csv") or not path.is_file():
            continue
        name = inside.as_posix().replace("so_far/", "", 1) if inside.parts[0] == "so_far" else inside.as_posix()
        kind, owners = "field", [name]
        if name.endswith(".run.json"):
            base = name.removesuffix(".run.json")
            kind, owners = "run record", [base + ".jsonl", base + ".json", base + "/manifest.json"]
        elif name.endswith("manifest.json"):
            kind, owners = "manifest", [name, name.removesuffix(".manifest.json") + ".jsonl"]
        elif path.suffix == ".csv":
            kind = "column"
        of_its_own = [section.fields for section in sections if set(section.paths) & set(owners)]
        known = of_its_own or [section.fields for section in sections if any(section.has(owner) for owner in owners)]
        known += [annotations] if name.startswith("teacher_answers/") else []
        known += [for_all] if kind != "field" else []
        allowed = {field for tables in known for field in tables.get(kind, ())}
        missing |= {f"{name}: {field}" for field in fields_of(path) - allowed}
    return missing


def fields_of(path: Path) -> set[str]:
    """The fields of a JSON object or of a file's first line, or the columns of a table."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        return set(text.split("\n", 1)[0].split(","))
    content = json.loads(text.split("\n", 1)[0] or "{}") if path.suffix == ".jsonl" else json.loads(text)
    return set(content) if isinstance(content, dict) else set()
