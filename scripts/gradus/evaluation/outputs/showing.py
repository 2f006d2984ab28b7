"""Showing verdicts: rows for a file, and disagreements to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradus.evaluation.outputs.verdicts import Judged

_SHOWN = 300  # characters of a text's end


def row_of(judged: Judged, several: bool, with_texts: bool) -> dict[str, object]:
    """A row of the file: id, sample, both verdicts, what was read; run and task where there are several; texts on request."""
    where = {"run": judged.sample.run, "task": judged.sample.task} if several else {}
    row = {**where, "id": judged.sample.id, "sample": judged.sample.sample, **vars(judged.grade)}
    if not with_texts:
        return row
    choices = judged.asked.questions[0].choices or ()
    gold = list(dict.fromkeys(question.gold for question in judged.asked.questions))
    texts = {
        "question": judged.asked.text,
        "choices": list(choices) if any(choices) else None,
        "gold": gold,
        "text": judged.sample.text,
    }
    return {**row, **texts, "scores": dict(judged.sample.scores)}


def disagreements(rows: Sequence[Judged]) -> list[Judged]:
    """Outputs on which our two sets of rules differ, or ours and a score that the file has."""
    return [row for row in rows if row.grade.strict != row.grade.robust or _others(row)]


def _others(row: Judged) -> dict[str, float]:
    return {name: value for name, value in row.sample.scores.items() if row.grade.robust != (value >= 0.5)}


def described(rows: Sequence[Judged]) -> Iterator[str]:
    """Each with its verdicts, its gold answer and the end of its text."""
    for row in rows:
        grade, others = row.grade, _others(row)
        verdicts = [f"robust {_word(grade.robust)}", f"strict {_word(grade.strict)}"]
        verdicts += [f"{name} {value:g}" for name, value in others.items()]
        gold = " or ".join(dict.fromkeys(question.gold for question in row.asked.questions))
        text = (row.sample.text or "").strip()
        end = text if len(text) <= _SHOWN else f"... {text[-_SHOWN:]}"
        head = f"{row.sample.id} #{row.sample.sample} ({row.sample.where})"
        yield f"{head}: {', '.join(verdicts)}; gold {gold}, read {grade.extracted}"
        yield "".join(f"    | {line}\n" for line in end.splitlines())


def _word(right: bool) -> str:
    return "right" if right else "wrong"
