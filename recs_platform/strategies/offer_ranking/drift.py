"""Whether the newest impressions still look like those that the serving model was trained on.

Not here: how that is told (`models/drift_report.py`), and whether drift is a reason to train (`models/retraining.py`).
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.drift_report import DriftRow, DriftSettings, WatchedExamples, drift_rows
from recs_platform.models.model import Model
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.training import DriftReport
from recs_platform.strategies.offer_ranking.features import CUSTOMER_FEATURES, FINAL_DAYS, OFFER_FEATURES, TASK
from recs_platform.strategies.offer_ranking.parameters import parameters_of
from recs_platform.strategies.training.drift import drift_table, show_drift
from recs_platform.warehouse.slices import Days

CUSTOMER, OFFER = "customer_id", "offer_id"
WATCHED = WatchedExamples(
    TASK,
    subjects=(CUSTOMER, OFFER),
    subjects_of={
        **{spec.name: (CUSTOMER,) for spec in CUSTOMER_FEATURES},
        **{spec.name: (OFFER,) for spec in OFFER_FEATURES},
    },
    counted_by=(CUSTOMER,),
    groups={
        # Customers of a kind share it for all offers of a category.
        "business_type_match": ("business_type", "category"),
        # All offers of a category share it, and all of a kind.
        "category_redemption_rate": ("category",),
        "kind_redemption_rate": ("kind",),
        # All offers of a campaign share it. Which campaign it is, examples do not say; how large it is nearly does.
        "offers_in_campaign": ("offers_in_campaign",),
    },
    plural="impressions",
    success="redeemed",
)


@table_asset(DriftReport, present=show_drift, after=("ranking_model",))
def drift_report(company: Company, days: Days, models: ModelShelf, training_set: pa.Table) -> pa.Table:
    """Every feature, the score, the rate of redemptions and the number of impressions against training. No rows without
    a model, or when nothing was shown."""
    return drift_table(
        TASK, models, days.last, lambda model: impressions_drift(model, training_set, company, days.last)
    )


def impressions_drift(model: Model, impressions: pa.Table, company: Company, day: date) -> list[DriftRow]:
    """All figures of a day. `impressions` may hold others than the newest, which are left out."""
    parameters = parameters_of(company)
    settings = DriftSettings(
        days=parameters.drift_days,
        label_days=parameters.label_days,
        final_days=FINAL_DAYS,
        volume_change=parameters.volume_change,
        new_category_share=parameters.new_category_share,
        look_back_days=parameters.feature_window_days,
        history_from=company.start_date,
    )
    return drift_rows(model, impressions, WATCHED, settings, day)
