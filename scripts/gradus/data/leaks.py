"""Leaks: test questions that a training split holds, word for word or as another instance of the same template.

Four rules, from strict to loose: the same text; the same letters and digits; 70 % of the word 5-grams of the test question in one
training question; and *templated*: numbers and names left out, 37 % of the 3-grams, each weighed by how rare it is among the test
questions. On GSM8K the last finds 74 to 78 of the 85 templates of GSM-Symbolic, which paraphrase its test questions (3 by
5-grams), and 25 of its 1,319 test questions in its own training split (2026-11-26, 10 instances of each template).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gradus.data.text_normalisation import ngrams, normalised
from gradus.records import Problem

NEAR_WORDS = 5
NEAR_SHARE = 0.7
TEMPLATED_WORDS = 3
TEMPLATED_SHARE = 0.37
# A question of fewer grams is too short to tell a template from chance.
FEWEST_GRAMS = 8
# A share of training questions made from templates of test questions at which a training split counts as made for the test.
REFUSED_SHARE = 0.2

_NUMBERS = frozenset(
    re.findall(
        r"[a-z]+",
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million once twice thrice "
        "double triple dozen half third quarter first second fourth fifth",
    )
)
_TOKENS = re.compile(r"[A-Za-z]+|\d[\d,.]*\d|\d|[.!?]")
_POSSESSIVE = re.compile(r"['\u2019]s\b")

Gram = tuple[str, ...]


@dataclass(frozen=True)
class Leaks:
    """Test questions found in a training split: by rule, the ids of each and of one training problem that it is found in.

    ``exact`` counts texts. ``templated_training`` counts the training problems that are instances of a test question.
    """

    train: int
    test: int
    exact: int
    normalised: Mapping[str, str]
    near: Mapping[str, str]
    templated: Mapping[str, str]
    templated_training: int

    @property
    def made_for_the_test(self) -> bool:
        """Whether so many training questions are instances of test questions that no chance explains it."""
        return self.templated_training >= REFUSED_SHARE * self.train


def leaks(train: Sequence[Problem], test: Sequence[Problem]) -> Leaks:
    """What a training split holds of the questions (with their choices) of a test split."""
    written = {normalised(problem.full_text): problem.id for problem in reversed(train)}
    same = {problem.id: written[text] for problem in test if (text := normalised(problem.full_text)) in written}
    exact = {problem.full_text for problem in train} & {problem.full_text for problem in test}
    near = _found(_five_grams(train), _five_grams(test), lambda _: 1.0, NEAR_SHARE)
    questions = {name: grams for name, grams in _templates(test).items() if len(grams) >= FEWEST_GRAMS}
    frequency = Counter(gram for grams in questions.values() for gram in grams)
    size = 1 + len(questions)
    templated = _found(_templates(train), questions, lambda gram: math.log(size / frequency[gram]), TEMPLATED_SHARE)
    instances = {one for found in templated.values() for one in found}
    return Leaks(len(train), len(test), len(exact), same, _first(near), _first(templated), len(instances))


def near_duplicates(train: Sequence[Problem], test: Sequence[Problem]) -> list[str]:
    """Test problems that share at least 70 % of their word 5-grams with one training problem (exact copies among them)."""
    return list(_found(_five_grams(train), _five_grams(test), lambda _: 1.0, NEAR_SHARE))


def template(text: str) -> list[str]:
    """The words of a text in lower case without numbers and names, which are the words with a capital inside a sentence."""
    words: list[str] = []
    starts = True
    for token in _TOKENS.findall(_POSSESSIVE.sub("", text)):
        if token in ".!?":
            starts = True
            continue
        is_name = token[0].isupper() and not starts and token != "I"
        starts = False
        if not (is_name or token[0].isdigit() or token.lower() in _NUMBERS):
            words.append(token.lower())
    return words


def _five_grams(problems: Iterable[Problem]) -> dict[str, frozenset[Gram]]:
    return {problem.id: ngrams(problem.full_text, NEAR_WORDS) for problem in problems}


def _templates(problems: Iterable[Problem]) -> dict[str, frozenset[Gram]]:
    return {problem.id: _grams(template(problem.full_text), TEMPLATED_WORDS) for problem in problems}


def _grams(words: Sequence[str], n: int) -> frozenset[Gram]:
    return frozenset(zip(*(words[start:] for start in range(n)), strict=False))


def _first(found: Mapping[str, Mapping[str, float]]) -> dict[str, str]:
    """Of the training problems that each test problem is found in, the one that holds most of it."""
    return {name: max(shares, key=lambda one: (shares[one], one)) for name, shares in found.items()}


def _found(
    train: Mapping[str, frozenset[Gram]],
    test: Mapping[str, frozenset[Gram]],
    weight: Callable[[Gram], float],
    share: float,
) -> dict[str, dict[str, float]]:
    """For every test text the training texts that hold at least ``share`` of the weight of its grams.

    Only its heaviest grams are looked up, so many that no text without one of them can hold the share: common grams, which
    are light and in every text, cost nothing (prefix filtering, Chaudhuri et al. 2006).
    """
    postings: dict[Gram, list[str]] = defaultdict(list)
    for name, grams in train.items():
        for gram in grams:
            postings[gram].append(name)
    found: dict[str, dict[str, float]] = {}
    for name, grams in test.items():
        weights = {gram: weight(gram) for gram in grams}
        total = math.fsum(weights.values())
        if not total:
            continue
        shares: dict[str, float] = {}
        for candidate in _candidates(weights, total * (1 - share), postings):
            held = math.fsum(weights[gram] for gram in grams & train[candidate]) / total
            if held >= share:
                shares[candidate] = held
        if shares:
            found[name] = shares
    return found


def _candidates(weights: Mapping[Gram, float], enough: float, postings: Mapping[Gram, list[str]]) -> Iterable[str]:
    """The training texts that share one of the heaviest grams, which together weigh just more than ``enough``."""
    seen: dict[str, None] = {}
    missed = 0.0
    for gram in sorted(weights, key=lambda one: (-weights[one], one)):
        seen.update(dict.fromkeys(postings.get(gram, ())))
        missed += weights[gram]
        if missed > enough + 1e-9:
            break
    return seen
