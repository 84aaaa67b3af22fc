"""Date x company: the one partitions definition of a strategy, and how its partitions map to other days.

Keys read `holley|2025-12-02`: Dagster joins the dimensions in alphabetical order. One definition per strategy, because
a job's assets must share one; the days are those from the strategy's earliest company to its last.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from datetime import date, timedelta

import dagster as dg

from recs_platform.companies.known_companies import BrokenCompany
from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError
from recs_platform.warehouse.slices import Days

# Multi-dimensional mappings and partitioned checks are marked beta or preview in the Dagster version we pin. Our tests
# run them all, so the reminder at every import tells nobody anything.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
# A company's day makes its logs (any range in one run) and its snapshots (a day in a run) together. Dagster says that
# it then takes the smaller of the two policies; a day is one partition, so there is nothing to choose.
warnings.filterwarnings("ignore", message="Asset job .* materializes assets with varying BackfillPolicies")

DATE, COMPANY = "date", "company"


def partitions_of(
    companies: Collection[Company], broken: Collection[BrokenCompany] = ()
) -> dg.MultiPartitionsDefinition:
    """Every day from the first company's start, to the end of the last if all have one, x every company. One whose file
    is wrong keeps its partitions, and has no end."""
    known: list[Company | BrokenCompany] = [*companies, *(company for company in broken if company.may_have_run)]
    first = min(company.start_date for company in known if company.start_date)
    ends = [company.end_date for company in companies if company.end_date]
    last = max(ends) if len(ends) == len(known) else None
    return dg.MultiPartitionsDefinition(
        {
            DATE: dg.DailyPartitionsDefinition(
                start_date=first.isoformat(), end_date=str(last + timedelta(days=1)) if last else None
            ),
            COMPANY: dg.StaticPartitionsDefinition(sorted(company.name for company in known)),
        }
    )


def partition_key(company: str, day: date) -> str:
    return str(dg.MultiPartitionKey({DATE: day.isoformat(), COMPANY: company}))


def company_and_days(keys: Sequence[str]) -> tuple[str, Days]:
    """What the partition keys of one run mean; a run serves one company."""
    pairs = [split_key(key) for key in keys]
    companies = {company for company, _ in pairs}
    if len(companies) != 1:
        raise ConfigError(f"a run serves one company, and this one was started for {', '.join(sorted(companies))}")
    days = [day for _, day in pairs]
    return companies.pop(), Days(min(days), max(days))


def split_key(key: str) -> tuple[str, date]:
    """The company and day of a key.

    >>> split_key("holley|2025-12-02")
    ('holley', datetime.date(2025, 12, 2))
    """
    company, _, day = key.partition("|")
    return company, date.fromisoformat(day)


def mapping_back(first: int, last: int = 0) -> dg.PartitionMapping | None:
    """The same company, from `first` to `last` days before; None is Dagster's own default, the same day."""
    if first == last == 0:
        return None
    days = dg.TimeWindowPartitionMapping(
        start_offset=-first, end_offset=-last, allow_nonexistent_upstream_partitions=True
    )
    return dg.MultiPartitionMapping(
        {
            DATE: dg.DimensionPartitionMapping(DATE, days),
            COMPANY: dg.DimensionPartitionMapping(COMPANY, dg.IdentityPartitionMapping()),
        }
    )
