"""Features from the queries are what loops over everything that happened before give, for training and for scoring."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from recs_platform.strategies.offer_ranking.features import FEATURE_COLUMNS
from recs_platform.strategies.offer_ranking.stage import DAILY_SUMS, FEATURE_TABLES
from recs_platform.warehouse.query import sql_folder
from recs_platform_tests.strategies.offer_ranking.feature_world import (
    AS_OF,
    FeatureEngine,
    Row,
    Tables,
    company,
    feature_world,
)
from recs_platform_tests.strategies.offer_ranking.plain_features import plain_features, plain_label

TRAINING_WINDOW = 29
STRENGTH = 5.0
ONE_DAY = timedelta(days=1)
_LIMITED = settings(max_examples=8, phases=(Phase.explicit, Phase.generate), deadline=None)
_SEEDS, _WINDOWS = st.integers(0, 2**32), st.integers(1, 20)


def _made(world: Tables, window: int, changed: dict[str, str] | None = None) -> tuple[list[Row], list[Row]]:
    engine = FeatureEngine(company(window, TRAINING_WINDOW), changed)
    try:
        engine.add(world, AS_OF)
        engine.make((*DAILY_SUMS, *FEATURE_TABLES), AS_OF)
        return engine.rows("training_set", AS_OF), engine.rows("candidate_features", AS_OF)
    finally:
        engine.close()


def _expected(world: Tables, window: int) -> tuple[list[Row], list[Row]]:
    offers = {offer["offer_id"]: offer for offer in world["offers"]}
    shown = [
        {
            "impression_id": row["impression_id"],
            "label": plain_label(world, row, AS_OF),
            **plain_features(world, row["customer_id"], offers[row["offer_id"]], row["event_date"], window, STRENGTH),
        }
        for row in world["impressions"]
        if row["event_date"] > AS_OF - timedelta(days=TRAINING_WINDOW) and row["offer_id"] in offers
    ]
    candidates = [
        {
            **row,
            **plain_features(world, row["customer_id"], offers[row["offer_id"]], AS_OF + ONE_DAY, window, STRENGTH),
        }
        for row in world["offer_candidates"]
    ]
    return shown, candidates


def _differences(found: list[Row], expected: list[Row], key: tuple[str, ...]) -> list[str]:
    """What differs, in words; every row once, every column that is expected."""
    by_key = {tuple(row[name] for name in key): row for row in found}
    wanted = {tuple(row[name] for name in key): row for row in expected}
    assert len(by_key) == len(found)
    words = [f"{sorted(by_key.keys() ^ wanted.keys())} are not in both"] if by_key.keys() != wanted.keys() else []
    for each in sorted(by_key.keys() & wanted.keys()):
        for name, value in wanted[each].items():
            if not _equal(by_key[each][name], value):
                words.append(f"{each} {name}: {by_key[each][name]} is not {value}")
    return words


def _equal(found: Any, expected: Any) -> bool:
    if isinstance(expected, float) and found is not None:
        # Money is whole cents for each line, and entropy is rounded.
        return bool(found == pytest.approx(expected, abs=2e-6))
    return bool(found == expected)


def _differing(world: Tables, window: int, changed: dict[str, str] | None = None) -> list[str]:
    (shown, candidates), (shown_plainly, candidates_plainly) = _made(world, window, changed), _expected(world, window)
    return [
        *_differences(shown, shown_plainly, ("impression_id",)),
        *_differences(candidates, candidates_plainly, ("customer_id", "offer_id")),
    ]


@_LIMITED
@given(seed=_SEEDS, window=_WINDOWS)
def test_features_are_what_loops_over_the_past_give(seed: int, window: int) -> None:
    assert _differing(feature_world(seed), window) == []


@_LIMITED
@given(seed=_SEEDS, window=_WINDOWS)
def test_what_is_learned_from_is_what_is_scored(seed: int, window: int) -> None:
    """Scored tonight and shown tomorrow: the features are the same to the last bit."""
    tomorrow = AS_OF + ONE_DAY
    world = feature_world(seed, tomorrow)
    known = {offer["offer_id"] for offer in world["offers"]}
    shown = {
        (row["customer_id"], row["offer_id"])
        for row in world["impressions"]
        if row["event_date"] == tomorrow and row["offer_id"] in known
    }
    pairs = [{"customer_id": customer, "offer_id": offer} for customer, offer in sorted(shown)]
    states = {name: world[name] for name in ("customers", "catalog", "offers", "offer_items", "training_plan")}
    engine = FeatureEngine(company(window, TRAINING_WINDOW))
    try:
        engine.add(world, tomorrow)
        engine.make(DAILY_SUMS, tomorrow)
        engine.make(FEATURE_TABLES, tomorrow)
        engine.add({**states, "offer_candidates": pairs}, AS_OF)
        engine.make(FEATURE_TABLES, AS_OF)
        scored = {(row["customer_id"], row["offer_id"]): row for row in engine.rows("candidate_features", AS_OF)}
        learned = [row for row in engine.rows("training_set", tomorrow) if row["shown_on"] == tomorrow]
    finally:
        engine.close()
    assert {(row["customer_id"], row["offer_id"]) for row in learned} == scored.keys() == shown
    for row in learned:
        twin = scored[row["customer_id"], row["offer_id"]]
        assert {name: row[name] for name in FEATURE_COLUMNS} == {name: twin[name] for name in FEATURE_COLUMNS}


def test_the_plain_features_are_all_features() -> None:
    world = feature_world(1)
    assert (
        set(FEATURE_COLUMNS) | {"unit_margin"}
        == plain_features(world, "ann", world["offers"][0], AS_OF, 9, STRENGTH).keys()
    )


def test_the_worlds_are_of_all_kinds() -> None:
    """Each feature is unknown for some and takes several values; labels are 1, 0 and not yet final."""
    rows = [row for seed in range(6) for row in _expected(feature_world(seed), 10)[0]]
    assert {0, 1, None} == {row["label"] for row in rows}
    always = {
        "frequency",
        "monetary",
        "category",
        "days_until_expiry",
        "bought_product_before",
        "kind",
        "items_on_offer",
    }
    always |= {"offers_in_campaign", "offers_shown", "redemptions", "items_bought", "item_purchase_days"}
    always |= {"times_shown", "times_redeemed", "redemptions_in_category", "redemptions_of_kind"}
    rates = {f"{of}redemption_rate" for of in ("historical_", "category_", "kind_", "")}
    for name in FEATURE_COLUMNS:
        values = Counter(row[name] for row in rows)
        assert len(values) > (1 if name == "bought_product_before" else 2), name
        if name not in always | rates:
            assert values[None], name


# What is changed in a query, and what to.
_MUTATIONS = {
    "a day more of purchases": ("category_purchases", "> DATE_SUB(moments", ">= DATE_SUB(moments"),
    "a day more of orders": ("customer_features", "> DATE_SUB(moments", ">= DATE_SUB(moments"),
    "a day more of the item": (
        "interaction_features",
        "bought_days.event_date > DATE_SUB",
        "bought_days.event_date >= DATE_SUB",
    ),
    "a day more of showings": (
        "interaction_features",
        "impressions.event_date > DATE_SUB",
        "impressions.event_date >= DATE_SUB",
    ),
    "a day more of redemptions": (
        "interaction_features",
        "redemptions.event_date > DATE_SUB",
        "redemptions.event_date >= DATE_SUB",
    ),
    "a day more of the habit": (
        "customer_features",
        "redemptions.event_date > DATE_SUB",
        "redemptions.event_date >= DATE_SUB",
    ),
    "a day more of what was shown": (
        "customer_features",
        "impression_days.event_date > DATE_SUB(moments",
        "impression_days.event_date >= DATE_SUB(moments",
    ),
    "the oldest period": (
        "offer_periods",
        "ABS(DATE_DIFF(offers.starts_on, moments.shown_on, DAY))",
        "offers.starts_on",
    ),
    "the first item alone": ("offered_items", "  UNION ALL\n  SELECT offer_id, item_id FROM offer_items\n", ""),
    "a day more of kinds": ("interaction_features", "> DATE_SUB(days", ">= DATE_SUB(days"),
    "a day more of everybody's rate": ("offer_features", "> DATE_SUB(days", ">= DATE_SUB(days"),
    "a day more of its rate": ("offer_features", "> DATE_SUB(moments", ">= DATE_SUB(moments"),
    "a label too early": ("training_set", "final_on > @as_of", "final_on >= @as_of"),
    "a label before it was shown": ("training_set", "redemptions.redeemed_at >= shown.shown_at", "TRUE"),
    "a label to the last moment": ("training_set", "redeemed_at < outcomes", "redeemed_at <= outcomes"),
    "refunds count": ("customer_days", "event_name = 'order_line'", "event_name <> 'product_viewed'"),
    "no price is a free gift": ("customer_item_days", "is_promo AND unit_price IS NOT NULL", "is_promo"),
    "no category is none": ("category_purchases", "COALESCE(catalog.category, 'unknown')", "catalog.category"),
    "kinds that are unknown": ("interaction_features", "WHERE customers.business_type IS NOT NULL", ""),
}


@cache
def _text(table: str) -> str:
    return (sql_folder() / "offer_ranking" / f"{table}.sql").read_text()


@pytest.mark.parametrize("what", _MUTATIONS)
def test_a_wrong_query_would_be_found(what: str) -> None:
    table, right, wrong = _MUTATIONS[what]
    assert right in _text(table)
    changed = {table: _text(table).replace(right, wrong)}
    assert any(_differing(feature_world(seed), 9, changed) for seed in range(12))


def test_the_page_lists_every_feature_in_order() -> None:
    page = (sql_folder().parent / "docs" / "offer-ranking-features.md").read_text()
    listed = page.partition("## The list")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| `(\w+)`", listed, re.MULTILINE)) == FEATURE_COLUMNS
