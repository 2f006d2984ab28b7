"""Progress: a bar that redraws itself on a terminal, plain lines at 10 % steps in a file or pipe."""

import io

import pytest

from gradus.runtime import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, steps: int, initial: int = 0) -> list[str]:
    monkeypatch.setattr("sys.stderr", stream)
    bar = progress.bar(steps, "cell", "step", initial=initial)
    bar.mininterval = 0.0  # as if every step took long
    for step in range(initial, steps):
        bar.set_postfix_str(f"loss {steps - step}", refresh=False)
        bar.update()
    bar.close()
    return stream.getvalue().splitlines()


def test_a_log_gets_a_line_at_every_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    got = lines(monkeypatch, io.StringIO(), 200)
    assert len(got) == 10
    assert got[0].startswith("cell: 10 % (20 of 200 steps") and got[-1].startswith("cell: 100 % (200 of 200 steps")
    assert all("\r" not in line and "loss" in line and len(line) < 120 for line in got)


def test_what_goes_on_half_way_begins_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [line.split(" (")[0] for line in lines(monkeypatch, io.StringIO(), 20, initial=15)] == [
        "cell: 80 %",
        "cell: 90 %",
        "cell: 100 %",
    ]


def test_few_steps_and_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [line.split(" (")[0] for line in lines(monkeypatch, io.StringIO(), 2)] == ["cell: 50 %", "cell: 100 %"]
    assert lines(monkeypatch, io.StringIO(), 0) == []


def test_a_slow_bar_shows_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    now = [0.0]
    bar = progress.bar(1000, "cell", "step", clock=lambda: now[0])
    bar.mininterval = 0.0
    bar.update()
    now[0] = progress.LONGEST_SILENCE + 1
    bar.update()
    assert stream.getvalue().splitlines()[-1].startswith("cell: 0 % (2 of 1,000 steps")


def test_a_terminal_gets_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    lines(monkeypatch, stream := Terminal(), 20)
    assert "\r" in stream.getvalue()


def test_a_loop_is_tracked(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    assert list(progress.track(iter("abc"), 3, "letters", "letter")) == ["a", "b", "c"]
    assert stream.getvalue().splitlines()[-1].startswith("letters: 100 % (3 of 3 letters")
