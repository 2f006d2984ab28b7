"""The documentation as a site: it is built without a network, strictly, and loads nothing from elsewhere."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from running import HANG_LIMIT, PROJECT

LOADED = re.compile(r"""<(?:script|img|iframe|source)[^>]*\ssrc="?([^"\s>]+)|<link[^>]*\shref="?([^"\s>]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    with socket.socket() as nowhere:  # a port on which nobody answers
        nowhere.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{nowhere.getsockname()[1]}"
        environment = {**os.environ, "http_proxy": proxy, "https_proxy": proxy, "NO_MKDOCS_2_WARNING": "1"}
        done = subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=HANG_LIMIT, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_built_and_every_link_leads_somewhere(site: Path) -> None:
    """A strict build fails on a page that no menu names, on a broken link and on a missing heading."""
    for page in (PROJECT / "docs").rglob("*.md"):
        assert (site / page.relative_to(PROJECT / "docs").with_suffix(".html")).exists(), page


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for found in LOADED.finditer(page.read_text(encoding="utf-8")):
            target = found[1] or found[2]
            assert not re.match(r"(https?:)?//", target), f"{page.name}: {target}"
    for style in (site / "assets").rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style.name


def test_every_program_and_every_room_has_its_place(site: Path) -> None:
    programs = (site / "reference" / "programs.html").read_text(encoding="utf-8")
    for path in (PROJECT / "scripts").glob("*.py"):
        assert f"usage: {path.name}" in programs, path.name
    for room in (PROJECT / "scripts" / "gradus").glob("*/__init__.py"):
        page = (site / "reference" / "library" / f"{room.parent.name}.html").read_text(encoding="utf-8")
        for module in room.parent.glob("[a-z]*.py"):
            assert f'id="gradus.{room.parent.name}.{module.stem}"' in page, module
