"""Inputs: what a plan is computed from; measured numbers of a study where they are there, assumed ones elsewhere."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gradus.planning.quote import Quote
from gradus.planning.row_counts import size
from gradus.records import Cell, Problem, Supervision
from gradus.records.vocabulary import Split
from gradus.results.facts import TrialFacts
from gradus.results.store import Results
from gradus.runtime.environment import data_folder, journal_folder
from gradus.students.model_sizes import Work, size_of
from gradus.study import paths
from gradus.study.config import GENERATED, ChatTeacher, RewrittenTransform, Study, base_of
from gradus.study.config.teachers import TutorTeacher
from gradus.study.grid import cells, decodings, evaluations, solvers
from gradus.teachers.prompts.prompting import Prompts
from gradus.teachers.requests.journal import Journal

# Tokens of one training example where no training set is there: question, and rationale per level.
ASSUMED_QUESTION_TOKENS = 70
ASSUMED_RATIONALE_TOKENS = {"L1": 30, "L2": 40, "L3": 60, "L4": 90, "L5": 110, "L6": 140, "native": 5}


@dataclass(frozen=True)
class PlanInputs:
    """A study with what there is of it, the prompts of its teachers and the file of their prices.

    What many cells share is read once.
    """

    results: Results
    prompts: Prompts
    prices: Path

    @property
    def study(self) -> Study:
        """The study that is planned."""
        return self.results.study

    def name(self, pattern: paths.Artifact, key: Supervision | Cell, **wildcards: str) -> str:
        """A file of the study as Snakemake names it: relative to the folder that holds ``results/``."""
        return self.results.path(pattern, key, **wildcards).relative_to(self.results.root).as_posix()

    def problems(self, dataset: str, split: Split) -> int:
        """Problems of a split: counted where they are there, else what the dataset is known to hold."""
        return self._problems[dataset, split]

    def evaluated_problems(self, cell: Cell) -> int:
        """The problems that a cell is asked, over all that it is evaluated on."""
        asked = self._evaluated[cell]
        return sum(self.problems(*paths.split_of(cell.supervision.dataset, problems)) for problems in asked)

    @cached_property
    def _evaluated(self) -> dict[Cell, list[str]]:
        found: dict[Cell, list[str]] = {}
        for cell, problems in evaluations(self.study, cells(self.study)):
            found.setdefault(cell, []).append(problems)
        return found

    @cached_property
    def solvers(self) -> dict[Cell, list[str]]:
        """The cells that are asked their training problems for a transform, with the decodings of that."""
        found: dict[Cell, list[str]] = {}
        for cell, decoding in solvers(self.study):
            found.setdefault(cell, []).append(decoding)
        return found

    def decodings(self, cell: Cell) -> list[str]:
        """The names of the decodings that a cell is written with."""
        return self._decodings[cell]

    @cached_property
    def _decodings(self) -> dict[Cell, list[str]]:
        return decodings(self.study, cells(self.study))

    def examples(self, cell: Cell) -> tuple[int, float]:
        """Examples that a cell trains on, and tokens of each: measured where the training set is there."""
        validation = self.study.recipe_of(cell.student).validation
        trained_on = 1.0 if validation is None else 1 - validation.share
        manifest = self.results.find_training_set_manifest(cell)
        if manifest is not None:
            return round(manifest["rows"] * trained_on), manifest["mean_tokens"]
        examples, tokens = self.expected(cell.supervision)
        return round(examples * trained_on), ASSUMED_QUESTION_TOKENS + tokens

    def expected(self, supervision: Supervision) -> tuple[float, float]:
        """Annotations that can be expected, and tokens of each: by the teacher's samples and what a transform makes of them."""
        problems, transform = self.problems(supervision.dataset, "train"), self.study.transforms.get(supervision.format)
        if transform is not None:
            return transform.sized(problems, [self.expected(source) for source in transform.sources(supervision)])
        teacher = self.study.teachers[supervision.teacher]
        samples = teacher.samples if isinstance(teacher, ChatTeacher | TutorTeacher) else 1
        return float(problems * samples), float(ASSUMED_RATIONALE_TOKENS[supervision.level])

    def size(self, student: str) -> tuple[int, Work] | None:
        """Weights and work of a student; None where they are not known before it is fetched."""
        return self._sizes[student]

    def speed(self, student: str) -> float | None:
        """Tokens a second of one rank, the median over this student's finished trainings; None where there is none."""
        return self._speeds.get(student)

    def trial(self, student: str) -> TrialFacts | None:
        """What the trial of a pretrained student found; None where it was not tried yet, or is built here."""
        record = self.results.find_run_record(paths.Artifact(f"{paths.STUDENT}.jsonl"), student=student) or {}
        found: TrialFacts | None = record.get("trial")
        return found

    def read_problems(self, dataset: str, split: Split) -> list[Problem]:
        """The problems of a split; nothing where the dataset has not been read yet."""
        if (dataset, split) not in self._read_problems:
            self._read_problems[dataset, split] = self.results.find_problems(dataset, split)
        return self._read_problems[dataset, split]

    @cached_property
    def _read_problems(self) -> dict[tuple[str, Split], list[Problem]]:
        return {}

    @cached_property
    def quotes(self) -> dict[tuple[Supervision, Split, int], Quote]:
        """What was quoted so far: by supervision and split, and how many of its problems another one had asked before."""
        return {}

    def answered(self) -> set[str]:
        """The teachers that need not be asked: all that was quoted is in their journals, and they edit nobody's texts."""
        editors = {section.by for section in self.study.transforms.values() if isinstance(section, RewrittenTransform)}
        missing: dict[str, int] = {}
        for (supervision, *_), quote in self.quotes.items():
            missing[supervision.teacher] = missing.get(supervision.teacher, 0) + quote.requests - quote.cached
        return {name for name, count in missing.items() if count == 0} - editors

    def journal(self, teacher: str) -> Journal:
        """A teacher's journal, opened once for a whole plan."""
        if teacher not in self._journals:
            self._journals[teacher] = Journal(journal_folder() / teacher)
        return self._journals[teacher]

    @cached_property
    def _journals(self) -> dict[str, Journal]:
        return {}

    @cached_property
    def _problems(self) -> dict[tuple[str, Split], int]:
        found: dict[tuple[str, Split], int] = {}
        limits: tuple[int | None, int | None]
        for name, section in self.study.datasets.items():
            if isinstance(section, GENERATED):
                (train, test), limits = (section.train, section.test), (section.train_size, None)
            else:
                train, test = (size(section, is_test, data_folder()).rows for is_test in (False, True))
                limits = (section.train_size, section.test_size)
            kept = round(section.development.share * train) if section.development else 0
            if kept:
                found[name, "development"] = self._counted(name, "development", None, kept)
            found[name, "train"] = self._counted(name, "train", limits[0], train - kept)
            found[name, "test"] = self._counted(name, "test", limits[1], test)
        return found

    @cached_property
    def assumed_sizes(self) -> dict[str, str]:
        """By dataset and split, why its size is assumed; nothing for what is there or known."""
        found = {}
        for name, section in self.study.datasets.items():
            if isinstance(section, GENERATED):
                continue
            for split, limit in (("train", section.train_size), ("test", section.test_size)):
                known = size(section, split == "test", data_folder())
                is_there = self.results.find_manifest(paths.PROBLEMS, dataset=name, split=split) is not None
                if known.assumed and not is_there:
                    count = min(known.rows, limit or known.rows)
                    found[f"{name} {split}"] = f"{count:,} problems, {known.assumed}"
        return found

    def _counted(self, dataset: str, split: Split, wanted: int | None, known: int) -> int:
        manifest = self.results.find_manifest(paths.PROBLEMS, dataset=dataset, split=split)
        return min(known, wanted or known) if manifest is None else int(manifest["rows"])

    @cached_property
    def _sizes(self) -> dict[str, tuple[int, Work] | None]:
        return {
            name: size_of(
                self.study.origin_of(name),
                self.results.path(paths.STUDENT, student=base_of(name)),
                frozen=self.study.recipe_of(name).adapter is not None,
            )
            for name in self.study.students
        }

    @cached_property
    def _speeds(self) -> dict[str, float]:
        speeds: dict[str, list[float]] = {}
        for cell in cells(self.study):
            run = self.results.find_training_run(cell)
            if run is not None:
                per_rank = run["tokens_per_second"] / self.study.recipe_of(cell.student).ranks
                speeds.setdefault(cell.student, []).append(per_rank)
        return {student: statistics.median(found) for student, found in speeds.items()}
