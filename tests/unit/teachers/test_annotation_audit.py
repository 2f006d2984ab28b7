"""The audit of annotations: each defect is found where it was planted, and nowhere else."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders import annotation, problem

from gradus.data.text_normalisation import normalised
from gradus.records import Annotation, Supervision
from gradus.study import paths
from gradus.teachers.annotation_audit import audit_annotations, levels_out_of_order, to_markdown

PLACE = Supervision("d", "t", "original", "L2")
PROBLEMS = {name: replace(problem(), id=name, question=f"How much is {name}?") for name in "abcdef"}


def rows(**texts: str) -> list[Annotation]:
    return [annotation(name, rationale=texts.get(name, f"We add 1 and 2 for {name} = 3.")) for name in "abcdef"]


def findings(found: list[Annotation], **more: object) -> dict[str, int]:
    arguments: dict[str, object] = {"below": None, "original": None, "manifest": {}, "test_questions": frozenset()}
    facts = audit_annotations(PLACE, found, PROBLEMS, **{**arguments, **more})  # type: ignore[arg-type]
    return {name: one["count"] for name, one in facts["findings"].items() if one["count"]}


def test_clean_rows_have_no_finding() -> None:
    assert findings(rows()) == {}


def test_answers_alone_are_meant_to_have_no_rationale() -> None:
    assert findings([replace(row, rationale="", format="answer-only") for row in rows()]) == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "without_rationale"),
        ("So 3.", "without_rationale"),
        ("<Solution Path> We add 1 and 2 = 3.", "prompt_tags_left"),
        ("[L3] We add 1 and 2 = 3.", "prompt_tags_left"),
        ("We add 1 and 2 for b = 3.", "same_text_as_another_row"),
    ],
)
def test_planted_defects_are_found(text: str, name: str) -> None:
    found = findings(rows(a=text))
    assert found == {name: 2 if name.startswith("same") else 1}


def test_inequalities_and_formulas_are_no_tags() -> None:
    assert findings(rows(a="As 1 < x and y > 2 we add 1 and 2 = 3.", b="Costs $5 and $x = 3$ here so.")) == {}


def test_wrong_answers_and_leaks_are_counted() -> None:
    wrong = [replace(row, verdict="disagrees") if row.problem_id == "b" else row for row in rows()]
    leaked = frozenset({normalised(PROBLEMS["c"].full_text)})
    assert findings(wrong, test_questions=leaked) == {"answer_disagrees_with_gold": 1, "question_in_test_split": 1}


def test_levels_are_compared_row_by_row() -> None:
    lower = rows(a="We add 1 and 2 for a = 3. And then some more words.")
    facts = audit_annotations(PLACE, rows(), PROBLEMS, frozenset(), lower, None, {})
    assert facts["longer_than_level_below"] == 0.0
    assert facts["findings"]["same_text_as_level_below"]["count"] == 5


def test_rewrites_that_lost_something_are_found() -> None:
    rewritten = rows(a="We add 1 and 9 for a = 3.", b="We add 1 and 2 for b = 3 = 3.")
    rewritten[2] = replace(rewritten[2], answer="4")
    found = findings(rewritten, original=rows())
    assert found == {"rewrite_lost_numbers": 1, "rewrite_changed_steps": 1, "rewrite_changed_answer": 1}


def test_a_mean_that_does_not_grow_is_found() -> None:
    audits = [
        audit_annotations(
            replace(PLACE, level=level), rows(a=" ".join("w" * words)), PROBLEMS, frozenset(), None, None, {}
        )
        for level, words in (("L1", 5), ("L2", 9), ("L3", 8))
    ]
    assert len(levels_out_of_order(audits)) == 1
    assert "L3" in levels_out_of_order(audits)[0]


def test_the_page_names_what_was_found() -> None:
    audited = audit_annotations(PLACE, rows(a=""), PROBLEMS, frozenset(), None, None, {"excerpt": True})
    page = to_markdown([audited], ["an old exemplar"], [])
    assert "without rationale: 1 of 6 (such as a#0#0" in page
    assert "only an excerpt" in page and "an old exemplar" in page


DATASET = {
    "dataset": "d", "train": 30, "test": 12, "test_questions_in_train_exact": 0, "test_questions_in_train_normalised": [],
    "test_questions_near_train": [], "test_questions_templated_in_train": [], "doubtful_gold": 0, "without_gold": 0,
}  # fmt: skip


def test_the_page_begins_with_what_was_found_in_how_much() -> None:
    clean = audit_annotations(PLACE, rows(), PROBLEMS, frozenset(), None, None, {})
    page = to_markdown([clean], [], [DATASET])
    assert page.index("## What was found") < page.index("## Datasets") < page.index("## Lengths in words")
    answer = page.split("## ")[1]
    assert "Looked at: 1 supervision with 6 rows, 1 dataset with 42 problems." in answer and "\nNothing.\n" in answer
    leaking = {**DATASET, "test_questions_near_train": ["d-1", "d-2"], "without_gold": 3}
    answer = to_markdown([clean, clean], [], [leaking]).split("## ")[1]
    assert "2 supervisions with 12 rows" in answer and "Nothing.\n" not in answer
    assert "- d: test questions in training: 2 as near copies; gold answers: 3 missing\n" in answer


def test_the_page_leads_on() -> None:
    audited = audit_annotations(PLACE, rows(), PROBLEMS, frozenset(), None, None, {})
    here = Path(str(paths.ANNOTATION_AUDIT_PAGE)).parent
    led = {os.path.normpath(here / target) for target in re.findall(r"\]\(([^)]+)\)", to_markdown([audited], [], []))}
    assert led == {str(paths.FINDINGS_PAGE), str(paths.EXPLORER)}


def test_the_page_tells_what_teachers_cost() -> None:
    paid = [replace(row, usage={"input_tokens": 10, "output_tokens": 20}, price_usd=0.5) for row in rows()]
    audited = audit_annotations(PLACE, paid, PROBLEMS, frozenset(), None, None, {})
    assert (audited["price_usd"], audited["output_tokens"]) == (3.0, 120)
    assert "| d/t/original/L2 | 60 | 120 | 3.0000 |" in to_markdown([audited], [], [])
    unknown = audit_annotations(
        PLACE, [replace(paid[0], price_usd=None), *paid[1:]], PROBLEMS, frozenset(), None, None, {}
    )
    assert unknown["price_usd"] is None
    assert "cost" not in to_markdown([audit_annotations(PLACE, rows(), PROBLEMS, frozenset(), None, None, {})], [], [])
