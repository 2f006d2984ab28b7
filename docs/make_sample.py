"""Copy the finished default study's explorer and findings into docs/sample/, and take the picture that the README shows.

`make sample` runs the study first. The picture needs playwright and a Chromium (`chromium` on the PATH, or playwright's own).
"""

import re
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

DOCS = Path(__file__).resolve().parent
REPORT = DOCS.parent / "results" / "default" / "report"
SIZE = {"width": 1180, "height": 880}


def without_links(page: str) -> str:
    """The page without links to what lies beside it in a study, and not in the sample."""
    linked = re.sub(r'("links":)\{[^{}]*\}', r'\1{"findings":"findings.html"}', page, count=1)
    return re.sub(r'<a href="(?:\.\./|report\.zip)[^"]*">(.*?)</a>', r"\1", linked)


def main() -> None:
    """Copy, then picture the first page."""
    sample = DOCS / "sample"
    sample.mkdir(exist_ok=True)
    for name in ("explorer.html", "findings.html"):
        page = (REPORT / name).read_text(encoding="utf-8")
        (sample / name).write_text(without_links(page), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto((sample / "explorer.html").as_uri())
        page.locator("svg").first.wait_for()
        page.screenshot(path=DOCS / "images" / "explorer.png")
        browser.close()


if __name__ == "__main__":
    main()
