"""The overview of all companies in Dagster: an asset without partitions, made once a day when the mornings are over.

It is of no company and of no day, but of the moment at which it is made: its table stands in its metadata, and nothing
is stored in the warehouse. Not here: what it says (automation/platform_overview.py).
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from recs_platform.automation.failures import guarded_step
from recs_platform.automation.jobs import Job
from recs_platform.automation.platform_overview import CompanyOverview, Health, platform_overview
from recs_platform.automation.platform_overview_words import LEGEND, TITLES, cells, in_a_sentence
from recs_platform.companies.known_companies import Companies
from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import opened_database

GROUP = "platform"
KEY = dg.AssetKey([GROUP, "all_companies"])
JOB = "platform_overview"
_AFTER_THE_MORNINGS = "30 9 * * *"
_A_WINTERS_DAY = date(2026, 1, 1)
_SHOWN = 200
"""Companies in the table; the report has them all."""


def overview_asset(companies: Companies, pipelines: Mapping[str, Pipeline], owners: list[str]) -> dg.AssetsDefinition:
    @dg.asset(
        key=KEY,
        group_name=GROUP,
        owners=owners,
        kinds={"python"},
        description="All companies, a line for each, the worst first: health, freshness, checks, what is live, what it "
        "earned, open alerts. As `recs status` and the page of `recs report overview` say it.",
        required_resource_keys={"warehouse", "journal"},
    )
    @guarded_step
    def all_companies(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        warehouse = context.resources.warehouse
        lines = platform_overview(companies, pipelines, warehouse, opened_database(), datetime.now(UTC))
        counts = {f"companies {health}": sum(line.health is health for line in lines) for health in Health}
        return dg.MaterializeResult(
            metadata={
                "summary": in_a_sentence(lines),
                "overview": dg.MetadataValue.md(_markdown(lines)),
                **{name: dg.MetadataValue.int(number) for name, number in counts.items()},
            }
        )

    return all_companies


def overview_job() -> Job:
    return dg.define_asset_job(
        JOB, selection=dg.AssetSelection.assets(KEY), description="How all companies are, after their mornings."
    )


def overview_schedule(job: Job, companies: Mapping[str, Company]) -> dg.ScheduleDefinition:
    """When the company whose morning is the last one has had it."""
    zones = sorted({company.timezone for company in companies.values()} or {"UTC"})
    last = max(zones, key=lambda zone: datetime.combine(_A_WINTERS_DAY, time(), ZoneInfo(zone)).timestamp())
    return dg.ScheduleDefinition(
        name=f"{JOB}_schedule",
        job=job,
        cron_schedule=_AFTER_THE_MORNINGS,
        execution_timezone=last,
        description=f"How all companies are, at half past nine in {last}, where the last of their mornings is over.",
    )


def _markdown(lines: list[CompanyOverview]) -> str:
    rows = [TITLES, ("---",) * len(TITLES), *map(cells, lines[:_SHOWN])]
    table = "\n".join(f"| {' | '.join(_cell(text) for text in row)} |" for row in rows)
    more = [] if len(lines) <= _SHOWN else [f"And {len(lines) - _SHOWN} more."]
    wrong = "\n".join(f"- **{line.company}** ({line.health}): {_cell(line.why)}" for line in lines[:_SHOWN] if line.why)
    return "\n\n".join(part for part in (table, *more, wrong, LEGEND) if part)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
