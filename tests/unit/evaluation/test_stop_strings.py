"""Stop strings: the same cut whether a text is stopped early or written to its end."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.evaluation.engines import GenerationLimits, Settled
from gradus.evaluation.engines.stepwise import StepwiseEngine
from gradus.evaluation.generation import generate
from gradus.evaluation.stop_strings import StopStrings
from gradus.records import Prediction, Problem
from gradus.students import tiny_models
from gradus.students.templates import Template
from gradus.students.tokens import load_tokens

WORDS = st.text("ab#\n", max_size=3)


def words(parts: Sequence[str]) -> Any:
    return lambda row: "".join(parts[index] for index in row)


@given(st.lists(WORDS, min_size=1, max_size=12), st.lists(WORDS.filter(bool), min_size=1, max_size=3))
def test_an_early_stop_cuts_where_the_whole_text_is_cut(parts: list[str], strings: list[str]) -> None:
    stops, row = StopStrings(strings, words(parts)), list(range(len(parts)))
    text = "".join(parts)
    cut = stops.cut(text)
    assert cut == min((text[: text.index(stop)] for stop in strings if stop in text), key=len, default=None)
    short = stops.shortest(row)
    assert row[: len(short)] == short and stops.cut("".join(parts[: len(short)])) == cut
    settled = [stops.settled(row[:size]) for size in range(len(row) + 1)]
    assert all(stops.cut("".join(parts[:size])) == cut for size, sure in enumerate(settled) if sure)


def test_a_longer_stop_that_began_earlier_is_waited_for() -> None:
    stops = StopStrings(["ABCD", "BC"], words(["x", "A", "BC", "D", "y"]))
    assert not stops.settled([0, 1, 2]) and stops.settled([0, 1, 2, 3])
    other = StopStrings(["ABCD", "BC"], words(["x", "A", "BC", "E", "y"]))
    assert other.settled([0, 1, 2, 3]) and other.cut("xABCEy") == "xA"


def test_without_stop_strings_nothing_is_decoded() -> None:
    def never(row: list[int]) -> str:
        raise AssertionError("decoded")

    stops = StopStrings([], never)
    assert not stops and stops.shortest([1, 2]) == [1, 2]


class Watched(StepwiseEngine):
    """Counts the rows of all steps; ``early`` False writes every text to its end, as engines without early stops do."""

    def __init__(self, folder: Path, early: bool, **limits: Any) -> None:
        super().__init__(folder, GenerationLimits((1,), 40, **limits), 0, 64, 1)
        self.rows, self._early = 0, early
        forward = self._model.forward

        def counted(**told: Any) -> Any:
            self.rows += len(told["input_ids"])
            return forward(**told)

        self._model.forward = counted

    def complete(
        self, prompts: Sequence[list[int]], seeds: Sequence[int], settled: Settled | None = None
    ) -> list[list[int]]:
        return super().complete(prompts, seeds, settled if self._early else None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("llama")
    return tiny_models.make("llama", target, tie_word_embeddings=False, initializer_range=0.3)


@pytest.mark.parametrize("limits", [{}, {"temperature": 1.0}], ids=["greedy", "samples"])
def test_a_stop_string_saves_steps_and_changes_no_record(folder: Path, tmp_path: Path, limits: dict[str, Any]) -> None:
    """Several in one batch, stopped at different steps."""
    tokens = load_tokens(folder)
    plain = Template("plain", "Question: ", "\nAnswer:", " ", "<|eot_id|>")
    problems = [
        Problem(f"p{n}", "svamp", "test", f"How many{' more' * n}?", None, "1", "number", None, None, "", "")
        for n in range(6)
    ]

    def ask(early: bool, stops: tuple[str, ...]) -> tuple[int, list[Prediction]]:
        engine = Watched(folder, early, **limits)
        before = engine.rows
        made = generate(engine, tokens, plain, problems, tmp_path / "p.jsonl", stop_strings=stops)
        (tmp_path / "p.jsonl").unlink()
        return engine.rows - before, made

    free = ask(True, ())[1]
    found = [word for n, one in enumerate(free) for word in re.findall(r"[a-zA-Z]{3}", one.text[2 * n :])[:1]]
    stops = tuple(found[:3])
    assert len(stops) == 3
    whole, early = ask(False, stops), ask(True, stops)
    assert early[1] == whole[1]
    assert len({one.completion_tokens for one in early[1]}) > 1
    assert early[0] < 0.8 * whole[0], "stopped rows must leave the batch"
    strings = StopStrings(stops, tokens.decode)
    cuts = [strings.cut(one.text) for one in free]
    assert [one.text for one in early[1]] == [one.text if cut is None else cut for one, cut in zip(free, cuts)]
