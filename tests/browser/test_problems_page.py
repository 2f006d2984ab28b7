"""The explorer's page of problems: what teachers wrote beside what students write, found and filtered."""

from typing import Any


def test_a_problem_shows_the_teachers_levels_beside_what_students_wrote(explorer: Any) -> None:
    explorer.click("#tab-problems")
    explorer.wait_for_selector(".lane")
    assert explorer.locator("#training-problem").inner_text().count("How many are") == 1
    coarse, fine = (explorer.locator(f'.lane[data-supervision="tutor/original/{level}"]') for level in ("L1", "L5"))
    assert "0 + 1 = 1." in coarse.locator(".teacher pre").inner_text()
    assert fine.locator(".teacher mark.new").all_inner_texts()[:3] == ["First", "there", "are"]
    assert fine.locator(".student h4").all_inner_texts() == ["small writes", "medium writes", "large writes"]
    explorer.click("#training-problem .next")
    explorer.get_by_text("1 + 1 = 2.", exact=True).wait_for()
    explorer.click("#test-problem .next")
    explorer.get_by_text("sums-1", exact=True).wait_for()


def test_problems_are_filtered_and_searched(explorer: Any) -> None:
    explorer.click("#tab-problems")
    explorer.wait_for_selector(".lane")
    assert explorer.inner_text("#problem-count") == "60 of 60 test problems"
    explorer.fill('input[aria-label="search"]', "How many are 17?")
    explorer.keyboard.press("Enter")
    explorer.get_by_text("1 of 60 test problems").wait_for()
    explorer.fill('input[aria-label="search"]', "")
    explorer.keyboard.press("Enter")
    explorer.select_option('select[aria-label="show"]', "only")
    explorer.wait_for_selector('select[aria-label="B"]')
    names = {"A": "sums/tutor/original/L5/large/seed1", "B": "sums/tutor/original/L5/small/seed1"}
    for label, name in names.items():
        explorer.select_option(f'select[aria-label="{label}"]', name)
    explorer.locator("#problem-count", has_not_text="60 of 60").wait_for()
    lane = explorer.locator('.lane[data-supervision="tutor/original/L5"] .student')
    assert lane.nth(2).locator("span").first.inner_text() == "correct"
    assert lane.nth(0).locator("span").first.inner_text() == "incorrect"


def search(explorer: Any, words: str) -> str:
    """What is said of the problems that have these words."""
    before = explorer.inner_text("#problem-count")
    explorer.fill('input[aria-label="search"]', words)
    explorer.keyboard.press("Enter")
    explorer.wait_for_function("(before) => document.querySelector('#problem-count').innerText !== before", arg=before)
    return str(explorer.inner_text("#problem-count"))


def test_what_teachers_wrote_and_training_questions_are_searched_too(explorer: Any) -> None:
    explorer.click("#tab-problems")
    explorer.wait_for_selector(".lane")
    kept = "0 of 60 test problems, 1 of 30 training problems; where nothing is found, all are shown"
    assert search(explorer, "First there are 7.") == kept
    explorer.locator("#training-problem", has_text="sums-train-7").wait_for()
    assert explorer.locator("#training-problem .toolbar span").inner_text() == "1 of 1"
    assert "First there are 7." in explorer.locator(".lane[data-supervision='tutor/original/L5'] .teacher").inner_text()
    assert explorer.locator("#test-problem .toolbar span").inner_text() == "1 of 60"
    assert search(explorer, "How many are 1").startswith("11 of 60 test problems, 11 of 30 training problems")
    assert search(explorer, "So it is. The answer is 31.").endswith(
        ", 0 of 30 training problems; where nothing is found, all are shown"
    ), "a student's words"
    assert explorer.locator("#training-problem .toolbar span").inner_text() == "1 of 30"
    assert search(explorer, "are 12 and") == kept, "a training question"
    explorer.locator("#training-problem", has_text="sums-train-12").wait_for()
    assert search(explorer, "nobody wrote this") == "0 of 60 test problems, 0 of 30 training problems"


def test_the_first_equation_that_does_not_hold_is_marked(explorer: Any) -> None:
    explorer.click("#tab-problems")
    explorer.wait_for_selector(".lane")
    cases = {
        "15 + 2 = 17. 17 + 2 = 20. 1 + 1 = 3.": "17 + 2 = 20",
        "14 + 12 = 24 + 2 = 26.": None,
        "(9 + 3) + 4 = 13.": "(9 + 3) + 4 = 13",
        "1) How many? 2 * 3 = 6 pens. 10 / 3 = 3.33": None,
        "x1 = a * b = 3 * 3 = 9": None,
        "1,200 - 200 = 1,000 and 2 x 4 = 9": "2 x 4 = 9",
        "no sums, no = signs": None,
    }
    program = explorer.evaluate("document.querySelector('script[type=module]').textContent")
    start, end = program.index("const valueOf"), program.index("const withWrongMarked")
    for text, wrong in cases.items():
        found = explorer.evaluate(f"(text) => {{ {program[start:end]}; return firstWrong(text); }}", text)
        assert (None if found is None else text[found[0] : found[1]]) == wrong, text
