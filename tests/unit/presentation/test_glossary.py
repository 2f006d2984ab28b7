"""What the explorer knows of the glossary: the words that it has, in plain characters, and none where there is no glossary."""

from pathlib import Path

import pytest

from gradus.presentation.explorer.facts import StudyFacts
from gradus.presentation.explorer.glossary import GLOSSARY, terms
from gradus.presentation.explorer.page import to_page

PAGE = """# Glossary

| word | meaning |
|---|---|
| **gain** | Accuracy minus that of the *reference*: see [`level`](#x). |
| **runs, seeds** | Trainings & more < "here". |
| **level** | From `L1` to `L6`. `native` means that nobody chose. |
| **marks** | `*` fewer runs. `†` not shown to be above. `‡` trained on test. |
| **lease** | What no page shows. |
"""
EMPTY = StudyFacts(
    study="s",
    about="",
    decoding="greedy",
    axes={},
    weights={},
    experiments=[],
    cells=[],
    problems={},
    more={},
    training_problems={},
    links={},
    claims=[],
    recommendations=[],
    since_claims=0,
    datasets=[],
    annotations=[],
)


@pytest.fixture
def glossary(tmp_path: Path) -> Path:
    path = tmp_path / "glossary.md"
    path.write_text(PAGE, encoding="utf-8")
    return path


def test_words_that_are_shown_have_their_meanings(glossary: Path) -> None:
    assert terms('"gain", "seeds", "native", ["†"]', glossary) == {
        "gain": "Accuracy minus that of the reference: see level.",
        "seeds": 'Trainings & more < "here".',
        "native": "nobody chose",
        "†": "not shown to be above",
    }
    assert terms("regain, released", glossary) == {}


def test_without_a_glossary_nothing_is_explained(tmp_path: Path) -> None:
    assert terms("gain", tmp_path / "none.md") == {}


def test_the_page_has_few_words_and_none_of_them_can_end_its_script(
    monkeypatch: pytest.MonkeyPatch, glossary: Path
) -> None:
    assert sum(map(len, terms("gain, margin, ‡, level, student", GLOSSARY).values())) > 100
    glossary.write_text(PAGE.replace("Accuracy", "</script><b>"), encoding="utf-8")
    monkeypatch.setattr("gradus.presentation.explorer.page.terms", lambda text: terms(text, glossary))
    page = to_page(EMPTY, [])
    assert '"gain":' in page and "</script><b>" not in page and '"lease":' not in page
