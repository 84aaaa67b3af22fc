"""What a customer is answered, of every strategy."""

from __future__ import annotations

import pytest

from recs_platform_tests.serving.made_up import ROWS, client, made_up

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["acme", "metro", "concord"])
async def test_a_customer_of_every_strategy_gets_the_published_list(name: str) -> None:
    service, _ = made_up()
    async with client(service) as asking:
        answer = await asking.get(f"/recommendations/{name}/c1")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
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
