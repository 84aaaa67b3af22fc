"""A list as it is now: what is left out and why, places that are kept, and ranks without gaps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.serving.answers import OnDemandList
from recs_platform.serving.on_demand import Wanted, on_demand
from recs_platform_tests.serving.made_up import client, made_up

DAY = date(2025, 9, 3)
# The first three are repurchases.
WEEKLY: list[dict[str, Any]] = [
    {"rank": n, "item_id": f"i{n}", "kind": "repurchase" if n <= 3 else "discovery", "group_id": f"g{n % 2}"}
    for n in range(1, 6)
]


def wanted(top_n: int = 10, **other: Any) -> Wanted:
    return Wanted(**{"top_n": top_n, "as_of": DAY, **other})


def ids(found: list[dict[str, Any]]) -> list[tuple[int, str]]:
    return [(item["rank"], item["item_id"]) for item in found]


def test_what_was_bought_or_is_unwanted_is_left_out_and_the_rest_moves_up() -> None:
    found = on_demand(WEEKLY, wanted(exclusions={"i2"}, bought={"i1": DAY, "elsewhere": DAY}))
    assert ids(found.items) == [(1, "i3"), (2, "i4"), (3, "i5")]
    assert found.left_out == [
        {"item_id": "i1", "why": "ordered on 2025-09-03"},
        {"item_id": "i2", "why": "excluded"},
    ]
    assert found.short_by == 7


@pytest.mark.parametrize(
    ("as_of", "left_out"),
    [
        (date(2025, 9, 10), []),
        (date(2025, 9, 11), [{"item_id": "f1", "why": "its offer ended on 2025-09-10"}]),
    ],
)
def test_an_offer_is_left_out_the_day_after_its_last(as_of: date, left_out: list[dict[str, str]]) -> None:
    offers = [
        {"rank": 1, "offer_id": "f1", "item_id": "p1", "ends_on": "2025-09-10"},
        {"rank": 2, "offer_id": "f2", "item_id": None, "ends_on": "2025-09-20"},
    ]
    assert on_demand(offers, wanted(as_of=as_of)).left_out == left_out


def test_an_offer_is_excluded_by_its_own_name_and_by_its_items() -> None:
    offers = [{"rank": n, "offer_id": f"f{n}", "item_id": f"p{n}"} for n in (1, 2, 3)]
    found = on_demand(offers, wanted(exclusions={"f1", "p2"}, bought={"p3": DAY}))
    assert [one["item_id"] for one in found.left_out] == ["f1", "f2", "f3"]
    assert (found.items, found.short_by) == ([], 10)


def test_of_a_bought_family_no_variant_is_recommended() -> None:
    from recs_platform.strategies.vehicle_fitment.formulas import family_of

    parts = [{"rank": 1, "item_id": "RA003B"}, {"rank": 2, "item_id": "RA004"}]
    assert ids(on_demand(parts, wanted(bought={"RA003G": DAY}, alike=family_of)).items) == [(1, "RA004")]


def test_fewer_places_are_shared_out_as_all_of_them_were() -> None:
    # Two of five places are for discoveries.
    assert ids(on_demand(WEEKLY, wanted(3, discovery_share=0.4)).items) == [(1, "i1"), (2, "i2"), (3, "i4")]
    # What one kind cannot fill goes to the other.
    of_one_kind = on_demand(WEEKLY, wanted(3, discovery_share=0.4, exclusions={"i1", "i2", "i3"}))
    assert ids(of_one_kind.items) == [(1, "i4"), (2, "i5")]
    assert of_one_kind.short_by == 1
    assert ids(on_demand(WEEKLY[:3], wanted(3, discovery_share=0.4)).items) == [(1, "i1"), (2, "i2"), (3, "i3")]


lists = st.lists(st.tuples(st.sampled_from(["repurchase", "discovery"]), st.sampled_from(["a", "b", "c"])), max_size=25)


@given(
    rows=lists,
    top_n=st.integers(1, 30),
    share=st.sampled_from([0.0, 0.2, 0.5, 1.0]),
    gone=st.sets(st.integers(0, 24)),
)
def test_nothing_is_lost_added_or_doubled(
    rows: list[tuple[str, str]], top_n: int, share: float, gone: set[int]
) -> None:
    rows = sorted(rows, key=lambda row: row[0] == "discovery")
    published = [
        {"rank": n + 1, "item_id": f"i{n}", "kind": kind, "group_id": group} for n, (kind, group) in enumerate(rows)
    ]
    found = on_demand(published, wanted(top_n, discovery_share=share, exclusions={f"i{n}" for n in gone}))
    left = [item for n, item in enumerate(published) if n not in gone]
    assert [item["rank"] for item in found.items] == list(range(1, 1 + len(found.items)))
    assert len(found.items) == min(top_n, len(left))
    assert len(found.items) + found.short_by == top_n
    order = [item["item_id"] for item in left]
    chosen = [item["item_id"] for item in found.items]
    assert [item for item in order if item in set(chosen)] == chosen
    assert {one["item_id"] for one in found.left_out} == {f"i{n}" for n in gone if n < len(published)}
    discoveries = sum(item["kind"] == "discovery" for item in found.items)
    of_kind = sum(item["kind"] == "discovery" for item in left)
    if of_kind >= top_n and len(left) - of_kind >= top_n:
        assert discoveries == round(top_n * share)


@pytest.mark.anyio
class TestAsked:
    async def test_what_was_bought_this_morning_is_not_recommended_at_noon(self) -> None:
        service, _ = made_up()
        # The list is of the 2nd: what was ordered then it knew.
        orders = [
            {"item_id": "i2", "ordered_at": "2025-09-03T08:10:00+02:00"},
            {"item_id": "i1", "ordered_at": "2025-09-02T23:59:59Z"},
        ]
        async with client(service) as asking:
            body = {"company": "concord", "customer_id": "c1", "orders": orders}
            answer = await asking.post("/recommend", json=body)
        told = answer.json()
        assert answer.status_code == 200
        OnDemandList.model_validate(told)
        assert ids(told["items"]) == [(1, "i1"), (2, "i3")]
        assert told["left_out"] == [{"item_id": "i2", "why": "ordered on 2025-09-03"}]
        assert (told["short_by"], told["version"], told["asked_for"]) == (8, 3, "2025-09-03")

    @pytest.mark.parametrize(
        ("changes", "field", "problem"),
        [
            ({"as_of": "2025-09-01"}, "body.as_of", "The list is of 2025-09-02"),
            ({"as_of": "2027-01-01"}, "body.as_of", "More than a year ahead"),
            ({"top_n": 0}, "body.top_n", "greater than or equal to 1"),
            ({"top_n": 1001}, "body.top_n", "less than or equal to 1000"),
            ({"orders": [{"item_id": "i1", "ordered_at": "2025-09-03T08:06:00Z"}]}, "body.orders.0", "not happened"),
            ({"orders": [{"item_id": "i1", "ordered_at": "2025-09-03T08:00:00"}]}, "body.orders.0", "timezone"),
            (
                {"orders": [{"item_id": "i1", "ordered_at": "9999-12-31T23:59:59-12:00"}]},
                "body.orders.0",
                "not happened",
            ),
            ({"nina@shop.example": "c1"}, "b***@***.example", "Extra inputs"),
            ({"x" * 10_000: "c1"}, f"body.{'x' * 60}", "Extra inputs"),
            ({"customer_id": "c\x00"}, "body.customer_id", "NUL"),
            ({"customer_id": "c" * 1001}, "body.customer_id", "at most 1000"),
            ({"customer": "c1"}, "body.customer", "Extra inputs"),
        ],
    )
    async def test_what_cannot_be_answered_is_told(self, changes: dict[str, Any], field: str, problem: str) -> None:
        service, _ = made_up()
        async with client(service) as asking:
            answer = await asking.post("/recommend", json={"company": "concord", "customer_id": "c1", **changes})
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["field"].startswith(field)
        assert len(error["field"]) < 80
        assert problem in error["problem"]

    async def test_an_order_before_all_time_was_known(self) -> None:
        """UTC has no such day."""
        service, _ = made_up()
        orders = [{"item_id": "i1", "ordered_at": "0001-01-01T00:00:00+12:00"}]
        async with client(service) as asking:
            body = {"company": "concord", "customer_id": "c1", "orders": orders}
            told = (await asking.post("/recommend", json=body)).json()
        assert told["left_out"] == []

    async def test_who_has_no_list_and_what_is_not_served(self) -> None:
        service, _ = made_up()
        async with client(service) as asking:
            for body, status in [
                ({"company": "concord", "customer_id": "nobody"}, 404),
                ({"company": "nowhere", "customer_id": "c1"}, 404),
            ]:
                assert (await asking.post("/recommend", json=body)).status_code == status

    async def test_parts_that_stand_side_by_side_are_items(self) -> None:
        service, reader = made_up()
        row: dict[str, object] = {"v1_make": "Ford"}
        for n in range(1, 5):
            row |= {f"rec_part_{n}": f"RA00{n}B", f"rec{n}_price": 60.0, f"rec{n}_score": 5.0 - n}
        reader.publish("acme", {"c1": [row]})
        orders = [{"item_id": "RA002R", "ordered_at": "2025-09-03T07:00:00Z"}]
        async with client(service) as asking:
            body = {"company": "acme", "customer_id": "c1", "top_n": 2, "orders": orders}
            told = (await asking.post("/recommend", json=body)).json()
        assert told["items"] == [
            {"rank": 1, "item_id": "RA001B", "price": 60.0, "score": 4.0},
            {"rank": 2, "item_id": "RA003B", "price": 60.0, "score": 2.0},
        ]
        assert told["left_out"] == [{"item_id": "RA002B", "why": "ordered on 2025-09-03"}]
