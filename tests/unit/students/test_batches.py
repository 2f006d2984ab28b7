"""Batches: the same samples per step whatever their lengths, equal shares of work, nothing lost."""

import math
from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gradus.students.training.batches import learning_rate, plan_steps
from gradus.study.config.students import Recipe

lengths = st.lists(st.integers(1, 300), min_size=1, max_size=60)


def recipe(**changes: object) -> Recipe:
    common = {"batch_size": 8, "epochs": 1.0, "layout": "budgeted", "micro_batch_tokens": 500, "micro_batch_samples": 3}
    return Recipe.model_validate({**common, **changes})


@given(
    lengths,
    st.integers(1, 16),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(50, 2000),
    st.integers(0, 5),
    st.sampled_from(["budgeted", "padding-free", "padded"]),
)
def test_every_epoch_holds_every_sample_once(
    tokens: list[int], batch: int, epochs: int, ranks: int, budget: int, seed: int, layout: str
) -> None:
    chosen = recipe(batch_size=batch, epochs=float(epochs), layout=layout, micro_batch_tokens=budget)
    steps = plan_steps(tokens, chosen, ranks=ranks, seed=seed)
    seen = Counter(index for step in steps for index in step.samples)
    assert seen == Counter(dict.fromkeys(range(len(tokens)), epochs))
    assert [len(step.samples) for step in steps[:-1]] == [batch] * (len(steps) - 1)
    for step in steps:
        assert len({len(rank) for rank in step.micro_batches}) == 1
        for micro in (micro for rank in step.micro_batches for micro in rank if len(micro) > 1):
            sizes = [tokens[index] for index in micro]
            if layout == "padded":
                assert len(micro) <= 3
            else:
                assert layout != "budgeted" or sum(sizes) >= 0.9 * len(micro) * max(sizes) * (1 - 1e-9)
                assert (len(micro) * max(sizes) if layout == "budgeted" else sum(sizes)) <= budget


@given(lengths, st.integers(1, 16), st.integers(0, 5), st.sampled_from(["budgeted", "padding-free", "padded"]))
def test_the_samples_of_a_step_do_not_depend_on_lengths_ranks_layout_or_budget(
    tokens: list[int], batch: int, seed: int, layout: str
) -> None:
    """Granularity must not change what a step is: longer rationales, the same sets of samples."""
    one = plan_steps(tokens, recipe(batch_size=batch, epochs=2.0, micro_batch_tokens=10_000), ranks=1, seed=seed)
    other = recipe(batch_size=batch, epochs=2.0, layout=layout, micro_batch_tokens=64)
    two = plan_steps([length * 3 + 1 for length in tokens], other, ranks=2, seed=seed)
    assert [step.samples for step in one] == [step.samples for step in two]


@pytest.mark.parametrize(
    ("layout", "tokens", "parts"),
    [
        ("budgeted", [250, 250], 1),
        ("budgeted", [251, 250], 2),
        ("budgeted", [167, 167, 167], 2),
        ("budgeted", [100, 80], 1),
        ("budgeted", [100, 79], 2),
        ("budgeted", [100, 80, 80], 2),
        ("padding-free", [100, 9], 1),
        ("padding-free", [300, 200], 1),
        ("padding-free", [300, 201], 2),
    ],
)
def test_a_micro_batch_may_fill_its_budget_and_a_tenth_of_it_be_padding(
    layout: str, tokens: list[int], parts: int
) -> None:
    [step] = plan_steps(tokens, recipe(layout=layout, micro_batch_tokens=500), ranks=1, seed=0)
    assert len(step.micro_batches[0]) == parts


def test_the_rate_rises_and_falls() -> None:
    rates = [learning_rate(step, 100, Recipe(learning_rate=1.0, warmup_share=0.1)) for step in range(100)]
    assert rates[9] == 1.0
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.01


@pytest.mark.parametrize(("steps", "share"), [(1, 0.0), (7, 0.03), (100, 0.1), (933, 0.03)])
def test_the_default_schedule_is_bit_for_bit_what_it_was_before_there_were_others(steps: int, share: float) -> None:
    recipe = Recipe(learning_rate=3e-5, warmup_share=share)
    warmup = round(steps * share)
    for step in range(warmup, steps):
        expected = 3e-5 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))
        assert learning_rate(step, steps, recipe) == expected


def test_schedules_are_those_of_transformers() -> None:
    """Multiplied with the peak; transformers' warm-up begins at 0, ours at its first share, so there is none here."""
    from torch.optim import SGD
    from transformers import get_scheduler

    for name in ("cosine", "linear", "constant"):
        recipe = Recipe.model_validate({"learning_rate": 0.5, "warmup_share": 0.0, "schedule": name})
        optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
        theirs = get_scheduler(name, optimizer, num_warmup_steps=0, num_training_steps=20)
        for step in range(20):
            assert learning_rate(step, 20, recipe) == pytest.approx(optimizer.param_groups[0]["lr"])
            optimizer.step()
            theirs.step()


@pytest.mark.parametrize("schedule", ["cosine", "linear"])
def test_a_schedule_ends_where_it_is_told_to(schedule: str) -> None:
    keys: dict[str, Any] = {"learning_rate": 1.0, "warmup_share": 0.0, "schedule": schedule, "min_learning_rate": 0.1}
    rates = [learning_rate(step, 1000, Recipe.model_validate(keys)) for step in range(1000)]
    assert rates[0] == 1.0 and rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.1, abs=0.001)


def test_what_no_schedule_can_do_is_refused_and_off_is_a_word() -> None:
    for keys in (
        {"schedule": "constant", "min_learning_rate": 1e-6},
        {"learning_rate": 1e-5, "min_learning_rate": 1e-4},
    ):
        with pytest.raises(ValueError, match="min_learning_rate is where a falling schedule ends"):
            Recipe.model_validate(keys)
    assert Recipe.model_validate({"dropout": False}).dropout == "off"
    later = {"schedule", "min_learning_rate", "no_decay_norms", "dropout", "supervise", "save_precision", "validation"}
    assert not later & set(Recipe().model_dump()), "a study without these keys keeps its identity"
