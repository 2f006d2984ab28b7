"""Copy the finished default study's explorer and findings into docs/sample/, and take the picture that the README shows.

`make sample` runs the study first. The picture needs playwright and a Chromium (`chromium` on the PATH, or playwright's own).
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

DOCS = Path(__file__).resolve().parent
REPORT = DOCS.parent / "results" / "default" / "report"
SIZE = {"width": 1180, "height": 880}


def main() -> None:
    """Copy, then picture the first page."""
    sample = DOCS / "sample"
    sample.mkdir(exist_ok=True)
    for name in ("explorer.html", "findings.html"):
        shutil.copyfile(REPORT / name, sample / name)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto((sample / "explorer.html").as_uri())
        page.locator("svg").first.wait_for()
        page.screenshot(path=DOCS / "images" / "explorer.png")
        browser.close()


if __name__ == "__main__":
    main()
