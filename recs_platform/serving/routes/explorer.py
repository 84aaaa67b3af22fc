"""For people, in a browser: `GET /` and what it leads to. See docs/explorer.md.

A customer's id is asked for and sent in the body of a form, never in an address: servers and proxies write addresses
down, and browsers keep them. So a page of a customer has no address to share; a company's has. Not here: how the pages
look (`serving/explorer/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.serving.asked import asked_of
from recs_platform.serving.companies import ServedCompany
from recs_platform.serving.explorer import frame, reading
from recs_platform.serving.explorer.company_page import company_page, not_found_page, start_page
from recs_platform.serving.explorer.customer_page import customer_page, no_customer_page
from recs_platform.serving.explorer.facts import CompanyFacts, CompanyLine, CustomerFacts, Held, Live, NotLive, Unknown
from recs_platform.serving.explorer.models_page import models_page
from recs_platform.serving.explorer.why import UnknownCustomerError, Why
from recs_platform.serving.models.loaded import Held as HeldModel
from recs_platform.serving.problems import FOREIGN_COMPANY, UNKNOWN_COMPANY, Problem
from recs_platform.serving.service import Service, service_of

router = APIRouter(include_in_schema=False)
_SEE_OTHER = 303
_MOST_FIELDS = 10
_EXAMPLES = 5


@router.get("/")
async def start(request: Request) -> Response:
    """Who has a key sees its company at once."""
    service = service_of(request)
    caller = service.access.caller(request)
    seen = [company for name, company in sorted(service.companies.by_name.items()) if caller.sees(name)]
    if caller.company is not None and len(seen) == 1:
        return RedirectResponse(frame.company_path(caller.company), _SEE_OTHER)
    lines = [CompanyLine(one.name, one.company.strategy.name, await _live(service, one)) for one in seen]
    return _page(start_page(lines))


@router.get(frame.style_path())
async def style() -> Response:
    return Response(frame.style(), media_type="text/css", headers=dict(frame.STYLE_HEADERS))


@router.get("/explorer/{company}")
async def of_company(request: Request, company: str) -> Response:
    service, served = service_of(request), _served(request, company)
    if served is None:
        return _page(not_found_page(), 404)
    products: list[Live | NotLive] = []
    for product in served.products:
        found = await service.reader.served(served.name, product)
        if found is None:
            products.append(NotLive(product))
            continue
        live = await service.explorer.published(served.name, reading.live_of(product, found))
        products.append(await service.explorer.judged(served, live))
    recommended = any(isinstance(one, Live) and one.product == RECOMMENDATIONS for one in products)
    examples = await service.reader.examples(served.name, RECOMMENDATIONS, _EXAMPLES) if recommended else ()
    strategy = served.company.strategy
    facts = CompanyFacts(
        served.name, strategy.name, served.recommends, products, examples, has_models=_has_models(served)
    )
    return _page(company_page(facts))


@router.get("/explorer/{company}/models")
async def of_models(request: Request, company: str) -> Response:
    service, served = service_of(request), _served(request, company)
    if served is None:
        return _page(not_found_page(), 404)
    return _page(models_page(served.name, await service.explorer.models(served.company, _held(service, served))))


@router.get("/explorer/{company}/customer")
async def without_customer(request: Request, company: str) -> Response:
    """Who loads the address of a form's answer is asked for the customer again."""
    if _served(request, company) is None:
        return _page(not_found_page(), 404)
    return RedirectResponse(frame.company_path(company), _SEE_OTHER)


@router.post("/explorer/{company}/customer")
async def of_customer(request: Request, company: str) -> Response:
    service, served = service_of(request), _served(request, company)
    if served is None:
        return _page(not_found_page(), 404)
    asked = await _form(request)
    customer, item = asked.get("customer", "").strip(), asked.get("item") or None
    if not customer or max(len(customer), len(item or "")) > service.limits.id_characters:
        words = f"An id has 1 to {service.limits.id_characters:,} characters."
        return _page(no_customer_page(served.name, customer[:40], words, has_models=_has_models(served)), 422)
    return await _customer(request, served, customer, item)


async def _customer(request: Request, served: ServedCompany, customer: str, item: str | None) -> Response:
    service, noted = service_of(request), asked_of(request)
    live, answer, before = None, None, None
    found = await service.reader.served(served.name, RECOMMENDATIONS) if served.recommends else None
    if found is not None:
        answer = await service.reader.customer(served.name, RECOMMENDATIONS, customer)
        live = reading.live_of(RECOMMENDATIONS, answer.served if answer else found)
        before = await service.explorer.before(served.name, live, customer)
        noted.product, noted.version = RECOMMENDATIONS, live.version
        noted.source = str(answer.source) if answer else None
    has_models = _has_models(served)
    why: Why | Unknown
    try:
        why = await service.explorer.why(served, customer, item)
    except UnknownCustomerError as error:
        if answer is None:
            return _page(no_customer_page(served.name, customer, str(error), has_models=has_models), 404)
        why = Unknown(str(error))
    if answer is None and found is not None and isinstance(why, Why) and why.customer != customer:
        return await _customer(request, served, why.customer, item)
    if answer is None and isinstance(why, Unknown):
        words = f"No list of this customer is live. {why.why}"
        return _page(no_customer_page(served.name, customer, words, has_models=has_models), 404)
    given = reading.given(answer.served, answer.content) if answer else None
    facts = CustomerFacts(
        company=served.name,
        customer=customer,
        live=live,
        served_from=str(answer.source) if answer else "",
        given=given,
        before=before,
        item=item,
        why=why.blocks if isinstance(why, Why) else why,
    )
    return _page(customer_page(facts, has_models=has_models))


def _served(request: Request, company: str) -> ServedCompany | None:
    """None of a company that there is not, and of another one's: who asks is told the same."""
    try:
        return service_of(request).access.company(request, company)
    except Problem as problem:
        if problem.kind in (FOREIGN_COMPANY, UNKNOWN_COMPANY):
            return None
        raise


async def _live(service: Service, company: ServedCompany) -> Live | None:
    if not company.recommends:
        return None
    found = await service.reader.served(company.name, RECOMMENDATIONS)
    return reading.live_of(RECOMMENDATIONS, found) if found else None


async def _form(request: Request) -> Mapping[str, str]:
    """What a form sent; the last of what it says twice. Nothing of what none of our forms sends."""
    text = (await request.body()).decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _has_models(company: ServedCompany) -> bool:
    return company.company.strategy.model is not None


def _held(service: Service, company: ServedCompany) -> Mapping[str, Held]:
    return {model: _as_fact(held) for (name, model), held in service.models.held.items() if name == company.name}


def _as_fact(held: HeldModel) -> Held:
    refused = f"version {held.refused.version}: {held.refused.why}" if held.refused else ""
    if held.loaded is None:
        return Held(refused=refused)
    loaded = held.loaded
    return Held(loaded.version, loaded.digest, loaded.loaded_at, loaded.golden, refused)


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, headers=dict(frame.HEADERS))
