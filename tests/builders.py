"""Builders: what several tests need, with everything filled in that a test does not care about. Nothing here runs a program."""

from __future__ import annotations

import asyncio
import copy
import heapq
import json
from pathlib import Path
from typing import Any

from gradus.data.datasets.sources import Loaded, load_problems
from gradus.records import Annotation, Problem
from gradus.records.vocabulary import Split, Verdict
from gradus.study.config.datasets import CatalogueDataset
from gradus.study.config.decodings import Decoding


def problem(identifier: str = "p1", **changes: Any) -> Problem:
    """A problem with a number for an answer; ``changes`` are other fields."""
    fields: dict[str, Any] = {
        "id": identifier,
        "dataset": "d",
        "split": "train",
        "question": "How many?",
        "choices": None,
        "answer": "3",
        "answer_kind": "number",
        "rationale": None,
        "solution": None,
        "source": "test",
        "revision": None,
    }
    return Problem(**{**fields, **changes})


def annotation(
    identifier: str, verdict: Verdict = "agrees", answer: str | None = "3", rationale: str = "1 + 2 = 3."
) -> Annotation:
    """A first annotation of a problem at L1 by the teacher ``t``."""
    return Annotation(
        identifier, 0, 0, "d", "t", "original", "L1", rationale, answer, verdict, "hash", "m", {}, "stop", {}, None
    )


def load_files(source: str, split: Split, folder: Path, **keys: Any) -> Loaded:
    """A split of a real dataset, read from the data folder; ``keys`` are other settings of the dataset."""
    section = CatalogueDataset.model_validate({"source": source, "origin": "files", **keys})
    return load_problems(source, section, split, folder)


def tiny_study(name: str = "tiny") -> dict[str, Any]:
    """One dataset of 24 + 10 problems, two students that learn next to nothing, one level and the baseline: four cells."""
    recipe = {
        "learning_rate": 0.001,
        "epochs": 1.0,
        "batch_size": 8,
        "cutoff_tokens": 512,
        "micro_batch_tokens": 2048,
        "zero_stage": 2,
        "ranks": 2,
        "precision": "fp32",
        "warmup_share": 0.0,
        "save_every": 2,
    }
    student = {
        "kind": "built",
        "layers": 1,
        "hidden": 16,
        "heads": 2,
        "vocabulary": 400,
        "seed": 1,
        "corpus": {"source": "primer", "seed": 3, "documents": 64},
        "warm_up": {**recipe, "batch_size": 16},
    }
    return copy.deepcopy(
        {
            "study": name,
            "datasets": {"gradeschool": {"source": "gradeschool", "seed": 5, "train": 24, "test": 10}},
            "teachers": {"tutor": {"provider": "tutor"}, "gold": {"provider": "gold"}},
            "students": {"mini": student, "midi": {**student, "seed": 2, "recipe": {"learning_rate": 0.002}}},
            "recipe": recipe,
            "decodings": {"greedy": {"max_new_tokens": 12, "batch_size": 4}},
            "experiments": {
                "granularity": {
                    "question": "How fine?",
                    "axis": "level",
                    "datasets": ["gradeschool"],
                    "teachers": ["tutor"],
                    "levels": ["L1"],
                    "students": ["mini", "midi"],
                    "seeds": [1],
                    "baselines": ["gold/answer-only/native"],
                }
            },
        }
    )


def decoding(**values: Any) -> str:
    """A decoding's settings as a rule passes them on."""
    return json.dumps(Decoding(**values).model_dump())


class FakeClock:
    """Virtual time: when everybody sleeps, it jumps to the next one who wakes."""

    def __init__(self) -> None:
        self.time = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._number += 1
        heapq.heappush(self._sleepers, (self.time + max(0.0, seconds), self._number, future))
        loop.call_later(0.0002, self._advance)
        await future

    def _advance(self) -> None:
        if self._sleepers:
            when, _, future = heapq.heappop(self._sleepers)
            self.time = max(self.time, when)
            if not future.done():
                future.set_result(None)
