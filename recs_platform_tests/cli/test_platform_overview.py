"""All companies in a line each: what makes one late, failing or held back, and which is the worst.

The terminal, the page and the asset say the same."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from recs_platform.automation.instance import instance
from recs_platform.automation.platform_overview import CompanyOverview, Health, platform_overview
from recs_platform.automation.platform_overview_words import LEGEND, TITLES, cells
from recs_platform.definitions import build_defs
from recs_platform.platform_db import job_log
from recs_platform.platform_db.alert_tables import AlertTrouble
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import Publication, Status
from recs_platform.strategies.catalogue import load_companies, pipelines
from recs_platform.warehouse.environment import open_warehouse
from recs_platform_tests.campaign.report.reader import parsed, rows, words
from recs_platform_tests.cli.terminal import Terminal

# Two days of concord were made, the last of them the third of September.
MORNING_AFTER = datetime(2025, 9, 4, 10, tzinfo=UTC)


@pytest.fixture
def own(copied: Terminal) -> Iterator[Terminal]:
    with copied.inside():
        yield copied


def overview(now: datetime = MORNING_AFTER) -> dict[str, CompanyOverview]:
    """By company, in the order in which they stand."""
    lines = platform_overview(load_companies(), pipelines(), open_warehouse(), opened_database(), now)
    return {line.company: line for line in lines}


def test_a_day_is_due_when_the_morning_after_it_is_over(own: Terminal) -> None:
    concord = overview()["concord"]
    assert (concord.health, concord.why, str(concord.due)) == (Health.OK, "", "2025-09-03")
    assert [str(one.as_of) for one in concord.live][:1] == ["2025-09-03"]
    assert overview(datetime(2025, 9, 5, 8, tzinfo=UTC))["concord"].health is Health.OK
    late = overview(datetime(2025, 9, 5, 10, tzinfo=UTC))["concord"]
    assert (late.health, late.why) == (
        Health.LATE,
        f"2025-09-04 is due, and its newest day is 2025-09-03: recs run {late.company} --date 2025-09-04",
    )


def test_what_was_made_and_is_not_live_is_held_back(own: Terminal) -> None:
    with Session(opened_database()) as session, session.begin():
        session.execute(
            update(Publication).where(Publication.as_of == datetime(2025, 9, 3).date()).values(status="backup")
        )
    concord = overview()["concord"]
    assert concord.health is Health.HELD_BACK
    assert "of 2025-09-03 are not published (nothing is live): recs publish concord" in concord.why


def test_a_failed_run_is_the_worst_and_its_reason_is_masked(own: Terminal) -> None:
    # It began after the runs that made the home.
    database, at, day = opened_database(), datetime.now(UTC) + timedelta(days=1), MORNING_AFTER.date()
    job_log.started(
        database,
        run_id="r1",
        job="replenishment_daily",
        strategy="replenishment",
        company="concord",
        first_date=day,
        last_date=day,
        started_at=at,
    )
    job_log.ended(database, "r1", status=Status.FAILED, ended_at=at, message="no feed for ann@mail.example")
    assert next(iter(overview())) == "concord"
    concord = overview()["concord"]
    assert (concord.health, concord.why) == (Health.FAILING, "no feed for a***@***.example")


def test_open_alerts_are_counted_by_severity_and_news_and_those_that_are_over_are_not(own: Terminal) -> None:
    at = MORNING_AFTER
    troubles = (("a", "error", None), ("b", "warn", None), ("c", "warn", None), ("d", "warn", at), ("e", "info", None))
    with Session(opened_database()) as session, session.begin():
        for subject, severity, over in troubles:
            session.add(
                AlertTrouble(
                    company="holley",
                    kind="feed",
                    subject=subject,
                    severity=severity,
                    finding="{}",
                    times=1,
                    began_at=at,
                    seen_at=at,
                    over_at=over,
                )
            )
    holley = overview()["holley"]
    assert holley.alerts == {"error": 1, "warn": 2}
    assert cells(holley)[-1] == "1 error, 2 warn"
    assert list(overview())[:2] == ["holley", "acme"]  # of those that are as bad, the one with open alerts


def test_a_broken_file_and_a_damaged_table_are_their_own_companys_trouble(own: Terminal) -> None:
    (own.companies / "acme.yaml").write_text("name: acme\nstrategy: nonsense\n")
    for log in (own.folder / ".recs/lake/concord/campaign_summary/_delta_log").glob("*.json"):
        log.write_text("nonsense")
    seen = overview()
    assert list(seen)[:2] == ["acme", "concord"]
    assert seen["acme"].health is Health.BROKEN
    assert "acme.yaml" in seen["acme"].why
    assert seen["concord"].health is Health.FAILING
    assert "campaign_summary" in seen["concord"].why
    assert {line.health for name, line in seen.items() if name in ("holley", "metro")} == {Health.NOT_STARTED}


def test_the_page_says_what_the_terminal_says(own: Terminal) -> None:
    ended = own.recs("report", "overview")
    folder = own.folder / ".recs/reports/all-companies"
    assert ended.code == 0
    assert f"The report is {folder / 'index.html'}" in ended.told
    page = parsed((folder / "index.html").read_text())
    shown = [[cell.replace("–", "") for cell in row] for row in rows(page)]
    titles, *listed = own.recs("status").rows
    assert tuple(titles) == TITLES
    assert shown == listed
    assert "concord (late): " in words(page)
    with (folder / "companies.csv").open() as file:
        assert [row["company"] for row in csv.DictReader(file)] == [row[0] for row in shown]
    assert own.recs("report", "overview").code == 0, "it replaces itself"
    assert own.recs("report", "overview", "--out", str(own.companies)).code == 2, "and nothing else"


def test_the_asset_says_it_too(own: Terminal) -> None:
    with instance() as dagster:
        ended = build_defs().resolve_job_def("platform_overview").execute_in_process(instance=dagster)
    (made,) = ended.get_asset_materialization_events()
    metadata = made.step_materialization_data.materialization.metadata
    assert metadata["summary"].value == "4 companies: 1 late, 3 not started."
    assert (metadata["companies late"].value, metadata["companies ok"].value) == (1, 0)
    shown = str(metadata["overview"].value)
    assert shown.startswith(f"| {' | '.join(TITLES)} |")
    assert LEGEND in shown
    assert all(f"\n| {name} | " in shown for name in ("acme", "concord", "holley", "metro"))
    assert made.partition is None
    assert isinstance(ended, dg.ExecuteInProcessResult)
    assert json.loads(own.recs("status", "--json").out)[0]["health"] == "late"
