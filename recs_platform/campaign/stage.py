"""The stage of campaigns, shared by the strategies: what became of every message, what it earned, what to send next.

Not here: statistics (statistics/) and the bandit (bandit/), which are pure, and the page that people read (report/).
"""

from __future__ import annotations

from collections.abc import Mapping

from recs_platform.campaign import table_presentations
from recs_platform.campaign.experiments import arm_comparison, period_comparison, sample_ratio
from recs_platform.campaign.treatments import off_policy_evaluation, treatment_bandit
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.stage import CAMPAIGNS, Stage, sql_asset
from recs_platform.reporting.presentation import Present
from recs_platform.schemas import campaign as schemas
from recs_platform.schemas import campaign_reports as reports
from recs_platform.schemas.table import Table, spec_of
from recs_platform.warehouse.query import Query

SHOWN: Mapping[type[Table], Present] = {
    reports.ConversionPaths: table_presentations.show_paths,
    reports.RevenueByDate: table_presentations.show_revenue,
    reports.SendToPurchaseTime: table_presentations.show_time,
    reports.FunnelByTreatment: table_presentations.show_treatments,
    reports.EngagementByHour: table_presentations.show_hours,
    reports.CampaignSummary: table_presentations.show_summary,
}
"""What small tables say in words and as a picture; the report says more."""

TABLES: tuple[type[Table], ...] = (
    schemas.JudgedInteractions,
    schemas.SendEngagement,
    schemas.CampaignOrders,
    schemas.CampaignDays,
    schemas.MetricSums,
    schemas.PairedCustomers,
    schemas.TreatmentDays,
)


FRAMES = (arm_comparison, sample_ratio, period_comparison, treatment_bandit, off_policy_evaluation)


def campaign_stage(_: AnyStrategy, queries: Mapping[str, Query]) -> Stage:
    measured = (sql_asset(spec_of(model).name, model, queries) for model in TABLES)
    asked = (sql_asset(spec_of(model).name, model, queries, present=SHOWN.get(model)) for model in reports.QUESTIONS)
    return Stage(
        CAMPAIGNS, (*measured, *FRAMES, sql_asset("treatment_allocation", schemas.TreatmentAllocation, queries), *asked)
    )
