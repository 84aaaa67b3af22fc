"""`recs why`: what stands behind each item of a list is what the tables hold, the working gives the stored score, and
whatever keeps an item out is named and true.

Of drawn orders, whose lists are the platform's own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from recs_platform.errors import ConfigError
from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE
from recs_platform.strategies.replenishment.why.explained import ClientExplained, LeftOut
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.why_shop import (
    BACK,
    CLIENTS,
    FIRST,
    GONE,
    NEW,
    SUNDAY,
    WhyShop,
)

Row = dict[str, Any]


@pytest.fixture(scope="module", params=["v32", "v31"])
@takes_seconds
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WhyShop:
    return WhyShop(Terminal(tmp_path_factory.mktemp("why")), request.param)


@pytest.fixture(scope="module")
@takes_seconds
def explained(shop: WhyShop) -> dict[str, ClientExplained]:
    return {client: shop.client(client) for client in CLIENTS}


def by_client(shop: WhyShop, table: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in shop.rows(table):
        found[row["customer_id"]].append(row)
    return found


def test_each_item_has_its_place_reason_and_working(shop: WhyShop, explained: dict[str, ClientExplained]) -> None:
    lists = by_client(shop, "weekly_recommendations")
    kinds = Counter[str]()
    for client, found in explained.items():
        stored = sorted(lists[client], key=lambda row: row["rank"])
        columns = ("rank", "item_id", "kind", "score", "reason", "group_id", "scored_by")
        assert [tuple(asdict(one)[name] for name in columns) for one in found.items] == [
            tuple(row[name] for name in columns) for row in stored
        ]
        assert (found.week, found.version) == (stored[0]["week"], stored[0]["version"])
        assert found.follows_rules
        for one in found.items:
            assert one.factors
            assert one.adds_up, one
            kinds[(one.reason or "").split()[0]] += 1
    assert kinds.keys() == {"bought", "new"} if shop.version == "v32" else {"bought"}


def test_the_orders_behind_an_item_are_the_clients_own(shop: WhyShop, explained: dict[str, ClientExplained]) -> None:
    items = {(row["customer_id"], row["item_id"]): row for row in shop.rows("client_items")}
    for client, found in explained.items():
        for one in found.items:
            mine = items.get((client, one.item_id))
            if mine is None:
                assert one.kind == DISCOVERY
                assert (one.orders, one.due_on, one.days_late) == ((), None, None)
                continue
            days = [order.ordered_on for order in one.orders]
            assert (len(days), days[0], days[-1]) == (
                mine["orders"], mine["first_ordered_on"], mine["last_ordered_on"]
            )  # fmt: skip
            gap = (days[-1] - days[0]).days / (len(days) - 1) if len(days) > 1 else None
            assert one.usual_gap_days == (None if gap is None else pytest.approx(gap))
            assert one.due_on == (None if gap is None else days[-1] + timedelta(days=round(gap)))
            assert one.days_late == (None if one.due_on is None else (SUNDAY - one.due_on).days)


def test_the_similar_clients_behind_an_item_order_it(shop: WhyShop, explained: dict[str, ClientExplained]) -> None:
    items = {(row["customer_id"], row["item_id"]): row for row in shop.rows("client_items")}
    similar, named = by_client(shop, "similar_clients"), 0
    for client, found in explained.items():
        ranked = sorted(similar[client], key=lambda row: row["rank"])
        assert found.similar_clients == len(ranked) == 6
        for one in found.items:
            buyers = [
                (row["neighbour_id"], row["rank"], row["similarity"])
                for row in ranked
                if (items.get((row["neighbour_id"], one.item_id)) or {}).get("orders")
            ]
            assert [(buyer.customer_id, buyer.rank, buyer.similarity) for buyer in one.buyers] == buyers
            named += len(buyers)
            if one.reason and "similar clients" in one.reason:
                assert one.reason.startswith(f"bought by {len(buyers)} of the similar clients")
    assert named


def test_whatever_keeps_an_item_out_is_named_and_true(shop: WhyShop, explained: dict[str, ClientExplained]) -> None:
    """Every rule is seen at work."""
    groups = {row["item_id"]: row["group_id"] for row in shop.rows("product_trends")}
    scores = {(row["customer_id"], row["item_id"]): row["score"] for row in shop.rows("replenishment_scores")}
    seen: Counter[tuple[str, bool]] = Counter()
    for found in explained.values():
        listed = {one.item_id: one for one in found.items}
        for one in found.left_out:
            seen[one.rule, one.is_stronger] += 1
            assert one.item_id not in listed
            if one.rule == "group full":
                alike = [item for item in listed if groups[item] == groups[one.item_id]]
                assert len(alike) == 2
                assert set(alike) == set(one.words.split(": ")[1].removesuffix(" (max_per_group)").split(", "))
                assert one.score is not None
                # It had come before something that is in the list, of its kind.
                assert one.score >= min(item.score or 0 for item in found.items if item.kind == one.kind)
            elif one.rule == "mix":
                assert _is_next(one, found)
            elif one.rule == "discontinued":
                assert (found.customer_id, one.item_id) == (FIRST, GONE)
            else:
                assert one.rule == "new-item share"
                (chosen,) = [item for item in NEW if scores.get((found.customer_id, item), 0) > 2]
                assert f"and {chosen} suits the client better" in one.words
                assert (one.score or 0) <= scores[found.customer_id, chosen]
    expected = {("group full", True), ("mix", False), ("discontinued", True)}
    assert seen.keys() == expected | ({("new-item share", True)} if shop.version == "v32" else set())


def _is_next(one: LeftOut, found: ClientExplained) -> bool:
    """No stronger than the last of its kind; the other kind has the rest of the places."""
    mine = [item.score or 0 for item in found.items if item.kind == one.kind]
    other, parameter = ("discoveries", "discoveries_per_client") if one.kind == REPURCHASE else (
        "repurchases", "repurchases_per_client"
    )  # fmt: skip
    assert f"{len(found.items) - len(mine)} of {len(found.items)} places are for {other} ({parameter})" in one.words
    return (one.score or 0) <= min(mine, default=1)


def test_each_rule_of_the_list_gives_way_when_it_is_loosened(
    shop: WhyShop, explained: dict[str, ClientExplained]
) -> None:
    """What the words say is what keeps an item out: without that rule it is in."""
    if shop.version == "v31":
        return
    loosened: dict[str, dict[str, Any]] = {
        "group full": {"max_per_group": 50},
        "mix": {"repurchases_per_client": 14, "discoveries_per_client": 11, "new_item_share": 0.1, "max_per_group": 50},
        "new-item share": {"new_item_share": 1, "discoveries_per_client": 3},
    }
    # Of a group that is full the strongest: others of it would come in as well.
    found = {rule: {(who, one.kind): one.item_id for who, client in explained.items()
                    for one in reversed(client.left_out) if one.rule == rule}
             for rule in loosened}  # fmt: skip
    try:
        for rule, others in loosened.items():
            shop.again(**others)
            lists = {(row["customer_id"], row["item_id"]) for row in shop.rows("weekly_recommendations")}
            assert found[rule]
            assert {(who, item) for (who, _), item in found[rule].items()} <= lists, rule
    finally:
        shop.again()


@pytest.mark.parametrize(
    ("item", "verdict", "words"),
    [
        (GONE, "discontinued", "It does not stand in the catalog of 2025-11-30."),
        (BACK, "sent back", "1 order with it came back in full: such items are neither bought again nor discovered."),
    ],
)
def test_what_was_never_scored(shop: WhyShop, item: str, verdict: str, words: str) -> None:
    asked = shop.item(FIRST, item)
    assert (asked.verdict, asked.words, asked.place) == (verdict, words, None)
    assert (asked.item.rank, asked.item.kind, asked.item.factors) == (None, None, ())
    assert {order.is_sent_back for order in asked.item.orders} == {item == BACK}


def test_an_item_of_each_kind_by_name(shop: WhyShop, explained: dict[str, ClientExplained]) -> None:
    """The same that the list says of it, its place among all of its kind, and the rule that keeps it out."""
    scores = by_client(shop, "replenishment_scores")
    for client in CLIENTS[:3]:
        found = explained[client]
        for one in found.items:
            asked = shop.item(client, one.item_id)
            assert (asked.verdict, asked.item) == ("recommended", one)
            assert asked.words == f"It is number {one.rank} of 7, a {one.kind}: {one.reason}."
            alike = sorted((-r["score"], r["item_id"]) for r in scores[client] if r["kind"] == one.kind)
            assert asked.of_kind == len(alike)
            assert alike[(asked.place or 0) - 1][1] == one.item_id
        for out in found.left_out:
            asked = shop.item(client, out.item_id)
            assert asked.verdict == out.rule
            assert asked.words.casefold() == f"{out.words}.".casefold()


def test_a_heavy_client_of_version_31_discovers_nothing(shop: WhyShop) -> None:
    heavy = next(row["customer_id"] for row in shop.rows("client_profiles") if row["segment"] == "heavy")
    bought = {row["item_id"] for row in shop.rows("client_items") if row["customer_id"] == heavy}
    other = next(row["item_id"] for row in shop.rows("product_trends") if row["item_id"] not in {*bought, GONE})
    words = "Heavy clients discover nothing (version v31)."
    assert (shop.item(heavy, other).words == words) is (shop.version == "v31")
    assert ({one.kind for one in shop.client(heavy).items} == {REPURCHASE}) is (shop.version == "v31")


def test_what_has_changed_since_is_noticed(shop: WhyShop) -> None:
    """The rules of a list, and what scores are made of."""
    try:
        shop.says(max_per_group=50, active_window_days=20)
        found = [shop.client(client) for client in CLIENTS]
    finally:
        shop.says()
    assert not all(one.follows_rules for one in found)
    assert not any(
        item.adds_up for one in found for item in one.items if item.orders and item.orders[-1].ordered_on < SUNDAY
    )


def test_who_and_what_is_unknown(shop: WhyShop) -> None:
    with pytest.raises(ConfigError, match="concord has no client nobody on 2025-11-30"):
        shop.client("nobody")
    with pytest.raises(ConfigError, match="concord has no item nothing on 2025-11-30"):
        shop.item(FIRST, "nothing")
    with pytest.raises(ConfigError, match=r"no client a\*\*\*@\*\*\*\.example"):
        shop.client("ann@mail.example")
