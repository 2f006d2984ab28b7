"""Generation: a trained student answers the test problems, in batches of similar length, greedily."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradus.atomic import canonical_json, sha256_bytes
from gradus.engines import Engine
from gradus.errors import UserError
from gradus.progress import bar
from gradus.records import Prediction, Problem
from gradus.templates import Template, question_text
from gradus.tokens import Tokens


def generate(
    engine: Engine,
    tokens: Tokens,
    template: Template,
    problems: Sequence[Problem],
    decoding: dict[str, Any],
    progress: Path,
) -> list[Prediction]:
    """Predictions in the order of the problems.

    Finished batches are appended to ``progress`` and not computed again after a crash; the batches depend only on the
    prompts, so that a resumed run writes the bytes of an undisturbed one. A text that reaches ``max_new_tokens`` has
    finish reason ``length``. Raises UserError for a problem whose words the tokenizer would read as a special token.
    """
    for problem in problems:
        if tokens.holds_special(question_text(problem)):
            raise UserError(f"the text of problem {problem.id!r} holds a special token of this student's tokenizer")
    prompts = {problem.id: tokens.encode(template.prompt(problem)) for problem in problems}
    order = sorted(prompts, key=lambda identifier: (len(prompts[identifier]), identifier))
    size = decoding["batch_size"]
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    done = _read_progress(progress)
    display = bar(len(order), "generate", "problem", initial=sum(len(batch) for batch in batches if batch[0] in done))
    progress.parent.mkdir(parents=True, exist_ok=True)
    with open(progress, "ab") as stream:
        for batch in batches:
            if all(identifier in done for identifier in batch):
                continue
            made = _batch(engine, tokens, {identifier: prompts[identifier] for identifier in batch})
            for prediction in made:
                done[prediction.problem_id] = prediction
            stream.write(canonical_json([asdict(prediction) for prediction in made]).encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
            display.update(len(batch))
    display.close()
    return [done[problem.id] for problem in problems]


def _read_progress(path: Path) -> dict[str, Prediction]:
    """Finished batches; a torn last line is cut off."""
    done: dict[str, Prediction] = {}
    if not path.exists():
        return done
    kept = 0
    with open(path, "rb") as stream:
        for line in stream:
            try:
                rows = [Prediction(**row) for row in json.loads(line)] if line.endswith(b"\n") else None
            except (ValueError, TypeError):
                rows = None
            if rows is None:
                break
            done.update({row.problem_id: row for row in rows})
            kept += len(line)
    os.truncate(path, kept)
    return done


def _batch(engine: Engine, tokens: Tokens, prompts: dict[str, list[int]]) -> list[Prediction]:
    made = []
    for (identifier, ids), row in zip(prompts.items(), engine.complete(list(prompts.values())), strict=True):
        stopped = bool(row) and row[-1] in engine.ends
        written = row[:-1] if stopped else row
        made.append(
            Prediction(
                problem_id=identifier,
                sample=0,
                prompt_hash=sha256_bytes(canonical_json(ids).encode())[:16],
                text=tokens.decode(written),
                finish_reason="stop" if stopped else "length",
                prompt_tokens=len(ids),
                completion_tokens=len(written),
            )
        )
    return made
