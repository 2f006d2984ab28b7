"""Reading a word problem by rules: what happens to which number, as a solution graph.

It understands short stories about one amount: all generated ones, few of GSM8K's. Where it does not, and the answer is shown,
it looks for a chain of operations over the question's numbers that leads there. It knows nothing and is often wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from gradus.data.gradeschool.graph import Solution, Step, compute

_WORDS = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
    ),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_NUMBER_WORDS = {word: number for number, word in enumerate(_WORDS)} | {"dozen": 12}
_HIDDEN = {"twice": "2", "half": "2", "double": "2", "doubles": "2", "triple": "3", "triples": "3", "third": "3"}
_NUMBER = re.compile(rf"\d[\d,]*|\b(?:{'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE)
_LOSS = re.compile(
    r"\b(gives?|gave|loses?|lost|sells?|sold|eats?|ate|uses?|used|spends?|spent|puts?|donates?|breaks?|drops?|fewer|less|away|leaves?)\b"
)
_GAIN = re.compile(
    r"\b(buys?|bought|finds?|found|gets?|got|receives?|received|earns?|earned|adds?|picks?|more|another|makes?)\b"
)
_SHARE = re.compile(r"\b(shares?|shared|splits?|split|divides?|divided|equally)\b")
_DOUBLE = {"doubles": 2, "doubled": 2, "twice": 2, "triples": 3, "tripled": 3}
_TOTAL = re.compile(r"\b(in all|in total|altogether|together|total)\b")
_MOST_NUMBERS = 6  # of a question that a chain is looked for in
_LONGEST_NUMBER = 18  # characters; more are no amount
_MOST_STEPS = 50  # of a story that is followed
_SAID = {
    "+": "We add {right} to {left}",
    "-": "We take {right} from {left}",
    "*": "We multiply {left} by {right}",
    "/": "We divide {left} by {right}",
}


@dataclass(frozen=True)
class _Move:
    """What one clause does to the amount: by a number, or by ``packs`` times ``number``."""

    operation: str
    number: int
    reason: str
    packs: int | None = None


def numbers_of(text: str) -> list[int]:
    """The whole numbers of a text in order, in digits or words."""
    return [_value(found) for found in _NUMBER.findall(text) if len(found) <= _LONGEST_NUMBER]


def read(question: str, answer: int | None = None) -> Solution | None:
    """The solution graph of a question that has ``answer`` where that is known; None where no rule finds one."""
    story = _story(question)
    if story is not None and (answer is None or story.answer == answer):
        return story
    return _chain(question, answer) if answer is not None else None


def _value(text: str) -> int:
    word = text.lower()
    return _NUMBER_WORDS[word] if word in _NUMBER_WORDS else int(text.replace(",", ""))


def _sentences(question: str) -> tuple[list[str], str]:
    """What is told, and what is asked."""
    parts = [part.strip() for part in re.split(r"(?<=[.?!])\s+", question.strip()) if part.strip()]
    asked = next((part for part in reversed(parts) if part.endswith("?")), parts[-1] if parts else "")
    return [part.rstrip(".!") for part in parts if part != asked], asked


def _story(question: str) -> Solution | None:
    sentences, goal = _sentences(question)
    adds = bool(_TOTAL.search(goal.lower()))
    clauses = [clause for sentence in sentences for clause in _clauses(sentence)]
    start = next((index for index, clause in enumerate(clauses) if numbers_of(clause)), None)
    if start is None:
        return None
    actor = clauses[start].split()[0].removesuffix("'s").removesuffix("’s")
    unit = _unit(clauses[start])
    steps: list[Step] = []
    total, last, needless = numbers_of(clauses[start])[0], None, None
    structure = []
    for clause in clauses[start + 1 :]:
        move = _move(clause, actor, adds)
        if move is None:
            needless = clause if numbers_of(clause) else needless
            continue
        ask = f"How many {unit} does {actor} have then?"
        number, number_step = move.number, None
        try:
            if move.packs is not None:
                number = compute("*", move.packs, move.number)
                helper = f"{move.packs} times {move.number} {unit}"
                steps.append(
                    Step("*", move.packs, move.number, number, None, None, helper, f"How many {unit} are these?", unit)
                )
                number_step = len(steps) - 1
            result = compute(move.operation, total, number)
        except ValueError:
            return None
        steps.append(Step(move.operation, total, number, result, last, number_step, move.reason, ask, unit))
        structure.append(move.operation)
        if len(steps) > _MOST_STEPS:
            return None
        total, last = result, len(steps) - 1
    if not steps or total < 0:
        return None
    return Solution(tuple(steps), actor, unit, goal, needless, tuple(structure))


def _clauses(sentence: str) -> list[str]:
    """A sentence at its "and" or "then", where both sides have a number or a doubling."""
    found: list[str] = []
    for part in re.split(r",? (?:and then|then|and) |; ", sentence):
        if found and not (_acts(part) and _acts(found[-1])):
            found[-1] += f" and {part}"
        else:
            found.append(part)
    return found


def _acts(clause: str) -> bool:
    return bool(numbers_of(clause)) or any(word in clause.lower().split() for word in _DOUBLE)


def _unit(clause: str) -> str:
    found = re.search(rf"(?:{_NUMBER.pattern}) (?:more )?([a-z]+)", clause, re.IGNORECASE)
    return found.group(1) if found else "things"


def _move(clause: str, actor: str, adds: bool) -> _Move | None:
    """What a clause does; None where nothing in it says so."""
    low = clause.lower()
    reason = clause if clause.startswith(actor) else f"{actor} {clause}"
    doubled = next((number for word, number in _DOUBLE.items() if word in low.split()), None)
    if doubled is not None:
        return _Move("*", doubled, reason)
    numbers = numbers_of(clause)
    if not numbers:
        return None
    if _SHARE.search(low) and len(numbers) == 1:
        return _Move("/", numbers[0], reason)
    if "every one" in low or re.search(r"\btimes\b", low):
        return _Move("*", numbers[-1], reason)
    sign = "-" if _LOSS.search(low) else "+" if _GAIN.search(low) or adds else None
    if sign is None:
        return None
    if len(numbers) == 2 and re.search(r"\b(each|every|per)\b", low):
        first, second = numbers
        packs_first = re.search(r"\beach of\b", low) is None  # "4 apples to each of 3 friends"
        return _Move(sign, second if packs_first else first, reason, packs=first if packs_first else second)
    return _Move(sign, numbers[0], reason)


def _chain(question: str, answer: int) -> Solution | None:
    """The first chain over the question's numbers, in order, that leads to the answer; the shortest that there is."""
    shown = re.sub(r"[a-z]+", lambda found: _HIDDEN.get(found.group(), found.group()), question)
    numbers = numbers_of(shown)[:_MOST_NUMBERS]
    _, goal = _sentences(question)
    for length in range(2, len(numbers) + 1):
        for begin in range(len(numbers) - length + 1):
            chosen = numbers[begin : begin + length]
            for signs in product("+-*/", repeat=length - 1):
                steps = _steps(chosen, signs)
                if steps is not None and steps[-1].result == answer:
                    return Solution(tuple(steps), "We", "", goal, None, tuple(signs))
    return None


def _steps(numbers: Sequence[int], signs: Sequence[str]) -> list[Step] | None:
    steps: list[Step] = []
    total = numbers[0]
    for index, (sign, number) in enumerate(zip(signs, numbers[1:], strict=True)):
        try:
            result = compute(sign, total, number)
        except ValueError:
            return None
        if result < 0:
            return None
        reason = _SAID[sign].format(left=total, right=number)
        steps.append(Step(sign, total, number, result, index - 1 if index else None, None, reason, "What is that?", ""))
        total = result
    return steps
