"""Batches, lengths, samples, stops and resuming, with an engine that answers from the prompt."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradus.evaluation.engines import GenerationLimits, Settled
from gradus.evaluation.generation import generate, longest_output, plan_batches, row_seed
from gradus.records import Prediction, Problem
from gradus.students import tiny_models
from gradus.students.templates import Template
from gradus.students.tokens import Tokens, load_tokens


class Echo:
    """Writes the prompt's last tokens, one more for an odd seed, and the end."""

    def __init__(self, budget: int = 400, end: int = 2, longest: int = 40) -> None:
        self.limits = GenerationLimits((end,), longest)
        self.budget, self.asked = budget, 0

    def fits(self, prompt_lengths: Sequence[int]) -> bool:
        return max(prompt_lengths) * len(prompt_lengths) <= self.budget

    def complete(
        self, prompts: Sequence[list[int]], seeds: Sequence[int], settled: Settled | None = None
    ) -> list[list[int]]:
        self.asked += len(prompts)
        return [[*ids[-4:], *ids[-1:] * (seed % 2), 2] for ids, seed in zip(prompts, seeds, strict=True)]


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    return load_tokens(tiny_models.make("llama", tmp_path_factory.mktemp("model")))


def problems(count: int) -> list[Problem]:
    return [
        Problem(
            f"p{n}", "svamp", "test", f"How many? {'and one more ' * (n % 5)}", None, "1", "number", None, None, "", ""
        )
        for n in range(count)
    ]


PLAIN = Template("plain", "Question: ", "\nAnswer:", " ", "<|eot|>")


def test_every_text_once_in_the_order_of_the_file(tokens: Tokens, tmp_path: Path) -> None:
    made = generate(Echo(), tokens, PLAIN, problems(17), tmp_path / "p.jsonl", samples=3)
    assert [(one.problem_id, one.sample) for one in made] == [(f"p{n}", s) for n in range(17) for s in range(3)]
    assert len({one.completion_tokens for one in made if one.problem_id == "p0"}) >= 1
    assert row_seed(("p0", 0)) != row_seed(("p0", 1)) != row_seed(("p1", 0))


def test_a_stop_at_any_batch_resumes_to_the_same_records(tokens: Tokens, tmp_path: Path) -> None:
    whole = generate(Echo(150), tokens, PLAIN, problems(20), tmp_path / "whole.jsonl", samples=2)
    lines = (tmp_path / "whole.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) > 3
    for kept in range(len(lines)):
        path = tmp_path / f"{kept}.jsonl"
        path.write_bytes(b"".join(lines[:kept]) + lines[kept][:-7])
        engine = Echo(150)
        assert generate(engine, tokens, PLAIN, problems(20), path, samples=2) == whole
        assert 0 < engine.asked <= 40 - sum(line.count(b'"sample"') for line in lines[:kept])


@given(st.lists(st.integers(1, 50), min_size=1, max_size=40), st.integers(1, 3), st.integers(20, 500))
def test_batches_hold_every_row_once_and_fit(lengths: list[int], samples: int, budget: int) -> None:
    engine = Echo(budget)
    prompts = {f"p{n}": [0] * length for n, length in enumerate(lengths)}
    batches = plan_batches(engine, prompts, samples)
    rows = [row for batch in batches for row in batch]
    assert sorted(rows) == sorted((name, sample) for name in prompts for sample in range(samples))
    assert all(len(batch) == 1 or engine.fits([len(prompts[name]) for name, _ in batch]) for batch in batches)
    sizes = [len(prompts[name]) for name, _ in rows]
    assert sizes == sorted(sizes)


def test_the_longest_output_follows_the_training_texts() -> None:
    assert longest_output(77, {"longest_completion_tokens": 1000}) == 77
    assert longest_output("auto", {"longest_completion_tokens": 200}) == 251
    assert longest_output("auto", {"longest_completion_tokens": 3}) == 16


def test_a_stop_string_cuts_and_a_long_text_is_told(tokens: Tokens, tmp_path: Path) -> None:
    class Fixed(Echo):
        def complete(
            self, prompts: Sequence[list[int]], seeds: Sequence[int], settled: Settled | None = None
        ) -> list[list[int]]:
            return [tokens.encode("The answer is 4. Question: more words") for _ in prompts]

    def ask(name: str, stops: tuple[str, ...]) -> Prediction:
        return generate(Fixed(), tokens, PLAIN, problems(1), tmp_path / name, stop_strings=stops)[0]

    plain, cut = ask("a", ()), ask("b", ("Problem:", "Question:"))
    assert (plain.finish_reason, cut.finish_reason) == ("length", "stop")
    assert cut.completion_tokens < plain.completion_tokens, "what stands after the stop is not counted"
    assert cut.text == "The answer is 4. " and plain.text.startswith(cut.text)
