"""Days with nothing to show, as the simulated world plants some: nothing is written, and everybody is told.

No offer runs in the pause. On the day before it all offers still run, and are over when that day's lists are shown.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from recs_platform.companies.model import Simulation
from recs_platform.pipeline.stage import FEATURES, MODEL, RECOMMENDED, REPORTS
from recs_platform.simulation.world import read_truth
from recs_platform.sources.connectors.simulated import simulate_company
from recs_platform.strategies.catalogue import load_companies
from recs_platform.strategies.offer_ranking.stage import DAILY_SUMS
from recs_platform.warehouse.slices import Days
from recs_platform_tests.promises.platform import Platform

pytestmark = pytest.mark.slow

WRITTEN = ("offer_candidates", "candidate_features", "offer_scores", "offer_recommendations", "feature_contributions")
_OWN_STAGES = (FEATURES, MODEL, RECOMMENDED, REPORTS)


def test_days_with_nothing_to_show_succeed_write_nothing_and_warn(tmp_path: Path) -> None:
    built_in = load_companies()["metro"]
    company = built_in.model_copy(update={"simulation": Simulation(seed=5, customers=80)})
    platform = Platform(tmp_path, [company])
    simulate_company(company, platform.landing, company.start_date, company.start_date, snapshot_days=[])
    pause = date.fromisoformat(read_truth(platform.landing, "metro")["no_offers"]["first"])
    eve = pause - timedelta(days=1)
    before = Days(eve - timedelta(days=11), eve - timedelta(days=1))
    simulate_company(company, platform.landing, before.first, pause, snapshot_days=[eve, pause])
    platform = platform.beginning_on("metro", before.first)
    platform.succeeded(platform.load_days("metro", before, only=[*platform.logs("metro"), *DAILY_SUMS]))
    for day in (eve, pause):
        _made_and_warned(platform, day)
        running = [row for row in platform.rows("metro", "offers", Days.one(day)) if _runs(row, day)]
        assert {row["ends_on"] for row in running} == ({eve} if day == eve else set())


def _made_and_warned(platform: Platform, day: date) -> None:
    made = [name for stage in _OWN_STAGES for name in platform.stage("metro", stage)]
    run = platform.succeeded(
        platform.run_day("metro", day, only=[*platform.tables("metro"), *made, "offer_comparison"])
    )
    for table in WRITTEN:
        assert platform.rows("metro", table, Days.one(day)) == [], table
    (health,) = platform.rows("metro", "run_health", Days.one(day))
    counters = ("active_offers", "candidates", "recommendations", "customers_reached", "offers_recommended")
    assert [health[name] for name in counters] == [0, 0, 0, 0, 0]
    assert health["customers"] > 50
    warnings = platform.summary(run).warnings
    assert any("no_active_offers" in warning for warning in warnings), warnings


def _runs(offer: dict[str, Any], day: date) -> bool:
    return bool(offer["starts_on"] <= day <= offer["ends_on"])
