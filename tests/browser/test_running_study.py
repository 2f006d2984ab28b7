"""The page of a running study: it loads itself anew, keeps what is shown, and stops where it is written without that."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any


def test_the_page_reloads_and_keeps_what_is_shown(folder: Path, browser: Any, tmp_path: Path) -> None:
    text = (folder / "explorer.html").read_text(encoding="utf-8")
    live = re.sub(r'(id="facts">)\{', r'\1{"reload_seconds":2,', text, count=1)
    path = tmp_path / "explorer.html"
    path.write_text(live, encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert re.search(r"\d+ of \d+ cells", page.inner_text("#title"))
    page.click("#tab-claims")
    with page.expect_event("load"):
        pass
    assert page.get_attribute("#tab-claims", "aria-selected") == "true"
    path.write_text(text, encoding="utf-8")
    page.wait_for_function("!document.querySelector('.live')")
    assert page.get_attribute("#tab-claims", "aria-selected") == "true"
    page.close()
