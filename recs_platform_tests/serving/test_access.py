"""Who is answered: by key, by Basic credentials in a browser, and on this machine while there is no key."""

from __future__ import annotations

import base64

import httpx
import pytest

from recs_platform_tests.serving.key_cases import some_keys
from recs_platform_tests.serving.made_up import client, company, made_up

pytestmark = pytest.mark.anyio
KEPT, KEYS = some_keys()
_ACME, _METRO = "/recommendations/acme/c1", "/recommendations/metro/c1"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def basic(name: str, key: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{key}'.encode()).decode()}"}


async def asked(address: str, headers: dict[str, str] | None = None, *, on_loopback: bool = False) -> httpx.Response:
    service, _ = made_up(keys=KEPT, on_loopback=on_loopback, broken=("holley",))
    async with client(service) as asking:
        return await asking.get(address, headers=headers)


@pytest.mark.parametrize("name", ["old", "new"])
async def test_while_keys_are_exchanged_both_are_valid(name: str) -> None:
    assert (await asked(_ACME, bearer(KEYS[name]))).status_code == 200
    assert (await asked(_ACME, basic("acme", KEYS[name]))).status_code == 200


_OLD = KEYS["old"]
_WRONG = {
    "none": {},
    "empty": {"Authorization": ""},
    "no scheme": {"Authorization": _OLD},
    "another scheme": {"Authorization": f"Token {_OLD}"},
    "no key": bearer(""),
    "revoked": bearer(KEYS["gone"]),
    "one letter other": bearer(_OLD[:-1] + ("A" if _OLD[-1] != "A" else "B")),
    "shorter": bearer(_OLD[:-1]),
    "longer": bearer(f"{_OLD}A"),
    "twice": bearer(f"{_OLD} {_OLD}"),
    "only its id": bearer(f"recs_{KEPT[0].id}_"),
    "its hash": bearer(f"recs_{KEPT[0].id}_{KEPT[0].secret_hash[:43]}"),
    "another key's secret": bearer(f"recs_{KEPT[0].id}_{KEYS['metro'].partition('_')[2].partition('_')[2]}"),
    "10,000 letters": bearer("A" * 10_000),
    "another name": basic("metro", _OLD),
    "no name": basic("", _OLD),
    "no Base64": {"Authorization": "Basic ***"},
    "no text": {"Authorization": f"Basic {base64.b64encode(bytes([255, 254])).decode()}"},
}


@pytest.mark.parametrize("headers", _WRONG.values(), ids=_WRONG)
@pytest.mark.parametrize("on_loopback", [True, False])
async def test_without_a_valid_key_nobody_is_answered(headers: dict[str, str], on_loopback: bool) -> None:
    for address in (_ACME, _METRO, "/recommendations/nobody/c1", "/weekly-recommendations/c1"):
        answer = await asked(address, headers, on_loopback=on_loopback)
        assert answer.status_code == 401
        assert answer.json()["type"] == "docs/serving.md#no-key"
        assert "Basic" in answer.headers["www-authenticate"], "a browser asks for it"


@pytest.mark.parametrize("name", ["acme", "nobody", "holley", "METRO", "metro "])
async def test_a_key_sees_its_own_company_and_learns_nothing_of_others(name: str) -> None:
    answer = await asked(f"/recommendations/{name}/c1", bearer(KEYS["metro"]))
    assert answer.status_code == 403
    body = answer.json()
    assert body.pop("instance") == answer.headers["x-request-id"]
    assert body == {
        "type": "docs/serving.md#foreign-company",
        "title": "The key is another company's.",
        "status": 403,
        "detail": "Use a key of the company.",
    }


async def test_weekly_lists_are_of_the_keys_company() -> None:
    assert (await asked("/weekly-recommendations/c1?company=concord", bearer(KEYS["metro"]))).status_code == 403
    own = await asked("/weekly-recommendations/c1", bearer(KEYS["metro"]))
    assert own.json()["type"] == "docs/serving.md#not-published", "metro publishes every day"


async def test_without_any_key_this_machine_sees_all_and_nobody_else_anything() -> None:
    service, _ = made_up()
    async with client(service) as asking:
        for address in (_ACME, _METRO):
            assert (await asking.get(address)).status_code == 200
    service, _ = made_up(on_loopback=False)
    async with client(service) as asking:
        assert (await asking.get(_ACME)).status_code == 401


async def test_who_revokes_the_last_key_does_not_open_the_service() -> None:
    (gone,) = (key for key in KEPT if key.revoked_at)
    service, _ = made_up(keys=(gone,))
    async with client(service) as asking:
        assert (await asking.get(_ACME)).status_code == 401


async def test_companies_that_are_not_served() -> None:
    service, _ = made_up(company("acme"), company("metro", enabled=False), broken=("holley",))
    async with client(service) as asking:
        off = await asking.get(_METRO)
        assert (off.status_code, off.json()["type"]) == (404, "docs/serving.md#unknown-company")
        unknown = await asking.get("/recommendations/acmee/c1")
        assert unknown.status_code == 404
        assert 'Did you mean "acme"?' in unknown.json()["detail"]
        broken = await asking.get("/recommendations/holley/c1")
        assert (broken.status_code, broken.json()["type"]) == (503, "docs/serving.md#unavailable")
        assert "retry-after" in broken.headers
        assert (await asking.get(_ACME)).status_code == 200, "others are served"


@pytest.mark.parametrize(
    ("headers", "on_loopback", "status"),
    [
        ({"Host": "evil.example"}, True, 403),
        ({"Host": "evil.example:8000"}, True, 403),
        ({"Host": "127.0.0.1@evil"}, True, 403),
        ({"Host": ""}, True, 403),
        ({"Host": "127.0.0.1#@evil.example"}, True, 403),
        ({"Host": "127.0.0.1?evil.example"}, True, 403),
        ({"Host": "127.0.0.1:80:80"}, True, 403),
        ({"Host": "127.0.0.1.evil.example"}, True, 403),
        ({"Host": "localhost:8000"}, True, 200),
        ({"Host": "[::1]:8000"}, True, 200),
        ({"Host": "recs.shop.example"}, False, 200),
        ({"Origin": "http://evil.example"}, True, 403),
        ({"Origin": "null"}, True, 403),
        ({"Origin": "http://127.0.0.1:8000"}, True, 200),
        ({"Origin": "http://127.0.0.1:9000"}, True, 403),
        ({"Host": "recs.shop.example", "Origin": "https://shop.example"}, False, 403),
        ({"Sec-Fetch-Site": "cross-site"}, True, 200),  # an address that somebody follows
    ],
)
async def test_pages_of_other_sites_may_not_ask(headers: dict[str, str], on_loopback: bool, status: int) -> None:
    key = {} if on_loopback else bearer(KEYS["old"])
    service, _ = made_up(keys=() if on_loopback else KEPT, on_loopback=on_loopback)
    service.hosts = frozenset({"localhost", "127.0.0.1", "::1"}) if on_loopback else None
    async with client(service) as asking:
        answer = await asking.get(_ACME, headers={**headers, **key})
        assert answer.status_code == status
        acts = await asking.post(_ACME, headers={**headers, **key, "Sec-Fetch-Site": "same-site"})
        assert acts.status_code == 403, "and act even less"
    if status == 403:
        assert answer.json()["type"] == "docs/serving.md#foreign-page"
