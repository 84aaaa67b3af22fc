"""The explorer as it is asked for: who sees what, what addresses and logs say, and what is shown when something is not
there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from recs_platform.companies.model import Company
from recs_platform.reporting.explanation import Sentence
from recs_platform.serving.app import make_app
from recs_platform.serving.companies import ServedCompany
from recs_platform.serving.explorer.desk import Desk, or_unknown
from recs_platform.serving.explorer.facts import Given, Held, Live, ModelFacts, Unknown
from recs_platform.serving.explorer.why import UnknownCustomerError, Why
from recs_platform.serving.keys import KnownKey
from recs_platform.serving.logs import JsonLines, RequestLog
from recs_platform.serving.service import Service
from recs_platform_tests.campaign.report.reader import parsed, rows, section, words
from recs_platform_tests.serving.explorer.shown import AT, KEPT, NASTY, texts, version
from recs_platform_tests.serving.made_up import ROWS, Lists, client, made_up

pytestmark = pytest.mark.anyio


@dataclass
class MadeUpDesk(Desk):
    """Knows of `c1`, `c2` and, by the day's tables alone, of `dropped`."""

    reasons: Unknown | None = None

    def __post_init__(self) -> None:
        super().__init__()

    async def published(self, company: str, live: Live) -> Live:
        return replace(live, by="run 1234")

    async def before(self, company: str, live: Live, customer: str) -> Given | Unknown | None:
        rows = [{**row, "rank": rank} for rank, row in enumerate(ROWS[::-1], 1)]
        return Given(2, live.as_of, live.published_at, rows)

    async def models(self, company: Company, held: Mapping[str, Held]) -> Sequence[ModelFacts]:
        return (ModelFacts("offer_ranking", "ROC AUC", "roc_auc", (version(1, "active"),)),)

    async def why(self, company: ServedCompany, customer: str, item: str | None) -> Why | Unknown:
        if self.reasons:
            return self.reasons
        if customer == "c1@mail.example":
            return Why("c1", (Sentence("By the address."),))
        if customer not in ("c1", "c2", "dropped"):
            raise UnknownCustomerError(f"{company.name} has no such customer on 2025-09-02.")
        return Why(customer, (Sentence(f"Because of {item or 'everything'}."),))

    async def judged(self, company: ServedCompany, live: Live) -> Live:
        return replace(live, guardrails=(KEPT,))


class FailingDesk(Desk):
    """Whoever is asked for, it fails, and names them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def why(self, company: ServedCompany, customer: str, item: str | None) -> Why | Unknown:
        self.asked.append(customer)

        async def failing() -> Why | Unknown:
            raise LookupError(f"there is no {customer}")

        return await or_unknown(failing(), "The reasons")


def explorer(**given: Any) -> tuple[Service, Lists, MadeUpDesk]:
    service, reader = made_up(**given)
    service.explorer = desk = MadeUpDesk()
    return service, reader, desk


async def test_on_this_machine_all_companies_are_listed() -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert texts(parsed(answer.text), "h2") == ["acme", "concord", "metro"]


async def test_a_page_may_load_its_style_and_nothing_else() -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.get("/")
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["style-src"] == "'self'"
        assert not {name for name in policy if name.startswith("script")}
        assert answer.headers["cache-control"] == "no-store"
        # With `no-referrer` browsers would send the forms of the page as from nowhere, and the service refuses those.
        assert answer.headers["referrer-policy"] == "same-origin"
        link = parsed(answer.text).find(".//link[@rel='stylesheet']")
        assert link is not None
        style = await asking.get(link.get("href") or "")
    assert style.status_code == 200
    assert style.headers["content-type"].startswith("text/css")
    assert "immutable" in style.headers["cache-control"]


async def test_a_company_s_page_shows_what_is_live_and_offers_customers() -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.get("/explorer/metro")
    page = parsed(answer.text)
    assert "run 1234" in texts(page, "dd")
    assert f"kept {KEPT.words}" in texts(page, "li")
    assert [button.get("value") for button in page.findall(".//button[@name='customer']")] == ["c1", "c2"]
    assert "Nothing is published yet." in texts(page, "p")  # of the allocation


async def test_a_customer_s_page_has_the_list_the_change_and_the_reasons() -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.post("/explorer/metro/customer", data={"customer": " c1 "})
        asked = await asking.post("/explorer/metro/customer", data={"customer": "c1", "item": "i2"})
    page = parsed(answer.text)
    assert answer.status_code == 200
    assert [row[1] for row in rows(section(page, "gets"))] == ["i1 Why? i1", "i2 Why? i2", "i3 Why? i3"]
    assert words(section(page, "changed")).endswith("i1 up 2 3 1 i3 down 2 1 3")
    assert words(section(page, "why")).endswith("Because of everything.")
    assert "Because of i2." in words(section(parsed(asked.text), "why"))


async def test_neither_addresses_nor_the_log_tell_of_a_customer(caplog: pytest.LogCaptureFixture) -> None:
    service, *_ = explorer()
    service.explorer = desk = FailingDesk()
    lines: list[bytes] = []
    log = RequestLog(lines.append)
    transport = httpx.ASGITransport(make_app(service, log))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asking:
        answer = await asking.post("/explorer/metro/customer", data={"customer": "c1", "item": "i2"})
        await asking.post("/explorer/metro/customer", data={"customer": "Jane-Doe-7"})
    log.flush()
    written = b"".join(lines).decode() + "".join(JsonLines().format(record) for record in caplog.records)
    assert desk.asked == ["c1", "Jane-Doe-7"]
    assert '"route":"/explorer/{company}/customer"' in written
    assert '"version":3' in written
    assert "the explorer could not find something out" in written
    # The hexadecimal ids of requests may hold anything.
    assert "c1" not in re.sub(r'"request_id":"[0-9a-f]+"', "", written)
    assert "Jane-Doe-7" not in written
    addresses = [found.get(name) or "" for found in parsed(answer.text).iter() for name in ("href", "action", "src")]
    assert "/explorer/metro" in addresses
    assert not [address for address in addresses if "c1" in address or "i2" in address]


async def test_the_address_of_an_answer_leads_back_to_the_question() -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.get("/explorer/metro/customer?customer=c1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/explorer/metro")


async def test_reasons_that_are_not_available_leave_the_list() -> None:
    service, _, desk = explorer()
    desk.reasons = Unknown("The reasons are not available now: the warehouse cannot be read.")
    async with client(service) as asking:
        answer = await asking.post("/explorer/metro/customer", data={"customer": "c1"})
        nobody = await asking.post("/explorer/metro/customer", data={"customer": "nobody"})
    page = parsed(answer.text)
    assert answer.status_code == 200
    assert len(rows(section(page, "gets"))) == 3
    assert "not available now" in words(section(page, "why"))
    assert nobody.status_code == 404
    assert "No list of this customer is live." in nobody.text


async def test_a_customer_whom_nobody_knows_is_not_found() -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.post("/explorer/metro/customer", data={"customer": NASTY})
    assert answer.status_code == 404
    assert "metro has no such customer on 2025-09-02." in texts(parsed(answer.text), "p")
    assert "<script" not in answer.text


async def test_a_customer_without_a_list_is_told_why() -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.post("/explorer/metro/customer", data={"customer": "dropped"})
    assert answer.status_code == 200
    assert "No list of this customer is live." in words(section(parsed(answer.text), "gets"))


async def test_somebody_may_be_asked_for_by_an_address_and_is_shown_under_the_id() -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.post("/explorer/acme/customer", data={"customer": "c1@mail.example"})
    page = parsed(answer.text)
    assert words(page.find(".//h1")) == "Customer c1"
    assert len(rows(section(page, "gets"))) == 3
    assert "mail.example" not in answer.text


@pytest.mark.parametrize("customer", ["", "   ", "x" * 1_001])
async def test_an_id_that_is_none_is_refused(customer: str) -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.post("/explorer/metro/customer", data={"customer": customer})
    assert answer.status_code == 422
    assert "An id has 1 to 1,000 characters." in answer.text


@pytest.mark.parametrize("body", [b"", b"customer", b"\xff\xfe=%ff", b"&".join([b"a=b"] * 50), b'{"customer": "c1"}'])
async def test_a_form_that_is_none_is_refused(body: bytes) -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.post("/explorer/metro/customer", content=body)
    assert answer.status_code == 422


async def test_what_was_never_published_is_said() -> None:
    service, reader, _ = explorer()
    reader.live.clear()
    reader.lists.clear()
    async with client(service) as asking:
        company_page = await asking.get("/explorer/metro")
        answer = await asking.post("/explorer/metro/customer", data={"customer": "c1"})
    assert "Nothing is published yet." in company_page.text
    assert "metro has published nothing yet." in answer.text


async def test_models_are_shown_with_what_the_service_holds() -> None:
    service, *_ = explorer()
    async with client(service) as asking:
        answer = await asking.get("/explorer/metro/models")
    assert "Version 1 serves" in texts(parsed(answer.text), "h3")


async def test_without_a_database_pages_show_what_they_can() -> None:
    service, _ = made_up()
    async with client(service) as asking:
        for path in ("/", "/explorer/metro", "/explorer/metro/models"):
            assert (await asking.get(path)).status_code == 200
        answer = await asking.post("/explorer/metro/customer", data={"customer": "c1"})
    page = parsed(answer.text)
    assert len(rows(section(page, "gets"))) == 3
    assert "not available" in words(section(page, "changed"))
    assert "not available" in words(section(page, "why"))


SECRET = "s" * 43
KEY = f"recs_{'1' * 16}_{SECRET}"
STORED = KnownKey("1" * 16, "metro", hashlib.sha256(SECRET.encode()).hexdigest(), "", AT, "a test", None)


async def test_without_a_key_a_browser_is_asked_for_one() -> None:
    service, *_ = explorer(keys=(STORED,))
    async with client(service) as asking:
        for path in ("/", "/explorer/metro", "/explorer/metro/models", "/explorer/metro/customer"):
            answer = await asking.get(path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic ")
            assert "acme" not in answer.text
        assert (await asking.post("/explorer/metro/customer", data={"customer": "c1"})).status_code == 401


async def test_a_key_shows_its_own_company_and_never_the_name_of_another() -> None:
    service, *_ = explorer(keys=(STORED,))
    async with client(service) as asking:
        asking.auth = httpx.BasicAuth("metro", KEY)
        first = await asking.get("/", follow_redirects=True)
        assert str(first.url).endswith("/explorer/metro")
        foreign = [
            await asking.get(f"/explorer/{name}{more}") for name in ("acme", "nothing") for more in ("", "/models")
        ]
        foreign += [await asking.post("/explorer/acme/customer", data={"customer": "c1"})]
        own = await asking.post("/explorer/metro/customer", data={"customer": "c1"})
    assert {answer.status_code for answer in foreign} == {404}
    assert len({answer.text for answer in foreign}) == 1
    for answer in (first, own, *foreign):
        assert "acme" not in answer.text
        assert "concord" not in answer.text
    assert own.status_code == 200
