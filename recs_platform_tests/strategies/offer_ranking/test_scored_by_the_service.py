"""A real lake, registry and artifact store: the service gives pairs of ids the scores that the day's run gave them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.serving.start import open_models
from recs_platform_tests.serving.made_up import client, made_up
from recs_platform_tests.strategies.offer_ranking.shop import DAY, Shop

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_pairs_have_the_scores_of_the_published_day(shop: Shop) -> None:
    stored = {(row["customer_id"], row["offer_id"]): row for row in shop.rows("offer_scores", DAY)}
    assert len(stored) > 20
    with shop.terminal.inside():
        service, lists = made_up(shop.company)
        service.models = open_models(shop.models.database, service.companies)
        live = lists.live["metro", RECOMMENDATIONS]
        lists.live["metro", RECOMMENDATIONS] = replace(live, as_of=DAY)
        await service.models.look()
        await service.publications.look()
        loaded = service.models.held["metro", "offer_ranking"].loaded
        assert loaded is not None
        assert loaded.golden == "32 golden rows answered as at training"
        pairs = [{"customer_id": customer, "offer_id": offer} for customer, offer in stored]
        async with client(service) as asking:
            told = (
                await asking.post("/score", json={"pairs": [*pairs, {"customer_id": "x y", "offer_id": "z"}]})
            ).json()
            assert told["errors"] == [{"field": "company", "problem": "Name the company: there is no key."}]
            asked = {"company": "metro", "pairs": [*pairs, {"customer_id": "x y", "offer_id": "z"}]}
            told = (await asking.post("/score", json=asked)).json()
            lists.live["metro", RECOMMENDATIONS] = replace(live, as_of=DAY - timedelta(days=5), version=9)
            await service.publications.look()
            before = (await asking.post("/score", json={"company": "metro", "pairs": pairs[:1]})).json()
    assert told["as_of"] == DAY.isoformat()
    *known, unknown = told["scores"]
    assert {told["digest"]} == {row["scored_by"] for row in stored.values()}
    for row, one in zip(stored.values(), known, strict=True):
        assert one["raw"] == row["raw_score"]
        assert one["probability"] == row["probability"]
    assert "does not know the pair" in unknown["problem"]
    assert before["scores"][0]["raw"] is None  # a day that was never made knows nobody
