"""Expectation: what a shipped study is known to show, by replications with other seeds and other arithmetic.

A study that ships beside a file ``NAME.expected.json`` is compared with it when it ends. The interval of each declared
comparison is the one in which the next replication lies with 95 % probability (Student's prediction interval).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev

from gradus.records import Supervision
from gradus.runtime.atomic import canonical_json, sha256_bytes
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.study import paths
from gradus.study.config import Study
from gradus.study.declaration import primaries
from gradus.study.grid import cells

SUFFIX = ".expected.json"
FEWEST = 3  # replications that an expectation is made from


@dataclass(frozen=True)
class Expected:
    """One declared comparison: the difference of accuracies (first minus second, from -1 to 1) of the next run."""

    subject: str
    difference: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Expectation:
    """What is expected of a study, how many replications that rests on, and the hash of the study that it is of."""

    study: str
    replications: int
    findings: tuple[Expected, ...]

    def to_json(self) -> dict[str, object]:
        """Plain JSON values."""
        return {**asdict(self), "findings": [asdict(finding) for finding in self.findings]}

    @classmethod
    def read(cls, path: Path) -> Expectation:
        """The expectation of a file; UserError where it is none."""
        try:
            facts = read_json(path)
            findings = tuple(Expected(**entry) for entry in facts["findings"])
            return cls(str(facts["study"]), int(facts["replications"]), findings)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"not an expectation of a study: {error!r}", where=path) from None


# A study that runs has written down which released files its data folder lacks.
_WORDS_AND_MACHINE = {"about", "archive", "unavailable", "data_folder", "interpreters", "power", "budget_gpu_hours"}


def identity(study: Study) -> str:
    """The hash of everything that a study says but its words and its machine: another study has other expectations.

    What it leaves at its default does not count, so that a key that Gradus learns later changes nothing.
    """
    facts = study.model_dump(mode="json", exclude=_WORDS_AND_MACHINE, exclude_defaults=True)
    return sha256_bytes(canonical_json(facts).encode())


def differences(study: Study, root: Path = Path()) -> dict[str, float]:
    """The difference of every declared comparison (mean accuracy over seeds, test problems, the study's first decoding) by its
    subject; those without all of their scores are left out."""
    decoding = next(iter(study.decodings))
    found = {}
    for primary in primaries(study):
        sides = [_accuracy(study, root, side, primary.student, decoding) for side in (primary.first, primary.second)]
        if sides[0] is not None and sides[1] is not None:
            found[primary.subject] = sides[0] - sides[1]
    return found


def _accuracy(study: Study, root: Path, supervision: Supervision, student: str, decoding: str) -> float | None:
    chosen = [cell for cell in cells(study) if (cell.supervision, cell.student) == (supervision, student)]
    files = [root / paths.METRICS.of(study, cell, problems=paths.TEST, decoding=decoding) for cell in chosen]
    if not files or not all(file.exists() for file in files):
        return None
    return fmean(float(read_json(file)["accuracy"]) for file in files)


def expect(study: Study, replications: Sequence[Mapping[str, float]]) -> Expectation:
    """What replications say of the next one: mean and 95 % prediction interval of every comparison.

    ``mean ± t(0.975, n - 1) sd sqrt(1 + 1/n)``, for independent draws of one normal distribution (Student). Raises UserError for
    fewer than three replications.
    """
    from gradus.statistics.distributions import t_quantile  # scipy, which the Snakefile need not import

    n = len(replications)
    if n < FEWEST:
        raise UserError(f"{n} replications: an expectation needs three at least")
    width = t_quantile(0.975, n - 1) * math.sqrt(1 + 1 / n)
    findings = []
    for primary in primaries(study):
        values = [replication[primary.subject] for replication in replications]
        mean, half = fmean(values), width * stdev(values)
        sides = f"{primary.first.short} minus {primary.second.short}"
        findings.append(
            Expected(primary.subject, sides, *(round(value, 4) for value in (mean, mean - half, mean + half)))
        )
    return Expectation(identity(study), n, tuple(findings))


def compared(study: Study, expectation: Expectation, found: Mapping[str, float]) -> list[str]:
    """Lines for the end of a run: as expected, or what differs and by how much, in points of accuracy."""
    if expectation.study != identity(study):
        return ["Compared with nothing: the study file is another one than the shipped expectation is of."]
    lines, unexpected = [], 0
    for finding in expectation.findings:
        value = found.get(finding.subject)
        head = f"  {finding.subject}, {finding.difference}:"
        expected = f"expected {100 * finding.low:+.1f} to {100 * finding.high:+.1f}"
        if value is None:
            lines.append(f"{head} not scored; {expected}")
            continue
        beyond = max(finding.low - value, value - finding.high, 0.0)
        unexpected += beyond > 0
        verdict = f"NOT as expected: {100 * beyond:.1f} points outside" if beyond else "as expected"
        lines.append(f"{head} {100 * value:+.1f} points ({expected}): {verdict}")
    title = f"{unexpected} of {len(lines)} findings differ from" if unexpected else "Findings as expected from"
    return [f"{title} {expectation.replications} replications with other seeds or other arithmetic:", *lines]
