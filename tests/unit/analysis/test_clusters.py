"""Which test problems are variants of one another."""

from dataclasses import replace

from gradus.analysis.clusters import clusters
from gradus.records import Problem

PROBLEM = Problem("p", "svamp", "test", "?", None, "1", "number", None, None, "here", None)


def asked(*questions: str) -> list[int]:
    return list(clusters([replace(PROBLEM, question=question) for question in questions]))


def test_variants_of_a_base_problem_share_its_words_and_not_its_numbers() -> None:
    found = asked(
        "Baker made 121 cakes and 48 pastries. He sold 105 of the cakes. How many cakes does baker still have?",
        "Paco had 41 cookies and gave 9 cookies to his friend. How many cookies did Paco have left?",
        "Baker made 170 cakes and 12 pastries. If he sold 78 of the pastries, how many pastries does baker still have?",
        "Danny collects bottle caps and wrappers and found 22 of them at the park. How many did Danny find?",
    )
    assert found[0] == found[2] and len(set(found)) == 3


def test_short_questions_are_variants_of_nothing() -> None:
    assert len(set(asked("What do cows eat?", "What do tuna eat?", "Tuna primarily eat"))) == 3


def test_generated_problems_belong_to_their_structure() -> None:
    made = [
        replace(PROBLEM, solution={"structure": list(moves), "steps": []}, question=f"question {n}")
        for n, moves in enumerate(("ab", "ac", "ab"))
    ]
    assert list(clusters(made)) == [0, 1, 0]
    assert list(clusters([])) == []
