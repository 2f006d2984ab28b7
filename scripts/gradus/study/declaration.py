"""Declarations: the comparisons that a study names as its primary ones before it trains, written down where they cannot change.

The record of a declaration is named by the hash of what was declared, so that another declaration is another record beside it.
It says how many trainings were there when it was written: none, if it was declared before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from gradus.records import Supervision
from gradus.runtime.atomic import canonical_json, sha256_bytes, write_json
from gradus.statistics.margin import MARGIN
from gradus.study import paths
from gradus.study.config import Study, base_of
from gradus.study.grid import cells, is_untaught


@dataclass(frozen=True)
class Primary:
    """One declared comparison: ``first`` is better than ``second``, on one dataset with one student."""

    name: str
    first: Supervision
    second: Supervision
    student: str
    margin: float
    seeds: tuple[int, ...]

    @property
    def subject(self) -> str:
        """How it is called in tables."""
        return f"{self.name}: {self.first.dataset}, {self.student}"


def primaries(study: Study) -> list[Primary]:
    """Every declared comparison, in the order of the study file, with the seeds that both of its cells have."""
    seeds: dict[tuple[Supervision, str], set[int]] = {}
    for cell in cells(study):
        seeds.setdefault((cell.supervision, cell.student), set()).add(cell.seed)
    found = []
    for name, section in study.primary.items():
        for dataset in section.datasets:
            for student in section.students:
                first, second = (Supervision(dataset, *side.split("/")) for side in (section.first, section.second))
                # The base model itself is the same beside every seed.
                taught = [seeds.get((side, student), set()) for side in (first, second) if not is_untaught(side)]
                both = set.intersection(*taught) if taught else set()
                margin = study.margins.get(dataset, study.margins.get(base_of(dataset), MARGIN))
                found.append(Primary(name, first, second, student, margin, tuple(sorted(both))))
    return found


def declaration(study: Study) -> list[dict[str, object]]:
    """What is declared, for machines."""
    return [
        {**asdict(primary), "first": str(primary.first), "second": str(primary.second), "seeds": list(primary.seeds)}
        for primary in primaries(study)
    ]


def digest(study: Study) -> str:
    """The hash of what is declared."""
    return sha256_bytes(canonical_json(declaration(study)).encode())


# Jobs that look ahead or write the study down: no evidence comes of them.
_NO_EVIDENCE = frozenset({"plan", "study"})


def is_due(rules: Iterable[str]) -> bool:
    """Whether a run with jobs of these rules may bring evidence, so that what is declared has to be written down before."""
    return bool(set(rules) - _NO_EVIDENCE)


def declare(study: Study, root: Path = Path()) -> None:
    """Write the record of what is declared, unless it is there; nothing where nothing is declared.

    It is called when a run starts that ``is_due``, before its first job.
    """
    if not study.primary:
        return
    path = root / paths.DECLARATION.of(study, digest=digest(study)[:12])
    if not path.exists():
        trained = sum((root / paths.WEIGHTS.manifest.of(study, cell)).exists() for cell in cells(study))
        written = datetime.now(UTC).isoformat(timespec="seconds")
        facts = {"sha256": digest(study), "trainings_before": trained, "written": written}
        write_json(path, {**facts, "declared": declaration(study)})


def trainings_before(study: Study, root: Path) -> int | None:
    """How many trainings were there when what the study declares was written down; None where there is no record of it."""
    path = root / paths.DECLARATION.of(study, digest=digest(study)[:12])
    if not path.exists():
        return None
    return int(json.loads(path.read_text(encoding="utf-8"))["trainings_before"])
