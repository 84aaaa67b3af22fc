"""The pictures of the docs, of the UI that the tests look at: `UPDATE_SCREENSHOTS=1 make e2e` takes them again.

Not here: whether what they show is right (the other modules).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from recs_platform_tests.e2e.conftest import Tab
from recs_platform_tests.e2e.tiny import FAILING_CHECK, STRATEGY_OF_SOUTH

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not os.environ.get("UPDATE_SCREENSHOTS"), reason="UPDATE_SCREENSHOTS=1 takes the pictures of the docs again"
    ),
]

_IMAGES = Path(__file__).parents[2] / "docs" / "images"
_LARGEST = 200_000
_WIDTH, _HEIGHT = 1440, 900


def test_the_graph(tab: Tab) -> None:
    page = _opened(tab, "/asset-groups", height=1_000)
    expect(page.locator("foreignObject").get_by_text("parts_sources")).to_be_visible()
    expect(page.get_by_text("fetching statuses")).to_have_count(0)
    page.mouse.dblclick(1_000, 940)  # on the empty canvas: the graph is fitted to it
    _take(page, "ui-lineage")


def test_an_asset(tab: Tab) -> None:
    page = _opened(tab, "/assets/vehicle_fitment/events")
    expect(page.get_by_text(re.compile("ago$")).first).to_be_visible()
    _take(page, "ui-asset")


def test_freshness(tab: Tab) -> None:
    page = _opened(tab, "/assets/vehicle_fitment/publication")
    expect(page.get_by_text("Freshness", exact=False).first).to_be_visible()
    _take(page, "ui-freshness")


def test_a_failed_check(tab: Tab, failed_check: str) -> None:
    page = _opened(tab, f"/assets/{STRATEGY_OF_SOUTH}/catalog?view=checks&checkDetail={FAILING_CHECK}")
    expect(page.get_by_text("rows violate the rule").first).to_be_visible()
    _take(page, "ui-failed-check")


def test_a_backfill(tab: Tab, backfill: str) -> None:
    page = _opened(tab, backfill, height=600)
    expect(page.get_by_text("100% completed")).to_be_visible()
    _take(page, "ui-backfill")


def test_all_companies(tab: Tab, companies_overview: None) -> None:
    page = _opened(tab, "/assets/platform/all_companies", height=700)
    page.locator("tr", has_text="overview").get_by_text("[Show Markdown]").last.click()
    expect(page.get_by_role("dialog").locator("tr", has_text="acme")).to_be_visible()
    _take(page, "ui-companies")


def _opened(tab: Tab, path: str, height: int = _HEIGHT) -> Page:
    tab.page.set_viewport_size({"width": _WIDTH, "height": height})
    return tab.open(path)


def _take(page: Page, name: str) -> None:
    """A picture in 256 colours: a page of text and boxes needs no more of them, and its red ones stay red."""
    page.wait_for_timeout(3_000)  # the graph glides into place
    path = _IMAGES / f"{name}.png"
    page.screenshot(path=path)
    with Image.open(path) as taken:
        taken.convert("RGB").quantize(method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)
    assert path.stat().st_size < _LARGEST
