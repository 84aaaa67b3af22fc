"""The bandit's tables: rows that people read, from the counts that SQL makes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from recs_platform.campaign.treatments import judgements, log_of, standings
from recs_platform.declarations.parameters import Parameters

TODAY = date(2025, 12, 2)
Row = dict[str, Any]


def day(
    treatment: str,
    sends: int,
    views: int,
    clicks: int,
    *,
    segment: str = "cafe",
    age: int = 1,
    chance: float | None = 0.5,
) -> Row:
    return {
        "sent_on": TODAY - timedelta(days=age),
        "treatment_id": treatment,
        "segment": segment,
        "propensity": chance,
        "sends": sends,
        "views": views,
        "clicks": clicks,
    }


def table(rows: list[Row], **parameters: Any) -> dict[tuple[str, str], Any]:
    found = standings(log_of(rows, TODAY), Parameters(**parameters))
    return {(row["segment"], row["treatment_id"]): row for row in found}


def test_the_treatments_that_were_seen() -> None:
    """Views and rates of three real treatments: the highest rate leads, however large the others are."""
    seen = {"T1": (1318, 136), "T2": (2320, 142), "T3": (1049, 79)}
    rows = [day(name, 10 * views, views, clicks) for name, (views, clicks) in seen.items()]
    found = table(rows)
    leader = found["(all)", "T1"]
    assert leader["rate"] == pytest.approx(0.1032, abs=1e-4)
    assert leader["credible_low"] < leader["rate"] < leader["credible_high"]
    assert leader["share_next"] > 0.95
    assert sorted(seen, key=lambda name: found["(all)", name]["chance_best"]) == ["T2", "T3", "T1"]


def test_shares_of_every_segment_are_the_whole_traffic() -> None:
    rows = [
        day(name, 500, 100, clicks, segment=segment)
        for segment in ("cafe", "hotel")
        for name, clicks in (("T1", 4), ("T2", 9), ("T3", 7))
    ]
    found = table(rows)
    for segment in ("(all)", "cafe", "hotel"):
        shares = [row["share_next"] for (of, _), row in found.items() if of == segment]
        assert round(sum(1_000_000 * share for share in shares)) == 1_000_000
        assert min(shares) >= 0.01


def test_counts_are_the_segments_own() -> None:
    found = table([day("T1", 100, 20, 2, segment="cafe"), day("T1", 300, 50, 9, segment="hotel")])
    assert [found[of, "T1"]["sends"] for of in ("(all)", "cafe", "hotel")] == [400, 100, 300]
    assert [found[of, "T1"]["clicks"] for of in ("(all)", "cafe", "hotel")] == [11, 2, 9]
    assert found["cafe", "T1"]["rate"] == pytest.approx(0.1)


def test_the_reward_is_chosen() -> None:
    rows = [day("T1", 100, 20, 2), day("T2", 100, 50, 4)]
    assert table(rows, bandit_reward="click_per_view")["(all)", "T2"]["rate"] == pytest.approx(0.08)
    assert table(rows, bandit_reward="click_per_send")["(all)", "T2"]["rate"] == pytest.approx(0.04)


def test_old_messages_fade_and_the_rate_of_all_stays_on_record() -> None:
    rows = [day("T1", 100, 80, 8, age=30), day("T1", 100, 80, 24, age=0)]
    plain, faded = table(rows)["(all)", "T1"], table(rows, bandit_half_life_days=30)["(all)", "T1"]
    assert faded["credible_high"] - faded["credible_low"] > plain["credible_high"] - plain["credible_low"]
    assert faded["posterior_mean"] > plain["posterior_mean"]
    assert plain["rate"] == faded["rate"] == pytest.approx(0.2)


def test_a_treatment_is_retired_after_its_chance() -> None:
    rows = [day("T1", 9000, 3000, 300), day("T2", 9000, 3000, 60), day("T3", 90, 30, 1)]
    found = table(rows, bandit_min_views=200)
    assert (found["(all)", "T2"]["retired"], found["(all)", "T2"]["share_next"]) == (True, 0.0)
    assert not found["(all)", "T3"]["retired"]
    assert table(rows, bandit_min_views=5000)["(all)", "T2"]["share_next"] >= 0.01


def test_nothing_sent() -> None:
    assert table([]) == {}
    assert list(judgements(log_of([], TODAY), TODAY, Parameters())) == []


def test_a_proposal_is_judged_by_later_messages_only() -> None:
    rows = [day(name, 4000, 800, clicks, age=age) for age in (20, 10) for name, clicks in (("T1", 40), ("T2", 120))]
    found = {(row["policy"], row["estimator"]): row for row in judgements(log_of(rows, TODAY), TODAY, Parameters())}
    bandit, uniform = found["bandit", "gain"], found["uniform", "gain"]
    assert (bandit["judged_from"], bandit["judged_until"]) == (TODAY - timedelta(days=10), TODAY - timedelta(days=10))
    assert (uniform["judged_from"], uniform["messages"]) == (TODAY - timedelta(days=20), 16000)
    assert found["bandit", "observed"]["value"] == pytest.approx(0.02)
    # Nearly all traffic for the treatment that is clicked in 3% of its messages.
    assert found["bandit", "ips"]["value"] == pytest.approx(0.03, abs=0.001)
    assert bandit["value_low"] > 0
    assert uniform["value"] == pytest.approx(0, abs=1e-9)


def test_a_proposal_equal_to_the_log_gains_exactly_nothing() -> None:
    """The log chose uniformly, by the book 1/3 each, and by the draw a little otherwise: 1,000, 1,040 and 960."""
    rows = [
        day(name, sends, sends // 2, clicks, age=age, chance=chance)
        for chance in (0.333,)
        for age in (1, 2)
        for name, sends, clicks in (("T1", 1000, 40), ("T2", 1040, 60), ("T3", 960, 20))
    ]
    found = {(row["policy"], row["estimator"]): row for row in judgements(log_of(rows, TODAY), TODAY, Parameters())}
    gain, observed, dr = (found["uniform", estimator] for estimator in ("gain", "observed", "dr"))
    assert (gain["value"], gain["value_low"], gain["value_high"]) == (0.0, 0.0, 0.0)
    assert [dr[end] for end in ("value", "value_low", "value_high")] == [
        observed[end] for end in ("value", "value_low", "value_high")
    ]
    assert found["bandit", "gain"]["value"] != 0.0


def test_without_recorded_chances_the_reason_stands_there() -> None:
    rows = [day("T1", 900, 80, 8, chance=None, age=age) for age in (1, 2)]
    found = list(judgements(log_of(rows, TODAY), TODAY, Parameters()))
    assert {row["policy"] for row in found} == {"bandit", "uniform"}
    assert all("propensity" in row["refused_because"] for row in found)


def test_the_order_of_the_rows_changes_nothing() -> None:
    rows = [day(name, 70 + age, 20, age % 5, age=age, chance=0.3) for age in range(1, 9) for name in ("T1", "T2", "T3")]
    parameters = Parameters(bandit_half_life_days=7.0)
    for made in (
        lambda given: list(standings(log_of(given, TODAY), parameters)),
        lambda given: list(judgements(log_of(given, TODAY), TODAY, parameters)),
    ):
        assert made(rows) == made(rows[::-1])
