"""One reader per dataset: a row in the schema of its authors (or of the released repository) to what a Problem needs.

A reader raises KeyError, TypeError or ValueError for a row that is not of its schema, and returns None for a row that
has no usable gold answer; the caller counts those.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradus.answers import canonical_answer
from gradus.answers.boxes import boxed
from gradus.answers.latex import normalised_latex
from gradus.answers.stated import before_last_statement
from gradus.answers.taught import taught_choice
from gradus.records.vocabulary import LETTERS, AnswerKind

Row = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What a row says: question, option texts, canonical gold, the author's own rationale, the subject and difficulty they name.

    ``doubtful`` marks a gold answer that the row's own solution does not bear out.
    """

    question: str
    answer: str
    kind: AnswerKind
    choices: tuple[str, ...] | None = None
    rationale: str | None = None
    id: str | None = None
    doubtful: bool = False
    subject: str | None = None
    difficulty: str | None = None


Reader = Callable[[Row], Reading | None]


def svamp(row: Row) -> Reading:
    """SVAMP (Patel et al. 2021): body and question; the equation is the human rationale, as in the paper."""
    answer = canonical_answer(str(row["Answer"]), "number", None)
    if answer is None:
        raise ValueError(f"the answer {row['Answer']!r} is not a number")
    question = f"{row['Body'].strip()} {row['Question'].strip()}"
    equation = re.sub(r"\.0\b", "", str(row["Equation"]).strip().removeprefix("(").removesuffix(")").strip())
    return Reading(question, answer, "number", None, f"{equation} = {answer}.", str(row["ID"]))


def gsm8k(row: Row) -> Reading:
    """GSM8K (Cobbe et al. 2021): the answer follows ``####``; calculator annotations ``<<...>>`` are taken out."""
    solution, mark, final = row["answer"].rpartition("####")
    answer = canonical_answer(final, "number", None)
    if not mark or answer is None:
        raise ValueError("no number after ####")
    rationale = re.sub(r"<<[^>]*>>", "", solution).strip()
    return Reading(row["question"].strip(), answer, "number", None, rationale)


def aqua(row: Row) -> Reading | None:
    """AQuA-RAT (Ling et al. 2017) in its own schema, or flattened as in MathInstruct and the released repository."""
    if "options" in row:
        choices = tuple(re.sub(r"^\s*[A-E]\s*\)\s*", "", option).strip() for option in row["options"])
        answer = canonical_answer(row["correct"], "choice", choices)
        return (
            answer and Reading(row["question"].strip(), answer, "choice", choices, row["rationale"].strip())
        ) or None
    question, mark, listed = row["instruction"].rpartition("Answer Choices:")
    parts = re.split(r"\(([A-E])\)\s", " " + listed + " ")
    if not mark or list(parts[1::2]) != list("ABCDE"):
        raise ValueError("no five answer choices")
    choices = tuple(part.strip() for part in parts[2::2])
    output = row["output"].strip().removeprefix("Let's think about the multi-choice question.").strip()
    answer = _aqua_letter(output, choices)
    if answer is None:
        return None
    return Reading(question.strip(), answer, "choice", choices, before_last_statement(output))


def _aqua_letter(output: str, choices: tuple[str, ...]) -> str | None:
    """The letter of a flattened row, whose authors wrote "The answer is B", "Option B", "Answer C", "i.e C", "is :- E"."""
    tail = output[-60:]
    spoken = re.findall(
        r"(?:[Aa]nswer|ANSWER|[Oo]ption|OPTION|i\.e\.?)\s*(?:is)?\s*[:\-=]*\s*\(?([A-Ea-e])\)?(?![A-Za-z])", tail
    )
    return spoken[-1].upper() if spoken else taught_choice(output, choices)


def math(row: Row) -> Reading | None:
    """MATH (Hendrycks et al. 2021): the gold is the last box of the solution.

    The released rows keep a box in some solutions only and carry ``output``; that is the gold then, doubtful where the
    solution does not contain it.
    """
    solution = row["solution"].strip()
    boxes = boxed(solution)
    stated = str(row.get("answer", row.get("output", ""))).strip()
    answer = boxes[-1] if boxes else stated
    if not answer:
        return None
    flat = normalised_latex(solution)
    doubtful = normalised_latex(answer) not in flat or bool(
        boxes and stated and normalised_latex(stated) != normalised_latex(boxes[-1])
    )
    rationale = re.sub(r"\\(?:boxed|fbox)\s*(?=\{)", "", solution)
    return Reading(
        row["problem"].strip(),
        answer,
        "latex",
        None,
        rationale,
        row.get("unique_id"),
        doubtful,
        _spaced(row.get("type", row.get("subject"))),
        str(row["level"]).removeprefix("Level ") if row.get("level") is not None else None,
    )


def _spaced(subject: str | None) -> str | None:
    """``CountingAndProbability`` as its authors write it, so that one subject has one name."""
    if not subject:
        return None
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", subject).replace(" And ", " & ")


def csqa(row: Row) -> Reading:
    """CommonsenseQA (Talmor et al. 2019); its authors wrote no rationales (ECQA did, see the teacher ``human``)."""
    return _choices(row, row["question"])


def obqa(row: Row) -> Reading:
    """OpenBookQA (Mihaylov et al. 2018); no rationales."""
    return _choices(row, row["question_stem"])


def _choices(row: Row, question: str) -> Reading:
    labels, choices = list(row["choices"]["label"]), tuple(str(text).strip() for text in row["choices"]["text"])
    if labels != list(LETTERS[: len(labels)]):
        raise ValueError(f"the options are labelled {labels}")
    answer = canonical_answer(row["answerKey"], "choice", choices)
    if answer is None:
        raise ValueError(f"the answer {row['answerKey']!r} is none of the options")
    return Reading(question.strip(), answer, "choice", choices, None, str(row["id"]))


def strategyqa(row: Row) -> Reading:
    """StrategyQA (Geva et al. 2021): the supporting facts are the human rationale, as in the paper."""
    if not isinstance(row["answer"], bool):
        raise ValueError(f"the answer {row['answer']!r} is not true or false")
    rationale = " ".join(_sentence(fact) for fact in row["facts"])
    return Reading(row["question"].strip(), str(row["answer"]), "boolean", None, rationale or None, str(row["qid"]))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
