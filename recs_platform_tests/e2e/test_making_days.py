"""Days that somebody makes in the UI: one of a company, and a rectangle of companies and days.

Real web server, real daemon, and the buttons that people press."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from recs_platform_tests.e2e.conftest import A_RUN, Tab
from recs_platform_tests.e2e.launchpad import JOB, launch
from recs_platform_tests.e2e.tiny import DAYS, EAST, STRATEGY, WEST

pytestmark = pytest.mark.e2e


def test_a_companys_day_is_made_from_its_job(tab: Tab) -> None:
    launch(tab.page, tab.base, [EAST], DAYS[0], "Launch 1 run")
    page = tab.open(f"{JOB}/runs")
    newest = page.locator("[class*=VirtualizedTable_cellBox]", has_text=f"partition: {EAST}|{DAYS[0]}")
    run = newest.first.locator("a[href^='/runs/']").first.get_attribute("href")
    page = tab.open(str(run))
    expect(page.get_by_text("Success", exact=True).first).to_be_visible(timeout=A_RUN)
    page = tab.open(f"/assets/{STRATEGY}/events")
    expect(page.get_by_text(f"{EAST}|{DAYS[0]}", exact=True).first).to_be_visible()


def test_a_backfill_over_two_companies_and_two_days_completes(tab: Tab, backfill: str) -> None:
    page = tab.open(backfill)
    expect(page.get_by_text("100% completed")).to_be_visible()
    # Targeted, in progress, succeeded, failed.
    assert re.search(r"100% completed\s+4\s+0\s+4\s+0\b", page.locator("body").inner_text())
    page = tab.open(f"{backfill}?tab=runs")
    for company in (EAST, WEST):
        for day in DAYS:
            expect(page.get_by_text(f"{company}|{day}").first).to_be_attached()
