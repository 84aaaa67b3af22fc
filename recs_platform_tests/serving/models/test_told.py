"""`GET /models` and `GET /metrics` tell what is served, what is not, and why; to whom it concerns."""

from __future__ import annotations

import hashlib

import pytest

from recs_platform.declarations.product import ALLOCATION
from recs_platform.serving.keys import KnownKey
from recs_platform_tests.serving.made_up import NOW, client
from recs_platform_tests.serving.models.services import Scoring, scoring
from recs_platform_tests.serving.models.worlds import House, lying, version

pytestmark = pytest.mark.anyio
SECRET = "s" * 43


def key(company: str) -> KnownKey:
    return KnownKey("0" * 16, company, hashlib.sha256(SECRET.encode()).hexdigest(), "", NOW, "ann", None)


BEARER = {"authorization": f"Bearer recs_{'0' * 16}_{SECRET}"}


async def refusing(house: House) -> Scoring:
    """Version 1 of metro's model serves, and version 2 is active."""
    house.keep(version(1))
    made = await scoring(house)
    house.keep(lying(2))
    await made.look()
    return made


async def test_models_tells_what_is_active_what_is_served_and_why_they_differ(house: House) -> None:
    made = await refusing(house)
    house.now += 7
    async with client(made.service) as asking:
        told = (await asking.get("/models")).json()
    concord, metro = told["models"]
    first, second = reversed(house.shelf("metro").versions("offer_ranking"))
    assert concord == {
        **{"company": "concord", "model": "replenishment", "registry_age_seconds": 7.0},
        **{"active": None, "served": None, "refused": None},
    }
    why = metro["refused"].pop("why")
    assert why.startswith("it answers 32 of its 32 golden rows otherwise than at training (row 1: raw score ")
    assert metro == {
        "company": "metro",
        "model": "offer_ranking",
        "registry_age_seconds": 7.0,
        "active": {"version": 2, "digest": second.digest},
        "served": {
            "version": 1,
            "digest": first.digest,
            "loaded_at": "2025-09-03T08:00:00+00:00",
            "golden": "ok",
            "golden_words": "32 golden rows answered as at training",
        },
        "refused": {
            "version": 2,
            "digest": second.digest,
            "at": "2025-09-03T08:00:00+00:00",
            "tries": 1,
            "will_try_again": False,
        },
    }
    live = {(one["company"], one["product"]): one["version"] for one in told["publications"]}
    assert live["metro", "recommendations"] == 3
    assert live["metro", ALLOCATION] is None


async def test_metrics_tell_the_same(house: House) -> None:
    made = await refusing(house)
    digest = house.shelf("metro").versions("offer_ranking")[1].digest
    house.now += 7
    async with client(made.service) as asking:
        answer = await asking.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    of_model = '{company="metro",model="offer_ranking"}'
    for line in (
        f"recs_service_model_version{of_model} 1.0",
        f'recs_service_model_info{{company="metro",digest="{digest}",model="offer_ranking"}} 1.0',
        f"recs_service_model_refused{of_model} 1.0",
        'recs_service_model_refused{company="concord",model="replenishment"} 0.0',
        f"recs_service_registry_age_seconds{of_model} 7.0",
        'recs_service_publication_version{company="metro",product="recommendations"} 3.0',
        'recs_service_staleness_seconds{company="metro",product="recommendations"} 0.0',
        "recs_service_ready 1.0",
        "recs_service_fallbacks_total",
        "process_resident_memory_bytes",
    ):
        assert line in answer.text, line


async def test_a_key_sees_its_own_companys_models_alone(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house, keys=(key("metro"),))
    async with client(made.service) as asking:
        assert (await asking.get("/models")).status_code == 401
        assert (await asking.get("/metrics")).status_code == 401
        told = (await asking.get("/models", headers=BEARER)).json()
        assert {one["company"] for group in told.values() for one in group} == {"metro"}
        scored = await asking.post("/score", json={"rows": [{}], "company": "concord"}, headers=BEARER)
        assert scored.status_code == 403
        own = await asking.post("/score", json={"pairs": [{"customer_id": "c1", "offer_id": "o1"}]}, headers=BEARER)
        assert (own.status_code, own.json()["company"]) == (200, "metro")
        assert (await asking.post("/score", json={"nonsense": 1})).status_code == 401


async def test_a_key_reads_its_own_companys_metrics_alone(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house, keys=(key("metro"),))
    pairs = {"pairs": [{"customer_id": "c1", "offer_id": "o1"}]}
    async with client(made.service) as asking:
        await asking.post("/score", json=pairs, headers=BEARER)
        whole = made.service.metrics.text().decode()
        text = (await asking.get("/metrics", headers=BEARER)).text
    assert 'company="concord"' in whole
    assert "concord" not in text
    assert "acme" not in text
    lines = [line for line in whole.splitlines() if line and not line.startswith(("#", "process_"))]
    assert set(lines) - set(text.splitlines()) == {line for line in lines if "concord" in line or "acme" in line}


async def test_it_is_ready_when_the_active_model_answers(house: House) -> None:
    house.keep(lying(1))
    made = await scoring(house)
    async with client(made.service) as asking:
        assert (await asking.get("/health/ready")).status_code == 503
        assert "recs_service_ready 0.0" in (await asking.get("/metrics")).text
        house.keep(version(2))
        await made.look()
        assert (await asking.get("/health/ready")).status_code == 200


async def test_answers_of_models_are_counted_by_version(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house)
    pairs = {"company": "metro", "pairs": [{"customer_id": "c1", "offer_id": "o1"}]}
    async with client(made.service) as asking:
        await asking.post("/score", json=pairs)
        house.keep(version(2))
        await made.look()
        for _ in range(2):
            await asking.post("/score", json=pairs)
        text = (await asking.get("/metrics")).text
    for number, count in ((1, 1.0), (2, 2.0)):
        labels = f'company="metro",product="offer_ranking",source="model",version="{number}"'
        assert f"recs_service_answers_total{{{labels}}} {count}" in text
