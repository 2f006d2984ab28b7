"""What the practice teacher answers to a prompt of ``prompts/``, at the level and in the form that it asks for."""

from __future__ import annotations

import re
from pathlib import Path

from gradus.answers.stated import last_statement
from gradus.data.gradeschool.explanations import Manner, explain, miscalculate
from gradus.data.gradeschool.graph import Solution
from gradus.records.vocabulary import FORMATS, LEVELS
from gradus.runtime.atomic import sha256_bytes
from gradus.teachers.practice.reading import numbers_of, read
from gradus.teachers.prompts.prompting import Prompts

_USUAL = "L3"
_MANNER = Manner(3)


class Writer:
    """Writes by rule: the same prompt, the same text. In a share of problems (``errors``) one step is slightly wrong."""

    def __init__(self, prompts: str | Path, errors: float = 0.0) -> None:
        texts = Prompts(prompts)
        self._levels = {level: texts.text(f"levels/{level}") for level in LEVELS}
        self._forms = {name: texts.text(f"formats/{name}") for name in FORMATS if name != "original"}
        self._errors = errors

    def write(self, prompt: str) -> str:
        """The text of an answer; a prompt that no rule understands gets one that says so."""
        question, original = _question(prompt), _original(prompt)
        stated = _stated(prompt) if original is None else last_statement(original) or _stated(prompt)
        stated = stated.strip(" .") if stated else None
        if not question:
            return "I am the practice teacher: I explain word problems by rules, and find none in this message."
        number = int(stated.replace(",", "")) if stated and re.fullmatch(r"-?\d[\d,]{0,17}", stated) else None
        solution = read(question, number)
        answer = stated or (str(solution.answer) if solution else _guess(question))
        if solution is not None and number is None and not stated:
            solution = self._perhaps_wrong(solution, question)
            answer = str(solution.answer)
        if "[L6]" in prompt:
            return "\n".join(
                f"[{level}]\n{self._text(solution, level, 'original', question)} The answer is {answer}."
                for level in LEVELS
            )
        form = next((name for name, text in self._forms.items() if text in prompt), "original")
        level = self._level_of(prompt) if original is None else self._written_at(original, solution, question)
        return f"{self._text(solution, level, form, question)} The answer is {answer}."

    def _level_of(self, prompt: str) -> str:
        return next((level for level, text in self._levels.items() if text in prompt), _USUAL)

    def _written_at(self, original: str, solution: Solution | None, question: str) -> str:
        """The level at which a text of its own was written: the one nearest in length."""
        return min(
            LEVELS, key=lambda level: abs(len(self._text(solution, level, "original", question)) - len(original))
        )

    def _text(self, solution: Solution | None, level: str, form: str, question: str) -> str:
        if solution is None:
            return _plain(question, level)
        is_story = (
            any(step.reason.startswith(f"{solution.actor} ") for step in solution.steps) and solution.actor != "We"
        )
        if form == "rephrase-and-respond" and not is_story:
            return f"We are asked: {solution.goal} {explain(solution, level, 'original', _MANNER, question)}"
        return re.sub(r" +([.,])", r"\1", explain(solution, level, form, _MANNER, question))

    def _perhaps_wrong(self, solution: Solution, question: str) -> Solution:
        digest = bytes.fromhex(sha256_bytes(question.encode("utf-8", "backslashreplace")))
        if int.from_bytes(digest[:4]) / 2**32 >= self._errors:
            return solution
        return miscalculate(solution, digest[4] % len(solution.steps), 1 + digest[5] % 3)


def _question(prompt: str) -> str:
    """The last question of a prompt, up to what follows it."""
    found = re.findall(r"[Qq]uestion: (.+?)(?=\n(?:The correct answer is:|Explanation:|\n)|\Z)", prompt, re.DOTALL)
    if found:
        return str(found[-1]).strip()
    return prompt.strip() if numbers_of(prompt) and "?" in prompt else ""


def _stated(prompt: str) -> str | None:
    found = re.findall(r"^The correct answer is: (.+)$", prompt, re.MULTILINE)
    return str(found[-1]).strip() if found else None


def _original(prompt: str) -> str | None:
    """The explanation that is to be rewritten or edited; None where none is given."""
    if not re.search(r"\b(Rewrite|Edit)\b", prompt.split("\n", 1)[0]):
        return None
    found = re.findall(r"^Explanation: (.+?)(?=\n(?:Rewritten:|\n)|\Z)", prompt, re.DOTALL | re.MULTILINE)
    return str(found[-1]) if found else None


def _guess(question: str) -> str:
    """An answer where nothing is understood: the first choice, a number of the question, or True."""
    choice = re.search(r"(?:^|\s)\(?([A-E])[).:] ", question, re.MULTILINE)
    if choice:
        return choice.group(1)
    numbers = numbers_of(question)
    return str(sum(numbers)) if numbers else "True"


def _plain(question: str, level: str) -> str:
    """What is said where no rule understands a question: longer at higher levels, and true."""
    asked = next((part for part in reversed(re.split(r"(?<=[.?!])\s+", question)) if part.endswith("?")), question)
    numbers = numbers_of(question)
    said = [
        f"We are asked: {asked.strip()}",
        f"The question names {', '.join(map(str, numbers))}." if numbers else "The question names no numbers.",
        "We put together what is told about them." if numbers else "We think of what is known about it.",
        "We leave out what the question does not ask for.",
        "We look whether the result fits the question.",
        "We read the question once more and find nothing that contradicts it.",
    ]
    return " ".join(said[: LEVELS.index(level) + 1])
