"""The names under which Dagster knows a strategy's jobs, and the tags that say whose run it is, and what for."""

from __future__ import annotations

from typing import Any, TypeAlias

Job: TypeAlias = Any
"""What `dg.define_asset_job` returns; Dagster does not export its type."""

COMPANY_TAG = "recs/company"
LATE_TAG = "recs/late"
"""On runs that take in what came late. What it says of them is the sensor's (sensors/late.py)."""

HOUSEKEEPING_JOB = "housekeeping"
"""Of no strategy, and no company's."""


def daily_job(strategy: str) -> str:
    return f"{strategy}_daily"


def history_job(strategy: str) -> str:
    return f"{strategy}_history"


def is_daily_job(job: str) -> bool:
    return job == daily_job(job.rpartition("_")[0])


def training_job(strategy: str) -> str:
    return f"{strategy}_training"
