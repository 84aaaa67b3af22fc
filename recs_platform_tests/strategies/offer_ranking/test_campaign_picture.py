"""What is said of campaigns of offers."""

from __future__ import annotations

from datetime import date
from typing import Any
from xml.etree import ElementTree

from recs_platform.strategies.offer_ranking.campaign_picture import show_campaigns

MARCH, MAY = date(2017, 3, 3), date(2017, 5, 8)


def row(section: str, name: str, **figures: Any) -> dict[str, Any]:
    campaign = {"kind": "Type A", "first_day": MARCH, "last_day": MAY} if section == "campaign" else {}
    usual = {"receipts": 1000, "customers": 800, "redemptions": 300, "rate": 0.12, "low": 0.1, "high": 0.145}
    return {
        "section": section,
        "name": name,
        **dict.fromkeys(("kind", "first_day", "last_day")),
        **campaign,
        **usual,
    } | figures


ROWS = [
    row("all", "all", receipts=6589, customers=1559, redemptions=2102, rate=0.1202, low=0.107, high=0.135),
    row("kind", "Type B", rate=0.065, low=0.05, high=0.08),
    row("kind", "Type A", rate=0.166, low=0.15, high=0.18),
    row("campaign", "8", first_day=MAY),
    row("campaign", "1"),
]


def test_rates_of_all_and_of_each_kind_with_their_intervals() -> None:
    words = show_campaigns(ROWS).words
    assert "2 campaigns of offers for 1,559 customers: of 6,589 receipts 12.0% (10.7% to 13.5%)" in words
    assert words.index("kind Type A: 16.6%") < words.index("kind Type B: 6.50%"), "the best kind first"


def test_the_newest_campaign_is_drawn_first() -> None:
    picture = show_campaigns(ROWS).picture
    assert picture is not None
    text = " ".join(node.text or "" for node in ElementTree.fromstring(picture).iter())
    assert text.index("8 (Type A)") < text.index("1 (Type A)")


def test_one_kind_alone_is_not_said_twice() -> None:
    assert "kind" not in show_campaigns([one for one in ROWS if one["name"] != "Type B"]).words


def test_offers_without_campaigns_are_said_to_be() -> None:
    assert "in a campaign" in show_campaigns([]).words
