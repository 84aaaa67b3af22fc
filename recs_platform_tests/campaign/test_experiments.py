"""The tables of arms and periods: the right pairs, the right arithmetic, and stated outcomes for quiet campaigns."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.campaign.experiments import (
    ArmSums,
    compare_arms,
    compare_periods,
    compare_shares,
    known_parts,
    parts_of,
)
from recs_platform.declarations.parameters import Parameters
from recs_platform.statistics import ratio
from recs_platform.statistics.ratio import Sums
from recs_platform_tests.campaign.report.findings import company

FIRST, LAST = date(2025, 10, 1), date(2025, 10, 28)
Parts = dict[tuple[str, str], ArmSums]


def messages(count: int, orders: int, *, before: int = 0, first_look: int | None = None) -> ArmSums:
    """`count` customers with a message each; the first `orders` of them order once, the first `before` had before."""
    ordered = [1.0] * orders + [0.0] * (count - orders)
    had = [1.0] * before + [0.0] * (count - before)
    drawn = count if first_look is None else first_look
    return ArmSums(FIRST, LAST, Sums.of([1.0] * count, ordered, had), drawn)


def arms(**of: ArmSums) -> Parts:
    return {(arm, metric): part for arm, part in of.items() for metric in ("opens", "clicks", "orders", "revenue")}


def found(parts: Parts, **parameters: Any) -> dict[tuple[str, str, str], Any]:
    rows = compare_arms(parts, Parameters(**parameters))
    return {(row["arm"], row["baseline"], row["metric"]): row for row in rows}


def test_every_arm_meets_the_control_and_the_held_out() -> None:
    rows = found(
        arms(
            personalised=messages(900, 90),
            random=messages(500, 30),
            holdout=messages(400, 20),
            seasonal=messages(300, 30),
        )
    )
    pairs = {(arm, baseline) for arm, baseline, _ in rows}
    assert pairs == {
        ("personalised", "random"),
        ("personalised", "holdout"),
        ("seasonal", "random"),
        ("seasonal", "holdout"),
        ("random", "holdout"),
    }


def test_who_is_sent_nothing_cannot_open() -> None:
    rows = found(arms(personalised=messages(900, 90), random=messages(500, 30), holdout=messages(400, 20)))
    assert {metric for arm, baseline, metric in rows if baseline == "holdout"} == {"orders", "revenue"}
    assert {metric for arm, baseline, metric in rows if baseline == "random"} == {
        "opens",
        "clicks",
        "orders",
        "revenue",
    }


def test_the_difference_by_hand() -> None:
    row = found(arms(personalised=messages(1000, 100), holdout=messages(500, 25)))["personalised", "holdout", "orders"]
    assert (row["value"], row["baseline_value"], row["messages"], row["customers"]) == (0.1, 0.05, 1000, 1000)
    assert row["difference"] == pytest.approx(0.05)
    assert row["total"] == pytest.approx(50)
    # Each variance is p(1-p)/(n-1): 0.09/999 and 0.0475/499; 1.9620 is the t quantile for that many.
    error = (0.1 * 0.9 / 999 + 0.05 * 0.95 / 499) ** 0.5
    assert (row["fixed_low"], row["fixed_high"]) == (
        pytest.approx(0.05 - 1.9620 * error, abs=1e-5),
        pytest.approx(0.05 + 1.9620 * error, abs=1e-5),
    )
    assert (row["total_low"], row["total_high"]) == (
        pytest.approx(1000 * row["fixed_low"]),
        pytest.approx(1000 * row["fixed_high"]),
    )
    assert row["anytime_low"] < row["fixed_low"] < row["fixed_high"] < row["anytime_high"]
    assert row["relative"] == pytest.approx(1.0)


@pytest.mark.parametrize("window", [35, 93, 400])
def test_the_interval_of_finished_data_is_the_same_whatever_the_look_back(window: int) -> None:
    """21,000 customers an arm, mailed once: 1.25% ordered against 0.57%; one look has p < 1e-12."""
    parts = arms(mailed=messages(21_000, 263), control=messages(21_000, 120))
    row = found(parts, control_arm="control", campaign_window_days=window)["mailed", "control", "orders"]
    same = found(parts, control_arm="control")["mailed", "control", "orders"]
    assert (row["anytime_low"], row["anytime_high"]) == (same["anytime_low"], same["anytime_high"])
    # Drawn before the first look, so it is tuned to exactly these: 3.03 standard errors instead of 1.96.
    assert row["p_value"] < 1e-12
    assert row["anytime_low"] > 0
    fixed, always = row["fixed_high"] - row["difference"], row["anytime_high"] - row["difference"]
    assert always / fixed == pytest.approx(3.03 / 1.96, abs=0.01)


def test_the_interval_is_tuned_to_the_planned_messages() -> None:
    parts = arms(a=messages(1000, 100, first_look=1000), random=messages(1000, 90, first_look=1000))
    wide = {
        planned: row["anytime_high"] - row["anytime_low"]
        for planned in (None, 2_000, 20_000, 200_000)
        for row in [found(parts, planned_messages=planned)["a", "random", "orders"]]
    }
    assert wide[None] == wide[2_000] < wide[20_000] < wide[200_000]
    # What was drawn before the first look decides, not what was drawn since.
    grown = found(arms(a=messages(8000, 800, first_look=1000), random=messages(8000, 720, first_look=1000)))
    always = grown["a", "random", "orders"]
    assert (
        always
        == found(arms(a=messages(8000, 800), random=messages(8000, 720)), planned_messages=2_000)[
            "a", "random", "orders"
        ]
    )


@pytest.mark.slow
@pytest.mark.parametrize("planned", [None, 60_000])
def test_daily_looks_keep_the_promise(planned: int | None) -> None:
    """30 days of 200 new customers an arm, no difference: at most 5% ever exclude zero; one look a day excludes it far
    more often."""
    draw, experiments, wrong, peeked = np.random.default_rng(7), 400, 0, 0
    parameters = Parameters(planned_messages=planned)
    for _ in range(experiments):
        ordered = draw.binomial(200, 0.1, size=(2, 30)).cumsum(1)
        rows = [
            next(iter(compare_arms(_of_counts(day, int(own), int(other)), parameters)))
            for day, (own, other) in enumerate(ordered.T, 1)
        ]
        wrong += any(row["anytime_low"] > 0 or row["anytime_high"] < 0 for row in rows)
        peeked += any(row["fixed_low"] > 0 or row["fixed_high"] < 0 for row in rows)
    assert wrong / experiments <= 0.05
    assert peeked / experiments > 0.15


def _of_counts(day: int, own: int, other: int) -> Parts:
    """After so many days; eight of them were drawn before the first look."""
    count = 200 * day

    def part(orders: int) -> ArmSums:
        sums = Sums(count, count, orders, 0.0, count, orders, 0.0, orders, 0.0, 0.0)
        return ArmSums(FIRST, LAST, sums, 1_600)

    return {("a", "orders"): part(own), ("random", "orders"): part(other)}


def test_arms_are_compared_by_the_companys_own_metrics() -> None:
    parts = {
        (arm, metric): messages(500, count)
        for arm, count in (("a", 50), ("holdout", 25))
        for metric in ("orders", "revenue", "visits")
    }
    metrics = [{"name": "visits", "event": "Visit", "kind": "rate"}]
    rows = found(parts, metrics=metrics)
    assert rows["a", "holdout", "visits"]["difference"] == pytest.approx(0.05)
    assert ("a", "holdout", "visits") not in found(parts)


def test_without_history_nothing_is_adjusted_and_with_it_noise_is_removed() -> None:
    plain = found(arms(personalised=messages(1000, 100), random=messages(500, 25)))["personalised", "random", "orders"]
    assert (plain["adjusted"], plain["noise_removed"]) == (None, None)
    known = arms(personalised=messages(1000, 100, before=90), random=messages(500, 25, before=30))
    sharper = found(known)["personalised", "random", "orders"]
    assert 0.5 < sharper["noise_removed"] < 1
    assert sharper["adjusted_high"] - sharper["adjusted_low"] < sharper["fixed_high"] - sharper["fixed_low"]


def test_days_to_see_shrink_with_the_effect_that_is_meant() -> None:
    parts = arms(personalised=messages(2000, 200), random=messages(2000, 200))
    days = [
        found(parts, minimum_effect=effect)["personalised", "random", "orders"]["days_to_see"]
        for effect in (0.02, 0.2, 5)
    ]
    assert days[0] > days[1] > days[2] == 0
    # Ten times the effect needs a hundredth of the customers: of the 28 days that there were, and those to come.
    assert (days[0] + 28) / (days[1] + 28) == pytest.approx(100, rel=0.02)


def test_an_arm_in_which_nobody_ordered() -> None:
    row = found(arms(personalised=messages(50, 5), random=messages(50, 0)))["personalised", "random", "orders"]
    assert (row["difference"], row["fixed_low"], row["p_value"]) == (0.1, None, None)
    assert (row["relative"], row["days_to_see"]) == (None, None)


def test_no_control_no_comparison() -> None:
    assert found(arms(personalised=messages(50, 5))) == {}
    assert found({}) == {}


def test_planned_shares() -> None:
    parts = arms(a=messages(900, 1), b=messages(100, 1))
    rows = {row["arm"]: row for row in compare_shares(parts, {"a": 0.8, "b": 0.1, "c": 0.1})}
    assert [rows[arm]["messages"] for arm in "abc"] == [900, 100, 0]
    assert [rows[arm]["expected"] for arm in "abc"] == pytest.approx([800, 100, 100])
    # 100^2/800 + 0 + 100^2/100 = 112.5 at two degrees of freedom.
    assert rows["a"]["p_value"] == pytest.approx(3.7e-25, rel=0.05)
    unplanned = list(compare_shares(parts, {}))
    assert [(row["share"], row["planned_share"], row["p_value"]) for row in unplanned] == [
        (0.9, None, None),
        (0.1, None, None),
    ]
    assert list(compare_shares({}, {"a": 0.5, "b": 0.5})) == []


def test_periods() -> None:
    before, after = messages(1000, 40), messages(1000, 120)
    parts = {(period, "opens"): part for period, part in (("before", before), ("after", after))}
    same = [{"metric": "opened", "both": 10, "before_only": 20, "after_only": 60, "neither": 910}]
    everybody, those = compare_periods(parts, same)
    assert (everybody["before"], everybody["after"]) == (0.04, 0.12)
    assert everybody["ratio"] == pytest.approx(3.0)
    assert everybody["ratio_low"] < 3 < everybody["ratio_high"]
    assert (those["before"], those["after"], those["customers_before"]) == (0.03, 0.07, 1000)
    assert those["ratio"] == pytest.approx(7 / 3)
    # Twice the binomial tail of at most 20 in 80 at one half.
    assert those["p_value"] == pytest.approx(8.6e-6, rel=0.05)


def test_no_period_before_no_comparison() -> None:
    assert list(compare_periods({("after", "opens"): messages(10, 1)}, [])) == []


def test_what_nobody_feeds_is_not_compared() -> None:
    sums = {field.name: getattr(Sums.of([1.0, 2.0], [0.0, 0.0]), field.name) for field in dataclasses.fields(Sums)}
    row = {"cut": "arm", "part": "a", "first_day": FIRST, "last_day": LAST, **sums}
    table = pa.Table.from_pylist([{**row, "metric": metric} for metric in ("opens", "clicks", "orders", "visits")])
    fed = company()
    assert {metric for _, metric in known_parts(fed, table, "arm")} == {"opens", "clicks", "orders", "visits"}
    orders_alone = fed.model_copy(update={"sources": {"events": fed.sources["events"]}})
    assert {metric for _, metric in known_parts(orders_alone, table, "arm")} == {"orders", "visits"}


def test_sums_are_read_by_name() -> None:
    sums = Sums.of([1.0, 2.0], [3.0, 5.0], [7.0, 11.0])
    row = {"cut": "arm", "part": "random", "metric": "orders", "first_day": FIRST, "last_day": LAST}
    named = {field.name: getattr(sums, field.name) for field in dataclasses.fields(sums)}
    ((key, part),) = parts_of(
        [{**row, **dict(reversed(named.items()))}, {**row, **named, "cut": "period"}], "arm"
    ).items()
    assert key == ("random", "orders")
    assert ratio.mean(part.sums) == ratio.mean(sums)
