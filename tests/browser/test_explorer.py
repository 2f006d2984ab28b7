"""The explorer in a real browser: a partial grid with missing, failed, leaked and excerpted cells, opened from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from explored_study import NASTY


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
    earlier = "EARLIER: these verdicts were made before the study went on; 10 cells are missing by now or newer."
    assert page.locator("#claims .wrong").first.inner_text() == earlier
    page.click('button[data-verdict="one run: no verdict"]')
    verdicts = rows.locator("td:nth-child(1)").all_inner_texts()
    assert 0 < len(verdicts) < everything and set(verdicts) == {"one run: no verdict"}
    page.click("#tab-audit")
    audit = page.inner_text("#audit")
    assert "1 cell was trained on test questions: sums/tutor/original/L3/small/seed1" in audit
    assert "1 cell has not learned to stop (¶, final_end_loss above 0.1): sums/tutor/original/L1/large/seed2" in audit
    assert page.locator("#audit table").nth(1).locator("tbody tr").count() > 6


def test_words_and_marks_are_told_by_the_glossary(page: Any) -> None:
    def told(selector: str) -> dict[str, str]:
        found = page.locator(f"{selector} abbr").all()
        return {one.text_content(): one.get_attribute("title") for one in found}

    assert "‡ trained on test questions" in square(page, "tutor/original/L3", "small").get_attribute("title")
    assert "answer-only" in told("#map th")
    square(page, "tutor/original/L3", "small").click()
    page.wait_for_selector("#shown-count")
    assert told("#detail .wrong")["‡"] == "trained on test questions"
    assert told("#detail dt")["by the paper's rules"].startswith("Scored by the exact rules")
    page.click("#tab-claims")
    heads = told("#claims thead")
    assert heads["p (adjusted)"].startswith("The p value after Holm's correction") and "student" in heads
    page.click("#tab-experiments")
    assert told("#experiments td")["¶"] == "has not learned to stop"
    page.click("#tab-help")
    words = page.locator("#words dt").all_inner_texts()
    assert {"gain", "margin", "baselines", "untaught", "excerpt", "log odds", "†", "‡", "§", "¶"} <= set(words)


def test_everything_can_be_done_by_keyboard(page: Any) -> None:
    page.locator("#map button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    focused = page.evaluate("[document.activeElement.dataset.x, document.activeElement.dataset.y]")
    assert focused == ["1", "1"]
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
    assert "PARTIAL: 3 of 18 conditions are not there yet." in granularity.inner_text(), (
        "L4 of more-sums was taken away"
    )


def test_scores_on_development_problems_stand_beside_those_on_test(explorer: Any, folder: Path) -> None:
    without, kept = explorer.locator("#experiment-granularity .plots > div").all()
    assert without.locator(".development").count() == 0 and "development" not in without.inner_text()
    assert kept.locator("line.development").count() == kept.locator(".point").count()
    point = kept.locator('.point[aria-label^="large, tutor/original/L5"]').first
    point.hover()
    runs = [
        json.loads(path.read_text(encoding="utf-8"))["accuracy"]
        for path in folder.glob("results/made/metrics/more-sums/tutor/original/L5/large/*/development/greedy.json")
    ]
    told = kept.locator(".told").inner_text()
    assert "n = 60, 3 of 3 runs" in told
    assert told.endswith(f"; on 30 development problems {100 * sum(runs) / 3:.1f} %")
    kept.locator("details summary").last.click()
    heads = kept.locator("details th").all_inner_texts()
    assert {"large, test", "large, development"} <= set(heads)
    explorer.click("#tab-grid")
    choose(explorer, "dataset", "more-sums")
    square(explorer, "tutor/original/L5", "large").click()
    explorer.wait_for_selector("#shown-count")
    assert "development problems" in explorer.inner_text("#detail") and ", n = 30" in explorer.inner_text("#detail")


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
