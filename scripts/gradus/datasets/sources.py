"""The problem sources by name: settings and a split in, ``Problem`` records out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gradus.answers import canonical_number
from gradus.errors import UserError
from gradus.gradeschool.stories import make_stories
from gradus.records import Problem

Source = Callable[[str, dict[str, Any], str, Path | None], list[Problem]]


def load_problems(dataset: str, settings: dict[str, Any], split: str, folder: Path | None) -> list[Problem]:
    """All problems of one split (``train`` or ``test``) of a dataset entry, in the source's order.

    Raises UserError where files are absent or a row is not as its source documents it.
    """
    return SOURCES[settings["source"]](dataset, settings, split, folder)


def _gradeschool(dataset: str, settings: dict[str, Any], split: str, folder: Path | None) -> list[Problem]:
    side = "train" if split == "train" else settings["split"]
    stories = make_stories(settings["seed"], settings[split], side, tuple(settings["steps"]))
    return [
        Problem(
            id=f"{dataset}-{side}-{number:05d}",
            dataset=dataset,
            split=split,
            question=story.question,
            choices=None,
            answer=str(story.solution.answer),
            answer_kind="number",
            rationale=None,
            solution=story.solution.to_json(),
            source="gradus gradeschool generator (synthetic)",
            revision=f"seed {settings['seed']}",
        )
        for number, story in enumerate(stories)
    ]


def _svamp(dataset: str, settings: dict[str, Any], split: str, folder: Path | None) -> list[Problem]:
    if folder is None:
        raise UserError(
            "no folder with the SVAMP files",
            where=f"dataset {dataset}",
            hint="set the environment variable GRADUS_DATA, or data_folder in the study file",
        )
    path = folder / "datasets" / "svamp" / f"{split}.jsonl"
    if not path.exists():
        raise UserError("no such file", where=path, hint="SVAMP in its original schema, 700 training and 300 test rows")
    problems = []
    with open(path, encoding="utf-8") as stream:
        for line, text in enumerate(stream, 1):
            try:
                row = json.loads(text)
                question, answer = (
                    f"{row['Body'].strip()} {row['Question'].strip()}",
                    canonical_number(str(row["Answer"])),
                )
                identifier, equation = row["ID"], str(row["Equation"])
            except (ValueError, KeyError, AttributeError) as error:
                raise UserError(f"not a SVAMP row: {error}", where=path, line=line) from None
            if answer is None:
                raise UserError(f"the answer {row['Answer']!r} is not a number", where=path, line=line)
            problems.append(
                Problem(
                    id=identifier,
                    dataset=dataset,
                    split=split,
                    question=question,
                    choices=None,
                    answer=answer,
                    answer_kind="number",
                    rationale=equation,
                    solution=None,
                    source="SVAMP (Patel et al. 2021), MIT licence",
                    revision=None,
                )
            )
    return problems


SOURCES: dict[str, Source] = {"gradeschool": _gradeschool, "svamp": _svamp}
