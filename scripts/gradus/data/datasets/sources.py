"""The problem sources by name: settings and a split in, ``Problem`` records out."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.data.datasets.catalogue import CATALOGUE, Entry
from gradus.data.datasets.development import side
from gradus.data.datasets.readers import Reading
from gradus.data.datasets.rows import Rows, hub_rows, local_rows
from gradus.data.gradeschool.stories import make_stories
from gradus.data.text_normalisation import normalised
from gradus.records import Problem
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config.datasets import CatalogueDataset, GradeschoolDataset


@dataclass(frozen=True)
class Loaded:
    """The problems of one split, with what was left out and what is in doubt."""

    problems: list[Problem]
    source: str
    revision: str
    without_gold: int
    doubtful_gold: tuple[str, ...]


def load_problems(
    dataset: str, section: GradeschoolDataset | CatalogueDataset, split: Split, folder: Path | None
) -> Loaded:
    """All problems of one split (``train``, ``development`` or ``test``) of a dataset entry, in the source's order.

    The development split is taken from all training problems, before ``train_size`` limits the others. Raises UserError
    where files are absent, a row is not as its source documents it, or nothing is left.
    """
    if split == "development" and section.development is None:
        hint = "set `development: {share: 0.1, seed: 1}` of the dataset"
        raise UserError("has no development split", where=f"dataset {dataset}", hint=hint)
    if isinstance(section, GradeschoolDataset):
        return _gradeschool(dataset, section, split)
    entry = CATALOGUE[section.source]
    drawn: Split = "test" if split == "test" else "train"
    rows = _rows(section, entry, drawn, folder)
    problems: list[Problem] = []
    doubtful: list[str] = []
    without_gold = 0
    for number, (where, line, row) in enumerate(rows.rows):
        if not _is_wanted(row, section.subjects):
            continue
        reading = _read(entry, where, line, row)
        if reading is None:
            without_gold += 1
            continue
        problem = _problem(dataset, drawn, number, reading, entry, rows)
        problems.append(problem)
        if reading.doubtful:
            doubtful.append(problem.id)
    if split != "test" and section.development is not None:
        problems = side(problems, split, section.development, lambda problem: normalised(problem.full_text))
    size = {"train": section.train_size, "development": None, "test": section.test_size}[split]
    chosen = _subset(problems, size, section.sample_seed)
    if not chosen:
        raise UserError(f"no problem is left of {dataset} {split}", where=f"dataset {dataset}")
    kept = {problem.id for problem in chosen}
    return Loaded(chosen, rows.source, rows.revision, without_gold, tuple(name for name in doubtful if name in kept))


def _rows(section: CatalogueDataset, entry: Entry, split: Split, folder: Path | None) -> Rows:
    if section.origin == "files":
        return local_rows(section.source, split, folder)
    hub = section.hub or entry.hub
    if hub is None:
        raise UserError(
            f"the authors of {entry.title} publish it on no hub",
            where=f"dataset {section.source}",
            hint="name a hub id in `hub`, or use local files with origin: files",
        )
    configurations = entry.hub_configurations if section.configurations is None else section.configurations
    chosen = section.train_split if split == "train" else section.test_split
    name = chosen or entry.splits[0 if split == "train" else 1]
    return hub_rows(hub, tuple(configurations), name, section.revision)


def _is_wanted(row: dict[str, Any], subjects: Sequence[str] | None) -> bool:
    """MATH's subjects are spelled in three ways in the wild; compared here by their letters."""
    return subjects is None or _letters(str(row.get("type", ""))) in {_letters(subject) for subject in subjects}


def _letters(text: str) -> str:
    return "".join(character for character in text.lower().replace("&", "and") if character.isalpha())


def _read(entry: Entry, where: str, line: int, row: dict[str, Any]) -> Reading | None:
    try:
        return entry.reader(row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"no field {error}" if isinstance(error, KeyError) else str(error)
        raise UserError(f"not a row of {entry.title}: {what}", where=where, line=line) from None


def _problem(dataset: str, split: Split, number: int, reading: Reading, entry: Entry, rows: Rows) -> Problem:
    return Problem(
        id=reading.id or f"{dataset}-{split}-{number:05d}",
        dataset=dataset,
        split=split,
        question=reading.question,
        choices=reading.choices,
        answer=reading.answer,
        answer_kind=reading.kind,
        rationale=reading.rationale,
        solution=None,
        source=f"{entry.title} ({entry.citation}), licence {entry.licence}",
        revision=rows.revision,
        subject=reading.subject,
        difficulty=reading.difficulty,
    )


def _subset(problems: list[Problem], size: int | None, seed: int | None) -> list[Problem]:
    """The first ``size`` problems, or a seeded sample of them in the source's order."""
    if size is None or size >= len(problems):
        return problems
    if seed is None:
        return problems[:size]
    picked = sorted(random.Random(f"subset/{seed}").sample(range(len(problems)), size))
    return [problems[index] for index in picked]


def _gradeschool(dataset: str, section: GradeschoolDataset, split: Split) -> Loaded:
    drawn: Split = section.split if split == "test" else "train"
    size = section.test if split == "test" else section.train
    plain = section.stories == "plain"
    stories = make_stories(section.seed, size, drawn, tuple(section.steps), section.largest, plain)
    source, revision = "gradus gradeschool generator (synthetic)", f"seed {section.seed}"
    problems = [
        Problem(
            id=f"{dataset}-{drawn}-{number:05d}",
            dataset=dataset,
            split="test" if split == "test" else "train",
            question=story.question,
            choices=None,
            answer=str(story.solution.answer),
            answer_kind="number",
            rationale=None,
            solution=story.solution.to_json(),
            source=source,
            revision=revision,
        )
        for number, story in enumerate(stories)
    ]
    if split != "test" and section.development is not None:
        problems = side(problems, split, section.development, _structure, _steps)
    if split == "train":
        problems = _subset(problems, section.train_size, None)
    return Loaded(problems, source, revision, 0, ())


def _structure(problem: Problem) -> str:
    return "/".join((problem.solution or {})["structure"])


def _steps(problem: Problem) -> str:
    return str(len((problem.solution or {})["steps"]))
