"""Generation: a trained student answers the test problems, in batches of similar length that fit a memory budget."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from gradus.evaluation.engines import Engine
from gradus.evaluation.stop_strings import StopStrings
from gradus.records import Prediction, Problem
from gradus.runtime.atomic import canonical_json, named, sha256_bytes
from gradus.runtime.errors import UserError
from gradus.runtime.progress import bar
from gradus.students.templates import Template
from gradus.students.tokens import Tokens

# Longest output where it follows the training texts: this many times the longest of them, and a few tokens at least.
_LONGER = 1.25
_SHORTEST = 16

Row = tuple[str, int]  # problem id and sample


def longest_output(setting: int | str, training_set: Mapping[str, int]) -> int:
    """``max_new_tokens`` of a decoding; ``auto`` follows the longest text that the student was trained to write."""
    if isinstance(setting, int):
        return setting
    return max(_SHORTEST, int(_LONGER * training_set["longest_completion_tokens"]) + 1)


def generate(
    engine: Engine,
    tokens: Tokens,
    template: Template,
    problems: Sequence[Problem],
    progress: Path,
    samples: int = 1,
    stop_strings: Sequence[str] = (),
    worked: Sequence[tuple[str, str]] = (),
) -> list[Prediction]:
    """Predictions in the order of the problems, then of the samples.

    Finished batches are appended to ``progress`` and not computed again after a crash; the batches depend only on the
    prompts and the engine's limits, so that a resumed run writes the bytes of an undisturbed one. A text that reaches the
    longest output has finish reason ``length``; one is cut before the first of ``stop_strings``, and its tokens are counted
    up to the one that showed where. ``worked`` examples stand before every question. Raises UserError for a problem whose
    words the tokenizer would read as a special token.
    """
    for problem in problems:
        if tokens.holds_special(problem.question_with_choices):
            raise UserError(f"the text of problem {problem.id!r} holds a special token of this student's tokenizer")
    prompts = {problem.id: tokens.encode(template.prompt(problem, worked, tokens.opening)) for problem in problems}
    batches = plan_batches(engine, prompts, samples)
    done = _read_progress(progress)
    waiting = [batch for batch in batches if not all(row in done for row in batch)]
    total = len(problems) * samples
    stops = StopStrings(stop_strings, tokens.decode)
    display = bar(total, "generate", "text", initial=total - sum(map(len, waiting)))
    progress.parent.mkdir(parents=True, exist_ok=True)
    with named(progress), open(progress, "ab") as stream:
        for batch in waiting:
            made = _batch(engine, tokens, batch, prompts, stops)
            done |= {(prediction.problem_id, prediction.sample): prediction for prediction in made}
            stream.write(canonical_json([asdict(prediction) for prediction in made]).encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
            display.update(len(batch))
    display.close()
    return [done[problem.id, sample] for problem in problems for sample in range(samples)]


def finished(progress: Path, problems: Sequence[Problem], samples: int) -> list[Prediction] | None:
    """The predictions of all problems from finished batches, in order; None where one is still to be written."""
    done = _read_progress(progress)
    rows = [(problem.id, sample) for problem in problems for sample in range(samples)]
    return [done[row] for row in rows] if all(row in done for row in rows) else None


def plan_batches(engine: Engine, prompts: Mapping[str, Sequence[int]], samples: int) -> list[list[Row]]:
    """Every problem and sample once, shortest prompts first, each batch as large as the engine can take."""
    order = sorted(prompts, key=lambda identifier: (len(prompts[identifier]), identifier))
    batches: list[list[Row]] = []
    lengths: list[int] = []
    for row in ((identifier, sample) for identifier in order for sample in range(samples)):
        length = len(prompts[row[0]])
        if not batches or not engine.fits([*lengths, length]):
            batches.append([])
            lengths = []
        batches[-1].append(row)
        lengths.append(length)
    return batches


def row_seed(row: Row) -> int:
    """What decides the draws of one text: its problem and sample, nothing else."""
    return int.from_bytes(hashlib.sha256(f"{row[0]}#{row[1]}".encode()).digest()[:4], "big")


def _read_progress(path: Path) -> dict[Row, Prediction]:
    """Finished batches; a torn last line is cut off."""
    done: dict[Row, Prediction] = {}
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
            done.update({(row.problem_id, row.sample): row for row in rows})
            kept += len(line)
    os.truncate(path, kept)
    return done


def _batch(
    engine: Engine,
    tokens: Tokens,
    batch: Sequence[Row],
    prompts: Mapping[str, list[int]],
    stops: StopStrings,
) -> list[Prediction]:
    batch_prompts = [prompts[identifier] for identifier, _ in batch]
    made = []
    answers = engine.complete(batch_prompts, [row_seed(row) for row in batch], stops.settled if stops else None)
    for (identifier, sample), ids, answer in zip(batch, batch_prompts, answers, strict=True):
        row = stops.shortest(answer)
        stopped = bool(row) and row[-1] in engine.limits.ends
        written = row[:-1] if stopped else row
        text = tokens.decode(written)
        cut = stops.cut(text)
        made.append(
            Prediction(
                problem_id=identifier,
                sample=sample,
                prompt_hash=sha256_bytes(canonical_json(ids).encode())[:16],
                text=text if cut is None else cut,
                finish_reason="stop" if stopped or cut is not None else "length",
                prompt_tokens=len(ids),
                completion_tokens=len(written),
            )
        )
    return made
