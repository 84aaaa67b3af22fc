"""`POST /score`: by ids and by features, wholly by the version that is named; what is wrong is told by its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from recs_platform.errors import UnavailableError
from recs_platform.strategies.offer_ranking.features import TASK as OFFERS
from recs_platform.strategies.replenishment.task import TASK as ITEMS
from recs_platform_tests.serving.made_up import client
from recs_platform_tests.serving.models.services import known_pairs, scoring
from recs_platform_tests.serving.models.worlds import House, base_raw, feature_rows, fitted, version

pytestmark = pytest.mark.anyio
PAIRS = [{"customer_id": f"c{n // 10}", "offer_id": f"o{n % 10}"} for n in range(1_000)]


def rows_of(count: int, seed: int = 5) -> list[dict[str, Any]]:
    return feature_rows(OFFERS.features, count, seed).to_pylist()


async def test_rows_of_features_are_scored_as_the_model_scores_them(house: House) -> None:
    kept, rows = house.keep(version(1)), rows_of(50)
    made = await scoring(house)
    async with client(made.service) as asking:
        answer = await asking.post("/score", json={"company": "metro", "rows": rows})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["company"], told["model"], told["version"], told["digest"]) == (
        *("metro", "offer_ranking"),
        *(1, kept.digest),
    )
    assert told["request_id"] == answer.headers["x-request-id"]
    table = feature_rows(OFFERS.features, 50, 5)
    assert [one["raw"] for one in told["scores"]] == version(1).raw_scores(table).tolist()
    assert [one["probability"] for one in told["scores"]] == version(1).probabilities(table).tolist()
    assert "as_of" not in told


async def test_pairs_are_scored_by_the_features_of_the_published_day_in_their_order(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house)
    chosen = PAIRS[::-7]
    async with client(made.service) as asking:
        told = (await asking.post("/score", json={"company": "metro", "pairs": chosen})).json()
    assert told["as_of"] == "2025-09-02"
    expected = version(1).raw_scores(known_pairs())[::-7]
    assert [one["raw"] for one in told["scores"]] == expected.tolist()
    assert {str(day) for day in made.warehouse.days} == {"2025-09-02"}


async def test_a_pair_that_the_day_does_not_know_says_so_and_the_others_are_scored(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house)
    pairs = [PAIRS[0], {"customer_id": "nobody", "offer_id": "o1"}, PAIRS[1]]
    async with client(made.service) as asking:
        scores = (await asking.post("/score", json={"company": "metro", "pairs": pairs})).json()["scores"]
        none = (await asking.post("/score", json={"company": "metro", "pairs": pairs[1:2]})).json()["scores"]
    expected = version(1).raw_scores(known_pairs())
    assert [one["raw"] for one in scores] == [expected[0], None, expected[1]]
    unknown = "The published day does not know the pair as one that may be recommended."
    assert scores[1] == none[0] == {"probability": None, "raw": None, "problem": unknown}


async def test_what_the_warehouse_said_of_a_pair_is_kept_until_another_publication_is_live(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house)
    async with client(made.service) as asking:
        for pairs in (PAIRS[:3], PAIRS[:2], PAIRS[1:4], [{"customer_id": "nobody", "offer_id": "o"}] * 2):
            assert (await asking.post("/score", json={"company": "metro", "pairs": pairs})).status_code == 200
        again = await asking.post("/score", json={"company": "metro", "pairs": PAIRS[:4]})
        assert [len(asked) for asked in made.warehouse.asked] == [3, 1, 1]
        assert [one["raw"] for one in again.json()["scores"]] == version(1).raw_scores(known_pairs())[:4].tolist()
        made.lists.publish("metro", {"c1": []}, version=4)
        await made.look()
        await asking.post("/score", json={"company": "metro", "pairs": PAIRS[:2]})
    assert [len(asked) for asked in made.warehouse.asked] == [3, 1, 1, 2]


@pytest.mark.parametrize("by", ["rows", "pairs"])
async def test_contributions_add_up_to_the_raw_score(house: House, by: str) -> None:
    house.keep(fitted(kind="boosted")[0])
    made = await scoring(house)
    asked = {"rows": rows_of(20)} if by == "rows" else {"pairs": PAIRS[:20]}
    async with client(made.service) as asking:
        told = (await asking.post("/score", json={"company": "metro", "explain": True, **asked})).json()
    for one in told["scores"]:
        assert set(one["contributions"]) == {*OFFERS.features.names, "(start)"}
        assert sum(one["contributions"].values()) == pytest.approx(one["raw"], abs=1e-6)
    assert len({one["raw"] for one in told["scores"]}) > 1


@pytest.mark.parametrize("by", ["rows", "pairs"])
async def test_many_are_scored_as_each_alone(house: House, by: str) -> None:
    """Beside other requests, in a thread."""
    house.keep(fitted(kind="boosted")[0])
    made = await scoring(house)
    asked: dict[str, Any] = {"rows": rows_of(500)} if by == "rows" else {"pairs": PAIRS * 10}
    async with client(made.service) as asking:
        whole = (await asking.post("/score", json={"company": "metro", **asked})).json()["scores"]
        (name, values), *_ = asked.items()
        for at in (0, 3, 499):
            alone = (await asking.post("/score", json={"company": "metro", name: values[at : at + 1]})).json()["scores"]
            assert whole[at] == alone[0]
    assert len(whole) == len(values)


def changed(**values: Any) -> dict[str, Any]:
    return {**rows_of(1)[0], **values}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in rows_of(1)[0].items() if key != name}


NUMBER, TEXT = "It should be a finite number or null.", "It should be a text of up to 1,000 characters or null."
WRONG: dict[str, tuple[Callable[[], Any], list[tuple[str, str]]]] = {
    "no object": (lambda: [], [("body", "It should be an object.")]),
    "neither": (lambda: {}, [("body", "It should have either `pairs` or `rows`.")]),
    "both": (lambda: {"pairs": PAIRS[:1], "rows": rows_of(1)}, [("body", "It should have either `pairs` or `rows`.")]),
    "unknown field": (lambda: {"rows": rows_of(1), "top": 3}, [("body.top", "There is no such field.")]),
    "no pair": (lambda: {"pairs": []}, [("body.pairs", "It should be a list of at least one.")]),
    "pairs as text": (lambda: {"pairs": "c1"}, [("body.pairs", "It should be a list of at least one.")]),
    "explain": (lambda: {"rows": rows_of(1), "explain": 1}, [("body.explain", "It should be true or false.")]),
    "explain many": (
        lambda: {"pairs": PAIRS + PAIRS[:1], "explain": True},
        [("body.explain", "At most 1,000 are explained at once. Send several requests.")],
    ),
    "too many": (
        lambda: {"pairs": (PAIRS * 11)[:10_001]},
        [("body.pairs", "It has 10,001, of at most 10,000. Send several requests.")],
    ),
    "another model": (
        lambda: {"rows": rows_of(1), "model": "replenishment"},
        [("body.model", "The company's model is offer_ranking.")],
    ),
    "half a pair": (
        lambda: {"pairs": [PAIRS[0], {"customer_id": "c1"}]},
        [("body.pairs.1", "It should be an object of customer_id and offer_id, and nothing else.")],
    ),
    "a pair and more": (
        lambda: {"pairs": [{**PAIRS[0], "item_id": "i"}]},
        [("body.pairs.0", "It should be an object of customer_id and offer_id, and nothing else.")],
    ),
    "ids": (
        lambda: {"pairs": [{"customer_id": 7, "offer_id": ""}, {"customer_id": "c" * 1_001, "offer_id": None}]},
        [
            (f"body.pairs.{at}.{name}", "It should be a text of 1 to 1,000 characters, none of them NUL.")
            for at, name in ((0, "customer_id"), (0, "offer_id"), (1, "customer_id"), (1, "offer_id"))
        ],
    ),
    "an id with NUL": (
        lambda: {"pairs": [{"customer_id": "c1\0", "offer_id": "o1"}]},
        [("body.pairs.0.customer_id", "It should be a text of 1 to 1,000 characters, none of them NUL.")],
    ),
    "a field that is an address": (
        lambda: {"rows": rows_of(1), "nina@shop.example": 1},
        [("b***@***.example", "There is no such field.")],
    ),
    "row as list": (lambda: {"rows": [[1, 2]]}, [("body.rows.0", "It should be an object of features.")]),
    "missing feature": (
        lambda: {"rows": [rows_of(1)[0], without("monetary")]},
        [("body.rows.1.monetary", "The feature is missing; say null where it is not known.")],
    ),
    "unknown feature": (
        lambda: {"rows": [changed(shoe_size=43)]},
        [("body.rows.0.shoe_size", "The model has no such feature.")],
    ),
    "number as text": (lambda: {"rows": [changed(monetary="NaN")]}, [("body.rows.0.monetary", NUMBER)]),
    "number as flag": (lambda: {"rows": [changed(monetary=True)]}, [("body.rows.0.monetary", NUMBER)]),
    "number as list": (lambda: {"rows": [changed(monetary=[1])]}, [("body.rows.0.monetary", NUMBER)]),
    "flag as number": (
        lambda: {"rows": [changed(is_own_brand=1)]},
        [("body.rows.0.is_own_brand", "It should be true, false or null.")],
    ),
    "category as number": (lambda: {"rows": [changed(kind=3)]}, [("body.rows.0.kind", TEXT)]),
    "long category": (lambda: {"rows": [changed(kind="x" * 1_001)]}, [("body.rows.0.kind", TEXT)]),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_wrong_is_told_by_its_place(house: House, case: str) -> None:
    make, expected = WRONG[case]
    house.keep(version(1))
    made = await scoring(house)
    asked = make()
    if isinstance(asked, dict):
        asked = {"company": "metro", **asked}
    async with client(made.service) as asking:
        answer = await asking.post("/score", json=asked)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(one["field"], one["problem"]) for one in answer.json()["errors"]] == expected


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_what_is_no_number_of_json_is_refused(house: House, value: str) -> None:
    house.keep(version(1))
    made = await scoring(house)
    body = orjson.dumps({"company": "metro", "rows": [changed(monetary="@")]}).replace(b'"@"', value.encode())
    async with client(made.service) as asking:
        answer = await asking.post("/score", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "docs/serving.md#malformed-json")


async def test_of_many_problems_the_first_twenty_are_told(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house)
    async with client(made.service) as asking:
        answer = await asking.post("/score", json={"company": "metro", "rows": [changed(monetary="x")] * 500})
    assert len(answer.json()["errors"]) == 20


async def test_numbers_of_every_size_and_unknown_categories_are_scored(house: House) -> None:
    house.keep(fitted(kind="boosted")[0])
    made = await scoring(house)
    rows = [changed(monetary=value, kind="Käse 🧀") for value in (0, -0.0, 2**63, 10**30, 1e308, -5e-324, None)]
    async with client(made.service) as asking:
        answer = await asking.post(
            "/score", content=as_python_writes_it(rows), headers={"content-type": "application/json"}
        )
    assert answer.status_code == 200, answer.text
    assert all(np.isfinite(one["raw"]) for one in answer.json()["scores"])


def as_python_writes_it(rows: list[dict[str, Any]]) -> bytes:
    """orjson writes no number above 64 bits."""
    return json.dumps({"company": "metro", "rows": rows}).encode()


async def test_of_a_model_that_is_judged_by_lists_only_the_order_means_anything(house: House) -> None:
    model, _ = fitted("replenishment", "boosted")
    house.keep(model, "concord", "replenishment")
    made = await scoring(house)
    table = feature_rows(ITEMS.features, 20)
    async with client(made.service) as asking:
        told = (await asking.post("/score", json={"company": "concord", "rows": table.to_pylist()})).json()
    assert [one["raw"] for one in told["scores"]] == model.raw_scores(table).tolist()
    assert {one["probability"] for one in told["scores"]} == {None}


def scored_items(digest: str) -> pa.Table:
    return pa.table({"customer_id": ["c1", "c1"], "item_id": ["a", "b"], "raw": [1.5, -2.5], "digest": [digest] * 2})


async def test_pairs_of_replenishment_have_the_scores_of_the_published_day(house: House) -> None:
    kept = house.keep(fitted("replenishment", "boosted")[0], "concord", "replenishment")
    made = await scoring(house)
    made.warehouse.rows = scored_items(kept.digest)
    pairs = [{"customer_id": "c1", "item_id": item} for item in ("b", "z", "a")]
    async with client(made.service) as asking:
        answer = await asking.post("/score", json={"company": "concord", "pairs": pairs})
        assert [one["raw"] for one in answer.json()["scores"]] == [-2.5, None, 1.5]
        explained = await asking.post("/score", json={"company": "concord", "pairs": pairs, "explain": True})
        assert explained.json()["errors"] == [
            {"field": "body.explain", "problem": "Features of pairs are not kept; send `rows` of features."}
        ]


async def test_scores_of_another_version_are_never_told_as_the_served_ones(house: House) -> None:
    house.keep(fitted("replenishment", "boosted")[0], "concord", "replenishment")
    made = await scoring(house)
    made.warehouse.rows = scored_items("sha256:other")
    async with client(made.service) as asking:
        answer = await asking.post(
            "/score", json={"company": "concord", "pairs": [{"customer_id": "c1", "item_id": "a"}]}
        )
    assert (answer.status_code, answer.json()["type"]) == (409, "docs/serving.md#other-model")


async def test_who_has_no_model_is_told_so(house: House) -> None:
    made = await scoring(house)
    async with client(made.service) as asking:
        for name, status, kind in (
            ("acme", 404, "no-model"),
            ("metro", 404, "no-model"),
            ("nobody", 404, "unknown-company"),
        ):
            answer = await asking.post("/score", json={"company": name, "rows": [{}]})
            assert (answer.status_code, answer.json()["type"]) == (status, f"docs/serving.md#{kind}")


async def test_an_active_model_that_is_not_loaded_is_unavailable(house: House) -> None:
    house.keep(version(1))
    house.store.trouble = UnavailableError("somewhere: it does not answer.")
    made = await scoring(house)
    async with client(made.service) as asking:
        answer = await asking.post("/score", json={"company": "metro", "rows": rows_of(1)})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_warehouse_that_does_not_answer_fails_pairs_and_no_rows(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house)

    def away(*_: object) -> pa.Table:
        raise UnavailableError("gs://somewhere: it does not answer.")

    made.service.lookup._ask = away
    async with client(made.service) as asking:
        pairs = await asking.post("/score", json={"company": "metro", "pairs": PAIRS[:1]})
        rows = await asking.post("/score", json={"company": "metro", "rows": rows_of(1)})
    assert (pairs.status_code, rows.status_code) == (503, 200)
    assert "somewhere" not in pairs.text


async def test_before_the_first_publication_no_pair_is_known(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house)
    made.lists.live.clear()
    await made.look()
    async with client(made.service) as asking:
        answer = await asking.post("/score", json={"company": "metro", "pairs": PAIRS[:1]})
    assert (answer.status_code, answer.json()["type"]) == (404, "docs/serving.md#not-published")


def test_the_versions_of_these_tests_differ_by_a_hundred() -> None:
    table = feature_rows(OFFERS.features, 10)
    assert version(3).raw_scores(table) - base_raw(table) == pytest.approx(300.0)
