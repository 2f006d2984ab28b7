"""Rows in the schemas of known datasets, by the mappings that the page about own datasets shows.

The rows are made up; their columns and values have the form that the authors of each dataset publish.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from made_columns import folder_of, load, section
from running import PROJECT

from gradus.data.datasets.catalogue import CATALOGUE
from gradus.study.config.datasets import ColumnsDataset

PAGE = (PROJECT / "docs" / "howto" / "own-dataset.md").read_text(encoding="utf-8")
# A mapping, rows, and question, choices, answer and rationale of the problems that they are.
Schema = tuple[dict[str, Any], list[dict[str, Any]], list[tuple[Any, ...]]]


def documented(name: str) -> dict[str, Any]:
    """The mapping of a known schema, as the page about own datasets has it, for a local file."""
    *_, known = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    entry = yaml.safe_load(known)["datasets"][name]
    assert ColumnsDataset.model_validate(entry).hub
    return {key: value for key, value in entry.items() if key not in ("source", "hub", "configurations", "splits")}


MMLU: Schema = (
    documented("mmlu"),
    [
        {"question": "Which is a prime?", "subject": "arithmetic", "choices": ["4", "6", "7", "9"], "answer": 2},
        {"question": "Which is even?", "subject": "arithmetic", "choices": ["4", "5", "7", "9"], "answer": 0},
    ],
    [("Which is a prime?", ("4", "6", "7", "9"), "C", None), ("Which is even?", ("4", "5", "7", "9"), "A", None)],
)
ARC: Schema = (
    documented("arc"),
    [
        {
            "id": "Made_1",
            "question": "What melts ice?",
            "choices": {"text": ["heat", "cold", "dark"], "label": ["A", "B", "C"]},
            "answerKey": "A",
        },
        {
            "id": "Made_2",
            "question": "What do plants need?",
            "choices": {"text": ["light", "noise", "salt", "oil"], "label": ["1", "2", "3", "4"]},
            "answerKey": "1",
        },
    ],
    [
        ("What melts ice?", ("heat", "cold", "dark"), "A", None),
        ("What do plants need?", ("light", "noise", "salt", "oil"), "A", None),
    ],
)
MGSM: Schema = (
    documented("mgsm"),
    [
        {"question": "小明有5个苹果。", "answer": None, "answer_number": 1250, "equation_solution": None},
        {"question": "小红有6个梨。", "answer": None, "answer_number": 6.5, "equation_solution": None},
    ],
    [("小明有5个苹果。", None, "1250", None), ("小红有6个梨。", None, "13/2", None)],
)
LOGIQA: Schema = (
    documented("logiqa"),
    [
        {
            "context": "All a are b.",
            "query": "What follows?",
            "options": ["A. All b are a.", "B. Some b are a.", "C. None.", "D. No a."],
            "correct_option": 1,
        }
    ],
    [("All a are b.\nWhat follows?", ("All b are a.", "Some b are a.", "None.", "No a."), "B", None)],
)
BOOLQ: Schema = (
    documented("boolq"),
    [{"question": "is tea a drink", "passage": "Tea is a drink.", "answer": True}],
    [("Tea is a drink. is tea a drink?", None, "True", None)],
)
GSM_SYMBOLIC: Schema = (
    documented("gsm-symbolic"),
    [
        {
            "id": 3,
            "instance": 0,
            "question": "How many?",
            "answer": "There are 3*4 = <<3*4=12>>12.\n#### 1,012",
            "original_id": 7,
            "canary": "x",
        }
    ],
    [("How many?", None, "1012", "There are 3*4 = 12.")],
)
MATH_LIKE: Schema = (
    {
        "question": "problem",
        "answer": {"field": "solution", "as": "boxed"},
        "kind": "latex",
        "rationale": "solution",
        "without_answer": "skip",
    },
    [{"problem": "Half?", "solution": "It is $\\boxed{\\frac{1}{2}}$."}, {"problem": "None?", "solution": ""}],
    [("Half?", None, "\\frac{1}{2}", "It is ${\\frac{1}{2}}$.")],
)
COLUMN_EACH: Schema = (
    {"question": "q", "choices": ["opa", "opb", "opc"], "answer": {"field": "cop", "as": "index", "first": 1}}
    | {"kind": "choice", "rationale": "why"},
    [
        {"q": "Largest?", "opa": "1", "opb": "2", "opc": "3", "cop": "3", "why": ["It is", "so."]},
        {"q": "Smallest?", "opa": "1", "opb": "2", "opc": None, "cop": 1, "why": None},
    ],
    [("Largest?", ("1", "2", "3"), "C", "It is. so."), ("Smallest?", ("1", "2"), "A", None)],
)
BY_TEXT: Schema = (
    {"question": "q", "choices": {"texts": "o", "separator": "|"}, "answer": {"field": "a", "as": "text"}}
    | {"kind": "choice"},
    [{"q": "Colour?", "o": "Red | the green", "a": "The Green."}],
    [("Colour?", ("Red", "the green"), "B", None)],
)
WORDS: Schema = (
    {"question": "{{x}} {q}", "answer": "a.0", "kind": "text"},
    [{"q": "Who?", "a": ["Marie Curie", "Curie"]}],
    [("{x} Who?", None, "Marie Curie", None)],
)
SCHEMAS = {
    "MMLU": MMLU,
    "ARC": ARC,
    "MGSM": MGSM,
    "LogiQA": LOGIQA,
    "BoolQ": BOOLQ,
    "GSM-Symbolic": GSM_SYMBOLIC,
    "boxes": MATH_LIKE,
    "a column each": COLUMN_EACH,
    "by text": BY_TEXT,
    "words": WORDS,
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_rows_in_the_schema_of_their_authors(tmp_path: Path, name: str) -> None:
    mapping, rows, expected = SCHEMAS[name]
    loaded = load(folder_of(tmp_path / "data", rows), **mapping)
    assert [(one.question, one.choices, one.answer, one.rationale) for one in loaded.problems] == expected
    assert loaded.without_gold == len(rows) - len(expected)
    for problem in loaded.problems:
        problem.check()


def test_a_mapping_survives_its_own_json(tmp_path: Path) -> None:
    """A program reads the section that the rule passed on, whatever its short forms were."""
    for mapping, _, _ in SCHEMAS.values():
        known = section(tmp_path, **mapping)
        assert ColumnsDataset.model_validate_json(known.model_dump_json()) == known


WITHOUT_ANSWERS: dict[str, dict[str, Any]] = {
    "svamp": {"ID": "i", "Body": "b", "Question": "q?", "Answer": None, "Equation": None},
    "gsm8k": {"question": "q?", "answer": None},
    "aqua": {"question": "q?", "options": ["A)1", "B)2", "C)3", "D)4", "E)5"], "rationale": None, "correct": None},
    "math": {"problem": "p?", "solution": None, "answer": None},
    "csqa": {"id": "i", "question": "q?", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": ""},
    "obqa": {"id": "i", "question_stem": "q?", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": None},
    "strategyqa": {"qid": "i", "question": "q?", "answer": None, "facts": []},
}


def test_a_row_without_an_answer_is_counted_and_refuses_no_set() -> None:
    """Hidden test labels, a null in one row."""
    assert set(WITHOUT_ANSWERS) == set(CATALOGUE)
    for name, row in WITHOUT_ANSWERS.items():
        assert CATALOGUE[name].reader(row) is None, name
