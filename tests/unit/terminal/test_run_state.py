"""Where a run stands, by what Snakemake tells."""

from pathlib import Path

import pytest

from gradus.terminal.measured import measured
from gradus.terminal.run_state import Queue, RunState, Workload, duration
from gradus.terminal.spending import usd_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_line_tells_stages_cells_dollars_and_time() -> None:
    clock = Clock()
    stages = {"annotate": "teachers", "train": "students", "training_set": "students", "score": "evaluation"}
    state = RunState(
        Workload(stages, {"annotate": 10.0, "train": 60.0, "training_set": 0.0, "score": 5.0}, {"train": 0.5}), clock
    )
    state.planned({"annotate": 2, "training_set": 1, "train": 4, "score": 4, "all": 1})
    assert state.seconds_left() == (2 * 10 + 4 * 60 * 0.5 + 4 * 5, True)
    state.started(1, "annotate")
    clock.now = 4.0
    assert state.line() == "[ 0/12 | teachers 0/2 | cells trained 0/4 | $0.00 | about 3 min left ]"
    state.finished(1)
    state.usd = 0.126
    state.started(2, "train")
    clock.now = 14.0
    assert state.line() == "[ 1/12 | teachers 1/2 | cells trained 0/4 | $0.13 | about 2 min left ]"
    assert state.seconds_left() == (4.0 + (240 - 10) * 0.5 + 20, True)  # annotate took 4 s in this run
    state.broke(2)
    assert "| 1 failed |" in state.line()
    assert state.percent() == 8


def test_time_that_is_not_known_is_not_told() -> None:
    state = RunState()
    state.planned({"a": 1, "b": 3})
    assert state.seconds_left() is None and "left" not in state.line()
    state.workload = Workload({"a": "data", "b": "students"}, {"a": 30.0})
    assert state.seconds_left() == (30.0, False) and "at least 30 s left" in state.line()
    state.started(1, "a")
    state.finished(1)
    assert state.seconds_left() is None


def test_time_in_a_queue_is_not_known() -> None:
    state = RunState(Workload({"a": "data"}, {"a": 30.0}))
    state.planned({"a": 2})
    assert state.seconds_left() == (60.0, True)
    state.queue = Queue(running=1, waiting=1)
    assert state.seconds_left() == (60.0, False)
    state.queue = Queue(running=1, waiting=0, held=1)
    assert state.seconds_left() == (60.0, True)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "1 s"), (59, "59 s"), (61, "1 min"), (18 * 60, "18 min"), (7500, "2 h 05 min")]
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_own_studies_measurements_come_before_others(tmp_path: Path) -> None:
    def bench(path: str, seconds: float) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"s\th:m:s\tcpu_time\n{seconds}\t0:00:01\t1\n", encoding="utf-8")

    bench("results/mine/benchmarks/metrics/d/seed1.tsv", 2.0)
    bench("results/mine/benchmarks/metrics/e/seed1.tsv", 4.0)
    bench("results/other/benchmarks/metrics/d/seed1.tsv", 100.0)
    bench("results/other/benchmarks/checkpoints/d/seed1.tsv", 50.0)
    (tmp_path / "results/mine/benchmarks/metrics/d/seed2.tsv").write_text("torn", encoding="utf-8")
    patterns = {
        "score": "results/mine/benchmarks/metrics/{dataset}/seed{seed}.tsv",
        "train": "results/mine/benchmarks/checkpoints/{dataset}/seed{seed}.tsv",
        "new": "results/mine/benchmarks/new/{dataset}.tsv",
    }
    assert measured(patterns, tmp_path) == {"score": 3.0, "train": 50.0}


def test_dollars_of_this_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("results/s/attempts/annotations/d/t/original/L1")
    folder.mkdir(parents=True)
    (folder / "a.run.json").write_text('{"usd": 0.25}', encoding="utf-8")
    (folder / "b.run.json").write_text('{"usd": 0.5}', encoding="utf-8")
    (folder / "c.run.json").write_text("{", encoding="utf-8")
    outputs = ["results/s/annotations/d/t/original/L1.jsonl", "elsewhere.json"]
    assert usd_of(outputs, began=0.0) == 0.75
    assert usd_of(outputs, began=4e9) == 0.0


def test_a_job_may_begin_while_the_line_is_drawn() -> None:
    """By another thread."""
    state = RunState(Workload({"a": "data"}, {"a": 30.0}))
    state.planned({"a": 9})
    numbers = iter(range(9))
    state.started(next(numbers), "a")

    def clock() -> float:
        state._running[next(numbers)] = state._running[0]
        return 0.0

    state._clock = clock
    assert state.seconds_left() is not None
