"""Fit of a supervision to a base model: against the definitions, computed token by token."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from gradus.records import Example
from gradus.students import fit
from gradus.students.base_models import make_untrained
from gradus.students.tokens import Tokens, load_tokens
from gradus.study.config.students import BuiltStudent

TEXTS = ("He has 3 apples. He buys 4 more.\nSo 3 + 4 = 7.5 in all. The answer is 7.", "7", "Dr. No said: 2. Then 3!")


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Tokens]:
    corpus = {"source": "primer", "seed": 1, "documents": 1}
    size = {"layers": 2, "hidden": 16, "heads": 2, "vocabulary": 400, "context": 256, "seed": 3, "initial_scale": 0.3}
    folder: Path = tmp_path_factory.mktemp("model")
    built = BuiltStudent.model_validate({"kind": "built", **size, "corpus": corpus, "warm_up": {}})
    make_untrained(built, list(TEXTS), folder)
    return AutoModelForCausalLM.from_pretrained(str(folder)).eval(), load_tokens(folder)


def example(text: str) -> Example:
    return Example("p", 0, "Question: How many?\nAnswer:", f" {text}", "agrees")


def alone(model: Any, ids: list[int], read: int) -> tuple[float, float]:
    """Mean surprisal and cut rank by the definitions, one token after the other."""
    surprisals, ranks = [], []
    for index in range(read, len(ids)):
        with torch.no_grad():
            probabilities = torch.softmax(model(torch.tensor([ids[:index]])).logits[0, -1].double(), dim=0)
        order = sorted(probabilities.tolist(), reverse=True)
        surprisals.append(-float(torch.log(probabilities[ids[index]])))
        ranks.append(min(fit.RANK_LIMIT, 1 + order.index(float(probabilities[ids[index]]))))
    return sum(surprisals) / len(surprisals), sum(ranks) / len(ranks)


def test_scores_are_those_of_the_definition_whatever_shares_their_batch(student: tuple[Any, Tokens]) -> None:
    model, tokens = student
    rows = fit.whole_rows([example(text) for text in TEXTS], tokens)
    for (ids, read), found in zip(rows, fit.score(model, rows, tokens.pad_id), strict=True):
        surprisal, rank = alone(model, ids, read)
        assert found.surprisal == pytest.approx(surprisal, rel=1e-4)
        assert found.rank == pytest.approx(rank)
        assert found.tokens == len(ids) - read


def test_a_small_limit_on_logits_changes_nothing(student: tuple[Any, Tokens], monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokens = student
    rows = fit.whole_rows([example(text) for text in TEXTS * 3], tokens)
    before = fit.score(model, rows, tokens.pad_id)
    monkeypatch.setattr(fit, "LOGITS", 1)
    for one, other in zip(before, fit.score(model, rows, tokens.pad_id), strict=True):
        assert (one.tokens, one.rank) == (other.tokens, other.rank)
        assert one.surprisal == pytest.approx(other.surprisal, rel=1e-4)


def test_a_step_is_read_after_the_two_before_it_alone(student: tuple[Any, Tokens]) -> None:
    tokens = student[1]
    first, second, third, fourth = fit.steps(f" {TEXTS[0]}")
    rows = fit.local_rows(example(TEXTS[0]), tokens)
    assert tokens.decode(rows[3][0]) == second + third + fourth
    assert tokens.decode(rows[0][0]) == f"Question: How many?\nAnswer:{first}"
    assert sum(len(ids) - read for ids, read in rows) == sum(
        len(tokens.encode(step)) for step in fit.steps(f" {TEXTS[0]}")
    )


@given(st.text(alphabet="aB1 .!?\n", max_size=60))
def test_steps_joined_are_the_text(text: str) -> None:
    assert "".join(fit.steps(text)) == text
    assert all(fit.steps(text))


def test_a_decimal_point_ends_no_step() -> None:
    assert fit.steps("It costs 2.50 dollars. So 3.") == ["It costs 2.50 dollars.", " So 3."]


def test_means_are_over_texts_and_the_ratio_is_of_means() -> None:
    whole = [fit.Scored(10, 2.0, 8.0), fit.Scored(1, 4.0, 1.0)]
    found = fit.fit(whole, [[fit.Scored(9, 1.0, 1.0), fit.Scored(1, 11.0, 1.0)], [fit.Scored(1, 4.0, 1.0)]])
    assert (found.surprisal, found.rank, found.rsr) == (3.0, 4.5, 1.5)
    assert found.local_surprisal == pytest.approx(3.0)
    assert found.surprisal_se == pytest.approx(1.0)
    assert found.tokens == 11
