"""The transform room: an exact oracle on generated problems, whose steps are known, and what each plug-in promises."""

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from builders import annotation, problem
from hypothesis import given
from hypothesis import strategies as st

from gradus.answers import answers_equal
from gradus.data.gradeschool.explanations import Manner, explain
from gradus.data.gradeschool.graph import Solution, compute
from gradus.data.gradeschool.stories import Story, make_story
from gradus.records import Annotation, Problem, Supervision
from gradus.runtime.errors import UserError
from gradus.study.config import transforms as sections
from gradus.study.config.transform_section import TransformSection
from gradus.teachers.transforms import make_plugin
from gradus.teachers.transforms.accounting import removed, taken
from gradus.teachers.transforms.steps import split_steps, split_words

PLACE = Supervision("d", "t", "made", "L6")
MANNER = Manner(3)


def words(text: str) -> int:
    return len(text.split())


def made(section: TransformSection, rows: Sequence[Annotation], problems: Sequence[Problem] = ()) -> list[Annotation]:
    return make_plugin(section).apply(PLACE, problems, [rows], words)


def stories(count: int) -> list[Story]:
    rng, found = random.Random(7), list[Story]()
    while len(found) < count:
        story = make_story(rng, rng.choice((2, 3, 4, 5)))
        found += [] if story is None else [story]
    return found


STORIES = stories(150)


def told(level: str, format_: str = "original") -> list[Annotation]:
    """The tutor's rationales of all stories."""
    return [
        annotation(str(number), rationale=explain(story.solution, level, format_, MANNER, str(number)))
        for number, story in enumerate(STORIES)
    ]


# --- the oracle: what a level adds to another one is known


@pytest.mark.parametrize("format_", ["original", "least-to-most", "rephrase-and-respond"])
@pytest.mark.parametrize("level", ["L5", "L6"])
def test_pruned_checks_and_asides_are_exactly_what_the_level_added(level: str, format_: str) -> None:
    """Precision and recall 100 %: L5 and L6 are L4 with checks of the last or of every step, and what is not needed."""
    section = sections.PrunedTransform(kind="pruned", by="type", types=["verification", "aside"])
    pruned = [row.rationale for row in made(section, told(level, format_))]
    assert pruned == [row.rationale for row in told("L4", format_)]


def test_without_their_checks_the_two_levels_that_check_are_the_same() -> None:
    section = sections.PrunedTransform(kind="pruned", by="type", types=["verification"])
    assert [r.rationale for r in made(section, told("L6"))] == [r.rationale for r in made(section, told("L5"))]
    rows = told("L6")
    report = removed([rows], made(section, rows))
    checks = sum(len(re.findall(r"Check: |Back again: ", row.rationale)) for row in rows)
    assert report["steps_removed"] == {"verification": checks} and report["steps_added"] == {}
    assert report["left_out"] == {} and report["source_rows"] == len(rows)


def is_valid(text: str, solution: Solution) -> bool:
    """Whether every equation is right and uses nothing but the question's numbers and earlier results."""
    known = Counter(solution.givens())
    for left, operation, right, result in re.findall(r"(\d+) ([-+*/]) (\d+) = (\d+)\.", text):
        if not known[int(left)] or not known[int(right)]:
            return False
        if compute(operation, int(left), int(right)) != int(result):
            return False
        known[int(result)] += 1
    return True


def uses_later_results(order: Sequence[int], solution: Solution) -> bool:
    """Whether a step stands before one that it needs and whose result is no number of the question, or said elsewhere before."""
    said = set(solution.givens())
    for index in order:
        step = solution.steps[index]
        if not {step.left, step.right} <= said:
            return True
        said.add(step.result)
    return False


def test_shuffled_chains_are_found_invalid() -> None:
    section = sections.CorruptedTransform(kind="corrupted", what="shuffle", share=1.0)
    rows = told("L2")
    wrong = 0
    for story, row, before in zip(STORIES, made(section, rows), rows, strict=True):
        steps, moved = split_steps(before.rationale), split_steps(row.rationale)
        texts = [step.strip() for step in steps]
        assert is_valid(before.rationale, story.solution)
        assert sorted(text.strip() for text in moved) == sorted(texts)
        if len(set(texts)) == len(texts):
            order = [texts.index(step.strip()) for step in moved]
            assert all(position != index for position, index in enumerate(order))  # none stays in its place
            assert is_valid(row.rationale, story.solution) != uses_later_results(order, story.solution)
            wrong += uses_later_results(order, story.solution)
    assert wrong > 0.9 * len(rows)


def test_other_digits_make_equations_wrong_and_nothing_else() -> None:
    section = sections.CorruptedTransform(kind="corrupted", what="digits", share=0.5)
    rows = told("L2")
    for row, before in zip(made(section, rows), rows, strict=True):
        digits = sum(letter.isdigit() for letter in before.rationale)
        changed = [(a, b) for a, b in zip(row.rationale, before.rationale, strict=True) if a != b]
        assert len(changed) == int(digits / 2 + 0.5)
        assert all(a.isdigit() and b.isdigit() for a, b in changed)
        assert not re.search(r"(?<![\d.])0\d", row.rationale)
        assert (row.answer, row.verdict) == (before.answer, before.verdict)


# --- every transform of single texts


TEXTS: list[Callable[[float], TransformSection]] = [
    lambda share: sections.TruncatedTransform(kind="truncated", share=share),
    lambda share: sections.TruncatedTransform(kind="truncated", share=share, unit="steps"),
    lambda share: sections.PrunedTransform(kind="pruned", by="random", keep=share),
    lambda share: sections.PrunedTransform(kind="pruned", by="position", keep=share),
    lambda share: sections.PrunedTransform(kind="pruned", by="symbols", keep=share),
    lambda share: sections.PrunedTransform(kind="pruned", by="random", keep=share, unit="words"),
]


@pytest.mark.parametrize("section", TEXTS)
def test_the_share_that_stays_is_exact_and_nested(section: Callable[[float], TransformSection]) -> None:
    rows = told("L6")
    one = section(0.5)
    unit = split_steps if getattr(one, "unit", "") == "steps" else split_words
    half, more = made(one, rows), made(section(0.8), rows)
    for row, longer, before in zip(half, more, rows, strict=True):
        pieces = [piece.strip() for piece in unit(before.rationale)]
        stays = [piece.strip() for piece in unit(row.rationale)]
        exact = len(pieces) * 0.5
        assert len(stays) == max(1, int(exact) if one.kind == "truncated" and unit is split_words else int(exact + 0.5))
        assert not Counter(stays) - Counter(pieces)
        assert not Counter(stays) - Counter(piece.strip() for piece in unit(longer.rationale))
        walk = iter(pieces)
        assert all(step in walk for step in stays)  # in their order
        assert (row.format, row.answer, row.verdict) == ("made", before.answer, before.verdict)
    assert half == made(section(0.5), rows)


def test_symbols_stay_before_words() -> None:
    row = annotation("a", rationale="Well then. So 12 + 30 = 42. We go on. Thus 42 / 2 = 21.")
    section = sections.PrunedTransform(kind="pruned", by="symbols", keep=0.5)
    assert made(section, [row])[0].rationale == "So 12 + 30 = 42. Thus 42 / 2 = 21."


@pytest.mark.parametrize(("side", "text"), [("start", "One. Two."), ("end", "Three. Four."), ("ends", "One. Four.")])
def test_sides(side: str, text: str) -> None:
    section = sections.PrunedTransform.model_validate({"kind": "pruned", "by": "position", "keep": 0.5, "side": side})
    assert made(section, [annotation("a", rationale="One. Two. Three. Four.")])[0].rationale == text


def test_steps_are_left_out_and_put_in_by_share() -> None:
    rows = told("L6")
    foreign = {step.strip() for row in rows for step in split_steps(row.rationale)}
    for what, sign in (("delete", -1), ("insert", 1)):
        section = sections.CorruptedTransform.model_validate({"kind": "corrupted", "what": what, "share": 0.33})
        for row, before in zip(made(section, rows), rows, strict=True):
            steps, now = split_steps(before.rationale), split_steps(row.rationale)
            assert len(now) - len(steps) == sign * int(0.33 * len(steps) + 0.5)
            assert {step.strip() for step in now} <= foreign


@pytest.mark.parametrize("text", ["", "One step.", "One. Two."])
def test_one_step_stays_where_steps_are_left_out(text: str) -> None:
    section = sections.CorruptedTransform(kind="corrupted", what="delete", share=1.0)
    assert len(split_steps(made(section, [annotation("a", rationale=text)])[0].rationale)) == bool(text)


@pytest.mark.parametrize(
    ("answer", "kind", "choices"),
    [
        ("3", "number", None),
        ("0.25", "number", None),
        ("1/3", "number", None),
        ("-7", "number", None),
        ("B", "choice", ("x", "y", "z")),
        ("True", "boolean", None),
        ("\\frac{1}{2}", "latex", None),
    ],
)
def test_wrong_answers_are_of_the_same_kind_and_exact_to_one_row(
    answer: str, kind: str, choices: tuple[str, ...] | None
) -> None:
    problems = [problem(str(n), answer=answer, answer_kind=kind, choices=choices) for n in range(10)]
    problems.append(
        problem("other", answer={"latex": "x^2", "number": "11"}.get(kind, answer), answer_kind=kind, choices=choices)
    )
    rows = [annotation(one.id, answer=one.answer) for one in problems]
    section = sections.CorruptedTransform(kind="corrupted", what="answer", share=0.5)
    changed = [row for row in made(section, rows, problems) if row.verdict == "disagrees"]
    by_id = {one.id: one for one in problems}
    assert len(changed) == 6  # 5.5 to the nearest
    assert all(row.answer and not answers_equal(row.answer, by_id[row.problem_id].answer, kind) for row in changed)
    assert section.policy({"agrees": "keep"}) == {"agrees": "keep", "disagrees": "keep"}
    assert section.taken({"agrees": "keep", "disagrees": "keep"}) == ["agrees"]
    assert removed([rows], made(section, rows, problems))["changed_answers"] == 6


# --- mixtures, draws, selections


@given(st.integers(1, 60), st.sampled_from([0.1, 0.25, 0.33, 0.5, 0.9]))
def test_shares_are_exact_to_one_problem(count: int, share: float) -> None:
    problems = [problem(str(number)) for number in range(count)]
    sources = [
        [replace(annotation(one.id, rationale=level), level=level) for one in problems] for level in ("L1", "L6")
    ]
    section = sections.MixedTransform(kind="mixed", teacher="t", shares={"L6": share}, otherwise="L1")
    supervision = Supervision("d", "mixed", "long-and-short", "native")
    mixed = make_plugin(section).apply(supervision, problems, sources, words)
    assert [row.problem_id for row in mixed] == [one.id for one in problems]
    assert sum(row.rationale == "L6" for row in mixed) == int(share * count + 0.5)
    larger = make_plugin(section.model_copy(update={"shares": {"L6": 1.0}})).apply(
        supervision, problems, sources, words
    )
    assert all(row.rationale == "L6" for row in larger)


def test_teachers_and_formats_are_mixed_too() -> None:
    section = sections.MixedTransform(
        kind="mixed", shares={"a/original/L1": 0.5, "b/symbolic/L6": 0.25, "human/original/native": 0.25}
    )
    assert [str(one) for one in section.sources(Supervision("d", "mixed", "all", "native"))] == [
        "d/a/original/L1",
        "d/b/symbolic/L6",
        "d/human/original/native",
    ]
    assert section.teachers() == {f"shares.{name}": name.split("/")[0] for name in section.used()}
    problems = [problem(str(number)) for number in range(9)]
    sources = [[annotation(one.id, rationale=name) for one in problems[:8]] for name in section.used()]
    mixed = make_plugin(section).apply(Supervision("d", "mixed", "all", "native"), problems, sources, words)
    assert Counter(row.rationale for row in mixed) == {
        "a/original/L1": 4,
        "b/symbolic/L6": 2,
        "human/original/native": 2,
    }


def samples(verdicts: str = "yyynyyny") -> list[Annotation]:
    return [
        replace(annotation(name, "agrees" if yes == "y" else "disagrees", rationale="w " * (9 - number)), sample=number)
        for name in "abc"
        for number, yes in enumerate(verdicts)
    ]


def test_a_smaller_draw_is_part_of_a_larger_one() -> None:
    rows = samples()
    draws = [
        {row.key for row in made(sections.DrawnTransform(kind="drawn", per_problem=k), rows)} for k in (1, 2, 4, 16)
    ]
    assert [len(draw) for draw in draws] == [3, 6, 12, 24]
    assert draws[0] < draws[1] < draws[2] < draws[3]


def test_the_best_of_n_is_one_that_is_trained_on() -> None:
    policy = {"agrees": "keep", "disagrees": "drop"}
    for by, n, sample in (("first", None, 0), ("shortest", None, 7), ("shortest", 4, 2), ("longest", None, 0)):
        section = sections.BestOfTransform.model_validate({"kind": "best-of", "by": by, "n": n})
        rows = taken(samples(), section.taken(policy))  # type: ignore[arg-type]
        assert [row.sample for row in made(section, rows)] == [sample] * 3


def test_of_several_attempts_the_first_that_is_trained_on_is_taken() -> None:
    rows = [annotation("a", "unparsable"), *(replace(annotation("a"), attempt=attempt) for attempt in (1, 2))]
    assert [row.attempt for row in taken(rows, ["agrees"])] == [1]
    assert taken(rows, []) == rows


def graded() -> tuple[list[Problem], list[Annotation]]:
    problems = [
        problem(str(number), solution=story.solution.to_json(), question=story.question)
        for number, story in enumerate(STORIES[:60])
    ]
    return problems, told("L4")[:60]


@pytest.mark.parametrize("by", ["random", "difficulty", "length", "diversity"])
def test_exactly_n_problems_are_selected_and_fewer_are_part_of_more(by: str) -> None:
    problems, rows = graded()
    chosen = []
    for n in (10, 25, 60):
        section = sections.SelectedTransform.model_validate({"kind": "selected", "n": n, "by": by})
        chosen.append([row.problem_id for row in made(section, rows, problems)])
    assert [len(one) for one in chosen] == [10, 25, 60]
    assert set(chosen[0]) < set(chosen[1]) < set(chosen[2])
    assert chosen[2] == [one.id for one in problems]


def test_the_hardest_and_the_easiest() -> None:
    problems, rows = graded()
    steps = {one.id: len((one.solution or {})["steps"]) for one in problems}
    for order, pick in (("highest", max), ("lowest", min)):
        section = sections.SelectedTransform.model_validate(
            {"kind": "selected", "n": 5, "by": "difficulty", "order": order}
        )
        assert {steps[row.problem_id] for row in made(section, rows, problems)} == {pick(steps.values())}


def test_too_few_problems_are_a_message() -> None:
    problems, rows = graded()
    with pytest.raises(UserError, match="800 problems are to be selected of d, and 60 have an annotation"):
        made(sections.SelectedTransform(kind="selected", n=800, by="random"), rows, problems)
    bare = [replace(one, solution=None) for one in problems]
    with pytest.raises(UserError, match="0 have an annotation that is trained on and a solution whose steps"):
        made(sections.SelectedTransform(kind="selected", n=3, by="difficulty"), rows, bare)


def test_diverse_questions_come_before_repeated_ones() -> None:
    problems = [problem(str(n), question=text) for n, text in enumerate(["Ann has 3 pens"] * 5 + ["The train leaves"])]
    rows = [annotation(one.id) for one in problems]
    chosen = made(sections.SelectedTransform(kind="selected", n=2, by="diversity"), rows, problems)
    assert "5" in {row.problem_id for row in chosen}


# --- bytes that must not change


def test_transforms_are_the_same_bytes_on_every_machine() -> None:
    """A change of these hashes rebuilds finished studies: say so in the changelog."""
    from gradus.runtime.atomic import canonical_json, sha256_bytes

    rows = told("L6")[:50]
    found = {}
    for name, section in {
        "random": sections.PrunedTransform(kind="pruned", by="random", keep=0.5),
        "symbols": sections.PrunedTransform(kind="pruned", by="symbols", keep=0.5),
        "shuffle": sections.CorruptedTransform(kind="corrupted", what="shuffle", share=0.5),
        "insert": sections.CorruptedTransform(kind="corrupted", what="insert", share=0.5),
        "digits": sections.CorruptedTransform(kind="corrupted", what="digits", share=0.5),
    }.items():
        texts = canonical_json([row.rationale for row in made(section, rows)])
        found[name] = sha256_bytes(texts.encode())[:16]
    assert found == {
        "random": "6b02cde2b35064ec",
        "symbols": "cb19e42906254cc4",
        "shuffle": "e9063a2f3a255e63",
        "insert": "652bb992e76e518c",
        "digits": "5db48dbb23e301e9",
    }
