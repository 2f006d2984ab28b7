"""What queue and accounting say of a job, and what follows."""

import pytest

from gradus.workflow.job_states import PATIENCE, is_in_doubt, states_in, verdict
from gradus.workflow.submission_limits import reason_to_wait


def test_states_are_words_whoever_cancelled() -> None:
    text = "12|CANCELLED by 1000\n13|COMPLETED\n14_2|RUNNING\n15|CANCELLED+\n\nslurm_load_jobs warning\n16|\n"
    assert states_in(text) == {"12": "CANCELLED", "13": "COMPLETED", "14_2": "RUNNING", "15": "CANCELLED"}


@pytest.mark.parametrize("state", ["CANCELLED", "TIMEOUT", "FAILED", "OUT_OF_MEMORY", "DEADLINE", "BOOT_FAIL"])
def test_an_end_is_an_end(state: str) -> None:
    assert verdict(state, 1, comes_back=True) == "failed"


@pytest.mark.parametrize("state", ["PENDING", "RUNNING", "COMPLETING", "REQUEUED", "SUSPENDED", "CONFIGURING"])
def test_work_goes_on(state: str) -> None:
    assert verdict(state, 1000, comes_back=False) == "running"


@pytest.mark.parametrize("state", ["NODE_FAIL", "PREEMPTED"])
def test_an_interrupted_job_comes_back_or_is_given_up(state: str) -> None:
    assert verdict(state, PATIENCE - 1, comes_back=True) == "running"
    assert verdict(state, PATIENCE, comes_back=True) == "failed"
    assert verdict(state, 1, comes_back=False) == "failed"


@pytest.mark.parametrize("state", [None, "UNKNOWN", "A_STATE_OF_TOMORROW"])
def test_a_job_that_nobody_knows_is_not_waited_for_for_ever(state: str | None) -> None:
    assert verdict(state, 1, comes_back=True) == "running" and is_in_doubt(state)
    assert verdict(state, PATIENCE, comes_back=True) == "unknown"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("sbatch: error: QOSMaxSubmitJobPerUserLimit\nsbatch: error: ...", "QOSMaxSubmitJobPerUserLimit"),
        ("sbatch: error: AssocMaxSubmitJobLimit", "AssocMaxSubmitJobLimit"),
        ("sbatch: error: AssocGrpSubmitJobsLimit", "AssocGrpSubmitJobsLimit"),
        ("Batch job submission failed: Resource temporarily unavailable", "Resource temporarily unavailable"),
        ("Invalid account or account/partition combination specified", None),
        ("Requested node configuration is not available", None),
        (None, None),
    ],
)
def test_a_limit_is_waited_for_and_a_mistake_is_not(message: str | None, reason: str | None) -> None:
    assert reason_to_wait(message, others_active=False) == reason


def test_an_unnamed_limit_is_waited_for_while_others_may_make_room() -> None:
    message = "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, ...)"
    assert reason_to_wait(message, others_active=True)
    assert reason_to_wait(message, others_active=False) is None
