"""A browser, and the explorer of a made study opened in it from a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from explored_study import explored_study

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the explorer of a made study."""
    folder = tmp_path_factory.mktemp("explorer")
    explored_study(folder)
    return folder


@pytest.fixture(scope="module")  # an open browser keeps a loop running, in which no other test could start its own
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
