"""Claims of transfer: what helps on another dataset too, what is lost there, and how often that is said wrongly."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from made_study import made_config, make_study

from gradus.analysis.claims.statements import Statement, judged
from gradus.analysis.claims.transfers import transfers
from gradus.analysis.collection import collect
from gradus.analysis.evidence import Evidence
from gradus.analysis.over_untaught import over_untaught
from gradus.analysis.transfer_simulation import TRANSFERS, TransferDesign, simulated_transfer, transfer_rates
from gradus.analysis.two_sets import change
from gradus.records import Cell, Condition, Supervision
from gradus.results.store import Results
from gradus.statistics.measurements import Measurement, Rows, SeedVariance, pooled_seed_variance

UNTAUGHT = Supervision("home", "none", "untaught", "native")
SURE = TransferDesign(problems=2000, seed_sd=0.005)


def verdicts(evidence: Evidence) -> dict[str, str]:
    return {one.claim: one.verdict for one in judged(transfers(evidence))}


@pytest.mark.parametrize(
    ("here", "there", "transferred", "whole"),
    [
        (0.1, 0.1, "supported", "supported"),
        (0.15, 0.05, "supported", "contradicted"),
        (0.15, -0.06, "contradicted", "contradicted"),
        (0.15, 0.0, "shown to be small", "contradicted"),
        # A gain that is not there at home is no gain that transfers.
        (0.0, 0.1, "too few data", "too few data"),
    ],
)
def test_a_gain_transfers_where_it_is_there_on_both(here: float, there: float, transferred: str, whole: str) -> None:
    found = verdicts(simulated_transfer((here, there), SURE, np.random.default_rng(5)))
    assert found == {"transfers": transferred, "transfers-whole": whole}


def statements(evidence: Evidence) -> Sequence[Statement]:
    return transfers(evidence)


def test_every_prompt_of_the_base_model_is_a_reference_and_bare_answers_where_there_is_none() -> None:
    evidence = simulated_transfer((0.1, 0.1), TransferDesign(), np.random.default_rng(1))
    first, second = statements(evidence)
    assert first.subject == second.subject == "home on away, s, t against none"
    assert "the untaught student" in first.statement and "gain at home" in first.note
    assert first.log_odds and second.log_odds is None, "a loss of points has no odds of its own"
    bare = Supervision("home", "gold", "answer-only", "native")

    def other(students: Mapping[Condition, Measurement]) -> dict[Condition, Measurement]:
        return {
            (bare if supervision == UNTAUGHT else supervision, name): one
            for (supervision, name), one in students.items()
        }

    replaced = Evidence(other(evidence.students), transferred={"away": other(evidence.transferred["away"])})
    first, second = statements(replaced)
    assert first.subject == "home on away, s, t against gold" and "bare answers" in first.statement
    assert first.one_run, "bare answers of one run are one draw"
    assert not transfers(Evidence(evidence.students))


def test_one_run_has_no_verdict() -> None:
    found = verdicts(simulated_transfer((0.2, 0.2), TransferDesign(runs=1), np.random.default_rng(2)))
    assert set(found.values()) == {"one run: no verdict"}


def test_a_change_takes_each_run_against_itself() -> None:
    """Runs of very different luck that is the same on both sets: each gain is uncertain, their difference is not."""
    rng = np.random.default_rng(3)
    luck = np.array([[-0.2], [0.0], [0.2]])
    here, there = (Rows((rng.random((3, 4000)) < 0.5 + luck).astype(float)) for _ in range(2))
    base = Rows((rng.random((1, 4000)) < 0.3).astype(float))
    found = change([here], [there], UNTAUGHT, base, base)
    assert found is not None and found.estimate == pytest.approx(there.mean - here.mean)
    single = over_untaught([(1.0, here)], base, pooled_seed_variance([here]))
    assert found.standard_error < 0.25 * single.standard_error and not found.one_run
    spread = np.diff([here.scores.mean(axis=1), there.scores.mean(axis=1)], axis=0).std(ddof=1) / 3**0.5
    assert found.standard_error >= spread
    assert change([here], [Rows(there.scores[:2])], UNTAUGHT, base, base) is None


def test_runs_that_solve_nothing_are_still_runs_beside_the_base_model() -> None:
    """Taken off the base model's scores, rows of zeros are alike and vary: they were looked through before."""
    base = Rows((np.arange(300) % 3 == 0)[None, :].astype(float))
    nothing = Rows(np.zeros((3, 300)))
    found = over_untaught([(1.0, nothing)], base, SeedVariance(0.0, 2))
    assert found.runs == 3 and not found.one_run and found.p_less(-0.03) < 0.001


@pytest.mark.parametrize("truth", TRANSFERS)
def test_what_is_not_true_is_seldom_said(truth: str) -> None:
    studies = 40
    _, true = TRANSFERS[truth]
    for said, rate in transfer_rates(truth, TransferDesign(), studies, seed=1).items():
        if said not in true:
            assert rate <= 0.05 + 2.6 * (0.05 * 0.95 / studies) ** 0.5, said


def test_the_claims_of_a_study_are_collected_from_its_scores(tmp_path: Path) -> None:
    config = made_config()
    config["teachers"]["none"] = {"provider": "none"}
    wide = config["experiments"]["granularity"]
    wide |= {
        "datasets": ["sums"],
        "transfer": ["more-sums"],
        "levels": ["L1", "L3"],
        "students": ["small"],
        "baselines": ["none/untaught/native"],
    }
    config["experiments"] = {"granularity": wide}
    config["transforms"], config["teacher_accuracy"] = {}, {}

    def truth(cell: Cell) -> float:
        return {"untaught": 0.2, "original": 0.6}[cell.supervision.format]

    copy = make_study(tmp_path, config, truth, lambda _: 0.9)
    found = judged(transfers(collect(Results.open(copy.parent))))
    assert [one.subject for one in found] == ["sums on more-sums, small, tutor against none"] * 2
    assert found[0].verdict == "supported" and (found[0].n, found[0].runs) == (400, 3)
