"""What is behind a number, link by link, and a chain that does not hold."""

import json

from running import Workflow, program

METRIC = "results/tiny/metrics/gradeschool/tutor/original/L1/mini/seed1/test/greedy.json"


def test_every_file_on_the_way_is_told_with_its_hash(finished: Workflow) -> None:
    done = program("explain", METRIC, "--json", folder=finished.folder)
    assert done.returncode == 0, done.stderr
    links = json.loads(done.stdout)
    assert [link["what"] for link in links] == [
        "train problems",
        "test problems",
        "annotations gradeschool/tutor/original/L1",
        "training set",
        "base model",
        "checkpoint",
        "predictions",
        "number",
    ]
    assert all(len(link["sha256"]) == 64 for link in links)
    by_name = {link["what"]: link["facts"] for link in links}
    assert by_name["checkpoint"]["recipe"]["zero_stage"] == 2
    assert by_name["checkpoint"]["identity"]["training_set"] == links[3]["sha256"]
    assert by_name["predictions"]["max_new_tokens"] == 12
    assert by_name["number"]["n"] == 10
    shown = program("explain", METRIC, folder=finished.folder).stdout
    assert "8. number" in shown and f"sha256 {links[-1]['sha256']}" in shown


def test_a_file_that_was_changed_breaks_the_chain(copied: Workflow) -> None:
    path = copied.results / "training_sets/gradeschool/tutor/original/L1/mini.jsonl"
    path.write_bytes(path.read_bytes() + b"\n")
    done = program("explain", METRIC, folder=copied.folder)
    assert done.returncode == 1
    assert "made from another training set" in done.stderr and "is not what its manifest says" in done.stderr


def test_mistakes_are_one_message(finished: Workflow) -> None:
    wrong = program("explain", "results/tiny/study.json", folder=finished.folder)
    assert wrong.returncode == 1 and "is no metric file" in wrong.stderr and "Traceback" not in wrong.stderr
    absent = program("explain", METRIC.replace("L1", "L2"), folder=finished.folder)
    assert absent.returncode == 1 and "is not there" in absent.stderr
