"""One reader per dataset: a row in the schema of its authors (or of the released repository) to what a Problem needs.

A reader raises KeyError, TypeError or ValueError for a row that is not of its schema, and returns None for a row that
has no usable gold answer; the caller counts those.
"""

from __future__ import annotations

import re
from functools import partial

from gradus.answers import canonical_answer
from gradus.answers.boxes import boxed, last_boxes
from gradus.answers.latex import normalised_latex
from gradus.answers.stated import before_last_statement
from gradus.answers.taught import taught_choice
from gradus.data.datasets.columns import read_row
from gradus.data.datasets.reading import Reader, Reading, Row
from gradus.study.config.columns import Columns


def svamp(row: Row) -> Reading | None:
    """SVAMP (Patel et al. 2021): body and question; the equation is the human rationale, as in the paper."""
    if row["Answer"] in (None, ""):
        return None
    answer = canonical_answer(str(row["Answer"]), "number", None)
    if answer is None:
        raise ValueError(f"the answer {row['Answer']!r} is not a number")
    question = f"{row['Body'].strip()} {row['Question'].strip()}"
    equation = re.sub(r"\.0\b", "", str(row["Equation"]).strip().removeprefix("(").removesuffix(")").strip())
    return Reading(question, answer, "number", None, f"{equation} = {answer}.", str(row["ID"]))


def by_columns(**mapping: object) -> Reader:
    """A reader that is a mapping of columns, as a study file writes it; rows without an answer are counted."""
    return partial(read_row, Columns.model_validate({**mapping, "without_answer": "skip"}))


# GSM8K (Cobbe et al. 2021): calculator annotations ``<<...>>`` are taken out of the solution.
gsm8k = by_columns(
    question="question", answer={"field": "answer", "as": 'after "####"'}, kind="number", rationale="answer"
)


def aqua(row: Row) -> Reading | None:
    """AQuA-RAT (Ling et al. 2017) in its own schema, or flattened as in MathInstruct and the released repository."""
    if "options" in row and not row["correct"]:
        return None
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
    solution does not contain it, or where it boxes two answers and nothing says which.
    """
    solution = (row["solution"] or "").strip()
    boxes = boxed(solution)
    stated = str(row.get("answer", row.get("output")) or "").strip()
    answer = boxes[-1] if boxes else stated
    if not answer:
        return None
    flat = normalised_latex(solution)
    is_one_of_two = not stated and len(last_boxes(solution)) > 1
    doubtful = (
        is_one_of_two
        or normalised_latex(answer) not in flat
        or bool(boxes and stated and normalised_latex(stated) != normalised_latex(boxes[-1]))
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


_LABELLED = {"texts": "choices.text", "labels": "choices.label"}

# CommonsenseQA (Talmor et al. 2019); its authors wrote no rationales (ECQA did, see the teacher ``human``).
csqa = by_columns(question="question", choices=_LABELLED, answer="answerKey", kind="choice", id="id")

# OpenBookQA (Mihaylov et al. 2018); no rationales.
obqa = by_columns(question="question_stem", choices=_LABELLED, answer="answerKey", kind="choice", id="id")

# StrategyQA (Geva et al. 2021): the supporting facts are the human rationale, as in the paper.
strategyqa = by_columns(question="question", answer="answer", kind="boolean", rationale="facts", id="qid")
