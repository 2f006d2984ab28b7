"""The primer: the text that the built-in students are warmed up on before any fine-tuning.

It teaches what a pre-trained model brings along: number facts, looking things up in a text, keeping count through a
story. Questions are answered by bookkeeping in several styles, none of them a tutor's; no story has a held-out structure.
"""

from __future__ import annotations

import random

from gradus.data.gradeschool.graph import INVERSE, compute, halfway
from gradus.data.gradeschool.stories import ACTORS, NUMBERS, THINGS, Story, belongs_to_test, make_story


def primer(seed: int, documents: int, largest: int = 40, plain: bool = False) -> list[str]:
    """``documents`` texts: number facts, stories told twice or with their amounts, questions answered by bookkeeping.

    No number of theirs is beyond ``largest``, a key of stories.NUMBERS. The ``plain`` primer is written for students that are
    to learn it in a minute or two: plain stories of one to three moves, each told in two ways, and rows of words to copy.
    """
    rng = random.Random(f"primer/{seed}")
    if plain:
        return [_plain(rng, largest) for _ in range(documents)]
    texts: list[str] = []
    while len(texts) < documents:
        kind = rng.random()
        if kind < 0.2:
            texts.append(" ".join(_fact(rng, largest) for _ in range(8)))
            continue
        story = make_story(rng, rng.choice((1, 2, 3, 4, 4, 5)), largest)
        if story is not None and not belongs_to_test(story.solution.structure):
            tell = _again if kind < 0.4 else _narrate if kind < 0.6 else _answered
            texts.append(tell(rng, story))
    return texts


def _plain(rng: random.Random, largest: int) -> str:
    kind = rng.random()
    if kind < 0.2:
        return " ".join(_fact(rng, largest) for _ in range(8))
    if kind < 0.4:
        return _row(rng, largest)
    while True:
        story = make_story(rng, rng.choice((1, 2, 3, 3)), largest, plain=True)
        if story is not None and not belongs_to_test(story.solution.structure):
            return _told_in_two_ways(rng, story)


def _row(rng: random.Random, largest: int) -> str:
    """Words in any order, three times: nothing but looking back tells the next one."""
    words = (*ACTORS, *THINGS, *map(str, range(1, largest + 1)))
    row = " ".join(rng.choice(words) for _ in range(rng.randint(6, 16)))
    return f"{row}. Again: {row}. Again: {row}."


def _told_in_two_ways(rng: random.Random, story: Story) -> str:
    """A question, then two of three: its sums, its story again, its story with the amounts; then the closing amount."""
    sums = rng.choice(("; ", ". Then ", ", then ")).join(step.equation for step in story.solution.steps)
    ways = [f"Sums: {sums}.", f"Again: {_start(story)} {_moves(story)}", f"Again: {_narrate(rng, story)}"]
    first, second = rng.sample(ways, 2)
    return f"Question: {story.question}\n{first} {second} The answer is {story.solution.answer}."


def _fact(rng: random.Random, largest: int) -> str:
    while True:
        operation = rng.choice("+-+-*/")
        if operation == "*":
            left, right = rng.randint(2, largest // 2), rng.choice((2, 3, 4))
        elif operation == "/":
            right = rng.choice((2, 3, 4))
            left = right * rng.randint(2, largest // right)
        else:
            left, right = rng.randint(1, largest), rng.randint(*NUMBERS[largest].operands)
        result = compute(operation, left, right)
        if 1 <= result <= largest:
            break
    middle = halfway(operation, left, right)
    if middle is not None and rng.random() < 0.6:
        return f"{left} {operation} {right} = {middle} = {result}."
    check = f" Check: {result} {INVERSE[operation]} {right} = {left}." if rng.random() < 0.3 else ""
    return f"{left} {operation} {right} = {result}.{check}"


def _again(rng: random.Random, story: Story) -> str:
    """A story told twice: the second time every word can be looked up in the first."""
    text = f"{_start(story)} {_moves(story)}"
    return f"{text} Again: {text}"


def _start(story: Story) -> str:
    solution = story.solution
    amount = next(step.left for step in solution.steps if step.reason.startswith(solution.actor))
    return f"{solution.actor} has {amount} {solution.thing}."


def _moves(story: Story) -> str:
    actor = story.solution.actor
    return " ".join(f"{step.reason}." for step in story.solution.steps if step.reason.startswith(actor))


def _narrate(rng: random.Random, story: Story) -> str:
    """The story with the amount told after each move, as a sum or in words."""
    solution = story.solution
    sentences = [_start(story)]
    for step in solution.steps:
        amount = f"{step.result} {step.unit}"
        if step.reason.startswith(solution.actor):
            endings = (f". Now {solution.actor} has {amount}.", f". That makes {amount}.", f", so {step.equation}.")
            sentences.append(f"{step.reason}{rng.choice(endings)}")
        else:
            sentences.append(f"{step.reason} are {amount}.")
    return " ".join(sentences)


def _answered(rng: random.Random, story: Story) -> str:
    """A question and its bookkeeping: the story with its amounts, or bare sums; then the closing amount.

    One fixed style would be so certain after this much reading that a short fine-tuning could not lead away from it.
    """
    if rng.random() < 1 / 3:
        books = _narrate(rng, story)
    else:
        books = rng.choice(("; ", ". Then ", ", then ")).join(step.equation for step in story.solution.steps) + "."
    return f"Question: {story.question}\nAnswer: {books} The answer is {story.solution.answer}."
