"""Stories: seeded word problems of two to five steps, each with its solution graph.

A story is a sequence of moves on one running amount (get, lose, packs, share, price, ...); the sequence is its structure.
Train and test share neither a structure nor a tuple of numbers: a structure belongs to one side by its hash.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from gradus.data.gradeschool.graph import Solution, Step, compute
from gradus.runtime.errors import UserError

ACTORS = ("Mia", "Tom", "Ana", "Ben", "Zoe", "Leo", "Ida", "Max")
THINGS = ("apples", "stickers", "marbles", "pencils", "cards", "shells", "cookies", "stamps")
PATIENCE = 20_000  # stories thrown away in a row before the space counts as exhausted

_GET = ("buys {n} more {thing}", "finds {n} {thing}", "gets {n} {thing} from a friend")
_LOSE = ("gives away {n} {thing}", "loses {n} {thing}", "sells {n} {thing}")
_PACKS_GET = ("buys {a} packs with {b} {thing} each", "gets {a} bags with {b} {thing} each")
_PACKS_LOSE = ("gives {b} {thing} to each of {a} friends", "puts {b} {thing} into each of {a} boxes and sends them off")
_MULTIPLY = {2: ("doubles the number of {thing}",), 3: ("triples the number of {thing}",)}
_SHARE = ("shares the {thing} equally among {n} people and keeps one share",)
_NEEDLESS = (
    "The {thing} are {n} days old",
    "{other} is {n} years old",
    "The shop opens at {n} o'clock",
    "It is {n} kilometres to school",
)


@dataclass(frozen=True)
class Numbers:
    """Which numbers stories and number facts are made of; ranges hold both ends.

    ``start``: the amount at the beginning; ``amounts``: what is got or lost at once; ``packs``: most packs, and most in each;
    ``operands``: the second number of a fact's sum or difference.
    """

    largest: int
    start: tuple[int, int]
    amounts: tuple[int, int]
    packs: int
    operands: tuple[int, int]


NUMBERS = {
    40: Numbers(40, start=(4, 20), amounts=(2, 12), packs=4, operands=(2, 16)),
    20: Numbers(20, start=(3, 12), amounts=(2, 8), packs=3, operands=(2, 9)),
}


PLAIN = ("get", "lose", "multiply", "share")  # the moves of plain stories: each is one step


@dataclass(frozen=True)
class Story:
    """A question and what it means."""

    question: str
    solution: Solution


def belongs_to_test(structure: tuple[str, ...]) -> bool:
    """Whether a structure is held out: about three in ten are, by hash, the same in every study."""
    digest = hashlib.sha256("/".join(structure).encode()).digest()
    return digest[0] % 10 < 3


def make_story(rng: random.Random, steps: int, largest: int = 40, plain: bool = False) -> Story | None:
    """One random story with exactly ``steps`` steps, or None where the dice led to a number out of range.

    ``largest`` is a key of NUMBERS: no amount goes beyond it. A plain story says nothing twice in the same words, has nothing
    in it that its question does not need, and each of its moves is one of PLAIN.
    """
    numbers = NUMBERS[largest]
    actor, other = rng.sample(ACTORS, 2)
    thing = rng.choice(THINGS)
    total = rng.randint(*numbers.start)
    sentences = [f"{actor} has {total} {thing}."]
    made: list[Step] = []
    structure: list[str] = []
    said: set[str] = set()
    last: int | None = None
    ends_in_price = False
    while len(made) < steps:
        room = steps - len(made)
        moves = list(PLAIN)
        if not plain:
            moves += ["packs-get", "packs-lose"] if room >= 2 else []
            moves += ["price"] if room == 1 and steps > 2 else []
        move = rng.choice(moves)
        phrase, spoken, operation, number, number_step = "", "", "", 0, None
        if move in ("get", "lose"):
            number = rng.randint(*numbers.amounts)
            phrase = rng.choice(_GET if move == "get" else _LOSE)
            spoken = phrase.format(n=number, thing=thing)
            operation = "+" if move == "get" else "-"
        elif move == "multiply":
            number = rng.choice((2, 3))
            phrase = _MULTIPLY[number][0]
            spoken, operation = phrase.format(thing=thing), "*"
        elif move == "share":
            divisors = [n for n in (2, 3, 4) if total % n == 0 and total > n]
            if not divisors:
                return None
            number = rng.choice(divisors)
            phrase = rng.choice(_SHARE)
            spoken, operation = phrase.format(n=number, thing=thing), "/"
        elif move == "price":
            number = rng.randint(2, 4)
            phrase = "sells every one of the {thing} for {n} coins"
            spoken, operation = phrase.format(n=number, thing=thing), "*"
            ends_in_price = True
        else:
            packs, each = rng.randint(2, numbers.packs), rng.randint(2, numbers.packs)
            phrases = _PACKS_GET if move == "packs-get" else _PACKS_LOSE
            phrase = rng.choice(phrases)
            spoken = phrase.format(a=packs, b=each, thing=thing)
            number, operation = packs * each, "+" if move == "packs-get" else "-"
            many = "bought" if move == "packs-get" else "gone"
            made.append(
                Step(
                    "*",
                    packs,
                    each,
                    number,
                    None,
                    None,
                    f"{packs} times {each} {thing}",
                    f"How many {thing} are {many}?",
                    thing,
                )
            )
            number_step = len(made) - 1
        result = compute(operation, total, number)
        if not 1 <= result <= largest or (plain and phrase in said):
            return None
        said.add(phrase)
        unit = "coins" if move == "price" else thing
        ask = f"How many {unit} does {actor} have then?"
        made.append(Step(operation, total, number, result, last, number_step, f"{actor} {spoken}", ask, unit))
        sentences.append(f"{actor} {spoken}.")
        structure.append(move)
        last, total = len(made) - 1, result
    if len({step.equation for step in made}) < len(
        made
    ):  # a story that computes the same twice would make its explanation repeat itself
        return None
    needless = None
    if not plain and rng.random() < 0.4:
        needless = rng.choice(_NEEDLESS).format(n=rng.randint(2, 12), thing=thing, other=other)
        sentences.insert(rng.randint(1, len(sentences)), f"{needless}.")
    goal = "How many coins does {} get?" if ends_in_price else "How many " + thing + " does {} have now?"
    goal = goal.format(actor)
    sentences.append(goal)
    solution = Solution(tuple(made), actor, thing, goal, needless, tuple(structure))
    return Story(" ".join(sentences), solution)


def make_stories(
    seed: int,
    count: int,
    split: str,
    steps: tuple[int, ...] = (2, 3, 4, 5),
    largest: int = 40,
    plain: bool = False,
) -> list[Story]:
    """``count`` different stories of one side of the split, the numbers of steps in equal shares.

    ``split`` is ``train``, ``development`` or ``test``. Train draws from its structures; development and test from the
    held-out ones. The numbers of a problem belong to one side by their hash, so that no tuple of numbers is on two sides.
    No amount is beyond ``largest``, a key of NUMBERS; ``plain`` stories: see ``make_story``.
    Raises UserError if there are not so many.
    """
    rng = random.Random(f"gradeschool/{seed}/{split}")
    stories: list[Story] = []
    seen: set[str] = set()
    misses = 0
    while len(stories) < count:
        story = make_story(rng, steps[len(stories) % len(steps)], largest, plain)
        fits = story is not None and belongs_to_test(story.solution.structure) == (split != "train")
        if story is None or not fits or story.question in seen or _side(story.solution.givens()) != split:
            misses += 1
            if misses > PATIENCE:
                raise UserError(
                    f"cannot make {count} different {split} problems, only {len(stories)}",
                    hint="ask for fewer problems",
                )
            continue
        misses = 0
        seen.add(story.question)
        stories.append(story)
    return stories


def _side(numbers: tuple[int, ...]) -> str:
    digest = hashlib.sha256(",".join(map(str, numbers)).encode()).digest()
    return "train" if digest[1] < 154 else "development" if digest[1] < 205 else "test"
