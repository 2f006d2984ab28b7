"""Samples as lm-evaluation-harness 0.4.13 writes them with ``--log_samples``: what its users' tools and our own readers take.

A document has a row by our rules (filter ``robust``) and one by the paper's (``strict``), as the harness has one per filter. The
metric of a document with several outputs is their mean. The prompt is the question; the student's template is not repeated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from gradus.archive.exports.scored_cell import Output, ScoredCell
from gradus.runtime.atomic import sha256_bytes


def files(cell: ScoredCell) -> dict[str, bytes]:
    """Path and content of the one file of a cell."""
    date = cell.when.strftime("%Y-%m-%dT%H-%M-%S.%f")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in _rows(cell))
    return {f"{cell.name}/samples_{cell.task}_{date}.jsonl": lines.encode()}


def _rows(cell: ScoredCell) -> Iterator[dict[str, object]]:
    documents: dict[str, list[Output]] = {}
    for output in cell.outputs:
        documents.setdefault(output.problem.id, []).append(output)
    for rules in ("robust", "strict"):
        for number, outputs in enumerate(documents.values()):
            yield _row(cell, number, outputs, rules)


def _row(cell: ScoredCell, number: int, outputs: list[Output], rules: str) -> dict[str, object]:
    problem = outputs[0].problem
    doc = {
        "id": problem.id,
        "question": problem.question,
        "choices": list(problem.choices) if problem.choices else None,
        "answer": problem.answer,
    }
    prompt, decoding = problem.question_with_choices, cell.decoding
    settings = {
        "until": decoding.stop_strings,
        "do_sample": decoding.temperature > 0,
        "temperature": decoding.temperature,
    }
    right = [output.scored.correct if rules == "robust" else output.scored.strict for output in outputs]
    return {
        "doc_id": number,
        "doc": doc,
        "target": problem.answer,
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": settings}},
        "resps": [[output.prediction.text for output in outputs]],
        "filtered_resps": [output.scored.extracted if rules == "robust" else None for output in outputs],
        "filter": rules,
        "metrics": ["exact_match"],
        "doc_hash": sha256_bytes(json.dumps(doc, indent=2, ensure_ascii=False).encode()),
        "prompt_hash": sha256_bytes(prompt.encode()),
        "target_hash": sha256_bytes(problem.answer.encode()),
        "exact_match": sum(right) / len(right),
    }
