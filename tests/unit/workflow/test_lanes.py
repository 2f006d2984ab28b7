"""Lanes: one job at a time a server, whatever its dialect; other servers are asked meanwhile."""

from types import SimpleNamespace
from typing import Any

from builders import tiny_study

from gradus.study.config import Study, load
from gradus.workflow.lanes import all_taken, lanes, open_lanes, taken
from gradus.workflow.resources import asking_runtime, asking_threads


def study(**addresses: tuple[str, str | None]) -> Study:
    config = tiny_study()
    for name, (provider, address) in addresses.items():
        config["teachers"][name] = {"provider": provider, "model": "m", "base_url": address}
    return load(config)


def asked(found: Study, teacher: str) -> dict[str, int]:
    wildcards: Any = SimpleNamespace(teacher=teacher)
    return {name: share(wildcards) for name, share in taken(found, lambda given: given.teacher).items()}


def test_teachers_of_one_server_share_a_lane_and_others_do_not() -> None:
    found = study(
        gpt=("openai", None),
        again=("openai", "https://api.openai.com/v1"),
        own=("openai", "http://user@Localhost:8000/v1"),
        claude=("anthropic", None),
        there=("anthropic", "http://localhost:8000"),
    )
    assert lanes(found) == ["annotation_api_anthropic_com", "annotation_api_openai_com", "annotation_localhost_8000"]
    assert asked(found, "gpt") == asked(found, "again") == {**dict.fromkeys(lanes(found), 0), lanes(found)[1]: 1}
    assert asked(found, "own") == asked(found, "there") == {**dict.fromkeys(lanes(found), 0), lanes(found)[2]: 1}
    assert set(asked(found, "tutor").values()) == {0}
    assert all_taken(found) == dict.fromkeys(lanes(found), 1)
    assert lanes(study()) == []


def test_what_a_profile_says_of_a_lane_stands() -> None:
    workflow = SimpleNamespace(global_resources={"annotation_api_openai_com": 3})
    workflow.register_resource = workflow.global_resources.__setitem__
    open_lanes(workflow, study(gpt=("openai", None), claude=("anthropic", None)))
    assert workflow.global_resources == {"annotation_api_openai_com": 3, "annotation_api_anthropic_com": 1}


def test_a_job_that_waits_for_batches_takes_no_lane_and_no_core_but_the_time() -> None:
    config = tiny_study()
    for name, mode in (("now", "online"), ("later", "batch")):
        config["teachers"][name] = {"provider": "openai", "model": "m", "mode": mode}
    config["teachers"]["later"]["batch_wait_hours"] = 30
    found = load(config)
    assert (asked(found, "now"), asked(found, "later")) == (
        {"annotation_api_openai_com": 1},
        {"annotation_api_openai_com": 0},
    )
    exemplar = taken(found, lambda given: given.teacher, online=True)["annotation_api_openai_com"]
    asked_at_once: Any = SimpleNamespace(teacher="later")
    assert exemplar(asked_at_once) == 1, "exemplars are never asked by batch"
    assert [asking_threads(found, name) for name in ("now", "later", "tutor")] == [1, 0, 1]
    assert [asking_runtime(found, name, 240) for name in ("now", "later", "tutor")] == [240, 31 * 60, 240]
