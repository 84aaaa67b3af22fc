"""What is planted in the offer-ranking world can be found in its feeds, within chance."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest

from recs_platform.companies.model import Simulation
from recs_platform.models.metrics import roc_auc
from recs_platform.simulation import offer_formula, offer_goods, offer_people, offer_world
from recs_platform.simulation.columns import stack
from recs_platform.simulation.offer_impressions import shown_offers
from recs_platform.simulation.world import WorldSpec
from recs_platform.sources.connectors.simulated import world_spec
from recs_platform.strategies.catalogue import load_companies
from recs_platform_tests.simulation.worlds import FIRST, Landed


@pytest.fixture
def metro(worlds: dict[str, Landed]) -> Landed:
    return worlds["metro"]


def test_a_redemption_follows_its_impression_within_seven_days_while_the_offer_runs(
    metro: Landed, duck: duckdb.DuckDBPyConnection
) -> None:
    matches = duck.sql(
        f"""
        SELECT redeemed.*, count(shown_at) AS impressions, any_value(ends_on) AS ends_on
        FROM {metro.files("redemptions")} AS redeemed
        LEFT JOIN (SELECT * FROM {metro.files("impressions")} WHERE impression_id NOT LIKE 'ZZ%') AS shown
          ON shown.customer_id = redeemed.customer_id AND shown.offer_id = redeemed.offer_id
          AND redeemed_at > shown_at AND redeemed_at < shown_at + INTERVAL 7 DAY
        LEFT JOIN {metro.files("offers")} AS offer ON offer.offer_id = redeemed.offer_id
        WHERE redeemed.customer_id IS NOT NULL AND redeemed.offer_id IS NOT NULL AND order_id IS NOT NULL
        GROUP BY ALL
        """
    )
    outcome = duck.sql(
        """SELECT count(*), count(*) FILTER (impressions <> 1), count(*) FILTER (CAST(redeemed_at AS DATE) > ends_on)
        FROM matches"""
    ).fetchone()
    assert matches is not None
    assert outcome is not None
    assert outcome[0] > 500
    assert outcome[1:] == (0, 0)


def test_labels_are_counted_on_the_day_of_the_impression(metro: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    found = duck.sql(
        f"""
        SELECT CAST(shown_at AS DATE), count(*) FROM {metro.files("impressions")} AS shown
        JOIN {metro.files("redemptions")} AS redeemed USING (customer_id, offer_id)
        WHERE order_id IS NOT NULL AND impression_id NOT LIKE 'ZZ%'
          AND redeemed_at > shown_at AND redeemed_at < shown_at + INTERVAL 7 DAY
        GROUP BY 1
        """
    ).fetchall()
    complete = {day.isoformat(): count for day, count in found if day <= metro.last - timedelta(days=6)}
    planted = {day: of["redeemed_within_seven_days"] for day, of in metro.counted("offers").items()}
    assert complete == {day: planted[day] for day in complete}
    assert len(complete) == 54


def test_every_redemption_is_a_promotional_order_line_of_the_offers_item(
    metro: Landed, duck: duckdb.DuckDBPyConnection
) -> None:
    lost = duck.sql(
        f"""
        SELECT redeemed.day FROM {metro.files("redemptions")} AS redeemed
        JOIN {metro.files("offers")} AS offer USING (offer_id)
        ANTI JOIN (SELECT * FROM {metro.files("events")} WHERE event_name = 'order_line' AND is_promo) AS line
          ON line.order_id = redeemed.order_id AND line.item_id = offer.item_id
          AND line.customer_id = redeemed.customer_id
        WHERE redeemed.customer_id IS NOT NULL AND redeemed.order_id IS NOT NULL
        """
    ).fetchall()
    assert {day for (day,) in lost} == {metro.first + timedelta(days=40)}, "only the gap day has no event"


def test_a_linear_score_sees_much_less_than_the_truth(metro: Landed) -> None:
    """Redemptions as they happened, ranked by the true chance and by the best linear score."""
    pairs = stack([shown_offers(metro.spec, day) for day in metro.days])
    redeemed = (pairs["redeemed_at"] >= 0).astype(float)
    true = offer_formula.chance(pairs)
    linear = offer_formula._best_linear_score(pairs, redeemed)
    planted = metro.truth["redemption"]
    auc_true, auc_linear = (offer_formula.expected_auc(score, redeemed) for score in (true, linear))
    assert auc_true == pytest.approx(planted["auc_of_true_chances"], abs=0.03)
    assert auc_true - auc_linear == pytest.approx(planted["auc_margin"], abs=0.04)
    assert planted["auc_margin"] > 0.08
    assert redeemed.mean() == pytest.approx(true.mean(), rel=0.1)


def test_expected_auc_by_hand() -> None:
    chances = np.array([0.0, 0.5, 1.0])
    assert offer_formula.expected_auc(np.array([1.0, 1.0, 1.0]), chances) == 0.5
    # Positives: 0.5 at score 2, 1 at score 3. Negatives: 1 at score 1, 0.5 at score 2.
    assert offer_formula.expected_auc(np.array([1.0, 2.0, 3.0]), chances) == pytest.approx(
        (0.5 * (1 + 0.25) + 1 * 1.5) / (1.5 * 1.5)
    )


def test_traits_show_in_baskets(metro: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    kinds = dict(
        duck.sql(
            f"""
            SELECT business_type, avg(CAST(channel = 'delivery' AS INT)) FROM {metro.files("events")}
            JOIN (SELECT DISTINCT ON (customer_id) * EXCLUDE (filename, day) FROM {metro.files("customers")}
              ORDER BY customer_id, updated_at DESC) USING (customer_id)
            WHERE event_name = 'order_line' GROUP BY 1
            """
        ).fetchall()
    )
    for kind, share in kinds.items():
        assert (share > 0.5) == (kind in metro.truth["delivered_business_types"]), kind
    who = offer_people.businesses(metro.spec)
    ids = offer_people.people(metro.spec).ids.to_pylist()
    baskets = duck.sql(
        f"""SELECT customer_id, avg(CAST(is_promo AS INT)), avg(CAST(is_fresh AS INT)) FROM {metro.files("events")}
        JOIN (SELECT DISTINCT item_id, is_fresh FROM {metro.files("catalog")}) USING (item_id)
        WHERE event_name = 'order_line' GROUP BY customer_id HAVING count(*) > 30"""
    ).fetchall()
    seen = {customer: (promo > 0.36, fresh > 0.4) for customer, promo, fresh in baskets}
    true = {ids[n]: (who.sensitive[n], who.fresh_buyer[n]) for n in range(metro.spec.customers)}
    assert len(seen) > 300
    for trait in (0, 1):
        agreement = sum(seen[customer][trait] == true[customer][trait] for customer in seen) / len(seen)
        assert agreement > 0.9


def test_what_is_shown_shifts_in_a_day() -> None:
    spec = WorldSpec("metro", "offer_ranking", 12, 300, FIRST, {})
    planted = offer_world.truth(spec)
    drift = date.fromisoformat(planted["drift_date"])
    assert drift == FIRST + timedelta(days=100)

    def deep(ages: range) -> float:
        shown = stack([shown_offers(spec, drift + timedelta(days=age)) for age in ages])
        return float((shown["discount"] >= offer_goods.DEEP).mean())

    shares = planted["drift"]["share_of_deep_offers_shown"]
    assert deep(range(-40, 0)) == pytest.approx(shares["before"], abs=0.1)
    assert deep(range(1)) == pytest.approx(shares["after"], abs=0.07)
    assert deep(range(-1, 0)) < 0.65
    early, late = (
        np.concatenate([(shown_offers(spec, day + timedelta(days=age))["redeemed_at"] >= 0) for age in range(7)]).mean()
        for day in (drift - timedelta(days=14), drift + timedelta(days=30))
    )
    assert late > early


def test_an_offer_that_was_announced_never_changes() -> None:
    """Those that run across the drift day run on beside the ones that are shown in their place."""
    spec = WorldSpec("metro", "offer_ranking", 12, 300, FIRST, {})
    drift = offer_goods.drift_day(spec)

    def announced(age: int) -> dict[str, dict[str, object]]:
        rows = offer_world.feed(spec, "offers", drift + timedelta(days=age)).table.to_pylist()
        return {row["offer_id"]: row for row in rows if row["offer_id"] and not row["offer_id"].startswith("ZZ")}

    before, after = announced(-10), announced(10)
    assert before == {name: after[name] for name in before}
    numbers = {age: set(shown_offers(spec, drift + timedelta(days=age))["offer"].tolist()) for age in (-2, -1, 0, 1)}
    assert not (numbers[-2] | numbers[-1]) & (numbers[0] | numbers[1])
    running = offer_goods.active_offers(spec, drift)
    items = dict(zip(running["number"].tolist(), running["item"].tolist(), strict=True))
    replaced = numbers[-1] & items.keys()
    assert len(replaced) > 40
    assert {items[number] for number in replaced} <= {
        item for number, item in items.items() if number not in replaced
    }, "each has a successor on the same item"


def test_the_shift_can_be_put_off_and_the_products_left_out() -> None:
    plain = WorldSpec("metro", "offer_ranking", 12, 300, FIRST, {})
    later = WorldSpec("metro", "offer_ranking", 12, 300, FIRST, {}, drift_after_days=1_000)
    linear = WorldSpec("metro", "offer_ranking", 12, 300, FIRST, {}, interactions=False)
    for spec in (plain, later, linear):
        assert WorldSpec.from_json(spec.to_json()) == spec
        assert WorldSpec.from_json(spec.to_json()).to_json() == spec.to_json()
    # A folder that was landed before the options were known stays that of the same world.
    assert "drift" not in plain.to_json() and "interactions" not in plain.to_json()

    assert offer_world.truth(later)["drift_date"] == (FIRST + timedelta(days=1_000)).isoformat()
    day = FIRST + timedelta(days=120)
    assert not shown_offers(later, day)["drifted"].any()
    assert (offer_goods.active_offers(later, day)["replaced"] > day.toordinal()).all()
    before = FIRST + timedelta(days=60)
    for name, values in shown_offers(plain, before).items():
        assert (shown_offers(later, before)[name] == values).all(), name

    truth = offer_world.truth(linear)["redemption"]
    assert truth["auc_margin"] == pytest.approx(0, abs=0.005)
    assert truth["coefficients"]["sensitive_and_deep"] == 0
    pairs = shown_offers(linear, before)
    assert len(np.unique(offer_formula.chance(pairs, interactions=False))) == 3, "known, unknown and cold"


def test_a_company_file_says_both() -> None:
    company = load_companies()["metro"]
    assert world_spec(company).to_json() == replace(world_spec(company), drift_after_days=None).to_json()
    options = Simulation(seed=3, customers=50, drift_after_days=200, interactions=False)
    spec = world_spec(company.model_copy(update={"simulation": options}))
    assert (spec.drift_after_days, spec.interactions) == (200, False)


def test_no_offer_is_active_in_the_planted_period() -> None:
    spec = WorldSpec("metro", "offer_ranking", 12, 300, FIRST, {})
    planted = offer_world.truth(spec)["no_offers"]
    first, last = date.fromisoformat(planted["first"]), date.fromisoformat(planted["last"])
    active = {
        age: len(offer_goods.active_offers(spec, first + timedelta(days=age))["item"])
        for age in range(-2, (last - first).days + 3)
    }
    silent = {age for age, count in active.items() if not count}
    assert silent == set(range((last - first).days + 1))
    assert not len(offer_world.feed(spec, "impressions", first).table)
    offers = offer_world.feed(spec, "offers", first).table.to_pylist()
    assert not [offer for offer in offers if offer["starts_on"] <= first <= offer["ends_on"]]


def test_cold_customers_see_offers_before_they_ever_order(metro: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    cold = duck.sql(
        f"""SELECT count(DISTINCT customer_id) FROM {metro.files("impressions")} WHERE customer_id NOT IN (
        SELECT customer_id FROM {metro.files("events")} WHERE NOT is_promo AND customer_id IS NOT NULL)"""
    ).fetchone()
    assert cold is not None
    assert 0.01 < cold[0] / metro.spec.customers < 0.06


REAL = WorldSpec(
    "metro", "offer_ranking", 12, 300, FIRST, {}, habits=1.5, items_per_offer=6, campaign_weeks=3, huge_quantities=True
)
"""With what real data has: habits, offers on many items, weeks without a campaign, huge quantities."""


def _shown(spec: WorldSpec, ages: range) -> dict[str, Any]:
    days = [shown_offers(spec, spec.start + timedelta(days=age)) for age in ages]
    return stack([day for day in days if len(day["customer"])])


def _sorted_by_past(spec: WorldSpec) -> float:
    """ROC AUC of the customer's count of redemptions in the first weeks, on the weeks after."""
    before, after = _shown(spec, range(30)), _shown(spec, range(42, 70))
    past = np.bincount(before["customer"][before["redeemed_at"] >= 0], minlength=spec.customers)
    return roc_auc(after["redeemed_at"] >= 0, past[after["customer"]].astype(float))


def test_habits_show_in_past_redemptions() -> None:
    assert _sorted_by_past(REAL) > 0.68
    assert _sorted_by_past(replace(REAL, habits=0.0)) < 0.62
    planted = offer_world.truth(REAL)
    assert planted["spread_of_habits"] == 1.5
    alike = offer_world.truth(replace(REAL, habits=0.0))["redemption"]
    assert planted["redemption"]["auc_of_true_chances"] > alike["auc_of_true_chances"] + 0.03


def test_offers_are_on_several_items_of_a_category() -> None:
    offers = offer_world.feed(REAL, "offers", FIRST).table.to_pylist()
    items = offer_world.feed(REAL, "offer_items", FIRST).table.to_pylist()
    goods = {row["item_id"]: row["category"] for row in offer_world.feed(REAL, "catalog", FIRST).table.to_pylist()}
    first = {row["offer_id"]: row["item_id"] for row in offers}
    covered: dict[str, set[str]] = defaultdict(set)
    for row in items:
        covered[row["offer_id"]].add(row["item_id"])
    assert len(items) == 5 * len(covered)
    for offer, others in covered.items():
        if offer in first and goods.get(first[offer]):
            assert len(others | {first[offer]}) == 6
            assert {goods[item] for item in others if item in goods} <= {goods[first[offer]], None}
    plain = replace(REAL, items_per_offer=1)
    assert not len(offer_world.feed(plain, "offer_items", FIRST).table)


def test_campaigns_come_in_bursts() -> None:
    counts = [len(offer_world.feed(REAL, "impressions", FIRST + timedelta(days=age)).table) for age in range(28)]
    shown = {age // 7 for age, count in enumerate(counts) if count}
    assert shown == {0, 3}
    assert min(counts[:7]) > 0


def test_a_few_quantities_are_huge() -> None:
    quantities = np.concatenate(
        [offer_people.baskets(REAL, FIRST + timedelta(days=age))["quantity"] for age in range(60)]
    )
    huge = quantities >= 5_000
    assert 0 < huge.mean() < 0.005
    assert np.median(quantities) < 10


def test_a_world_that_asks_for_nothing_is_the_one_that_it_was() -> None:
    plain = WorldSpec("metro", "offer_ranking", 12, 300, FIRST, {})
    assert not {"habits", "items_per_offer", "campaign_weeks", "huge_quantities"} & json.loads(plain.to_json()).keys()
    assert WorldSpec.from_json(REAL.to_json()) == REAL
