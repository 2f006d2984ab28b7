"""Artifacts: the pattern of every file of a study, written here and nowhere else (docs/reference/outputs.md).

A *supervision* is (dataset, teacher, format, level); a *cell* is a supervision x student x seed. Patterns use Snakemake's
``{wildcard}`` syntax. Rules take them as they are; programs and tests fill them: ``paths.METRICS.of(study, cell,
problems="test",
decoding="greedy")``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Protocol, Self

from gradus.records import Cell, Supervision
from gradus.records.vocabulary import Split


class NamedStudy(Protocol):
    """A study, of which paths need the name alone."""

    @property
    def study(self) -> str: ...


class Artifact(str):
    """A file of a study, or the pattern of many: a text that knows the files that belong to it.

    An artifact whose name ends in ``.jsonl`` can be large: Snakemake compares files above 1 MB by their time alone, so it
    has a small manifest that tells its content.
    """

    __slots__ = ()

    @property
    def manifest(self) -> Artifact:
        """The small file that tells a large one's content: ``x.jsonl`` -> ``x.manifest.json``."""
        return Artifact(self.removesuffix(".jsonl") + ".manifest.json")

    @property
    def both(self) -> list[Artifact]:
        """A large file and its manifest."""
        return [self, self.manifest]

    @property
    def run_record(self) -> Artifact:
        """The file that says when, where and how long the job ran: ``x.jsonl`` -> ``x.run.json``."""
        return Artifact(re.sub(r"[.]jsonl?$", "", self) + ".run.json")

    @property
    def log(self) -> Artifact:
        """The log that mirrors an output: ``results/S/a/b.jsonl`` -> ``results/S/logs/a/b.log``."""
        return self._mirror("logs", ".log")

    @property
    def benchmark(self) -> Artifact:
        """The benchmark file that mirrors an output."""
        return self._mirror("benchmarks", ".tsv")

    @property
    def aside(self) -> Artifact:
        """Where an output waits for the job that makes it again: ``results/S/a/b.jsonl`` -> ``results/S/set_aside/a/b.jsonl``."""
        *around, inside = self.split("/", 2)
        return Artifact("/".join([*around, "set_aside", inside]))

    def _mirror(self, folder: str, suffix: str) -> Artifact:
        results, study, inside = self.split("/", 2)
        return Artifact(f"{results}/{study}/{folder}/{re.sub(r'[.](jsonl|json|md|zip|tar)$', '', inside)}{suffix}")

    def with_(self, **wildcards: str) -> Self:
        """The pattern with some wildcards filled; KeyError where it has no such wildcard."""
        text = str(self)
        for name, value in wildcards.items():
            if f"{{{name}}}" not in text:
                raise KeyError(name)
            text = text.replace(f"{{{name}}}", value)
        return type(self)(text)

    def of(self, study: NamedStudy | str, subject: Supervision | Cell | None = None, **wildcards: str | int) -> Self:
        """The file of one study, supervision or cell; KeyError where a wildcard is missing."""
        if isinstance(subject, Cell):
            wildcards = {**subject.wildcards(), **wildcards}
        elif subject is not None:
            wildcards = {**asdict(subject), **wildcards}
        return type(self)(str.format(self, study=study if isinstance(study, str) else study.study, **wildcards))

    def wildcards_in(self, path: str) -> dict[str, str] | None:
        """The values of the pattern's wildcards in a path (which may have folders before it); None where it does not fit."""
        regex = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self))
        match = re.fullmatch(f"(?:.*/)?{regex}", path)
        return match.groupdict() if match else None

    def __truediv__(self, name: str) -> Artifact:
        return Artifact(f"{self}/{name}")


class Folder(Artifact):
    """A folder of large files; its manifest lies beside it: ``x/weights`` -> ``x/manifest.json``."""

    __slots__ = ()

    @property
    def manifest(self) -> Artifact:
        return Artifact(f"{self.rpartition('/')[0]}/manifest.json")


SUPERVISION = "{dataset}/{teacher}/{format}/{level}"
CELL = f"{SUPERVISION}/{{student}}/seed{{seed}}"
RESULTS = Artifact("results/{study}")

STUDY_COPY = RESULTS / "study.json"
DECLARATION = RESULTS / "declared-{digest}.run.json"
PROBLEMS = RESULTS / "data/{dataset}/{split}.jsonl"
AUDIT = RESULTS / "data/{dataset}/audit.json"
LEAK_CHECK = RESULTS / "data/{dataset}/leaks/{problems}.json"
EXEMPLAR = RESULTS / "exemplars/{dataset}/{teacher}/{format}.json"
ANNOTATIONS = RESULTS / f"annotations/{SUPERVISION}.jsonl"
ANNOTATION_AUDIT = RESULTS / "diagnostics/annotations.json"
ANNOTATION_AUDIT_TEXT = RESULTS / "diagnostics/annotations.md"
ANNOTATION_AUDIT_PAGE = RESULTS / "diagnostics/annotations.html"
BATCH = RESULTS / f"batches/{SUPERVISION}.{{phase}}.json"
TEACHER_ANSWERS = RESULTS / f"teacher_answers/{SUPERVISION}.jsonl"
TEACHER_ACCURACY = RESULTS / f"teacher_accuracy/{SUPERVISION}.json"
STUDENT = RESULTS / "students/{student}"
BASE_MODEL = Folder(STUDENT / "model")
TRAINING_SET = RESULTS / f"training_sets/{SUPERVISION}/{{student}}.jsonl"
TEXT_SCORES = RESULTS / f"text_scores/{SUPERVISION}/{{student}}.jsonl"
STUDENT_FIT = RESULTS / f"student_fit/{SUPERVISION}/{{student}}.json"
CHECKPOINT = RESULTS / f"checkpoints/{CELL}"
WEIGHTS = Folder(CHECKPOINT / "weights")
TRACE = CHECKPOINT / "trace.jsonl"
TELEMETRY = CHECKPOINT / "telemetry.run.jsonl"
# Which problems a cell is evaluated on, {problems}: those of its own dataset held out for the end or for choices, or those
# that another dataset tests with (``on_dataset``).
TEST = "test"
DEVELOPMENT = "development"
TRAIN = "train"  # its own training problems, for transforms that go by what a student solves of them
EVALUATION = f"{CELL}/{{problems}}/{{decoding}}"
PREDICTIONS = RESULTS / f"predictions/{EVALUATION}.jsonl"
METRICS = RESULTS / f"metrics/{EVALUATION}.json"
SCORED = RESULTS / f"metrics/{EVALUATION}.rows.jsonl"
TABLE = RESULTS / "tables/{experiment}.{suffix}"
TRANSFER_TABLE = RESULTS / "tables/in_and_out_of_domain.{suffix}"
FITS_TABLE = RESULTS / "tables/student_fits.{suffix}"
CLAIMS = RESULTS / "tables/claims.csv"
COMPARED_WITH_PUBLISHED = RESULTS / "tables/beside_published.csv"
SPENT = RESULTS / "tables/spent.csv"
RECOMMENDATION = RESULTS / "tables/recommendation.csv"
FIGURE = RESULTS / "figures/{experiment}.{suffix}"
LOSS_FIGURE = RESULTS / "figures/training_loss.{suffix}"
FITS_FIGURE = RESULTS / "figures/student_fits.{suffix}"
SPEED_FIGURE = RESULTS / "figures/training_speed.run.{suffix}"
EXHIBIT = RESULTS / "paper/{exhibit}.{suffix}"
MANUSCRIPT = RESULTS / "paper/main.tex"
METHODS = RESULTS / "paper/methods.tex"
MACROS = RESULTS / "paper/numbers.tex"
FINDINGS = RESULTS / "report/findings.md"
FINDINGS_PAGE = RESULTS / "report/findings.html"
EXPLORER = RESULTS / "report/explorer.html"
EXPLORER_TEXTS = RESULTS / "report/explorer_texts"
HEADLINE = RESULTS / "report/headline.json"
REPORT = RESULTS / "report/report.zip"
DATASET_CARD = RESULTS / "cards/annotations.md"
MODEL_CARD = RESULTS / f"cards/models/{CELL}.md"
PLAN = RESULTS / "plan"
SO_FAR = RESULTS / "so_far"
ARCHIVE = RESULTS / "archive"
ARCHIVE_TAR = ARCHIVE / "{group}.tar"
ARCHIVE_MANIFEST = ARCHIVE / "manifest.json"
ARCHIVE_CRATE = ARCHIVE / "ro-crate-metadata.json"
ARCHIVE_SUMS = ARCHIVE / "SHA256SUMS"


def is_run_record(path: str) -> bool:
    """Whether a file says when and how fast something ran, which is a fact of a machine and an hour, and no result.

    Snakemake's own report is one: it shows when each job ran.
    """
    return path.endswith(".run.json") or any(
        artifact.wildcards_in(path) for artifact in (TELEMETRY, SPEED_FIGURE, SPENT, REPORT)
    )


def on_dataset(dataset: str) -> str:
    """The name of another dataset's test problems as those that a cell is evaluated on: ``on-svamp``."""
    return f"on-{dataset}"


def split_of(dataset: str, problems: str) -> tuple[str, Split]:
    """The dataset and split of what a cell of ``dataset`` is asked: ``test``, ``development``, ``train``, ``on-OTHER``."""
    own: dict[str, Split] = {TEST: "test", DEVELOPMENT: "development", TRAIN: "train"}
    return (dataset, own[problems]) if problems in own else (problems.removeprefix(on_dataset("")), "test")


def problems_file(study: NamedStudy | str, dataset: str, problems: str) -> Artifact:
    """The file of these problems."""
    name, split = split_of(dataset, problems)
    return PROBLEMS.of(study, dataset=name, split=split)


def alternatives(names: Iterable[str]) -> str:
    """A wildcard constraint that accepts exactly these names (where there is none: a name that cannot exist)."""
    return "|".join(re.escape(name) for name in names) or "_none_"
