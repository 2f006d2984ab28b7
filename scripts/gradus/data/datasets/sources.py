"""The problem sources by name: settings and a split in, ``Problem`` records out."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradus.data import gsm_symbolic
from gradus.data.datasets.catalogue import CATALOGUE
from gradus.data.datasets.columns import read_row, text_at
from gradus.data.datasets.development import drawn_for, side
from gradus.data.datasets.origins import catalogue_rows, columns_rows
from gradus.data.datasets.reading import Reading
from gradus.data.datasets.rows import Rows
from gradus.data.datasets.tables import Numbered, Table, read_all, wanted_rows, wanted_subjects
from gradus.data.gradeschool.stories import make_stories
from gradus.data.text_normalisation import normalised
from gradus.records import Problem
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config.datasets import (
    CatalogueDataset,
    ColumnsDataset,
    Dataset,
    GradeschoolDataset,
    GsmSymbolicDataset,
)

SHOWN_SIDES = 5  # values of a column that a message names


@dataclass(frozen=True)
class Repeated:
    """A question that stands twice: where, and whether with the same answer."""

    first: str
    second: str
    same_answer: bool


@dataclass(frozen=True)
class Loaded:
    """The problems of one split, with what was left out and what is in doubt."""

    problems: list[Problem]
    source: str
    revision: str
    without_gold: int
    doubtful_gold: tuple[str, ...]
    repeated: tuple[Repeated, ...] = ()


def load_problems(dataset: str, section: Dataset, split: Split, folder: Path | None) -> Loaded:
    """All problems of one split (``train``, ``development`` or ``test``) of a dataset entry, in the source's order.

    The development split is taken from all training problems, before ``train_size`` limits the others. Raises UserError
    where files are absent, rows are not as their source documents them, an id stands twice, or nothing is left.
    """
    if split == "development" and section.development is None:
        hint = "set `development: {share: 0.1, seed: 1}` of the dataset"
        raise UserError("has no development split", where=f"dataset {dataset}", hint=hint)
    if isinstance(section, GradeschoolDataset):
        return _gradeschool(dataset, section, split)
    if isinstance(section, GsmSymbolicDataset):
        return _gsm_symbolic(dataset, section, split)
    drawn: Split = "test" if split == "test" else "train"
    table = _table(dataset, section, drawn, folder)
    readings = read_all(table)
    problems: list[Problem] = []
    located: dict[str, str] = {}
    for number, where, reading in readings:
        if reading is None:
            continue
        problem = _problem(f"{dataset}-{drawn}-{number:05d}", dataset, drawn, reading, table)
        if problem.id in located:
            raise UserError(f"the id {problem.id!r} stands twice, first at {located[problem.id]}", where=where)
        located[problem.id] = where
        problems.append(problem)
    doubtful = {problem.id for problem, one in zip(problems, _present(readings), strict=True) if one.doubtful}
    if not problems and not readings:
        raise _nothing(dataset, section, drawn, table.rows)
    if isinstance(section, ColumnsDataset) and section.splits.test_share is not None:
        problems = drawn_for(problems, drawn, section.splits.test_share, section.splits.seed, _question)
    if split != "test" and section.development is not None:
        problems = side(problems, split, section.development, _question)
    size = {"train": section.train_size, "development": None, "test": section.test_size}[split]
    chosen = _subset(problems, size, section.sample_seed, section.sample == "nested")
    without_gold = sum(reading is None for _, _, reading in readings)
    if not chosen:
        left_out = f": {without_gold} rows have no answer" if without_gold else ""
        raise UserError(f"no problem is left of {dataset} {split}{left_out}", where=f"dataset {dataset}")
    named = tuple(problem.id for problem in chosen if problem.id in doubtful)
    rows = table.rows
    return Loaded(chosen, rows.source, rows.revision, without_gold, named, _repeated(chosen, located))


def _table(dataset: str, section: CatalogueDataset | ColumnsDataset, split: Split, folder: Path | None) -> Table:
    if isinstance(section, ColumnsDataset):
        rows = columns_rows(dataset, section, split, folder)
        terms = f"{rows.source}, licence {section.licence}"
        return Table(rows, partial(read_row, section), None, terms, wanted_rows(section.splits, split))
    entry = CATALOGUE[section.source]
    rows = catalogue_rows(section, entry, split, folder)
    terms = f"{entry.title} ({entry.citation}), licence {entry.licence}"
    return Table(rows, entry.reader, entry.title, terms, wanted_subjects(section.subjects))


def _nothing(dataset: str, section: CatalogueDataset | ColumnsDataset, split: Split, rows: Rows) -> UserError:
    """No row of a split: the table is empty, or its column of splits says something else."""
    if not isinstance(section, ColumnsDataset) or section.splits.field is None or not rows.rows:
        return UserError(f"no row of dataset {dataset}", where=rows.source)
    splits, field = section.splits, section.splits.field
    wanted = splits.test if split == "test" else splits.train
    there = sorted({text_at(row, field) for _, _, row in rows.rows})
    listed = ", ".join(map(repr, there[:SHOWN_SIDES])) + ", ..." * (len(there) > SHOWN_SIDES)
    what = f"no row of dataset {dataset} has {wanted!r} in its column {field!r}"
    return UserError(what, where=rows.source, hint=f"there is {listed}; `splits: {{train: ..., test: ...}}` names them")


def _present(readings: Sequence[Numbered]) -> list[Reading]:
    return [reading for _, _, reading in readings if reading is not None]


def _question(problem: Problem) -> str:
    """What makes two problems the same."""
    return normalised(problem.full_text)


def _repeated(problems: Sequence[Problem], located: Mapping[str, str]) -> tuple[Repeated, ...]:
    """Questions that stand more than once, each after its first with that one."""
    seen: dict[str, Problem] = {}
    found = []
    for problem in problems:
        first = seen.setdefault(_question(problem), problem)
        if first is not problem:
            same = first.answer == problem.answer and first.choices == problem.choices
            found.append(Repeated(located[first.id], located[problem.id], same))
    return tuple(found)


def _problem(identity: str, dataset: str, split: Split, reading: Reading, table: Table) -> Problem:
    return Problem(
        id=reading.id or identity,
        dataset=dataset,
        split=split,
        question=reading.question,
        choices=reading.choices,
        answer=reading.answer,
        answer_kind=reading.kind,
        rationale=reading.rationale,
        solution=None,
        source=table.terms,
        revision=table.rows.revision,
        subject=reading.subject,
        difficulty=reading.difficulty,
    )


def _subset(problems: list[Problem], size: int | None, seed: int | None, nested: bool = False) -> list[Problem]:
    """The first ``size`` problems, or a seeded sample of them in the source's order; ``nested`` is a part of every larger."""
    if size is None or size >= len(problems):
        return problems
    if seed is None:
        return problems[:size]
    draw = random.Random(f"subset/{seed}")
    order = draw.sample(range(len(problems)), len(problems) if nested else size)
    picked = sorted(order[:size])
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


def _gsm_symbolic(dataset: str, section: GsmSymbolicDataset, split: Split) -> Loaded:
    drawn: Split = "test" if split == "test" else "train"
    size = section.test if split == "test" else section.train
    revision = f"seed {section.seed}"
    made = gsm_symbolic.instances(section.seed, size, drawn, section.test_templates)
    problems = [
        Problem(
            id=f"{dataset}-{drawn}-{number:05d}-template{one.template:02d}",
            dataset=dataset,
            split=drawn,
            question=one.question,
            choices=None,
            answer=one.answer,
            answer_kind="number",
            rationale=one.rationale,
            solution=None,
            source=gsm_symbolic.TERMS,
            revision=revision,
        )
        for number, one in enumerate(made)
    ]
    if split != "test" and section.development is not None:
        problems = side(problems, split, section.development, lambda problem: problem.id.rsplit("-", 1)[1])
    if split == "train":
        problems = _subset(problems, section.train_size, None)
    return Loaded(problems, gsm_symbolic.TERMS, revision, 0, ())


def _structure(problem: Problem) -> str:
    return "/".join((problem.solution or {})["structure"])


def _steps(problem: Problem) -> str:
    return str(len((problem.solution or {})["steps"]))
