"""Batches: the same samples per step whatever their lengths, equal shares of work, nothing lost."""

from collections import Counter

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


def test_the_rate_rises_and_falls() -> None:
    rates = [learning_rate(step, 100, 1.0, 0.1) for step in range(100)]
    assert rates[9] == 1.0
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.01
