"""``checklist.md``: answers to the checklists of ACL Rolling Review and NeurIPS that follow from a study, each with its proof.

Items in our own words, after https://aclrollingreview.org/responsibleNLPresearch and
https://neurips.cc/public/guides/PaperChecklist. What no record can know is said to be the author's to answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradus.archive.artifact import ARTIFACT, Measured
from gradus.data.datasets.catalogue import CATALOGUE
from gradus.presentation.table import Table
from gradus.results.facts import DatasetAudit
from gradus.study import paths
from gradus.study.config import (
    ChatTeacher,
    ColumnsDataset,
    GradeschoolDataset,
    PretrainedStudent,
    ReleasedTeacher,
    Study,
)

CHECKLIST = "checklist.md"
_AUTHOR = "The author's to answer"
_TERMS = "README.md (Licences and terms)"


@dataclass(frozen=True)
class Item:
    """An item of a checklist: its number there, what it asks, the answer, and the file that proves it."""

    number: str
    asks: str
    answer: str
    proof: str = ""


def checklist(study: Study, audits: Sequence[DatasetAudit], measured: Measured) -> str:
    """The page with both checklists."""
    sources = {
        "ACL Rolling Review, responsible NLP research": (
            "https://aclrollingreview.org/responsibleNLPresearch",
            acl_items(study, audits, measured),
        ),
        "NeurIPS paper checklist": ("https://neurips.cc/public/guides/PaperChecklist", neurips_items(study, measured)),
    }
    lines = [
        f"# Checklists for the study {study.study}",
        "",
        "Written from the study and its records. Items are in our words; the conference's own text counts. "
        f"“{_AUTHOR}” stands where no record can know: the paper's text, intentions, risks, people.",
    ]
    for title, (source, items) in sources.items():
        rows = [[item.number, item.asks, item.answer, item.proof] for item in items]
        lines += ["", f"## {title}", "", f"After {source}.", ""]
        lines += [Table(["item", "asks", "answer", "proof"], rows, names=4).markdown().rstrip("\n")]
    return "\n".join(lines) + "\n"


def acl_items(study: Study, audits: Sequence[DatasetAudit], measured: Measured) -> list[Item]:
    """The items of ACL Rolling Review: A of every paper, B artifacts, C experiments, D people, E assistants."""
    claims, settings = paths.CLAIMS.of(study), paths.STUDY_COPY.of(study)
    return [
        Item(
            "A1",
            "limitations",
            f"{_AUTHOR}; each claim says what it speaks of (`reach`) and how many runs it has",
            claims,
        ),
        Item("A2", "risks", _AUTHOR),
        Item("B1", "creators of artifacts cited", _cited(study), _TERMS),
        Item("B2", "licences and terms of artifacts", _licences(study), _TERMS),
        Item("B3", "use as intended", f"{_AUTHOR}; the terms of every dataset and teacher are listed", _TERMS),
        Item("B4", "personal data, offensive content", _personal(study), paths.DATASET_CARD.of(study)),
        Item(
            "B5", "documentation of artifacts", "Yes: cards of annotations and students", paths.DATASET_CARD.of(study)
        ),
        Item("B6", "numbers of examples and splits", _splits(audits), paths.AUDIT.with_(study=study.study)),
        Item("C1", "model sizes, compute, machines", _compute(measured), f"{ARTIFACT}, {paths.SPENT.of(study)}"),
        Item("C2", "setting and hyperparameters", f"Yes: every setting with its value. {_search(study)}", settings),
        Item("C3", "descriptive statistics", _statistics(study), claims),
        Item("C4", "packages and their parameters", "Yes: pinned, and the versions that ran", "code/requirements.lock"),
        *(Item(f"D{number}", asks, _people(study)) for number, asks in enumerate(_PEOPLE, 1)),
        Item("E1", "use of AI assistants", f"{_AUTHOR} for text and code. {_models(study)}", settings),
    ]


def neurips_items(study: Study, measured: Measured) -> list[Item]:
    """The items of NeurIPS, in its order."""
    claims, settings = paths.CLAIMS.of(study), paths.STUDY_COPY.of(study)
    asked: list[tuple[str, str, str]] = [
        ("claims match results", f"{_AUTHOR}; the tested statements with their verdicts are there to compare", claims),
        ("limitations", f"{_AUTHOR}; `reach`, `runs` and `note` of each claim help", claims),
        ("theory, assumptions, proofs", "Not applicable: the study has no theorems", ""),
        ("results can be reproduced", "Yes: scripts/reproduce.py, to four depths", ARTIFACT),
        ("open data and code", f"Yes: all of it is in this archive{_doi(measured)}", "README.md"),
        ("experimental setting", f"Yes: every setting with its value. {_search(study)}", settings),
        ("statistical significance", _statistics(study), claims),
        ("compute resources", _compute(measured), f"{ARTIFACT}, {paths.SPENT.of(study)}"),
        ("code of ethics", _AUTHOR, ""),
        ("broader impacts", _AUTHOR, ""),
        ("safeguards of released models and data", _AUTHOR, ""),
        ("licences of existing assets", _licences(study), _TERMS),
        ("new assets documented", "Yes: cards of annotations and students", paths.DATASET_CARD.of(study)),
        ("people and crowdsourcing", _people(study), ""),
        ("approval by a review board", _people(study), ""),
        ("language models as part of the method", _models(study), settings),
    ]
    return [Item(str(number), *one) for number, one in enumerate(asked, 1)]


_PEOPLE = ("instructions to annotators", "recruitment and pay", "consent", "review board", "who the annotators were")


def _cited(study: Study) -> str:
    named = [
        CATALOGUE[section.source].citation
        for section in study.datasets.values()
        if not isinstance(section, GradeschoolDataset | ColumnsDataset)
    ]
    models = [section.model for section in study.students.values() if isinstance(section, PretrainedStudent)]
    used = "; ".join(dict.fromkeys([*named, *models]))
    return (
        f"Used: {used}. That the paper cites them is the author's to answer" if used else "Nothing of others was used"
    )


def _licences(study: Study) -> str:
    own = (
        f"what the authors made: {study.archive.licence}"
        if study.archive.licence
        else "what the authors made has none yet"
    )
    listed = f"listed per dataset and teacher, code Apache-2.0, {own}"
    return f"Yes: {listed}" if study.archive.licence else f"Partly: {listed} (archive.licence)"


def _personal(study: Study) -> str:
    foreign = [name for name, section in study.datasets.items() if not isinstance(section, GradeschoolDataset)]
    if not foreign:
        return "None: all problems are generated from templates with invented names"
    return f"{_AUTHOR} for {', '.join(foreign)}: nothing was screened"


def _splits(audits: Sequence[DatasetAudit]) -> str:
    sizes = "; ".join(f"{audit['dataset']}: {audit['train']} train, {audit['test']} test" for audit in audits)
    return f"Yes: {sizes}; questions of the test split in training are counted"


def _compute(measured: Measured) -> str:
    spent: Mapping[str, str] = measured.spent
    if not spent:
        return "Machines are told; no record tells hours"
    return (
        f"Yes: {spent['gpu_hours']} GPU hours, {spent['cpu_hours']} CPU hours, {spent['usd']} USD of teachers, failed tries "
        "included; machines are told, and the models in the study file"
    )


def _search(study: Study) -> str:
    swept = [name for name, experiment in study.experiments.items() if experiment.values]
    if swept:
        return f"Settings were varied in {', '.join(swept)}, every value is reported"
    return "The study varies no hyperparameter; a search outside of it is the author's to tell"


def _statistics(study: Study) -> str:
    runs = [len(experiment.seeds) for experiment in study.experiments.values()]
    seeds = f"{min(runs)}" if min(runs) == max(runs) else f"{min(runs)} to {max(runs)}"
    single = " One run gives no verdict." if min(runs) < 2 else ""
    return f"Yes: intervals and adjusted p over problems and runs, {seeds} seed{'' if seeds == '1' else 's'} per cell.{single}"


def _people(study: Study) -> str:
    human = [
        name
        for name, section in study.teachers.items()
        if section.provider == "human" or (isinstance(section, ReleasedTeacher) and section.author == "human")
    ]
    if human:
        return f"Nobody was asked by this study; the texts of {', '.join(human)} are those of the datasets, whose papers answer"
    return "Not applicable: nobody was asked, all texts come from programs or models"


def _models(study: Study) -> str:
    named = {
        f"{section.model} (teacher {name})"
        for name, section in study.teachers.items()
        if isinstance(section, ChatTeacher)
    } | {
        f"{section.author} (released texts)"
        for section in study.teachers.values()
        if isinstance(section, ReleasedTeacher)
    }
    return (
        f"Models wrote texts to train on: {', '.join(sorted(named))}"
        if named
        else "No language model wrote texts to train on"
    )


def _doi(measured: Measured) -> str:
    return f", DOI {measured.doi}" if measured.doi else "; it has no DOI yet"
