"""The closed sets of the field: what a level, a format, a verdict, an answer's kind can be, each written down once."""

from __future__ import annotations

from typing import Literal, get_args

Level = Literal["L1", "L2", "L3", "L4", "L5", "L6"]
Format = Literal["original", "least-to-most", "rephrase-and-respond", "symbolic"]
AnswerKind = Literal["number", "choice", "boolean", "latex", "text"]
Verdict = Literal["agrees", "disagrees", "unparsable", "truncated", "refused", "failed"]
Split = Literal["train", "development", "test"]
# Why a student's text ended: at its end token or a stop string, or at the longest output.
Ending = Literal["stop", "length"]
Failure = Literal["empty", "no answer", "timeout"]

LEVELS: tuple[Level, ...] = get_args(Level)
FORMATS: tuple[Format, ...] = get_args(Format)
ANSWER_KINDS: tuple[AnswerKind, ...] = get_args(AnswerKind)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
# The level of supervisions whose detail nobody controls, and the format of the baseline that teaches bare answers.
NATIVE = "native"
ANSWER_ONLY = "answer-only"
# The format of the base model itself, which nobody teaches; it is no cell of a training, so its seed is always the same.
UNTAUGHT = "untaught"
UNTAUGHT_SEED = 0
# The names of a question's choices, in their order.
LETTERS = "ABCDEFGHIJ"
