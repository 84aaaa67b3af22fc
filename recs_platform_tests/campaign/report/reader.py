"""Reads a page as a strict parser does: a page that is not well-formed does not get past here."""

from __future__ import annotations

from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def parsed(page: str) -> ElementTree.Element:
    doctype, _, rest = page.partition("\n")
    assert doctype == "<!DOCTYPE html>"
    return ElementTree.fromstring(rest)


def words(element: ElementTree.Element | None) -> str:
    """All that it says, in one line."""
    assert element is not None
    return " ".join(" ".join(element.itertext()).replace("\u2060", "").split())


def section(page: ElementTree.Element, anchor: str) -> ElementTree.Element:
    found = page.find(f".//section[@id='{anchor}']")
    assert found is not None, f"no section {anchor}"
    return found


def rows(element: ElementTree.Element) -> list[list[str]]:
    """The cells of the body of its first table."""
    return [[words(cell) for cell in row] for row in element.findall(".//tbody")[0]]
