"""Findings and audit in a real browser, opened from their files: quiet, navigable, and readable on a phone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradus.study import paths

PAGES = {"findings": paths.FINDINGS_PAGE, "annotations": paths.ANNOTATION_AUDIT_PAGE}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(params=PAGES)
def opened(request: pytest.FixtureRequest, browser: Any, folder: Path) -> Iterator[Any]:
    """Each of the two pages, opened; the test fails if the console said anything or the page asked for anything."""
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: said.append(asked.url.split("#")[0]))
    address = (folder / PAGES[request.param].of("made")).as_uri()
    page.goto(address)
    yield page
    page.close()
    assert {one for one in said if not one.startswith("data:")} == {address}


def test_every_entry_of_the_contents_leads_to_its_heading(opened: Any) -> None:
    entries = opened.locator("nav a").all()
    assert len(entries) == opened.locator("h2").count() >= 3
    for entry in entries:
        entry.click()
        heading = opened.locator(f"h2{entry.get_attribute('href')}")
        assert heading.inner_text() == entry.inner_text()
        assert heading.is_visible()


def test_the_answer_comes_before_the_contents(opened: Any) -> None:
    first = opened.locator("h2").first
    assert first.inner_text() in ("The answer", "What was found")
    assert first.bounding_box()["y"] < opened.locator("nav").bounding_box()["y"]


def test_links_lead_to_what_the_workflow_makes(opened: Any, folder: Path) -> None:
    here = Path(opened.url.removeprefix("file://")).parent
    targets = [link.get_attribute("href") for link in opened.locator("a").all()]
    led = {os.path.normpath(here / target) for target in targets if not target.startswith("#")}
    pages = (*PAGES.values(), paths.EXPLORER, paths.REPORT)
    made = {str(folder / pattern.of("made")) for pattern in pages}
    made |= {str(folder / "results/made" / name) for name in ("tables", "metrics")}
    assert led <= made
    assert {str(folder / paths.EXPLORER.of("made"))} < led


def test_on_a_phone_nothing_is_wider_than_the_screen_but_tables_that_scroll(opened: Any) -> None:
    opened.set_viewport_size(PHONE)
    assert opened.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    wide = opened.evaluate(
        """(width) => [...document.querySelectorAll("body *")].filter((element) => !element.closest("table")
             && element.getBoundingClientRect().right > width).map((element) => element.outerHTML.slice(0, 80))""",
        PHONE["width"],
    )
    assert wide == []
    for table in opened.locator("table").all():
        box = table.bounding_box()
        assert box["x"] + box["width"] <= PHONE["width"]
        styled = table.evaluate("(element) => getComputedStyle(element).overflowX")
        assert re.fullmatch("auto|scroll", styled), "what is wider scrolls in itself"
