"""Leaks: test questions that a training split holds are found word for word, nearly so, and with other names and numbers."""

from dataclasses import replace

import pytest
from builders import problem

from gradus.data.audit import audit, audit_others, leak_facts
from gradus.data.leaks import leaks, near_duplicates, template
from gradus.records import Problem
from gradus.runtime.errors import UserError

QUESTION = (
    "Emily can peel 6 shrimp a minute and saute 30 shrimp in 10 minutes. "
    "How long will it take her to peel and saute 90 shrimp?"
)
INSTANCE = QUESTION.replace("Emily", "Mia").replace("shrimp", "onions").replace("6", "nine").replace("30", "1,250")
OTHERS = (
    "Every morning Ken walks two blocks to the station and reads a book of 120 pages there. How many days does he need for it?",
    "A pound of apples costs 3 dollars less than one of cherries. What do four pounds of each cost if cherries are 7 dollars?",
    "Tom's brother is twice as old as Ann was when she moved into the house by the lake. How old is he if she was 12 then?",
)


def asked(*questions: str, dataset: str = "d") -> list[Problem]:
    return [replace(problem(), id=f"{dataset}-{n}", dataset=dataset, question=text) for n, text in enumerate(questions)]


def test_near_duplicates_are_found_and_others_are_not() -> None:
    question = "A farmer has twelve red apples and gives three of them to his neighbour who lives next door in town"
    train = [replace(problem(), id="t", question=question)]
    near = replace(problem(), id="near", question=question.replace("town", "the town today"))
    far = replace(
        problem(), id="far", question="How many legs do nine spiders have when two of them have left the house?"
    )
    assert near_duplicates(train, [near, far]) == ["near"]
    facts = audit(train, [near, far])
    assert (facts["test_questions_in_train_exact"], facts["test_questions_in_train_normalised"]) == (0, [])


def test_numbers_and_names_leave_the_template() -> None:
    assert template("Ann's 3 cats eat twice what Bob and I do. Two of them sleep.") == (
        ["ann", "cats", "eat", "what", "and", "i", "do", "of", "them", "sleep"]
    )


def test_another_instance_of_a_template_is_found_and_other_questions_are_not() -> None:
    found = leaks(asked(OTHERS[0], INSTANCE), asked(QUESTION, *OTHERS[1:]))
    assert (found.exact, found.normalised, found.near) == (0, {}, {})
    assert found.templated == {"d-0": "d-1"} and found.templated_training == 1


def test_the_same_question_is_found_by_every_rule() -> None:
    found = leaks(asked(*OTHERS, QUESTION.upper().replace("EMILY", "Emily")), asked(QUESTION, *OTHERS))
    assert found.exact == 3 and set(found.normalised) == set(found.near) == {"d-0", "d-1", "d-2", "d-3"}
    assert found.normalised["d-0"] == "d-3"


def test_a_question_of_few_words_has_no_template() -> None:
    assert leaks(asked("How many are 3 and 4?"), asked("How many are 5 and 6?", *OTHERS)).templated == {}


def test_many_instances_of_one_template_do_not_hide_it() -> None:
    """A gram counts for how rare it is among test questions: training questions, however many, make none common."""
    many = [INSTANCE.replace("10", str(number)) for number in range(200)]
    assert leaks(asked(*many), asked(QUESTION, *OTHERS)).templated_training == 200


def test_a_training_split_made_from_anothers_test_is_refused_where_it_is_asked() -> None:
    train, test = asked(INSTANCE, *OTHERS[1:], dataset="made"), asked(QUESTION, OTHERS[0], dataset="gsm")
    told = audit_others(train, {"gsm": test})["test_questions_of_others"]["gsm"]
    assert (told["train"], told["test"], told["templated_training"]) == (3, 2, 1)
    with pytest.raises(UserError, match=r"1 of the 3 training questions of 'made' \(33%\).*'gsm'.*'made-0' is 'gsm-0'"):
        leak_facts(train, test, elsewhere=True, allow_leakage=False)
    assert leak_facts(train, test, elsewhere=True, allow_leakage=True)["templated_training"] == 1
    assert not leak_facts(asked(*OTHERS[1:], dataset="made"), test, elsewhere=True, allow_leakage=False)["leaked"]


def test_a_training_question_that_the_test_asks_is_refused_or_counted() -> None:
    train, test = asked(QUESTION, *OTHERS), asked(f"  {QUESTION.upper()}")
    with pytest.raises(UserError, match=r"'d-0' is also in the test split \('d-0'\), the first of 1"):
        leak_facts(train, test, elsewhere=False, allow_leakage=False)
    assert leak_facts(train, test, elsewhere=False, allow_leakage=True)["leaked"] == {"d-0": "d-0"}
    assert leak_facts(train, test, elsewhere=True, allow_leakage=False)["leaked"] == {"d-0": "d-0"}
