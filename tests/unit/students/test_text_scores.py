"""What a base model makes of each word of a text: against the definitions, and what transforms do with it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from builders import annotation, problem
from transformers import AutoModelForCausalLM

from gradus.records import Supervision
from gradus.records.text_scores import TextScore
from gradus.runtime.errors import UserError
from gradus.students.base_models import make_untrained
from gradus.students.templates import Template, resolve_template
from gradus.students.text_scores import score_texts
from gradus.students.tokens import Tokens, load_tokens
from gradus.study.config.students import BuiltStudent
from gradus.study.config.transform_section import TransformSection
from gradus.study.config.transforms import BestOfTransform, PrunedTransform, SelectedTransform
from gradus.teachers.transforms import make_plugin
from gradus.teachers.transforms.scores import entropies, losses
from gradus.teachers.transforms.steps import split_steps, split_words

TEXTS = ("He has 3 apples. He buys 4 more.\nSo 3 + 4 = 7.5 in all.", "7", "  Dr. No said: 2. Then 3!  ")
ROWS = [annotation(str(number), rationale=text) for number, text in enumerate(TEXTS)]
PROBLEMS = {row.problem_id: replace(problem(), id=row.problem_id, question="How many?") for row in ROWS}
PLACE = Supervision("d", "t", "made", "L6")


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Template, Tokens]:
    corpus = {"source": "primer", "seed": 1, "documents": 1}
    size = {"layers": 2, "hidden": 16, "heads": 2, "vocabulary": 400, "context": 256, "seed": 3, "initial_scale": 0.3}
    folder: Path = tmp_path_factory.mktemp("model")
    built = BuiltStudent.model_validate({"kind": "built", **size, "corpus": corpus, "warm_up": {}})
    make_untrained(built, list(TEXTS), folder)
    tokens = load_tokens(folder)
    model = AutoModelForCausalLM.from_pretrained(str(folder)).eval()
    return model, resolve_template("plain", tokens, folder), tokens


def test_every_word_has_the_loss_and_entropy_of_its_tokens(student: tuple[Any, Template, Tokens]) -> None:
    model, template, tokens = student
    found = score_texts(model, ROWS, PROBLEMS, template, tokens)
    assert [one.key for one in found] == [row.key for row in ROWS]
    for row, score in zip(ROWS, found, strict=True):
        read = tokens.encode(template.prompt(PROBLEMS[row.problem_id]))
        text = tokens.encode(f"{template.lead}{row.rationale}")
        loss, entropy = 0.0, 0.0
        for index, target in enumerate(text):
            with torch.no_grad():
                logits = model(torch.tensor([[*read, *text[:index]]])).logits[0, -1].double()
            chances = torch.softmax(logits, dim=0)
            loss -= math.log(float(chances[target]))
            entropy -= float((chances * chances.log()).sum())
        assert len(score.tokens) == len(split_words(row.rationale)) and sum(score.tokens) == len(text)
        assert sum(score.loss) == pytest.approx(loss, rel=1e-4)
        assert sum(score.entropy) == pytest.approx(entropy, rel=1e-4)
        assert min(score.tokens) > 0 and score.mean_loss == pytest.approx(loss / len(text), rel=1e-4)


def made(
    section: TransformSection, texts: Mapping[str, tuple[list[float], list[float]]], sample: bool = False
) -> list[str]:
    """The texts that a transform leaves of texts whose words have these losses and entropies, a token each."""
    rows = [
        replace(annotation("p" if sample else str(number), rationale=text), sample=number if sample else 0)
        for number, text in enumerate(texts)
    ]
    scores = {
        row.key: TextScore(row.problem_id, row.sample, row.attempt, (1,) * len(loss), tuple(loss), tuple(entropy))
        for row, (loss, entropy) in zip(rows, texts.values(), strict=True)
    }
    problems = [replace(problem(), id=name) for name in dict.fromkeys(row.problem_id for row in rows)]
    return [row.rationale for row in make_plugin(section, scores).apply(PLACE, problems, [rows], len)]


STEPS = "He has 3. He buys 4. So 7."
LOSS = [1.0, 1, 1, 9, 0, 0, 4, 4]
ENTROPY = [0.0, 0, 0, 1, 1, 1, 4, 4]


def test_pieces_have_the_scores_of_their_words() -> None:
    score = TextScore("p", 0, 0, (1, 1, 2, 1, 1, 1, 1, 1), tuple(LOSS), tuple(ENTROPY))
    pieces = split_steps(STEPS)
    assert losses(score, pieces) == pytest.approx([3 / 4, 3.0, 4.0])
    assert entropies(score, pieces) == pytest.approx([0.0, 3.0, 8.0])
    assert losses(score, split_words(STEPS)) == pytest.approx([1, 1, 0.5, 9, 0, 0, 4, 4])


@pytest.mark.parametrize(
    ("by", "unit", "keep", "left"),
    [
        ("entropy", "steps", 0.34, "So 7."),
        ("entropy", "steps", 0.67, "He buys 4. So 7."),
        ("loss", "steps", 0.34, "So 7."),
        ("loss", "words", 0.375, "He So 7."),
    ],
)
def test_what_the_model_finds_likely_is_pruned(by: str, unit: str, keep: float, left: str) -> None:
    section = PrunedTransform.model_validate(
        {"kind": "pruned", "by": by, "unit": unit, "keep": keep, "scored_by": "mini"}
    )
    assert made(section, {STEPS: (LOSS, ENTROPY)}) == [left]


def test_the_likeliest_sample_and_the_unlikeliest_problems_are_chosen() -> None:
    texts = {"one two": ([1.0, 3], [0.0, 0]), "three": ([1.0], [0.0]), "four five": ([8.0, 8], [0.0, 0])}
    best = BestOfTransform.model_validate({"kind": "best-of", "by": "loss", "scored_by": "mini"})
    assert made(best, texts, sample=True) == ["three"]
    for order, left in (("highest", ["one two", "four five"]), ("lowest", ["one two", "three"])):
        entry = {"kind": "selected", "by": "loss", "n": 2, "order": order, "scored_by": "mini"}
        assert made(SelectedTransform.model_validate(entry), texts) == left


def test_scores_of_another_text_are_refused() -> None:
    section = PrunedTransform.model_validate({"kind": "pruned", "by": "loss", "keep": 0.5, "scored_by": "mini"})
    with pytest.raises(UserError, match="the scores of '0' are not of its text"):
        made(section, {STEPS: (LOSS[:-1], ENTROPY[:-1])})
    with pytest.raises(UserError, match="are not of its text"):
        make_plugin(section).apply(PLACE, [], [ROWS], len)


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "pruned", "by": "loss", "keep": 0.5},
        {"kind": "pruned", "by": "random", "keep": 0.5, "scored_by": "mini"},
        {"kind": "selected", "by": "loss", "n": 2},
        {"kind": "best-of", "scored_by": "mini"},
    ],
)
def test_a_score_needs_a_model_and_a_model_a_score(entry: dict[str, Any]) -> None:
    sections: dict[str, type[TransformSection]] = {
        "pruned": PrunedTransform,
        "selected": SelectedTransform,
        "best-of": BestOfTransform,
    }
    section = sections[entry["kind"]]
    with pytest.raises(ValueError, match="need scored_by"):
        section.model_validate(entry)


def test_a_transform_that_asks_no_model_keeps_its_identity() -> None:
    entry = PrunedTransform.model_validate({"kind": "pruned", "by": "random", "keep": 0.5})
    assert "scored_by" not in entry.identity()
