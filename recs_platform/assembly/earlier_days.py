"""The check that no day before this one is missing: a day that was skipped is said on every day after it."""

from collections.abc import Mapping
from datetime import timedelta

import dagster as dg

from recs_platform.automation.failures import guarded_step
from recs_platform.automation.figures import company_figures
from recs_platform.automation.partitions import company_and_days
from recs_platform.clock import making
from recs_platform.companies.model import Company
from recs_platform.pipeline.coverage import coverage, missing_in_words
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.timings import Phase

GUARDED = "source_assessment"
"""The table that says how a day's data stand."""


def earlier_days_check(
    pipeline: Pipeline, companies: Mapping[str, Company], partitions: dg.MultiPartitionsDefinition
) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([pipeline.strategy.name, GUARDED]),
        name="earlier_days_missing",
        description="Every day since the company's first whole day was made: no table lacks one that was due.",
        partitions_def=partitions,
        required_resource_keys={"warehouse", "journal"},
    )
    @guarded_step
    @making(GUARDED, Phase.CHECK)
    def earlier_days_missing(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        name, days = company_and_days(list(context.partition_keys))
        there = coverage(companies[name], pipeline, context.resources.warehouse)
        missing = there.missing(days.first - timedelta(days=1))
        return dg.AssetCheckResult(
            passed=not missing,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{missing_in_words(missing)}. Make what is missing: recs run {name} --date {days.last}"
            if missing
            else "No earlier day is missing.",
            metadata={
                **company_figures(name, {"violations": len(missing)}),
                "missing_days": [str(day) for day in missing],
            },
        )

    return earlier_days_missing
