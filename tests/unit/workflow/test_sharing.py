"""Which ready jobs go to a scheduler as one, and when."""

import pytest

from gradus.workflow.sharing import GATHERING_SECONDS, Share, is_due, kind_of, portions, share_of


def test_a_rule_says_how_many_of_its_jobs_go_together() -> None:
    assert share_of({"together": 24, "together_minutes": 10}, slots=100) == Share(24, 600.0)
    assert share_of({"together": 4}, slots=100) == Share(4, GATHERING_SECONDS)


@pytest.mark.parametrize(
    "resources", [{}, {"together": 1}, {"together": "<TBD>"}, {"together": 4, "mpi": "srun"}], ids=str
)
def test_other_jobs_go_alone(resources: dict[str, object]) -> None:
    assert share_of(resources, slots=100) is None


def test_waiting_jobs_leave_three_quarters_of_the_slots_to_others() -> None:
    assert share_of({"together": 24}, slots=20) == Share(5, GATHERING_SECONDS)
    assert share_of({"together": 24}, slots=4) is None


def test_jobs_share_that_ask_for_the_same_but_memory_and_time() -> None:
    asked = {"interpreter": "python", "slurm_partition": "gpu", "gpu": 1}
    one = kind_of("train", 1, 2, {**asked, "mem_mb": 1000, "runtime": 60})
    assert one == kind_of("train", 1, 2, {**asked, "mem_mb": 2000, "mem_mib": 1908, "runtime": 30})
    assert one != kind_of("train", 1, 2, {**asked, "slurm_partition": "cpu"})
    assert one != kind_of("train", 2, 2, asked)
    assert one != kind_of("train", 1, 4, asked)
    assert one != kind_of("generate", 1, 2, asked)


def test_jobs_go_when_there_are_enough_or_they_waited_enough_or_nothing_else_runs() -> None:
    share = Share(24, 600.0)
    assert is_due(share, count=24, waited=0, alone=False)
    assert is_due(share, count=3, waited=600, alone=False)
    assert is_due(share, count=3, waited=GATHERING_SECONDS, alone=True)
    assert not is_due(share, count=3, waited=599, alone=False)
    assert not is_due(share, count=3, waited=1, alone=True)


def test_portions_are_even() -> None:
    assert [len(part) for part in portions(range(50), 24)] == [17, 17, 16]
    assert portions(["a", "b", "c"], 2) == [["a", "b"], ["c"]]
    assert portions(["a"], 24) == [["a"]]
