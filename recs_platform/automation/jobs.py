"""The names under which Dagster knows a strategy's jobs, and the tag that says whose run it is."""

from __future__ import annotations

from typing import Any, TypeAlias

Job: TypeAlias = Any
"""What `dg.define_asset_job` returns; Dagster does not export its type."""

COMPANY_TAG = "recs/company"

HOUSEKEEPING_JOB = "housekeeping"
"""Of no strategy, and no company's."""


def daily_job(strategy: str) -> str:
    return f"{strategy}_daily"


def history_job(strategy: str) -> str:
    return f"{strategy}_history"


def training_job(strategy: str) -> str:
    return f"{strategy}_training"
