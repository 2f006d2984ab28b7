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

from gradus.presentation.explorer.collection import SAMPLES, shown_problems
from gradus.presentation.explorer.page import in_script, packed
from gradus.records import Cell, Problem
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
    first = shown_problems(list(read_records(results / "data/sums/test.jsonl", Problem)))[0].id
    texts = results / "predictions/sums/tutor/original/L1/small/seed1/test/greedy.jsonl"
    rows = [json.loads(line) for line in texts.read_text().splitlines()]
    for row in rows:
        row["text"] = NASTY if row["problem_id"] == first else row["text"]
    texts.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    numbers = Path(__file__).parents[2] / "published" / "chen-2025.csv"
    outputs = {"page": "x.html", "claims": "results/made/tables/claims.csv", "headline": "h.json", "published": "p.csv"}
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
def page(browser: Any, folder: Path) -> Iterator[Any]:
    """The page, opened; the test fails if the console said anything or the page asked for anything."""
    opened = browser.new_page(viewport={"width": 1400, "height": 900})
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: said.append(request.url))
    address = (folder / "explorer.html").as_uri()
    opened.goto(address)
    yield opened
    opened.close()
    assert said == [address]


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
    assert f"{SAMPLES} of {SAMPLES} sample problems shown" in told
    assert len(texts(page)) == SAMPLES


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
    assert page.locator(".sample .texts > div").count() == 2 * SAMPLES
    page.click('button[data-filter="different"]')
    page.wait_for_selector('button[data-filter="different"][aria-pressed="true"]')
    pairs = page.locator(".sample").all()
    assert pairs
    for pair in pairs:
        verdicts = pair.locator(".texts span").all_inner_texts()
        assert sorted(verdicts) == ["correct", "incorrect"]
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
    verdicts = rows.locator("td:nth-child(3)").all_inner_texts()
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
    page.keyboard.press("2")
    assert page.locator("#claims").is_visible() and not page.locator("#grid").is_visible()


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


def test_the_shown_problems_do_not_depend_on_how_many_there_are(folder: Path) -> None:
    every = list(read_records(folder / "results/made/data/sums/test.jsonl", Problem))
    shown = {problem.id for problem in shown_problems(every)}
    some = {problem.id for problem in shown_problems(every[:50])}
    assert len(shown) == len(some) == SAMPLES
    assert {one for one in shown if one in {problem.id for problem in every[:50]}} <= some
