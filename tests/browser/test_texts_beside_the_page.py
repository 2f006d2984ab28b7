"""Texts that have no room in the page lie beside it, and are read on demand by a page that was opened from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradus.presentation.explorer import collection, sampling
from gradus.presentation.explorer.collection import shown
from gradus.presentation.explorer.more_texts import write_more
from gradus.presentation.explorer.page import explorer as page_of
from gradus.results.store import Results


@pytest.fixture(scope="module")
def crowded(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The explorer of the made study as if it were large: 20 of 60 problems a dataset, files of a few problems beside it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(collection, "sample_size", lambda *_: sampling.SAMPLES)
        patched.setattr(sampling, "BLOCK_BYTES", 15 * 60 * sampling.BYTES_OF_A_TEXT)
        results = Results.open(folder / "results" / "made")
        beside = tmp_path_factory.mktemp("crowded")
        (beside / "explorer.html").write_text(page_of(results, beside), encoding="utf-8")
        assert write_more(results, shown(results), beside / "explorer_texts") > 2
        yield beside


@pytest.fixture
def opened(browser: Any, crowded: Path) -> Iterator[tuple[Any, list[str]]]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((crowded / "explorer.html").as_uri() + "#%7B%22page%22%3A%22problems%22%7D")
    page.wait_for_selector(".lane")
    yield page, said
    context.close()


def test_all_test_problems_can_be_read_from_the_files_beside_the_page(opened: tuple[Any, list[str]]) -> None:
    page, said = opened
    assert page.inner_text("#problem-count") == "20 of 20 test problems"
    assert page.inner_text("#more-problems").startswith("40 more test problems lie beside this page:")
    page.click("#read-more")
    page.locator("#problem-count", has_text="20 of 20").wait_for(state="detached")
    after_one = int(page.inner_text("#problem-count").split()[0])
    assert 20 < after_one < 60
    page.click("#read-all")
    page.get_by_text("60 of 60 test problems").wait_for()
    assert page.inner_text("#more-problems") == ""
    page.fill('input[aria-label="search"]', "How many are 17?")
    page.keyboard.press("Enter")
    page.get_by_text("1 of 60 test problems").wait_for()
    lane = page.locator('.lane[data-supervision="tutor/original/L5"]')
    assert lane.locator(".student pre").count() == 3, "what the three students wrote"
    assert "The answer is" in lane.locator(".student pre").first.inner_text()
    assert said == []


def test_a_cell_shows_them_too(opened: tuple[Any, list[str]]) -> None:
    page, said = opened
    page.click("#read-all")
    page.get_by_text("60 of 60 test problems").wait_for()
    page.click("#tab-grid")
    page.locator('#map button[data-row="tutor/original/L5"][data-column="large"]').click()
    page.get_by_text("60 of 60 sample problems shown").wait_for()
    assert page.locator(".sample pre").count() == 60 and said == []


def test_a_page_without_its_files_says_what_writes_them(opened: tuple[Any, list[str]], crowded: Path) -> None:
    page, _ = opened
    elsewhere = crowded / "copied"
    elsewhere.mkdir()
    (elsewhere / "explorer.html").write_text((crowded / "explorer.html").read_text(encoding="utf-8"), encoding="utf-8")
    page.goto((elsewhere / "explorer.html").as_uri() + "#%7B%22page%22%3A%22problems%22%7D")
    page.click("#read-more")
    page.locator("#more-problems code", has_text="snakemake explorer_texts").wait_for()
    assert "40 more test problems are in no file beside this page" in page.inner_text("#more-problems")


def test_a_page_that_holds_all_texts_may_load_nothing(folder: Path, crowded: Path) -> None:
    policy = "script-src 'unsafe-inline'; img-src"
    assert policy in (folder / "explorer.html").read_text(encoding="utf-8")
    assert "script-src 'unsafe-inline' 'self' file:; img-src" in (crowded / "explorer.html").read_text(encoding="utf-8")
