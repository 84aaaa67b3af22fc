"""What a customer is answered, of every strategy, and which ids customers may have."""

from __future__ import annotations

from urllib.parse import quote

import orjson
import pytest

from recs_platform.serving.protocols import Recommended
from recs_platform_tests.serving.made_up import NOW, ROWS, client, made_up

pytestmark = pytest.mark.anyio
STRANGE_IDS = (
    "a/b",
    "/a",
    "a//b/",
    "../metro/c1",
    "a b",
    "a+b",
    "50%",
    "%2F",
    "ünï/çø∂é",
    "客户-1",
    "👩‍👩‍👧",
    "a?b#c",
    "a;b=c",
    "'; DROP TABLE served_lists; --",
    "line\r\nX-Injected: yes",
    "a\n",
    "\x01\x7f",
    "c1\u202e",
    "i" * 1_000,
)


@pytest.mark.parametrize("name", ["acme", "metro", "concord"])
async def test_a_customer_of_every_strategy_gets_the_published_list(name: str) -> None:
    service, _ = made_up()
    async with client(service) as asking:
        answer = await asking.get(f"/recommendations/{name}/c1")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["request_id"] == answer.headers["x-request-id"]
    assert len(told.pop("request_id")) == 32
    assert told == {
        "company": name,
        "product": "recommendations",
        "version": 3,
        "as_of": "2025-09-02",
        "generated_at": "2025-09-03T08:00:00+00:00",
        "served_from": "database",
        "customer_id": "c1",
        "items": ROWS,
    }


@pytest.mark.parametrize("customer", STRANGE_IDS)
async def test_an_id_is_whatever_the_company_calls_its_customer(customer: str) -> None:
    service, reader = made_up()
    reader.publish("acme", {customer: ROWS[:1], "other": ROWS})
    async with client(service) as asking:
        encoded = await asking.get(f"/recommendations/acme/{quote(customer, safe='')}")
        plain = await asking.get(f"/recommendations/acme/{quote(customer, safe='/')}")
    # Programs that ask shorten an address with dots before they send it.
    for answer in (encoded, plain) if ".." not in customer else (encoded,):
        assert answer.status_code == 200, answer.text
        assert answer.json()["customer_id"] == customer
        assert answer.json()["items"] == ROWS[:1]
        assert "x-injected" not in answer.headers


@pytest.mark.parametrize("customer", ["nobody", "", "c1/", "C1", "a\0b", "i" * 1_001, "é" * 10_000, "c1/../c2"])
async def test_a_customer_without_a_list_is_not_found(customer: str) -> None:
    service, _ = made_up()
    async with client(service) as asking:
        answer = await asking.get(f"/recommendations/acme/{quote(customer, safe='')}")
    assert answer.status_code == 404
    assert answer.json()["type"] == "docs/serving.md#unknown-customer"


async def test_an_address_that_is_not_utf_8_is_nobodys() -> None:
    service, reader = made_up()
    reader.publish("acme", {"�": ROWS})
    async with client(service) as asking:
        for address in ("/recommendations/acme/%ff", "/recommendations/acme/c1?limit=%ff"):
            answer = await asking.get(address)
            assert answer.status_code == 400
            assert answer.json()["type"] == "docs/serving.md#bad-request"


async def test_a_list_is_cut_where_the_query_says() -> None:
    service, _ = made_up()
    async with client(service) as asking:
        for limit, count in ((1, 1), (2, 2), (3, 3), (1_000, 3)):
            answer = await asking.get(f"/recommendations/acme/c1?limit={limit}")
            assert [row["rank"] for row in answer.json()["items"]] == list(range(1, count + 1))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "query.limit"),
        ("limit=-1", "query.limit"),
        ("limit=1001", "query.limit"),
        ("limit=1e3", "query.limit"),
        ("limit=NaN", "query.limit"),
        ("limit=%D9%A3", "query.limit"),  # a three in Arabic digits
        ("limit=", "query.limit"),
        ("limit=1&limit=2", "query.limit"),
        ("limmit=1", "query"),
        ("<script>=1", "query"),
    ],
)
async def test_a_query_that_is_wrong_is_not_ignored(query: str, field: str) -> None:
    service, _ = made_up()
    async with client(service) as asking:
        answer = await asking.get(f"/recommendations/acme/c1?{query}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert "script" not in answer.text


async def test_nothing_published_is_another_answer_than_no_such_customer() -> None:
    service, reader = made_up()
    reader.lists.clear()
    reader.live.clear()
    async with client(service) as asking:
        answer = await asking.get("/recommendations/acme/c1")
    assert (answer.status_code, answer.json()["type"]) == (404, "docs/serving.md#not-published")


async def test_weekly_lists_are_a_wholesalers() -> None:
    service, _ = made_up()
    async with client(service) as asking:
        answer = await asking.get("/weekly-recommendations/c1", params={"company": "concord", "limit": 2})
        assert answer.status_code == 200
        assert answer.json()["items"] == ROWS[:2]
        other = await asking.get("/weekly-recommendations/c1", params={"company": "acme"})
        assert (other.status_code, other.json()["type"]) == (404, "docs/serving.md#not-published")
        nobody = await asking.get("/weekly-recommendations/c1")
        assert (nobody.status_code, nobody.json()["errors"][0]["field"]) == (422, "company")


async def test_what_was_answered_is_handed_to_the_answer_log() -> None:
    class Kept(list[Recommended]):
        def served(self, answer: Recommended) -> None:
            self.append(answer)

    service, _ = made_up()
    kept = Kept()
    service.answers = kept  # type: ignore[assignment]  # it keeps, and that is all
    async with client(service) as asking:
        answer = await asking.get("/recommendations/acme/c1?limit=2")
        await asking.get("/recommendations/acme/nobody")
        traced = await asking.get("/recommendations/acme/c2", headers={"Recs-Purpose": "check"})
    assert traced.json()["items"] == ROWS[:1]
    (one,) = kept
    assert one.request_id == answer.json()["request_id"]
    assert (one.company, one.product, one.version, one.customer_id) == ("acme", "recommendations", 3, "c1")
    assert one.answered_at == NOW
    assert orjson.loads(one.items) == ROWS[:2]
