"""What people see in the UI: three strategies, each asset's story, and a lineage that reads from left to right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recs_platform.pipeline.stage import SOURCES
from recs_platform.strategies.catalogue import load_companies, pipelines
from recs_platform_tests.e2e.conftest import DAY, Tab
from recs_platform_tests.e2e.server import answers, ui
from recs_platform_tests.e2e.tiny import FAILING_CHECK, STRATEGY_OF_SOUTH

pytestmark = pytest.mark.e2e

_LOCATION = "/locations/__repository__@recs_platform.definitions"
_JOB = f"{_LOCATION}/jobs/vehicle_fitment_daily"
_EVENTS = "/assets/vehicle_fitment/events"
_USED = sorted({company.strategy.name for company in load_companies().values()})
"""Strategies that a company has: the UI shows no others."""


def test_the_stages_of_every_strategy_are_its_groups(tab: Tab) -> None:
    page = tab.open("/asset-groups")
    for pipeline in map(pipelines().__getitem__, _USED):
        for stage in set(pipeline.stage_names.values()):
            expect(page.get_by_text(pipeline.strategy.group(stage), exact=True).first).to_be_attached()


@pytest.mark.parametrize("strategy", _USED)
def test_a_strategys_groups_stand_on_one_screen_and_read_from_left_to_right(tab: Tab, strategy: str) -> None:
    tab.page.set_viewport_size({"width": 1440, "height": 900})
    page = tab.open(f"{_LOCATION}/jobs/{strategy}_daily")
    pipeline = pipelines()[strategy]
    groups = {stage: pipeline.strategy.group(stage) for stage in pipeline.stage_names.values()}
    expect(page.locator("foreignObject").first).to_be_attached()
    page.mouse.dblclick(120, 330)  # on the empty canvas: the graph is fitted to it
    for group in groups.values():
        expect(page.locator("foreignObject").get_by_text(group, exact=True).first).to_be_in_viewport()
    left = _left_edges(page)
    for table in pipeline.tables:
        for other in pipeline.inputs(table) - {table}:
            stage, other_stage = pipeline.stage_names[table], pipeline.stage_names[other]
            assert stage == other_stage or left[groups[other_stage]] < left[groups[stage]]


def test_a_run_from_the_terminal_is_on_the_timeline_and_on_the_pages_of_its_job(tab: Tab) -> None:
    page = tab.open("/overview/activity/timeline")
    expect(page.get_by_text("recs_platform.definitions", exact=True).first).to_be_visible()
    expect(page.get_by_role("link", name="vehicle_fitment_daily").first).to_be_visible()
    page = tab.open(f"{_JOB}/runs")
    expect(page.get_by_text(f"acme|{DAY}").first).to_be_visible()
    expect(page.get_by_text("No runs found")).to_have_count(0)
    page = tab.open(f"{_JOB}/partitions")
    # Two companies, whose worlds have 122 days; one of them is made.
    expect(page.get_by_text("244", exact=True).first).to_be_visible()
    expect(page.get_by_text("243", exact=True).first).to_be_visible()


def test_a_failed_run_says_its_reason(tab: Tab, failed_run: str) -> None:
    page = tab.open(f"/runs/{failed_run}")
    expect(page.get_by_text("Failure", exact=True).first).to_be_visible()
    reason = page.get_by_text(
        re.compile("MistakeFailure: concord: source table catalog: the file .*nowhere.csv does not")
    )
    expect(reason.first).to_be_visible()
    assert (reason.first.inner_text()).startswith("MistakeFailure: concord")


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
    assert re.search(r"\brows \(acme\)\s+[1-9]\d*\b", page.locator("body").inner_text()), "no row count"
    page.locator("tr", has_text="compiled_sql").get_by_text("[Show Markdown]").last.click()
    expect(page.get_by_role("dialog")).to_contain_text("FROM landed_events")


def test_the_checks_of_an_asset_have_results(tab: Tab) -> None:
    page = tab.open(f"{_EVENTS}?view=checks")
    expect(page.get_by_text("days_without_events", exact=True).first).to_be_visible()
    expect(page.get_by_text("Passed", exact=True).first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^0 of [\d,]+ rows violate the rule"))).to_be_visible()


def test_a_failed_check_says_what_failed(tab: Tab, failed_check: str) -> None:
    page = tab.open(f"/assets/{STRATEGY_OF_SOUTH}/catalog?view=checks&checkDetail={FAILING_CHECK}")
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"^[\d,]+ of [\d,]+ rows violate the rule \(at most .* allowed\)")).first
    ).to_be_visible()
    expect(page.get_by_text("Write events.item_id and catalog.item_id alike in both feeds").first).to_be_visible()
    page = tab.open(f"/runs/{failed_check}")
    expect(page.get_by_text("Failure", exact=True).first).to_be_visible()
    expect(page.get_by_text(FAILING_CHECK).first).to_be_visible()


def test_an_asset_links_to_its_query_its_page_and_the_runbook(tab: Tab) -> None:
    page = tab.open(_EVENTS)
    expect(page.locator("a[href$='/sql/sources/events.sql:1']")).to_contain_text("in editor")
    for name, said in (("docs", "docs/source-tables.md"), ("runbook", "docs/runbook.md")):
        expect(page.locator("tr").filter(has=page.get_by_text(name, exact=True)).last).to_contain_text(said)


def test_column_lineage_is_a_table_of_links(tab: Tab) -> None:
    page = tab.open(f"{_EVENTS}?view=partitions&partition=acme%7C{DAY}")
    page.locator("tr", has_text="column_lineage").get_by_text("[Show Markdown]").last.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("landed_events.event_ts")
    dialog.get_by_role("link", name="landed_events.event_ts").first.click()
    expect(page).to_have_url(re.compile("/assets/vehicle_fitment/landed_events"))


def test_what_is_published_has_a_deadline(tab: Tab) -> None:
    page = tab.open("/assets/vehicle_fitment/publication")
    expect(page.get_by_text("Freshness", exact=False).first).to_be_visible()


def test_rows_are_plotted_company_by_company(tab: Tab) -> None:
    page = tab.open(_EVENTS)
    page.get_by_text("Plots", exact=True).click()
    page.get_by_role("button", name="Events").last.click()
    expect(page.get_by_text("rows (acme)", exact=True)).to_be_visible()
    expect(page.get_by_text("rows", exact=True)).to_have_count(0)


def test_the_overview_of_all_companies_is_made_by_a_button(tab: Tab, companies_overview: None) -> None:
    page = tab.open("/assets/platform/all_companies")
    expect(page.get_by_text(re.compile(r"^\d companies: .*\d late"))).to_be_visible()
    page.locator("tr", has_text="overview").get_by_text("[Show Markdown]").last.click()
    expect(page.get_by_role("dialog").locator("tr", has_text="acme")).to_contain_text(DAY)


def test_the_tables_of_a_group_read_from_left_to_right(tab: Tab) -> None:
    tab.page.set_viewport_size({"width": 4000, "height": 9000})  # only what is in view is drawn
    page = tab.open(f"{_LOCATION}/asset-groups/parts_sources/lineage")
    pipeline = pipelines()["vehicle_fitment"]
    tables = {table for table, stage in pipeline.stage_names.items() if stage == SOURCES}
    for table in tables:
        expect(page.get_by_text(table, exact=True).first).to_be_attached()
    left = _left_edges(page)
    for table in tables:
        for other in pipeline.inputs(table) - {table}:
            assert left[other] < left[table], f"{other} stands right of {table}, which is made of it"
    assert left["landed_events"] < left["events"] < left["source_counts"] < left["source_assessment"]
    assert left["landed_events"] < left["rejected_rows"]


def test_ctrl_c_ends_the_ui(home: Path) -> None:
    with ui(home) as started:
        assert answers(started.url)
        assert started.interrupt() in (0, 130)
        assert not answers(started.url)
    assert "Fatal" not in (home / "ui.log").read_text()


def _left_edges(page: Page) -> dict[str, int]:
    """Where the graph's layout puts each table, whatever the zoom."""
    drawn = page.locator("foreignObject").evaluate_all(
        "nodes => nodes.map(node => [node.firstElementChild.innerText.trim().split('\\n')[0], node.getAttribute('x')])"
    )
    return {name: int(float(x)) for name, x in drawn if name}
