"""What people see in the UI: three strategies, each asset's story, and a lineage that reads from left to right."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.e2e.conftest import DAY, Tab
from recs_platform_tests.e2e.server import answers, ui

pytestmark = pytest.mark.e2e

_IMAGES = Path(__file__).parents[2] / "docs" / "images"
_ASKED_FOR_SCREENSHOTS = bool(os.environ.get("UPDATE_SCREENSHOTS"))
_LARGEST_PICTURE = 400_000
_GROUP = "/locations/__repository__@recs_platform.definitions/asset-groups/vehicle_fitment/lineage"
_EVENTS = "/assets/vehicle_fitment/events"
_RECOMMENDATIONS = "/assets/vehicle_fitment/recommendations?view=lineage&lineageScope=upstream&lineageDepth=3"


def test_every_strategy_is_a_group(tab: Tab) -> None:
    page = tab.open("/asset-groups")
    for group in pipelines():
        expect(page.get_by_text(group, exact=True).first).to_be_visible()


def test_an_asset_tells_what_it_is(tab: Tab) -> None:
    page = tab.open(_EVENTS)
    pipeline = pipelines()["vehicle_fitment"]
    expect(page.get_by_text("One row per thing a customer did, under its canonical name.")).to_be_visible()
    for column in pipeline.specs["events"].columns:
        expect(page.get_by_text(column.name, exact=True).first).to_be_attached()
        expect(page.get_by_text(column.description, exact=True).first).to_be_attached()
    expect(page.get_by_text(f"acme|{DAY}", exact=True).first).to_be_visible()


def test_a_materialization_tells_what_was_made(tab: Tab) -> None:
    page = tab.open(f"{_EVENTS}?view=partitions&partition=acme%7C{DAY}")
    expect(page.get_by_text("compiled_sql", exact=True).first).to_be_attached()
    expect(page.get_by_text("preview", exact=True).first).to_be_attached()
    assert re.search(r"\brows\s+[1-9]\d*\b", page.locator("body").inner_text()), "no row count"
    page.locator("tr", has_text="compiled_sql").get_by_text("[Show Markdown]").last.click()
    expect(page.get_by_role("dialog")).to_contain_text("FROM landed_events")


def test_the_checks_of_an_asset_have_results(tab: Tab) -> None:
    page = tab.open(f"{_EVENTS}?view=checks")
    expect(page.get_by_text("days_without_events", exact=True).first).to_be_visible()
    expect(page.get_by_text("Passed", exact=True).first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^0 of [\d,]+ rows violate the rule"))).to_be_visible()


def test_a_group_reads_from_left_to_right(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 4000, "height": 9000})  # only what is in view is drawn
    page = tab.open(_GROUP)
    pipeline = pipelines()["vehicle_fitment"]
    for table in pipeline.tables:
        expect(page.get_by_text(table, exact=True).first).to_be_attached()
    left = _left_edges(page)
    for table in pipeline.tables:
        for other in pipeline.inputs(table) - {table}:
            assert left[other] < left[table], f"{other} stands right of {table}, which is made of it"
    assert left["landed_events"] < left["events"] < left["source_counts"] < left["source_assessment"]
    assert left["landed_events"] < left["rejected_rows"]


def test_ctrl_c_ends_the_ui(home: Path) -> None:
    with ui(home) as started:
        assert answers(started.url)
        assert started.interrupt() in (0, 130)
        assert not answers(started.url)


@pytest.mark.skipif(not _ASKED_FOR_SCREENSHOTS, reason="UPDATE_SCREENSHOTS=1 takes the pictures of the docs again")
@pytest.mark.parametrize(
    "name, path, height",
    [("ui-lineage", _RECOMMENDATIONS, 1000), ("ui-asset", _EVENTS, 900)],
)
def test_pictures_of_the_docs(tab: Tab, name: str, path: str, height: int) -> None:
    tab.page.set_viewport_size({"width": 1600, "height": height})
    page = tab.open(path)
    expect(page.get_by_text("landed_events" if "lineage" in name else re.compile("ago$")).first).to_be_visible()
    page.wait_for_timeout(3_000)  # the graph glides into place
    page.screenshot(path=_IMAGES / f"{name}.png")
    assert (_IMAGES / f"{name}.png").stat().st_size < _LARGEST_PICTURE


def _left_edges(page: Page) -> dict[str, int]:
    """Where the graph's layout puts each table, whatever the zoom."""
    drawn = page.locator("foreignObject").evaluate_all(
        "nodes => nodes.map(node => [node.firstElementChild.innerText.trim().split('\\n')[0], node.getAttribute('x')])"
    )
    return {name: int(float(x)) for name, x in drawn if name}
