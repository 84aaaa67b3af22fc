"""Offers on real mailings: the model is better than what a sceptic would try, and its chances are true."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from recs_platform.models.paired_lists import Metric
from recs_platform.warehouse.slices import Days
from recs_platform_tests.real.conftest import home_of
from recs_platform_tests.real.judged import BOOSTED, CAREFUL, PAST, POPULARITY, Quarter, table
from recs_platform_tests.real.walk import LAST, MAILED


def test_every_impression_of_the_quarter_is_judged(judged: Quarter) -> None:
    """As counted from the raw files: households mailed, times coupons of the campaign."""
    assert len(judged.rows) == 260_495
    assert set(pd.to_datetime(judged.rows["shown_on"]).dt.date) == set(MAILED)


@pytest.mark.parametrize("metric", ["roc_auc", "ndcg"])
@pytest.mark.parametrize("other", [PAST, POPULARITY])
def test_the_model_is_above_a_column(judged: Quarter, other: str, metric: Metric) -> None:
    above = judged.beside(metric, other).difference
    assert above.low is not None
    assert above.low > 0


@pytest.mark.parametrize("metric", ["roc_auc", "ndcg"])
@pytest.mark.parametrize("other", [BOOSTED, CAREFUL])
def test_the_model_is_not_below_plain_boosted_trees(judged: Quarter, other: str, metric: Metric) -> None:
    """Above them, or so close that the households of a quarter cannot tell."""
    above = judged.beside(metric, other).difference
    assert above.high is not None
    assert above.high > 0


def test_its_chances_say_more_than_the_base_rate(judged: Quarter) -> None:
    less = judged.beside_base_rate().difference
    assert less.high is not None
    assert less.high < 0


def test_its_chances_come_true_in_every_tenth(judged: Quarter) -> None:
    for tenth in judged.final.calibration():
        assert tenth.happened.low is not None
        assert tenth.happened.high is not None
        assert tenth.happened.low <= tenth.promised <= tenth.happened.high, tenth


def test_campaigns_are_redeemed_as_a_direct_count_says(journey: Path) -> None:
    """12.02% of 6,589 households that were mailed a campaign redeemed something of it."""
    raw = journey / "completejourney" / "data"
    mailed, redeemed = pd.read_csv(raw / "mailings.csv"), pd.read_csv(raw / "redemptions.csv")
    hits = redeemed[["campaign_id", "household_id"]].drop_duplicates().assign(hit=1)
    direct = mailed.merge(hits, how="left").fillna({"hit": 0})
    with home_of(journey):
        report = table("offer_campaigns", Days.one(LAST)).to_pandas()
    (total,) = report[report["section"] == "all"].to_dict("records")
    assert (total["receipts"], total["redeemed"]) == (len(direct), direct["hit"].sum()) == (6_589, 792)
    kinds = report[report["section"] == "kind"].set_index("name")["rate"]
    assert kinds.to_dict() == pytest.approx(direct.groupby("campaign_type")["hit"].mean().to_dict())
    assert (100 * kinds).round(1).to_dict() == {"Type A": 16.6, "Type B": 6.5, "Type C": 5.9}
    campaigns = report[report["section"] == "campaign"].set_index("name")["rate"]
    of_campaigns = direct.groupby("campaign_id")["hit"].mean()
    assert campaigns.to_dict() == pytest.approx({str(name): rate for name, rate in of_campaigns.items()})
