"""Traits of texts: what they count, and that the amount of text does not decide them."""

import pytest

from gradus.teachers.text_traits import text_traits


def test_steps_and_operators() -> None:
    found = text_traits(["3 + 4 = 7. So she has 7 apples, at 1.5 dollars.\nThe answer is 7."])
    assert (found["words"], found["steps"], found["operators"]) == (17, 3, 2)
    latex = text_traits([r"$\frac{1}{2} \times 4 = 2$ and well-known is no sum"])
    assert latex["operators"] == 2


def test_repeated_texts_are_less_diverse() -> None:
    different = [f"In case {number} we add {number * 7 % 101} to {number * 13 % 89}." for number in range(300)]
    same = ["In case one we add two to three."] * 300
    assert text_traits(same)["distinct_2"] < 0.1 < text_traits(different)["distinct_2"]
    assert text_traits(same)["compression"] < 0.1 < text_traits(different)["compression"]


def test_twice_the_texts_are_as_diverse() -> None:
    texts = [f"word{number} meets word{number * 3 % 1009} at the {number % 7} gates" for number in range(4000)]
    few, many = text_traits(texts[:2000]), text_traits(texts)
    assert few["distinct_2"] == pytest.approx(many["distinct_2"], abs=0.03)
    assert text_traits(texts) == text_traits(texts[::-1]), "the order of the file is no trait"


def test_no_text_has_no_traits() -> None:
    assert text_traits([]) == {} == text_traits(["", " "])
    assert text_traits(["7"])["distinct_2"] == 0.0
