"""Baskets of a real grocer, as far as replenishment's tables exist: a whole day, and a report of its campaigns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.real.conftest import home_of
from recs_platform_tests.real.walk import LAST, recs


def test_a_whole_day_holds_every_order_line(baskets: Path) -> None:
    with home_of(baskets):
        company = company_named("journey_baskets")
        ref = pipeline_of(company).ref("events", company)
        with open_warehouse().read(ref, Days.one(LAST)) as reader:
            lines = reader.read_all().to_pandas()
    raw = pd.read_parquet(baskets / "completejourney" / "data" / "order_lines" / f"{LAST}.parquet")
    assert len(lines) == len(raw)
    assert lines["quantity"].sum() == raw["quantity"].sum()


def test_a_report_of_its_campaigns(baskets: Path) -> None:
    said = recs(baskets, "report", "campaign", "journey_baskets")
    assert "journey_baskets" in said
    assert list((baskets / "home" / "reports").rglob("*.html"))
