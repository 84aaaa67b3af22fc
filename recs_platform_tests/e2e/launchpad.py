"""What somebody does who opens a job and asks for days of companies. Not here: what comes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from playwright.sync_api import Locator, Page, expect

from recs_platform_tests.e2e.tiny import STRATEGY

JOB = f"/locations/__repository__@recs_platform.definitions/jobs/{STRATEGY}_daily"


def launch(page: Page, base: str, companies: Sequence[str], days: str, button: str | re.Pattern[str]) -> None:
    """What the page learns of partitions while it is filled in may make it forget them: then it is opened anew."""
    for patience in (10_000, 10_000, 30_000):
        dialog = _filled_in(page, base, companies, days)
        with suppress(AssertionError):
            expect(dialog.get_by_role("button", name=button)).to_be_enabled(timeout=patience)
            break
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_be_hidden()


def _filled_in(page: Page, base: str, companies: Sequence[str], days: str) -> Locator:
    page.goto(base + JOB)
    page.get_by_role("button", name="Materialize all").click()
    dialog = page.get_by_role("dialog").filter(has_text="Partition selection")
    expect(dialog.get_by_placeholder("ex: ")).to_be_visible()  # until it knows the partitions, both fields look alike
    dialog.get_by_text("Select a partition or create one").click()
    choice = page.locator(".dagster-popover").last
    for company in companies:
        choice.get_by_text(company, exact=True).locator("visible=true").first.click()
    page.keyboard.press("Escape")
    dialog.get_by_placeholder("ex: ").fill(days)
    page.keyboard.press("Tab")
    return dialog
