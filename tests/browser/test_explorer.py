"""The explorer in a real browser: a partial grid with missing, failed, leaked and excerpted cells, opened from a file."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_study import made_config, make_study
from running import program

from gradus.presentation.explorer.page import in_script, packed
from gradus.presentation.explorer.sampling import BUDGET_BYTES, BYTES_OF_A_TEXT, SAMPLES, sample_size, shown_problems
from gradus.records import Annotation, Cell, Problem, Supervision
from gradus.runtime.jsonl import read_records

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NASTY = "</script><script>window.hacked = true</script><b>bold</b>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made study with holes: a level that did not run, one job that failed, one cell that leaked, one nasty text."""
    folder = tmp_path_factory.mktemp("explorer")
    config = made_config()
    config["about"] = "Made up to test the explorer."
    for dataset in config["datasets"].values():
        dataset["test"] = 60
    truth = {"small": 0.2, "medium": 0.5, "large": 0.8}

    def accuracy(cell: Cell) -> float:
        return truth[cell.student] / (5 if cell.supervision.format == "answer-only" else 1)

    study = make_study(folder, config, accuracy, lambda _: 0.9)
    results = folder / "results" / "made"
    shutil.rmtree(results / "metrics/more-sums/tutor/original/L4")
    shutil.rmtree(results / "metrics/sums/tutor/original/L2/large/seed2")
    log = results / "logs/checkpoints/sums/tutor/original/L2/large/seed2.log"
    log.parent.mkdir(parents=True)
    log.write_text("starting\nerror: the disk is full: work/x (make room and run again)\n", encoding="utf-8")
    leaked = results / "metrics/sums/tutor/original/L3/small/seed1/test/greedy.json"
    leaked.write_text(json.dumps({**json.loads(leaked.read_text()), "leaked_training_rows": 2}), encoding="utf-8")
    endless = results / "checkpoints/sums/tutor/original/L1/large/seed2/manifest.json"
    endless.parent.mkdir(parents=True, exist_ok=True)
    facts = dict.fromkeys(("identity", "base", "versions", "steps", "examples", "target_tokens_seen", "files"), 1)
    endless.write_text(json.dumps({**facts, "final_loss": 0.5, "final_end_loss": 0.7}), encoding="utf-8")
    first = next(iter(read_records(results / "data/sums/test.jsonl", Problem))).id
    write_rationales(results)
    texts = results / "predictions/sums/tutor/original/L1/small/seed1/test/greedy.jsonl"
    rows = [json.loads(line) for line in texts.read_text().splitlines()]
    for row in rows:
        row["text"] = NASTY if row["problem_id"] == first else row["text"]
    texts.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    numbers = Path(__file__).parents[2] / "published" / "chen-2025.csv"
    outputs = {
        "page": "x.html",
        "claims": "results/made/tables/claims.csv",
        "headline": "h.json",
        "published": "p.csv",
        "spent": "s.csv",
    }
    outputs |= {"recommendation": "results/made/tables/recommendation.csv", "output": "f.md"}
    shutil.copytree(results, folder / "whole")  # findings need all of it: they are told of the whole study
    make_study(folder, config, accuracy, lambda _: 0.9)
    options = [word for name, path in outputs.items() for word in (f"--{name}", path)]
    done = program("findings", "--study", study, "--numbers", numbers, *options, folder=folder)
    assert done.returncode == 0, done.stderr
    shutil.copytree(results / "tables", folder / "whole" / "tables")
    shutil.rmtree(results)
    (folder / "whole").rename(results)
    done = program("explorer", "--study", study, "--output", "explorer.html", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


def write_rationales(results: Path) -> None:
    """Texts of a teacher for thirty training problems of ``sums``, finer from level to level."""
    problems = [
        Problem(
            f"sums-train-{n}", "sums", "train", f"How many are {n} and 1?", None, str(n + 1), "number", None, None, "made up",
            None,
        )
        for n in range(30)
    ]  # fmt: skip
    path = results / "data/sums/train.jsonl"
    path.write_text("".join(json.dumps(one.to_json()) + "\n" for one in problems), encoding="utf-8")
    for level in ("L1", "L5"):
        place = Supervision("sums", "tutor", "original", level)
        rows = []
        for n, problem in enumerate(problems):
            text = f"{n} + 1 = {n + 1}." if level == "L1" else f"First there are {n}. {n} + 1 = {n + 1}."
            row = Annotation(
                problem.id, 0, 0, "sums", "tutor", "original", level, text, str(n + 1), "agrees", "h", "made", {}, "stop", {},
                None,
            )  # fmt: skip
            rows.append(json.dumps(row.to_json()) + "\n")
        target = results / f"annotations/{place}.jsonl"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("".join(rows), encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        if os.environ.get("GRADUS_REQUIRE_BROWSER"):
            pytest.fail("no Chromium here")
        pytest.skip("no Chromium here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(explorer: Any) -> Any:
    """The explorer with its grid."""
    explorer.click("#tab-grid")
    return explorer


@pytest.fixture
def explorer(browser: Any, folder: Path) -> Iterator[Any]:
    """The explorer, opened; the test fails if the console said anything or the page asked for anything."""
    context = browser.new_context(
        viewport={"width": 1400, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: said.append(request.url))
    address = (folder / "explorer.html").as_uri()
    opened.goto(address)
    yield opened
    context.close()
    assert {one.split("#")[0] for one in said} == {address}


def square(page: Any, row: str, column: str) -> Any:
    return page.locator(f'#map button[data-row="{row}"][data-column="{column}"]')


def texts(page: Any) -> list[str]:
    page.wait_for_selector("#shown-count")
    return page.locator(".sample .texts > div:first-child span").all_inner_texts()  # type: ignore[no-any-return]


def choose(page: Any, label: str, value: str) -> None:
    page.select_option(f'#controls select[aria-label="{label}"]', value)


def test_the_grid_shows_what_is_there_and_what_is_not(page: Any) -> None:
    assert page.title() == "made - Gradus" and "Made up to test" in page.inner_text("#about")
    summary = page.inner_text("#summary")
    assert "1 failed" in summary and "partial grid" in summary
    assert "‡" in square(page, "tutor/original/L3", "small").inner_text()
    assert "2 of 3" in square(page, "tutor/original/L2", "large").inner_text()
    choose(page, "dataset", "more-sums")
    missing = square(page, "tutor/original/L4", "small")
    assert missing.get_attribute("class") == "missing" and missing.inner_text() == "–"
    missing.click()
    assert "it has not run" in page.inner_text("#detail")


def test_any_two_axes_make_the_map(page: Any) -> None:
    choose(page, "rows", "seed")
    choose(page, "columns", "level")
    assert page.locator("#map tbody tr").count() == 3
    assert "different supervisions" in page.inner_text("#summary")
    assert "that most squares have in common" in page.inner_text("#summary")
    choose(page, "columns", "seed")
    assert page.locator('#controls select[aria-label="rows"]').input_value() == "level"


def test_a_cell_tells_accuracy_interval_curve_cost_and_texts(page: Any, folder: Path) -> None:
    square(page, "tutor/original/L5", "large").click()
    page.wait_for_selector("#shown-count")
    told = page.inner_text("#detail")
    metrics = json.loads(
        (folder / "results/made/metrics/sums/tutor/original/L5/large/seed1/test/greedy.json").read_text(
            encoding="utf-8"
        )
    )
    low, high = 100 * metrics["interval_low"], 100 * metrics["interval_high"]
    assert f"{100 * metrics['accuracy']:.1f} % [{low:.1f}, {high:.1f}], n = 60" in told
    assert "One of 3 cells here" in told and "1,440 tokens" in told
    assert page.locator("svg.curve path").count() == 1
    assert "60 of 60 sample problems shown" in told
    assert len(texts(page)) == 60
    assert "python scripts/explain.py results/made/metrics/sums/tutor/original/L5/large/seed1/test/greedy.json" in told
    link = page.locator("#detail a").get_attribute("href")
    assert (folder / link).exists()


def test_filters_keep_what_they_say(page: Any) -> None:
    square(page, "tutor/original/L5", "medium").click()
    everything = texts(page)
    for verdict in ("correct", "incorrect"):
        page.click(f'button[data-filter="{verdict}"]')
        page.wait_for_selector(f'button[data-filter="{verdict}"][aria-pressed="true"]')
        assert texts(page) == [one for one in everything if one == verdict]
        assert texts(page)


def test_two_cells_side_by_side_on_the_same_problems(page: Any) -> None:
    square(page, "tutor/original/L5", "small").click()
    page.wait_for_selector("#shown-count")
    page.keyboard.press("c")
    square(page, "tutor/original/L5", "large").click()
    page.wait_for_selector('button[data-filter="different"]')
    page.wait_for_selector(".sample .texts > div:nth-child(2)")
    assert page.locator(".sample .texts > div").count() == 2 * 60
    page.click('button[data-filter="different"]')
    page.wait_for_selector('button[data-filter="different"][aria-pressed="true"]')
    pairs = page.locator(".sample").all()
    assert pairs
    for pair in pairs:
        verdicts = pair.locator(".texts span").all_inner_texts()
        assert sorted(verdicts) == ["correct", "incorrect"]
    for filter, expected in (("solved here, not there", "correct"), ("solved there, not here", "incorrect")):
        page.click(f'button[data-filter="{filter}"]')
        page.wait_for_selector(f'button[data-filter="{filter}"][aria-pressed="true"]')
        assert set(texts(page)) <= {expected}
    page.click("#forget")
    page.wait_for_selector("#forget", state="detached")


def test_a_failed_job_says_why(page: Any) -> None:
    square(page, "tutor/original/L2", "large").click()
    page.wait_for_selector("#detail select")
    labels = page.locator("#detail select option").all_inner_texts()
    page.select_option("#detail select", label=next(label for label in labels if "failed" in label))
    page.get_by_text("the disk is full").wait_for()


def test_texts_of_students_are_shown_and_never_run(page: Any) -> None:
    square(page, "tutor/original/L1", "small").click()
    page.wait_for_selector("#shown-count")
    assert page.evaluate("window.hacked") is None
    assert NASTY in page.inner_text("#detail") and page.locator("#detail pre b").count() == 0


def test_claims_and_audit_are_told_in_words(page: Any) -> None:
    page.click("#tab-claims")
    rows = page.locator("#claims table").first.locator("tbody tr")
    everything = rows.count()
    assert everything > 20
    page.click('button[data-verdict="one run: no verdict"]')
    verdicts = rows.locator("td:nth-child(1)").all_inner_texts()
    assert 0 < len(verdicts) < everything and set(verdicts) == {"one run: no verdict"}
    page.click("#tab-audit")
    audit = page.inner_text("#audit")
    assert "1 cells were trained on test questions: sums/tutor/original/L3/small/seed1" in audit
    assert "1 cells have not learned to stop (¶, final_end_loss above 0.1): sums/tutor/original/L1/large/seed2" in audit
    assert page.locator("#audit table").nth(1).locator("tbody tr").count() > 6


def test_everything_can_be_done_by_keyboard(page: Any) -> None:
    page.locator("#map button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    place = page.evaluate("[document.activeElement.dataset.x, document.activeElement.dataset.y]")
    assert place == ["1", "1"]
    page.keyboard.press("Enter")
    page.wait_for_selector("#shown-count")
    assert page.evaluate("document.querySelector('#map button[aria-pressed=true]').dataset.x") == "1"
    theme = page.evaluate("document.documentElement.dataset.theme || 'light'")
    page.keyboard.press("d")
    assert page.evaluate("document.documentElement.dataset.theme") != theme
    page.keyboard.press("4")
    assert page.locator("#claims").is_visible() and not page.locator("#grid").is_visible()


def test_every_experiment_is_plotted_with_the_numbers_of_its_table(explorer: Any, folder: Path) -> None:
    titles = explorer.locator("#experiments-shown h2").all_inner_texts()
    assert [title.split(":")[0] for title in titles] == ["granularity", "answer-only", "format", "padding"]
    granularity = explorer.locator("#experiment-granularity")
    assert granularity.locator("svg.plot").count() == 2, "a plot per dataset"
    scales = [
        plot.locator('text[text-anchor="end"]').all_inner_texts() for plot in granularity.locator("svg.plot").all()
    ]
    assert scales[0] == scales[1], "one scale"
    point = granularity.locator('.point[aria-label^="large, tutor/original/L5"]').first
    point.hover()
    told = granularity.locator(".told").first.inner_text()
    assert told.startswith("large, tutor/original/L5: ") and "n = 60, 3 of 3 runs" in told
    point.focus()
    assert explorer.locator("#experiment-granularity .verdicts, #experiment-granularity summary").count() >= 1
    assert "PARTIAL: 3 of 18 conditions are not there yet" in granularity.inner_text(), "L4 of more-sums was taken away"


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


def test_the_address_shows_the_same_again(page: Any, folder: Path) -> None:
    choose(page, "rows", "level")
    square(page, "L5", "large").click()
    page.wait_for_selector("#shown-count")
    page.click('button[data-filter="incorrect"]')
    page.wait_for_selector('button[data-filter="incorrect"][aria-pressed="true"]')
    shown = page.inner_text("#detail")
    again = page.context.new_page()
    again.goto(page.url)
    again.wait_for_selector("#shown-count")
    assert again.inner_text("#detail") == shown
    assert again.locator('#controls select[aria-label="rows"]').input_value() == "level"
    page.click("#copy-link")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_a_spoiled_address_is_the_page_as_it_opens(explorer: Any, folder: Path) -> None:
    for spoiled in ("#nonsense", '#{"page":"x","only":{"dataset":"gone"},"opened":7}', "#null"):
        opened = explorer.context.new_page()
        said: list[str] = []
        opened.on("pageerror", lambda error, said=said: said.append(str(error)))
        opened.goto((folder / "explorer.html").as_uri() + spoiled)
        opened.wait_for_selector("#experiments-shown h2")
        opened.click("#tab-grid")
        opened.click("#tab-problems")
        assert said == []


def test_a_view_can_be_copied_as_csv_and_latex(page: Any) -> None:
    page.locator("#map .copy").nth(0).click()
    copied = page.evaluate("navigator.clipboard.readText()")
    head, first, *_ = copied.splitlines()
    assert head == "supervision \\ student,small,medium,large" and first.startswith("tutor/original/L1,")
    page.locator("#map .copy").nth(1).click()
    latex = page.evaluate("navigator.clipboard.readText()")
    assert latex.startswith("% \\usepackage{booktabs}") and "\\toprule" in latex and "\\textbackslash{}" in latex


def test_squares_tell_their_uncertainty(page: Any) -> None:
    button = square(page, "tutor/original/L5", "large")
    assert "±" in button.inner_text() and "n = 60, 3 runs" in button.get_attribute("title")


def test_squares_of_unlike_things_are_means_over_what_all_have(page: Any) -> None:
    """Formats are made at L3 alone: beside them the number of the originals is that of L3 too, and not a mean over six levels."""
    level = square(page, "tutor/original/L3", "large").inner_text()
    choose(page, "rows", "format")
    choose(page, "teacher", "tutor")
    assert square(page, "original", "large").inner_text() == level
    assert "L3" in page.inner_text("#summary") and "in common" in page.inner_text("#summary")


def test_on_a_phone_the_opened_cell_is_brought_into_view(explorer: Any) -> None:
    explorer.set_viewport_size({"width": 390, "height": 844})
    explorer.click("#tab-grid")
    square(explorer, "tutor/original/L5", "large").click()
    explorer.wait_for_selector("#shown-count")
    explorer.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert explorer.evaluate("document.querySelector('#detail').getBoundingClientRect().top") < 422
    for tab in ("experiments", "problems", "claims", "audit", "help"):
        explorer.click(f"#tab-{tab}")
        assert explorer.evaluate("document.documentElement.scrollWidth") <= 390, tab


def test_it_prints(page: Any) -> None:
    square(page, "tutor/original/L5", "small").click()
    page.wait_for_selector("#shown-count")
    page.emulate_media(media="print")
    assert not page.locator("#controls").is_visible() and page.locator("#detail").is_visible()
    assert page.pdf().startswith(b"%PDF")


def test_a_script_cannot_be_ended_from_inside() -> None:
    assert "<" not in in_script(json.dumps(["</script>", "<!--", "a<b"]))
    assert json.loads(in_script(json.dumps(["</script>", "a<b\u2028"]))) == ["</script>", "a<b\u2028"]
    assert packed([]) == "" and "\n" not in packed([["x" * 3000, None, True, True, None, False]])


def test_a_small_study_shows_all_texts_and_a_large_one_keeps_its_size() -> None:
    assert sample_size(12) > 1000 and sample_size(2000) == SAMPLES
    assert all(sample_size(count) * count * BYTES_OF_A_TEXT <= BUDGET_BYTES for count in (1, 12, 500))


def test_the_shown_problems_do_not_depend_on_how_many_there_are(folder: Path) -> None:
    every = list(read_records(folder / "results/made/data/sums/test.jsonl", Problem))
    shown = {problem.id for problem in shown_problems(every)}
    some = {problem.id for problem in shown_problems(every[:50])}
    assert len(shown) == len(some) == SAMPLES
    assert {one for one in shown if one in {problem.id for problem in every[:50]}} <= some
