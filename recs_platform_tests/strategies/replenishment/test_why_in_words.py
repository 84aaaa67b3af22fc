"""`recs why` as people read it: at the terminal, and of clients without a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from recs_platform.schemas.replenishment import UNSERVED
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.strategies.replenishment.why.client_facts import ClientFacts
from recs_platform.strategies.replenishment.why.no_list import why_no_list
from recs_platform.strategies.replenishment.why.not_found import why_no_candidate
from recs_platform.strategies.replenishment.why.working import repurchase_factors, score_of
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.why_shop import (
    FIRST,
    GONE,
    INACTIVE,
    NEW,
    STRANGER,
    SUNDAY,
    WhyShop,
)

PARAMETERS = ReplenishmentParameters(candidates_per_client=8)
PROFILE = {
    "customer_id": "anna", "orders": 3, "is_active": True, "segment": "light", "last_ordered_on": SUNDAY,
    "without_list_because": None,
}  # fmt: skip
KEPT = {"orders": 2, "orders_sent_back": 0, "is_discontinued": False, "group_id": "G", "brand": None, "price_band": 1}
ITEM = {"item_id": "x", "is_discontinued": False, "is_new": False, "group_id": "G", "buyers": 3, "clients": 90}


def facts(
    profile: dict[str, Any] | None = None,
    bought: dict[str, dict[str, Any]] | None = None,
    similar: int = 0,
    new: tuple[str, ...] = (),
    scores: tuple[dict[str, Any], ...] = (),
) -> ClientFacts:
    return ClientFacts(
        SUNDAY,
        {**PROFILE, **(profile or {})},
        (),
        scores,
        {item: {"item_id": item, **KEPT, **row} for item, row in (bought or {}).items()},
        [{"item_id": item, "group_id": "G", "brand": "B", "price_band": None} for item in new],
        [{"rank": n} for n in range(similar)],
        "weighted",
    )


@pytest.mark.parametrize("reason", UNSERVED)
def test_every_reason_for_no_list_says_what_stands_behind_it(reason: str) -> None:
    bought: dict[str, dict[str, Any]] = {
        "a": {"orders": 0, "orders_sent_back": 1},
        "b": {"is_discontinued": True},
        "c": {"is_discontinued": True},
    }
    one = why_no_list(facts({"without_list_because": reason}, bought, similar=4), PARAMETERS)
    assert one.reason == reason
    assert "3 items" in one.words or reason == "candidates ruled out"
    assert one.remedy
    words = {
        "all it ordered was sent back": "every order of each came back in full. 4 similar clients order nothing else",
        "no candidates": "2 no longer stand in the catalog, and 1 came back. 4 similar clients order nothing else",
        "all candidates are discontinued": "of which 2 no longer stand in the catalog of 2025-11-30",
        "candidates ruled out": "0 items scored for it",
        "its computation failed": "finding or scoring its candidates failed, which stopped nobody else",
    }
    assert words[reason] in one.words


def test_who_is_not_active_and_who_never_ordered() -> None:
    lapsed = {"is_active": False, "last_ordered_on": SUNDAY - timedelta(days=91)}
    assert why_no_list(facts(lapsed), PARAMETERS).words == (
        "Its last order was on 2025-08-31, 91 days ago. Lists are for who ordered in the last 90 days "
        "(active_window_days)."
    )
    assert why_no_list(facts({"orders": None}), PARAMETERS).reason == "it never ordered"
    assert why_no_list(facts(), PARAMETERS).remedy == "Make the day again."


def test_an_item_that_too_few_similar_clients_order() -> None:
    def words(buyers: int, similar: int) -> str:
        return why_no_candidate(facts(similar=similar), ITEM, buyers, PARAMETERS, "v32").words

    everybody = "3 of 90 clients order it, which is not among the 50 that most do"
    assert words(0, 0) == f"nobody orders anything that the client orders; {everybody}"
    assert words(0, 5) == f"none of 5 similar clients orders it; {everybody}"
    others = "8 items have more of their likeness (candidates_per_client)"
    assert words(1, 5) == f"1 of 5 similar clients orders it, and {others}; {everybody}"


def test_an_item_that_is_ordered_less_than_what_is_scored() -> None:
    known = facts(bought={"i": {"orders": 1, "orders_sent_back": 0}})
    passed = why_no_candidate(known, {**ITEM, "item_id": "i"}, 3, PARAMETERS, "v32")
    assert passed.rule == "no candidate"
    assert passed.words.startswith("100 items of the client are scored, and it orders so many others more often")


def test_an_item_that_is_new() -> None:
    """One of a group that the client knows gives way to another; of a group that it does not know, none comes."""
    chosen = {"item_id": "n1", "group_id": "G", "kind": "discovery", "reason": "new in G"}
    among = facts(bought={"a": {}}, new=("n1", "n2"), scores=(chosen,))
    passed = why_no_candidate(among, {**ITEM, "item_id": "n2", "is_new": True}, 0, PARAMETERS, "v32")
    assert passed.rule == "new-item share"
    assert (
        passed.words == "it is new; of 5 discoveries at most 1 may be, and n1 suits the client better (new_item_share)"
    )
    other = {**ITEM, "item_id": "n9", "is_new": True, "group_id": "H"}
    passed = why_no_candidate(among, other, 0, PARAMETERS, "v32")
    assert passed.rule == "no candidate"
    assert passed.words.endswith("the client bought nothing of its group, H")
    assert why_no_candidate(among, other, 0, PARAMETERS, "v31").words.startswith("nobody orders anything")


def test_what_is_ordered_at_one_time_of_the_year_has_that_as_its_working() -> None:
    item = {
        "days_since": 340, "mean_gap_days": None, "share_of_orders": 0.2, "season_share": 0.5, "seasonality": 0.8,
        "is_trending": True,
    }  # fmt: skip
    of_season = repurchase_factors(item, PARAMETERS, "v32")
    assert [factor.effect for factor in of_season] == [0.5, 0.8, 1.2]
    assert score_of(of_season) == 0.48
    for other in ({"days_since": 1}, {"seasonality": None}, {"season_share": 0.0}):
        assert [f.name for f in repurchase_factors({**item, **other}, PARAMETERS, "v32")][:2] == [
            "share of its orders", "how lately"
        ]  # fmt: skip
    assert len(repurchase_factors(item, PARAMETERS, "v31")) == 2


@pytest.fixture(scope="module")
@takes_seconds
def shop(tmp_path_factory: pytest.TempPathFactory) -> WhyShop:
    return WhyShop(Terminal(tmp_path_factory.mktemp("why")))


def test_a_list_on_the_terminal(shop: WhyShop) -> None:
    ended = shop.terminal.recs("why", "concord", FIRST)
    assert ended.code == 0, ended.told
    found = shop.client(FIRST)
    assert ended.told.startswith(f"concord 2025-11-30: client {FIRST}, {found.segment}: {found.orders} orders, every ")
    assert "The list of the week of 2025-12-01: 5 repurchases and 2 discoveries, scored by v32." in ended.told
    again, new, stronger, following = ended.tables
    assert [row[1] for row in (*again[1:], *new[1:])] == [one.item_id for one in found.items]
    assert [row[3] for row in (*again[1:], *new[1:])] == [one.reason for one in found.items]
    due = found.items[0]
    assert again[1][4].startswith(f"every {due.usual_gap_days:.1f}".removesuffix(".0"))
    assert f"due {due.due_on}" in again[1][4]
    assert new[-1][4].split(", ")[0] == found.items[-1].buyers[0].customer_id
    assert [row[0] for row in (*stronger[1:], *following[1:])] == [one.item_id for one in found.left_out]
    assert stronger[1] == [GONE, "repurchase", "", "discontinued: it does not stand in the catalog of 2025-11-30"]
    assert "Publication: not published." in ended.told
    assert "have changed" not in ended.told


def test_an_item_on_the_terminal(shop: WhyShop) -> None:
    first = shop.client(FIRST).items[0]
    ended = shop.terminal.recs("why", "concord", FIRST, "--item", f" {first.item_id} ")
    assert ended.code == 0, ended.told
    assert f"item {first.item_id} (Item {first.item_id}, {first.group_id})" in ended.told
    assert f"Recommended. It is number 1 of 7, a repurchase: {first.reason}." in ended.told
    assert f"{len(first.orders)} orders: {first.orders[0].ordered_on} (2 units), " in ended.told
    factors = next(table for table in ended.tables if table[0][-1] == "effect")
    assert [row[0] for row in factors[1:]] == [factor.name for factor in first.factors]
    buyers = next(table for table in ended.tables if "similarity" in table[0])
    assert [row[1] for row in buyers[1:]] == [buyer.customer_id for buyer in first.buyers]
    fresh = shop.terminal.recs("why", "concord", FIRST, "--item", NEW[0]).told
    assert "new stands before other discoveries + 2.0000 of its group" in fresh
    assert "The client never ordered it." in fresh


def test_as_json(shop: WhyShop) -> None:
    found = shop.client(FIRST)
    told = shop.terminal.recs("why", "concord", FIRST, "--date", str(SUNDAY), "--json").json
    assert (told["date"], told["customer_id"], told["week"]) == (str(SUNDAY), FIRST, "2025-12-01")
    assert [one["item_id"] for one in told["items"]] == [one.item_id for one in found.items]
    assert told["items"][0]["orders"][0]["ordered_on"] == str(found.items[0].orders[0].ordered_on)
    assert told["items"][-1]["buyers"][0]["customer_id"] == found.items[-1].buyers[0].customer_id
    assert [one["rule"] for one in told["left_out"]] == [one.rule for one in found.left_out]
    asked = shop.terminal.recs("why", "concord", FIRST, "--item", GONE, "--json").json
    assert (asked["verdict"], asked["item"]["rank"], asked["published"]) == ("discontinued", None, "not published")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((INACTIVE,), "No list: not active. Its last order was on 2025-09-01, 90 days ago."),
        ((INACTIVE, "--item", "i01"), "No list. Its last order was on 2025-09-01"),
        ((STRANGER,), "No list: it never ordered. It has no order in the 400 days up to 2025-11-30."),
    ],
)
def test_who_has_no_list(shop: WhyShop, given: tuple[str, ...], words: str) -> None:
    ended = shop.terminal.recs("why", "concord", *given)
    assert ended.code == 0
    assert words in ended.told


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("nobody",), "concord has no client nobody on 2025-11-30."),
        ((FIRST, "--item", "nothing"), "concord has no item nothing on 2025-11-30."),
        (
            (FIRST, "--date", "2025-12-03"),
            "concord has no recommendations of 2025-12-03; it has 1 day up to 2025-11-30. They are made once a week: "
            "those of that week are of 2025-11-30.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(shop: WhyShop, given: tuple[str, ...], words: str) -> None:
    ended = shop.terminal.recs("why", "concord", *given)
    assert (ended.code, ended.out, ended.told) == (2, "", f"error: {words}")
