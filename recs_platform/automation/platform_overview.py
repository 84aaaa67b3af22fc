"""All companies, the worst first: health, freshness, checks, what is live, what it earned, and open alerts of each.

One computation for `recs status`, the asset in Dagster and the page of the report. It reads the ledger, the platform
database and two small slices of a company. A company that cannot be read says so in its own line.

Health is the first of these that is true:

- broken: the company's file is wrong, and nothing runs for it.
- failing: its last run failed or died, a table of its newest day failed, or what is stored of it cannot be read.
- late: days are missing, or the newest is not the one that is due.
- held back: the newest day is made, and something of it is not live.
- not started: nothing was ever made.
- ok: none of them.

Not here: table by table (overview.py), and in words (platform_overview_words.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.alerts.overview import open_counts
from recs_platform.automation.freshness import deadline_on, local_date
from recs_platform.automation.overview import CompanyState, company_status
from recs_platform.campaign.earned import Earned, earned
from recs_platform.companies.known_companies import BrokenCompany, Companies
from recs_platform.companies.model import Company
from recs_platform.companies.mornings import day_made_at, scheduled_on
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.errors import PlatformError
from recs_platform.masking import mask_text
from recs_platform.pipeline.coverage import missing_in_words
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.tables import Publication, PublicationStatus
from recs_platform.warehouse.protocol import Warehouse


class Health(StrEnum):
    """The worst first."""

    BROKEN = "broken"
    FAILING = "failing"
    LATE = "late"
    HELD_BACK = "held back"
    NOT_STARTED = "not started"
    OK = "ok"

    @property
    def rank(self) -> int:
        return list(Health).index(self)


@dataclass(frozen=True)
class Live:
    """A version that customers see."""

    product: str
    version: int
    as_of: date
    since: datetime

    def __str__(self) -> str:
        name = "" if self.product == RECOMMENDATIONS else f"{self.product} "
        return f"{name}v{self.version} of {self.as_of}"


@dataclass(frozen=True)
class CompanyOverview:
    company: str
    strategy: str | None
    health: Health
    why: str
    """Of what is not ok, in a sentence; personal data masked."""
    newest_whole: date | None = None
    """The newest day of which nothing is missing and nothing failed."""
    due: date | None = None
    """The newest day that should be there by now."""
    checks_failed: int | None = None
    checks_warned: int | None = None
    live: tuple[Live, ...] = ()
    earned: Earned | None = None
    alerts: Mapping[str, int] = field(default_factory=dict)
    """Open ones, by severity."""
    state: CompanyState | None = None
    """Table by table; None where that cannot be known."""

    def to_json(self) -> dict[str, Any]:
        said = asdict(self)
        state = said.pop("state") or {}
        return {**state, **said}


def platform_overview(
    companies: Companies, pipelines: Mapping[str, Pipeline], warehouse: Warehouse, database: Engine, now: datetime
) -> list[CompanyOverview]:
    """Of these companies, the worst first; of two that are as bad, the one with more open alerts."""
    live = _live(database)
    with database.connect() as connection:
        alerts = open_counts(connection)
    lines = [
        _of_company(one, pipelines[one.strategy.name], warehouse, now, live[one.name], alerts.get(one.name, {}))
        for one in companies.values()
    ]
    lines += [_of_broken(one, live[one.name], alerts.get(one.name, {})) for one in companies.broken]
    return sorted(lines, key=lambda line: (line.health.rank, -sum(line.alerts.values()), line.company))


def due_day(company: Company, now: datetime) -> date | None:
    """The newest day that a company should have by now, as the last deadline of its products is over. None before its
    first one; its last one when it has ended."""
    today = local_date(company, now)
    mornings = (today - timedelta(days=back) for back in range(3))
    morning = next(morning for morning in mornings if _last_deadline(company, morning) <= now)
    day = min(day_made_at(scheduled_on(company, morning)), company.end_date or date.max)
    return day if day >= company.start_date else None


def _last_deadline(company: Company, morning: date) -> datetime:
    """Of what its schedule makes on a date of its calendar."""
    named = [deadline_on(company, product, morning) for product in company.deadlines]
    return max(named, default=deadline_on(company, RECOMMENDATIONS, morning))


def _of_company(
    company: Company,
    pipeline: Pipeline,
    warehouse: Warehouse,
    now: datetime,
    live: Sequence[Live],
    alerts: Mapping[str, int],
) -> CompanyOverview:
    due = due_day(company, now)
    try:
        state = company_status(company, pipeline, warehouse)
        brought = earned(warehouse, pipeline, company)
    except PlatformError as error:
        why = mask_text(str(error))
        return CompanyOverview(
            company.name, company.strategy.name, Health.FAILING, why, due=due, live=tuple(live), alerts=alerts
        )
    health, why = _health(state, pipeline, due, live)
    return CompanyOverview(
        company.name,
        company.strategy.name,
        health,
        mask_text(why),
        newest_whole=state.newest_whole,
        due=due,
        checks_failed=state.checks_failed,
        checks_warned=state.checks_warned,
        live=tuple(live),
        earned=brought,
        alerts=alerts,
        state=state,
    )


def _of_broken(company: BrokenCompany, live: Sequence[Live], alerts: Mapping[str, int]) -> CompanyOverview:
    why = mask_text(company.problems)
    return CompanyOverview(company.name, company.strategy, Health.BROKEN, why, live=tuple(live), alerts=alerts)


def _health(state: CompanyState, pipeline: Pipeline, due: date | None, live: Iterable[Live]) -> tuple[Health, str]:
    publishing = {name for one in pipeline.products.values() for name in (one.comparison, one.asset)}
    failed = [table.table for table in state.tables if table.state == "failed" and table.table not in publishing]
    if state.message and not (state.last_failed and publishing.issuperset(state.last_failed)):
        return Health.FAILING, state.message
    if failed:
        return Health.FAILING, f"{', '.join(failed)} of {state.newest} failed"
    if state.newest is None:
        return Health.NOT_STARTED, f"make its first day: recs run {state.company} --date {due}" if due else ""
    if state.missing_days:
        return Health.LATE, missing_in_words(state.missing_days)
    if due and state.newest < due:
        return Health.LATE, f"{due} is due, and its newest day is {state.newest}: recs run {state.company} --date {due}"
    waiting = [reason for reason in (_not_live(state, pipeline, name, live) for name in pipeline.products) if reason]
    return (Health.HELD_BACK, "; ".join(waiting)) if waiting else (Health.OK, "")


def _not_live(state: CompanyState, pipeline: Pipeline, product: str, live: Iterable[Live]) -> str | None:
    """Why what was made of a product is not what customers see; None where it is."""
    declared = pipeline.products[product]
    made = next((table.newest for table in state.tables if table.table == declared.of.name and table.rows), None)
    now_live = next((one for one in live if one.product == product), None)
    if made is None or (now_live and now_live.as_of >= made):
        return None
    what = f"{now_live} is" if now_live else "nothing is"
    return f"{product} of {made} are not published ({what} live): recs publish {state.company}{declared.option}"


def _live(database: Engine) -> Mapping[str, list[Live]]:
    of_company: dict[str, list[Live]] = defaultdict(list)
    query = select(Publication).where(Publication.status == PublicationStatus.LIVE)
    with Session(database) as session:
        # Recommendations are a company's own word for what is live, so they come first.
        for row in sorted(session.scalars(query), key=lambda one: (one.product != RECOMMENDATIONS, one.product)):
            of_company[row.company].append(Live(row.product, row.version, row.as_of, row.published_at))
    return of_company
