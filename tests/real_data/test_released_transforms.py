"""Transforms of released annotations: what they promise holds for real texts of four datasets, not for the tutors' alone."""

from collections import Counter
from pathlib import Path

import pytest
from builders import load_files

from gradus.records import Annotation, Problem, Supervision
from gradus.study.config import transforms as sections
from gradus.study.config.teachers import read_teacher
from gradus.study.config.transform_section import TransformSection
from gradus.teachers.annotation import Counts, Sampling, annotate
from gradus.teachers.answer_sources import LocalAnswers
from gradus.teachers.registry import make_local_teacher
from gradus.teachers.requests.journal import Journal
from gradus.teachers.transforms import make_plugin
from gradus.teachers.transforms.accounting import removed, taken
from gradus.teachers.transforms.steps import split_steps, split_words, step_type

FILES = [
    ("svamp", "gpt-4o", "L6"),
    ("strategyqa", "llama-3-70b", "L1"),
    ("math", "gemini-1.5-flash", "L3"),
    ("obqa", "gpt-4o", "L5"),
]
POLICY = {"agrees": "keep", "disagrees": "drop"}


@pytest.fixture(scope="module", params=FILES, ids=lambda file: "-".join(file))
def released(
    request: pytest.FixtureRequest, gradus_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Problem], list[Annotation]]:
    """The training problems that a released file is about, and its first 200 annotations."""
    dataset, author, level = request.param
    problems = load_files(dataset, "train", gradus_data).problems
    entry = {"provider": "released", "author": author, "allow_excerpt": True}
    teacher = make_local_teacher(read_teacher(entry, {}), gradus_data)
    with Journal(tmp_path_factory.mktemp("journal")) as journal:
        supervision = Supervision(dataset, "r", "original", level)
        rows = list(annotate(problems, supervision, LocalAnswers(teacher, journal), {}, Sampling(), Counts()))[:200]
    assert len(rows) > 100
    return problems, rows


def made(section: TransformSection, problems: list[Problem], rows: list[Annotation]) -> list[Annotation]:
    supervision = Supervision(rows[0].dataset, "r", "made", rows[0].level)
    chosen = taken(rows, section.taken(POLICY))  # type: ignore[arg-type]
    return make_plugin(section).apply(supervision, problems, [chosen], lambda text: len(text.split()))


def test_no_character_is_lost_between_steps(released: tuple[list[Problem], list[Annotation]]) -> None:
    for row in released[1]:
        assert "".join(split_steps(row.rationale)).strip() == row.rationale.strip()
        assert all(step.strip() for step in split_steps(row.rationale))


def test_steps_are_taken_out_by_share_and_by_type(released: tuple[list[Problem], list[Annotation]]) -> None:
    problems, rows = released
    half = made(sections.PrunedTransform(kind="pruned", by="symbols", keep=0.5), problems, rows)
    unchecked = made(sections.PrunedTransform(kind="pruned", by="type", types=["verification"]), problems, rows)
    for row, short, plain in zip(rows, half, unchecked, strict=True):
        pieces = Counter(piece.strip() for piece in split_steps(row.rationale))
        assert len(split_steps(short.rationale)) <= max(1, int(pieces.total() / 2 + 0.5))
        assert all(part in row.rationale for part in map(str.strip, split_steps(plain.rationale)))
        assert not any(step_type(step) == "verification" for step in split_steps(plain.rationale))
        assert (short.answer, short.verdict, plain.answer) == (row.answer, row.verdict, row.answer)
    report = removed([rows], unchecked)
    assert set(report["steps_removed"]) <= {"verification"} and report["steps_added"] == {}
    assert report["words_after"] <= report["words_before"]


def test_words_are_cut_and_digits_changed_by_share(released: tuple[list[Problem], list[Annotation]]) -> None:
    problems, rows = released
    cut = made(sections.TruncatedTransform(kind="truncated", share=0.5), problems, rows)
    digits = made(sections.CorruptedTransform(kind="corrupted", what="digits", share=0.5), problems, rows)
    for row, first, other in zip(rows, cut, digits, strict=True):
        assert row.rationale.strip().startswith(first.rationale)
        words = len(split_words(row.rationale))  # none in a bare answer
        assert len(split_words(first.rationale)) == max(min(1, words), words // 2)
        count = sum(letter in "0123456789" for letter in row.rationale)
        changed = sum(a != b for a, b in zip(row.rationale, other.rationale, strict=True))
        assert changed == int(count / 2 + 0.5)


def test_wrong_answers_and_selections_are_exact_to_one_row(released: tuple[list[Problem], list[Annotation]]) -> None:
    problems, rows = released
    right = sum(row.verdict == "agrees" for row in rows)
    wrong = made(sections.CorruptedTransform(kind="corrupted", what="answer", share=0.5), problems, rows)
    assert Counter(row.verdict for row in wrong) == {
        "agrees": right - int(right / 2 + 0.5),
        "disagrees": int(right / 2 + 0.5),
    }
    for by in ("random", "length", "diversity"):
        section = sections.SelectedTransform.model_validate({"kind": "selected", "n": 50, "by": by})
        chosen = made(section, problems, rows)
        assert len({row.problem_id for row in chosen}) == 50
        assert {row.verdict for row in chosen} == {"agrees"}
