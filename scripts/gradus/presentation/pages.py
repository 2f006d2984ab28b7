"""Markdown as one self-contained web page: readable on screen and paper, light and dark, nothing loaded from outside."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Mapping
from html import escape

from markdown_it import MarkdownIt

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
th { text-align: left; min-width: 4.5rem; vertical-align: bottom; }
h1, h2, p, li { overflow-wrap: anywhere; }
h2 { margin-top: 2.2rem; }
nav ul { columns: 18rem; column-gap: 2.4rem; padding-left: 1.2rem; font-size: .92rem; }
img { max-width: 100%; background: #fff; border-radius: 6px; }
td.supported { color: light-dark(#12703a, #6fd596); font-weight: 600; }
td.contradicted { color: light-dark(#a3241b, #ff9d8f); font-weight: 600; }
td.one { color: light-dark(#6b5a00, #d8c25a); font-style: italic; }
"""
_HEADING = re.compile(r"<h2>(.*?)</h2>")
_TAG = re.compile(r"<[^>]+>")
# Verdicts have a colour of their own wherever they fill a cell of a table.
_VERDICT = re.compile(r"<td([^>]*)>((supported|contradicted|one)(?: run: no verdict)?)</td>")


def to_body(markdown: str) -> str:
    """The HTML of a text alone; raw HTML in the text is shown, not interpreted."""
    rendered: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return _VERDICT.sub(r'<td\1 class="\3">\2</td>', rendered)


def to_page(markdown: str, title: str, pictures: Mapping[str, bytes] | None = None) -> str:
    """A complete HTML document with a table of contents; ``pictures`` are SVG files by the address that the text has for them."""
    body = to_body(markdown)
    for address, picture in (pictures or {}).items():
        inside = f"data:image/svg+xml;base64,{base64.b64encode(picture).decode('ascii')}"
        body = body.replace(f'src="{escape(address)}"', f'src="{inside}"')
    return document(_with_contents(body), title)


def _with_contents(body: str) -> str:
    """The parts of a page listed behind the first, which has the answer, each a link; nothing is listed of fewer than three."""
    headings: list[str] = _HEADING.findall(body)
    if len(headings) < 3:
        return body
    numbers = itertools.count(1)
    marked = _HEADING.sub(lambda found: f'<h2 id="part-{next(numbers)}">{found[1]}</h2>', body)
    entries = "".join(
        f'<li><a href="#part-{number}">{_TAG.sub("", heading)}</a></li>' for number, heading in enumerate(headings, 1)
    )
    before, second, after = marked.partition('<h2 id="part-2">')
    return f'{before}<nav aria-label="Contents"><ul>{entries}</ul></nav>\n{second}{after}'


def document(body: str, title: str, style: str = "") -> str:
    """The same from HTML; ``style`` is added to what all pages have."""
    screen = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    head = f'<meta charset="utf-8">{screen}<title>{escape(title)}</title><style>{_STYLE}{style}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}</body></html>\n'
