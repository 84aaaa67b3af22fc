"""Ready means: every live publication and every active model has answered once."""

from __future__ import annotations

from collections.abc import Collection

import orjson
import pytest

from recs_platform.declarations.product import ALLOCATION
from recs_platform.errors import UnavailableError
from recs_platform.serving.models.protocol import NoModels
from recs_platform.serving.service import Service
from recs_platform.serving_store.protocol import EVERYBODY
from recs_platform_tests.serving.key_cases import some_keys
from recs_platform_tests.serving.made_up import ROWS, client, company, made_up, served

pytestmark = pytest.mark.anyio


async def ready(service: Service, key: str = "") -> tuple[int, dict[str, object]]:
    async with client(service) as asking:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answers = [await asking.get(f"/health{path}", headers=headers) for path in ("/live", "/ready", "")]
    live, answer, both = answers
    assert (live.status_code, live.json()) == (200, {"live": True})
    assert both.json() == {"live": True, **answer.json()}
    assert both.status_code == answer.status_code == (200 if answer.json()["ready"] else 503)
    return answer.status_code, answer.json()


async def test_it_is_ready_when_everything_that_is_live_has_answered() -> None:
    service, _ = made_up(company("acme"))
    status, told = await ready(service)
    assert (status, told["ready"]) == (503, False)
    assert told["waiting_for"] == [
        {"company": "acme", "why": "recommendations: nobody has looked yet"},
        {"company": "acme", "why": "allocation: nobody has looked yet"},
    ]
    await service.publications.look()
    assert await ready(service) == (200, {"ready": True})


async def test_a_company_of_which_nothing_was_published_holds_up_nobody() -> None:
    service, reader = made_up(company("acme"), broken=("holley",))
    reader.live.clear()
    await service.publications.look()
    assert await ready(service) == (200, {"ready": True})


async def test_a_product_for_everybody_is_proved_by_its_one_list() -> None:
    service, reader = made_up(company("acme"))
    reader.live["acme", ALLOCATION] = served("acme", customers=1)
    await service.publications.look()
    assert (await ready(service))[1]["waiting_for"] == [
        {"company": "acme", "why": "allocation: it has no list of any customer"}
    ]
    reader.lists["acme", ALLOCATION, EVERYBODY] = [{"treatment_id": "t1", "share": 1.0}]
    await service.publications.look()
    assert await ready(service) == (200, {"ready": True})


async def test_a_publication_whose_lists_are_not_there_is_no_publication() -> None:
    service, reader = made_up(company("acme"))
    reader.lists.clear()
    await service.publications.look()
    status, told = await ready(service)
    assert status == 503
    assert told["waiting_for"] == [{"company": "acme", "why": "recommendations: it has no list of any customer"}]
    reader.publish("acme", {"c1": ROWS}, version=4)
    await service.publications.look()
    assert await ready(service) == (200, {"ready": True})
    assert service.publications.seen["acme", "recommendations"].served == reader.live["acme", "recommendations"]


async def test_a_store_that_does_not_answer_is_told_and_forgotten_when_it_does() -> None:
    service, reader = made_up(company("acme"))
    await service.publications.look()
    reader.trouble = UnavailableError("the database of jane@example.com is away.")
    await service.publications.look()
    status, told = await ready(service)
    assert status == 503
    assert "recommendations: it cannot be read (UnavailableError)" in str(told)
    assert "jane" not in str(told)
    reader.trouble = None
    await service.publications.look()
    assert await ready(service) == (200, {"ready": True})


async def test_models_that_cannot_answer_are_waited_for() -> None:
    class Loading(NoModels):
        def not_ready(self) -> Collection[tuple[str, str]]:
            return [("metro", "redemption: version 2 is loaded")]

    service, _ = made_up(company("metro"))
    service.models = Loading()
    await service.publications.look()
    assert (await ready(service))[1]["waiting_for"] == [{"company": "metro", "why": "redemption: version 2 is loaded"}]


async def test_a_probe_has_no_key_and_learns_no_name() -> None:
    kept, keys = some_keys()
    service, _ = made_up(keys=kept, on_loopback=False)
    assert await ready(service) == (503, {"ready": False, "waiting": 6})
    assert "acme" not in orjson.dumps((await ready(service, keys["metro"]))[1]).decode()
    seen = (await ready(service, keys["metro"]))[1]["waiting_for"]
    assert {one["company"] for one in seen} == {"metro"}  # type: ignore[attr-defined]
