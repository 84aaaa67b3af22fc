"""Days that somebody makes in the UI: one of a company, and a rectangle of companies and days.

Real web server, real daemon, and the buttons that people press."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from recs_platform_tests.e2e.conftest import Tab
from recs_platform_tests.e2e.launchpad import JOB, launch
from recs_platform_tests.e2e.tiny import DAYS, EAST, STRATEGY, WEST

pytestmark = pytest.mark.e2e

_A_RUN = 180_000
"""Milliseconds: a run is a process of its own, and waits in the daemon's queue before."""


def test_a_companys_day_is_made_from_its_job(tab: Tab) -> None:
    launch(tab.page, tab.base, [EAST], DAYS[0], "Launch 1 run")
    page = tab.open(f"{JOB}/runs")
    made = page.locator("tr", has_text=f"{EAST}|{DAYS[0]}")
    expect(made.first).to_contain_text("Success", timeout=_A_RUN)
    page = tab.open(f"/assets/{STRATEGY}/events")
    expect(page.get_by_text(f"{EAST}|{DAYS[0]}", exact=True).first).to_be_visible()


def test_a_backfill_over_two_companies_and_five_days_completes(tab: Tab, backfill: str) -> None:
    page = tab.open(backfill)
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible()
    page = tab.open(f"{JOB}/runs")
    for company in (EAST, WEST):
        for day in DAYS:
            expect(page.locator("tr", has_text=f"{company}|{day}").first).to_contain_text("Success")
