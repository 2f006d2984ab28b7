"""Strict reading: the rules by which the paper (arXiv 2502.18001) and its released code score, with their defects.

Reimplemented from a description of the released code, so that its accuracies can be compared with. What is known to be wrong
with the rules is kept on purpose:

- numbers: the pattern loses a leading dot (``.5`` reads 5) and reads ``10-2`` as 10 and -2; only the first paragraph counts
  where the trigger occurs twice; without a trigger the last number counts, whatever it is a number of;
- AQuA: any stand-alone letter A to J counts, so that the word "a" is an answer;
- CommonsenseQA, OpenBookQA, StrategyQA: the first statement counts, not the last; without a word boundary "The answer is
  Because" reads B; ``(B)``, ``**B**`` and ``is: B`` are missed, and so is every bare answer: what a student of answers alone
  writes cannot be read at all.

One thing is not kept: the released code evaluates model output as Python where two numbers are compared; here they are parsed.
"""

from __future__ import annotations

import re

from gradus.answers.boxes import boxed
from gradus.answers.latex import normalised_latex
from gradus.answers.number import numbers_equal

TRIGGER = re.compile(r"The answer is:?|the answer is:?")
STATED = re.compile(r"[Tt]he answer is (True|False|[A-E])")
COMMONSENSE = ("csqa", "obqa", "strategyqa")


def strict_answer(text: str, dataset: str) -> str | None:
    """What the paper's rules read out of a text for a dataset (its name decides the rule); None where they read nothing."""
    if dataset in COMMONSENSE:
        found = STATED.search(text)
        return found[1] if found else None
    text = text.strip("\n")
    if len(TRIGGER.findall(text)) > 1:
        text = text.split("\n\n")[0]
    *before, tail = TRIGGER.split(text)
    stated = bool(before)
    tail = tail.strip("\n").rstrip(".").rstrip("/").strip(" ")
    if dataset == "aqua":
        candidates = re.findall(r"\b([A-J])\b", tail.upper())
    elif dataset == "math":
        return _math(tail)
    else:
        candidates = re.findall(r"-?\d+/?\.?\d*", tail.replace(",", ""))
    if not candidates:
        return None
    chosen: str = candidates[0] if stated else candidates[-1]
    return chosen.rstrip(".").rstrip("/") or None


def _math(tail: str) -> str | None:
    """A box, else what follows the last equality sign, else the last number."""
    boxes = boxed(tail)
    if boxes:
        return normalised_latex(boxes[-1]) or None
    if "=" in tail:
        return normalised_latex(tail.rpartition("=")[2]) or None
    numbers = re.findall(r"-?\d+/?\.?\d*", tail.replace(",", ""))
    return numbers[-1].rstrip(".").rstrip("/") or None if numbers else None


def strict_equal(extracted: str | None, gold: str, dataset: str) -> bool:
    """Whether the paper's comparison takes an extracted answer for the gold one."""
    if extracted is None:
        return False
    if dataset in COMMONSENSE:
        return extracted == gold
    if extracted.lower() == gold.strip().lower():
        return True
    if dataset == "math" and extracted == normalised_latex(gold):
        return True
    return dataset != "aqua" and numbers_equal(extracted, gold)
