"""What rationale and answer count in the loss, against a plain computation: one sample after the other, no loss of ours."""

from pathlib import Path
from typing import Any

import pytest
import torch
from builders import annotation, problem
from torch.nn.functional import cross_entropy

from gradus.records import Example
from gradus.students import tiny_models
from gradus.students.templates import resolve_template
from gradus.students.tokens import load_tokens
from gradus.students.training.batches import plan_steps
from gradus.students.training.job import Job
from gradus.students.training.objective import Objective
from gradus.students.training.telemetry import PhaseClock
from gradus.students.training.trainer import Trainer
from gradus.students.training.weighing import weighing
from gradus.students.training_sets import answer_start, tokenised
from gradus.study.config.students import BuiltStudent, Recipe

# Tokens, prompt, and where the answer begins: ordinary, an answer alone, and one that was cut before its answer.
SAMPLES = [([*range(6, 20), 5], 4, 12), ([30, 31, 32, 33, 5], 2, 2), ([*range(40, 49)], 3, 12)]


class Engine:
    """What the trainer needs of DeepSpeed for one process: the objective, and plain backward passes."""

    device = torch.device("cpu")

    def __init__(self, model: Any, chunked: bool) -> None:
        self.objective = Objective(model, chunked=chunked)

    def __call__(self, inputs: Any) -> Any:
        return self.objective(inputs)

    def backward(self, loss: torch.Tensor, scale_wrt_gas: bool) -> None:
        loss.backward()

    def set_gradient_accumulation_boundary(self, is_boundary: bool) -> None:
        pass

    def step(self) -> None:
        pass


def llama(folder: Path) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(str(folder), dtype=torch.float32)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.make("llama", tmp_path_factory.mktemp("models") / "llama", initializer_range=0.2)


def gradient(model: Any) -> torch.Tensor:
    return torch.cat(
        [torch.zeros(one.numel()) if one.grad is None else one.grad.flatten().double() for one in model.parameters()]
    )


def ours(base: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> tuple[list[float], torch.Tensor]:
    """Sums and gradient of one step over all samples, by the training loop."""
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 0)
    model = llama(base)
    tokens, prompts, answers = (list(column) for column in zip(*SAMPLES, strict=True))
    job = Job(str(base), tokens, prompts, answers, 0, recipe, 1, "", "", "cell", 0, [5], 0.0, None)
    [step] = plan_steps([len(ids) for ids in tokens], recipe, ranks=1, seed=1)
    engine = Engine(model, chunked=recipe.lm_head == "chunked")
    nothing: Any = None
    loop = Trainer(engine, job, [step], nothing, nothing, nothing, PhaseClock(0.0), lambda _: None)
    return loop.accumulate(step).tolist(), gradient(model)


def expected(base: Path, rationale: float, answer: float, per_sample: bool) -> tuple[float, torch.Tensor]:
    """Plain sum of the negative log-likelihoods, and the gradient of the weighted mean."""
    model = llama(base)
    plain, parts = 0.0, []
    for ids, prompt, first in SAMPLES:
        nll = cross_entropy(
            model(torch.tensor([ids])).logits[0, prompt - 1 : -1], torch.tensor(ids[prompt:]), reduction="none"
        )
        weights = torch.tensor([answer if index >= first else rationale for index in range(prompt, len(ids))])
        plain += float(nll.detach().sum())
        parts.append(((nll * weights).sum(), float(weights.sum())))
    if per_sample:
        counted = [one / weight for one, weight in parts if weight]
        loss = torch.stack(counted).sum() / len(counted)
    else:
        loss = torch.stack([one for one, _ in parts]).sum() / sum(weight for _, weight in parts)
    loss.backward()
    return plain, gradient(model)


@pytest.mark.parametrize("normalise", ["tokens", "samples"])
@pytest.mark.parametrize(("rationale", "answer"), [(1.0, 1.0), (0.0, 1.0), (0.3, 2.0)])
@pytest.mark.parametrize(
    "layout", [{"layout": "padded"}, {"layout": "budgeted", "lm_head": "chunked"}, {"layout": "padding-free"}], ids=str
)
def test_each_part_counts_what_the_recipe_says(
    base: Path, monkeypatch: pytest.MonkeyPatch, layout: dict[str, Any], rationale: float, answer: float, normalise: str
) -> None:
    keys = {**layout, "normalise": normalise, "supervise": {"rationale": rationale, "answer": answer}, "epochs": 1.0}
    sums, found = ours(base, Recipe.model_validate(keys), monkeypatch)
    plain, wanted = expected(base, rationale, answer, normalise == "samples")
    assert sums[0] == pytest.approx(plain, rel=1e-5), "the log has the loss of every target, whatever it counts"
    assert float((found - wanted).norm() / wanted.norm()) < 1e-5


def test_weights_of_one_are_the_training_without_the_key_bit_for_bit(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Recipe(epochs=1.0)
    asked = Recipe.model_validate({"epochs": 1.0, "supervise": {"rationale": 1, "answer": 1.0}})
    assert asked.model_dump() == plain.model_dump(), "a study without the key keeps its identity"
    assert "supervise" not in plain.model_dump()
    assert weighing(asked, [9], [1], [4]) is None, "the loss is summed as it was before there were weights"
    (one, first), (other, second) = (ours(base, recipe, monkeypatch) for recipe in (plain, asked))
    assert one == other and torch.equal(first, second)


def test_where_nothing_counts_there_is_no_gradient_and_no_nan() -> None:
    recipe = Recipe.model_validate({"supervise": {"rationale": 0, "answer": 1}})
    for normalise in ("tokens", "samples"):
        found = weighing(recipe.model_copy(update={"normalise": normalise}), [9], [3], [12])
        assert found is not None
        assert (found.of(0), found.total([0])) == ([0.0] * 6, 0.0)


@pytest.mark.parametrize("family", tiny_models.FAMILIES)
def test_the_answer_begins_behind_its_rationale(tmp_path: Path, family: str) -> None:
    tokens = load_tokens(tiny_models.make(family, tmp_path / family))
    template = resolve_template("plain", tokens, tmp_path / family)
    stated = annotation("a", rationale="Who knows? The answer is near. 1 + 2 = 3.")
    bare = annotation("a", rationale="")
    for one, text in ((stated, "The answer is 3."), (bare, "3")):
        example = Example("a", 0, template.prompt(problem("a")), template.completion(one, "3"), "agrees")
        ids, prompt = tokenised(example, template, tokens, 1000)
        start = answer_start(example, tokens)
        assert tokens.decode(ids[start:-1]).strip() == text
        assert tokens.decode(ids[prompt:start]).strip() == one.rationale


def test_an_answer_that_counts_nothing_and_weights_of_a_warm_up_are_refused() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Recipe.model_validate({"supervise": {"answer": 0}})
    student: dict[str, Any] = {"kind": "built", "layers": 1, "hidden": 8, "heads": 1, "vocabulary": 300, "seed": 1}
    student |= {"corpus": {"source": "primer", "seed": 1, "documents": 2}}
    with pytest.raises(ValueError, match="the warm-up's texts have no parts"):
        BuiltStudent.model_validate({**student, "warm_up": {"supervise": {"rationale": 0.5}}})
