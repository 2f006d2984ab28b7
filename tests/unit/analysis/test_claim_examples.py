"""The page of examples: every claim with each outcome that it can have, as the program writes it."""

from pathlib import Path

from gradus.analysis.claim_examples import examples
from gradus.analysis.claims.statements import DESCRIBED, VERDICTS
from gradus.presentation.claims import example_page

PROJECT = Path(__file__).resolve().parents[3]
# What a claim cannot be: a correlation is never shown to be small, a teacher's own answers need one run, ...
NEVER = {
    "format-matters": {"contradicted", "shown to be small"},
    "format-indifferent": {"shown to be small"},
    "length-is-not-granularity": {"shown to be small"},
    "transfers-whole": {"shown to be small"},
    "teacher-gains-from-detail": {"one run: no verdict"},
}
CORRELATIONS = ("finer-for-stronger", "better-teacher", "teacher-and-student", "matthew", "trait", "fit-predicts")


def test_every_outcome_of_every_claim_has_an_example() -> None:
    found = examples()
    for claim, outcomes in found.items():
        expected = {"described only"} if claim in DESCRIBED else set(VERDICTS) - {"described only"}
        expected -= NEVER.get(claim, set())
        expected -= {"shown to be small"} if claim.startswith(CORRELATIONS) else set()
        assert set(outcomes) == expected, claim
    page = PROJECT / "docs" / "background" / "claim-examples.md"
    assert page.read_text(encoding="utf-8") == example_page(found), "run `make docs`"
