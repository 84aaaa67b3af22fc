"""Nobody is sent to a page that is not there, and no page is left out of the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recs_platform_tests.docs.console import ROOT

PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "AGENTS.md")]
PAGES += sorted((ROOT / "docs").glob("**/*.md"))
INDEX = ROOT / "docs" / "README.md"
_LONGEST_FRONT_PAGE = 75


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in links(page.read_text()) if not leads_somewhere(page, link)] == []


def test_every_page_of_the_docs_is_in_the_index() -> None:
    named = {(INDEX.parent / link.partition("#")[0]).resolve() for link in links(INDEX.read_text())}
    assert {page for page in PAGES if page.parent != ROOT} - {INDEX} <= named
    assert {ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "AGENTS.md", ROOT / "CHANGELOG.md"} <= named


def test_the_front_page_is_short_and_leads_to_the_index() -> None:
    front = (ROOT / "README.md").read_text()
    assert len(front.splitlines()) <= _LONGEST_FRONT_PAGE
    assert {"docs/README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= set(links(front))


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    other.write_text("# A title\n\n## What `it` does\n")
    page.write_text("[a](other.md) ![b](b.png) [c](other.md#what-it-does) [d](other.md#no) [e](https://example.com/e)")
    found = links(page.read_text())
    assert found == ["other.md", "b.png", "other.md#what-it-does", "other.md#no"]
    assert [leads_somewhere(page, link) for link in found] == [True, False, True, False]


def links(text: str) -> list[str]:
    """Links and pictures of a page that lead to files."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether the file is there and, if it is a page, the heading."""
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text())


def anchors(text: str) -> set[str]:
    """Of the headings of a page, and those that it names itself."""
    headings = {_anchor(line) for line in text.splitlines() if line.startswith("#")}
    return headings | set(re.findall(r'^<a id="([\w-]+)"></a>$', text, re.MULTILINE))


def _anchor(heading: str) -> str:
    """As renderers of Markdown name it."""
    words = re.sub(r"[^\w\- ]", "", heading.lstrip("#").strip().lower())
    return words.replace(" ", "-")
