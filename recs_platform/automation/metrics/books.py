"""Metrics from the platform database: runs, checks, what is live, models, alerts, and which days of tables there are.

Each is one statement over all companies. Not here: why a run failed, which Dagster's log knows (dagster_books.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, Engine, case, func, select

from recs_platform.alerts.overview import open_counts
from recs_platform.automation.freshness import newest_deadline
from recs_platform.automation.metrics import families as of
from recs_platform.automation.metrics.families import Sample
from recs_platform.automation.metrics.freshness import end_of, newest_day_due, newest_whole_day
from recs_platform.companies.known_companies import Companies
from recs_platform.platform_db.alert_tables import AlertMessage
from recs_platform.platform_db.tables import (
    JobRun,
    LedgerSlice,
    LedgerTable,
    ModelStatus,
    ModelVersion,
    Publication,
    PublicationStatus,
    Status,
)
from recs_platform.strategies.catalogue import pipeline_of

LAST = timedelta(days=1)
"""What `last_day` in a name means."""
_LONGEST_CADENCE = timedelta(days=14)
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""A product can be late although no schedule of Dagster's makes it."""
_CHECKS = {
    "passed": JobRun.checks_passed,
    "warned": JobRun.checks_warned,
    "failed": JobRun.checks_failed,
}


def from_companies(companies: Companies) -> Iterator[Sample]:
    yield of.COMPANIES.sample(len(companies), "sound")
    yield of.COMPANIES.sample(len(companies.broken), "broken")


def from_books(database: Engine, companies: Companies, now: datetime) -> Iterator[Sample]:
    """A company that has no file any more is told of no longer."""
    names = {*companies, *(broken.name for broken in companies.broken)}
    with database.connect() as connection:
        for one in (
            *_last_runs(connection),
            *_last_day(connection, now - LAST),
            *_live(connection),
            *_models(connection, companies),
            *_alerts(connection),
        ):
            if "company" not in one.family.labels or one.labels[0] in {*names, ""}:
                yield one
        yield from _tables(connection, companies, now)


def _last_runs(connection: Connection) -> Iterator[Sample]:
    newest = select(func.max(JobRun.id)).where(JobRun.ended_at.is_not(None)).group_by(JobRun.company, JobRun.job)
    query = select(
        JobRun.company, JobRun.strategy, JobRun.job, JobRun.ended_at, JobRun.seconds, JobRun.status, JobRun.rows,
        *_CHECKS.values(),
    ).where(JobRun.id.in_(newest))  # fmt: skip
    for company, strategy, job, ended_at, seconds, status, rows, *checks in connection.execute(query):
        labels = company, strategy, job
        yield of.LAST_RUN_ENDED.sample(ended_at.timestamp() if ended_at else 0, *labels)
        yield of.LAST_RUN_SUCCEEDED.sample(status is Status.SUCCEEDED, *labels)
        if seconds is None:  # it was killed: nobody knows when, and what it had done
            continue
        yield of.LAST_RUN_SECONDS.sample(seconds, *labels)
        yield of.LAST_RUN_ROWS.sample(rows or 0, *labels)
        for outcome, count in zip(_CHECKS, checks, strict=True):
            yield of.LAST_RUN_CHECKS.sample(count or 0, *labels, outcome)


def _last_day(connection: Connection, since: datetime) -> Iterator[Sample]:
    succeeded = func.sum(case((JobRun.status == Status.SUCCEEDED, 1), else_=0))
    sums = [func.coalesce(func.sum(column), 0) for column in (JobRun.seconds, JobRun.rows, *_CHECKS.values())]
    query = (
        select(JobRun.company, JobRun.strategy, JobRun.job, func.count(), succeeded, *sums)
        .where(JobRun.ended_at >= since)
        .group_by(JobRun.company, JobRun.strategy, JobRun.job)
    )
    made: dict[tuple[str, str], float] = defaultdict(float)
    checked: dict[tuple[str, str, str], float] = defaultdict(float)
    for company, strategy, job, runs, good, seconds, rows, *checks in connection.execute(query):
        yield of.DAY_RUNS.sample(good, company, strategy, job, "succeeded")
        yield of.DAY_RUNS.sample(runs - good, company, strategy, job, "failed")
        yield of.DAY_RUN_SECONDS.sample(seconds, company, strategy, job)
        made[company, strategy] += float(rows)  # PostgreSQL gives a sum of whole numbers as a Decimal
        for outcome, count in zip(_CHECKS, checks, strict=True):
            checked[company, strategy, outcome] += float(count)
    for labels, rows in made.items():
        yield of.DAY_ROWS.sample(rows, *labels)
    for whose, count in checked.items():
        yield of.DAY_CHECKS.sample(count, *whose)


def failed_since(database: Engine, since: datetime) -> list[tuple[str, str, str, bool]]:
    """Company, strategy and id of the runs that failed, and whether it was killed."""
    query = (
        select(JobRun.company, JobRun.strategy, JobRun.run_id, JobRun.seconds.is_(None))
        .where(JobRun.ended_at >= since, JobRun.status == Status.FAILED)
        .order_by(JobRun.id.desc())
    )
    with database.connect() as connection:
        return [(company, strategy, run, bool(killed)) for company, strategy, run, killed in connection.execute(query)]


def _live(connection: Connection) -> Iterator[Sample]:
    query = select(
        Publication.company, Publication.strategy, Publication.product,
        Publication.as_of, Publication.published_at, Publication.version, Publication.rows, Publication.customers,
    ).where(Publication.status == PublicationStatus.LIVE)  # fmt: skip
    for company, strategy, product, as_of, published_at, version, rows, customers in connection.execute(query):
        labels = company, strategy, product
        yield of.LIVE_DAY.sample(end_of(as_of), *labels)
        yield of.LIVE_SINCE.sample(published_at.timestamp(), *labels)
        yield of.LIVE_VERSION.sample(version, *labels)
        yield of.LIVE_ROWS.sample(rows, *labels)
        if customers is not None:
            yield of.LIVE_CUSTOMERS.sample(customers, *labels)


def _models(connection: Connection, companies: Companies) -> Iterator[Sample]:
    query = select(ModelVersion.company, ModelVersion.model, ModelVersion.trained_at, ModelVersion.version)
    strategies = {broken.name: broken.strategy or "" for broken in companies.broken}
    strategies |= {name: company.strategy.name for name, company in companies.items()}
    active = query.where(ModelVersion.status == ModelStatus.ACTIVE)
    for company, model, trained_at, version in connection.execute(active):
        labels = company, strategies.get(company, ""), model
        yield of.MODEL_TRAINED.sample(trained_at.timestamp(), *labels)
        yield of.MODEL_VERSION.sample(version, *labels)


def _alerts(connection: Connection) -> Iterator[Sample]:
    for company, counts in open_counts(connection).items():
        for severity, count in counts.items():
            yield of.OPEN_ALERTS.sample(count, company, severity)
    tried = AlertMessage.attempts > 0
    unsent = (
        select(tried, func.count(), func.min(AlertMessage.made_at))
        .where(AlertMessage.sent_at.is_(None))
        .group_by(tried)
    )
    messages = {"waiting": 0, "failing": 0}
    for failing, count, oldest in connection.execute(unsent):
        messages["failing" if failing else "waiting"] = count
        if failing:
            yield of.OLDEST_UNSENT.sample(oldest.timestamp())
    for state, count in messages.items():
        yield of.UNSENT.sample(count, state)


def _newest(connection: Connection) -> dict[str, dict[str, date]]:
    """The newest day by dataset and table. The key of the ledger gives each at once, however many days there are."""
    newest = (
        select(func.max(LedgerSlice.day))
        .where(LedgerSlice.dataset == LedgerTable.dataset, LedgerSlice.table_name == LedgerTable.table_name)
        .correlate(LedgerTable)
        .scalar_subquery()
    )
    found: dict[str, dict[str, date]] = defaultdict(dict)
    for dataset, table, day in connection.execute(select(LedgerTable.dataset, LedgerTable.table_name, newest)):
        if day is not None:
            found[dataset][table] = day
    return found


def _empty_days(connection: Connection, tables: Collection[str], since: date) -> set[tuple[str, str, date]]:
    """Dataset, table and day of the newest slices of some tables that have no rows."""
    query = (
        select(LedgerSlice.dataset, LedgerSlice.table_name, LedgerSlice.day)
        .join(
            LedgerTable,
            (LedgerSlice.dataset == LedgerTable.dataset) & (LedgerSlice.table_name == LedgerTable.table_name),
        )
        .where(LedgerTable.table_name.in_(sorted(tables)), LedgerSlice.day >= since, LedgerSlice.rows == 0)
    )
    return {(dataset, table, day) for dataset, table, day in connection.execute(query)}


def _tables(connection: Connection, companies: Companies, now: datetime) -> Iterator[Sample]:
    newest, published = _newest(connection), {name: pipeline_of(one).products for name, one in companies.items()}
    of_products = {product.of.name for products in published.values() for product in products.values()}
    empty = _empty_days(connection, of_products, (now - _LONGEST_CADENCE).date())
    for name, company in companies.items():
        there = newest.get(company.dataset)
        if not there:
            continue
        pipeline, strategy = pipeline_of(company), company.strategy.name
        yield of.NEWEST_DAY.sample(end_of(newest_whole_day(company, pipeline, there)), name, strategy)
        if due := newest_day_due(company, now):
            yield of.DUE_DAY.sample(end_of(due), name, strategy)
        for product in published[name].values():
            deadline = newest_deadline(company, pipeline, product.name, now, _ALWAYS)
            if deadline and (company.dataset, product.of.name, deadline.day) not in empty:
                yield of.DEADLINE_DAY.sample(end_of(deadline.day), name, strategy, product.name)
