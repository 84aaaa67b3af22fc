"""The overview of all companies as a report: one HTML page that needs no other file, and a CSV file.

Not here: what is known (platform_overview.py), its words (platform_overview_words.py), how files get there (write of
campaign/report/files.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from recs_platform.automation.platform_overview import CompanyOverview, Health
from recs_platform.automation.platform_overview_words import LEGEND, TEXT_COLUMNS, TITLES, cells, in_a_sentence
from recs_platform.campaign.report.files import PAGE, csv_text
from recs_platform.campaign.report.page import head
from recs_platform.reporting.blocks import heading, note, paragraph, strong, table
from recs_platform.reporting.markup import Html, element

GENERATOR = "recs report overview"
CSV = "companies.csv"
_TITLE = "All companies"
_COLUMNS = (
    "company",
    "strategy",
    "health",
    "why",
    "newest_whole",
    "due",
    "checks_failed",
    "checks_warned",
    "live",
    "live_since",
    "sent_from",
    "sent_to",
    "currency",
    "revenue",
    "orders",
    "lift",
    "lift_low",
    "lift_high",
    "alerts",
)


FOLDER = "reports/all-companies"
"""In the store of files. No company can have this name."""


def contents(lines: Sequence[CompanyOverview], now: datetime) -> dict[str, str]:
    """Every file of the report by name."""
    return {PAGE: page(lines, now), CSV: csv_text(_COLUMNS, [_row(line) for line in lines])}


def page(lines: Sequence[CompanyOverview], now: datetime) -> str:
    titles = [title.capitalize() for title in TITLES]
    shown = table(_TITLE, titles, [[cell or "–" for cell in cells(line)] for line in lines], text_columns=TEXT_COLUMNS)
    body = element(
        "body",
        element("header", element("h1", _TITLE), element("p", f"{in_a_sentence(lines)} {now:%Y-%m-%d %H:%M} UTC.")),
        element("main", element("section", shown, note(LEGEND), *_what_is_wrong(lines))),
        element("footer", element("p", "The same, unrounded: ", element("a", CSV, href=CSV), ".")),
    )
    return f"<!DOCTYPE html>\n{element('html', head(_TITLE, GENERATOR), body, lang='en')}\n"


def _what_is_wrong(lines: Sequence[CompanyOverview]) -> list[Html]:
    wrong = [line for line in lines if line.why]
    if not wrong:
        return [paragraph("Nothing is wrong.")] if lines else []
    said = [element("li", strong(f"{line.company} ({line.health}): "), line.why) for line in wrong]
    title = "What is wrong" if any(line.health is not Health.NOT_STARTED for line in wrong) else "What to do"
    return [heading(title), element("ul", *said)]


def _row(line: CompanyOverview) -> Mapping[str, Any]:
    brought = line.earned
    lift = brought.lift if brought else None
    return {
        "company": line.company,
        "strategy": line.strategy,
        "health": str(line.health),
        "why": line.why,
        "newest_whole": line.newest_whole,
        "due": line.due,
        "checks_failed": line.checks_failed,
        "checks_warned": line.checks_warned,
        "live": "; ".join(map(str, line.live)),
        "live_since": "; ".join(one.since.isoformat() for one in line.live),
        "sent_from": brought.sent.first if brought else None,
        "sent_to": brought.sent.last if brought else None,
        "currency": brought.currency if brought else None,
        "revenue": brought.revenue if brought else None,
        "orders": brought.orders if brought else None,
        "lift": lift.total if lift else None,
        "lift_low": lift.low if lift else None,
        "lift_high": lift.high if lift else None,
        "alerts": "; ".join(f"{number} {severity}" for severity, number in sorted(line.alerts.items())),
    }
