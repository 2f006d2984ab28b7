"""Evidence made up of printed numbers: supervisions of one teacher at several levels, and what a claim says of them."""

from collections.abc import Mapping

from gradus.analysis.claims.catalogue import judged_claims
from gradus.analysis.claims.statements import Statement
from gradus.analysis.evidence import Evidence
from gradus.records import Supervision
from gradus.statistics.measurements import Measurement, Summary

BASELINE = "gold/answer-only/native"


def place(name: str, dataset: str = "svamp") -> Supervision:
    return Supervision(dataset, *name.split("/"))


def printed(
    values: Mapping[str, float], student: str = "s", sd: float = 0.01, dataset: str = "svamp"
) -> dict[tuple[Supervision, str], Measurement]:
    """Three runs each, by supervision."""
    return {(place(name, dataset), student): Summary(value, sd, 3, 300) for name, value in values.items()}


def levels(*values: float) -> dict[str, float]:
    return {f"t/original/L{number}": value for number, value in enumerate(values, 1)}


def found(evidence: Evidence, claim: str, padded: Mapping[str, str] | None = None) -> list[Statement]:
    return [one for one in judged_claims(evidence, padded) if one.claim == claim]


def verdicts(evidence: Evidence, claim: str, padded: Mapping[str, str] | None = None) -> list[str]:
    return [one.verdict for one in found(evidence, claim, padded)]
