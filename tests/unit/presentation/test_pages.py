"""Web pages from Markdown: a table of contents behind the answer, pictures inside, readable on a phone."""

from gradus.presentation.pages import to_page

TEXT = "# T\n\n## The answer\n\nForty-two.\n\n## One `x`\n\n![one](../figures/one.svg)\n\n## Two\n\nEnd.\n"


def test_the_parts_are_listed_behind_the_answer() -> None:
    page = to_page(TEXT, "t")
    assert page.index("Forty-two") < page.index("<nav") < page.index('id="part-2"')
    assert '<a href="#part-2">One x</a>' in page and '<h2 id="part-3">Two</h2>' in page
    assert "<nav" not in to_page("# T\n\n## One\n\n## Two\n", "t")
    assert 'name="viewport"' in page


def test_pictures_lie_inside() -> None:
    page = to_page(TEXT, "t", {"../figures/one.svg": b"<svg></svg>"})
    assert 'src="data:image/svg+xml;base64,PHN2Zz48L3N2Zz4="' in page and "../figures" not in page
