"""The first page, which lists companies, and the page of one: find a customer, and what is live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recs_platform.plurals import counted
from recs_platform.reporting.blocks import note, paragraph
from recs_platform.reporting.markup import Html, element, joined
from recs_platform.serving.explorer.facts import CompanyFacts, CompanyLine, Live, NotLive, Unknown
from recs_platform.serving.explorer.frame import HOME, company_path, models_path, page
from recs_platform.serving.explorer.parts import badge, facts, notice, section, shown
from recs_platform.serving.explorer.search_form import examples, search_form

_STRATEGIES = {
    "vehicle_fitment": "Parts that fit the customer's vehicle",
    "offer_ranking": "Offers that the customer is likely to redeem",
    "replenishment": "What the client orders again, and what it may try",
}


def start_page(companies: Sequence[CompanyLine]) -> str:
    cards = [
        element(
            "li",
            element("h2", element("a", company.name, href=company_path(company.name))),
            paragraph(_strategy(company.strategy)),
            note(_line(company.live)),
            class_="card",
        )
        for company in companies
    ]
    shown_cards = element("ul", *cards, class_="cards") if cards else notice("No company is served here.")
    return page(
        "Companies",
        element("h1", "What customers get, and why"),
        element("p", "Pick a company.", class_="lead") if cards else Html(""),
        shown_cards,
        here=HOME,
    )


def company_page(company: CompanyFacts) -> str:
    return page(
        company.name,
        element("h1", company.name),
        element("p", _strategy(company.strategy), class_="lead"),
        *_find(company),
        section("live", "What is live", *map(_product, company.products))
        if company.products
        else section("live", "What is live", paragraph("This company publishes nothing.")),
        *_models(company),
        company=company.name,
        here=company_path(company.name),
        has_models=company.has_models,
    )


def not_found_page() -> str:
    """The same for what there is not and for what is another company's."""
    return page(
        "Not found",
        element("h1", "There is no such page"),
        paragraph("Or it is not for the key that you gave. ", element("a", "To the first page", href=HOME), "."),
    )


def _find(company: CompanyFacts) -> Iterator[Html]:
    if not company.recommends:
        return
    yield section("find", "Find a customer", search_form(company.name), examples(company.name, company.examples))


def _product(product: Live | NotLive) -> Html:
    title = element("h3", product.product.capitalize())
    if isinstance(product, NotLive):
        return joined([title, notice("Nothing is published yet.")])
    pairs = [
        ("Version", shown(product.version)),
        ("Of the day", shown(product.as_of)),
        ("Published", shown(product.published_at)),
    ]
    if product.by:
        pairs.append(("By", shown(product.by)))
    if product.customers is not None:
        pairs.append(("For", counted(product.customers, "customer")))
    if product.note:
        pairs.append(("Note", shown(product.note)))
    return joined([title, facts(pairs), *_guardrails(product)])


def _guardrails(live: Live) -> Iterator[Html]:
    if live.brought_back:
        yield paragraph("An earlier version was brought back, so nothing was compared.")
        return
    if live.approved:
        yield notice("A person approved it although a guardrail refused it.")
    if isinstance(live.guardrails, Unknown):
        yield note(live.guardrails.why)
    elif live.guardrails:
        lines = [
            element("li", badge("kept", "good") if rail.passed else badge("not kept", "bad"), " ", shown(rail.words))
            for rail in live.guardrails
        ]
        yield element("h4", "Guardrails when it was published")
        yield element("ul", *lines, class_="plain")


def _models(company: CompanyFacts) -> Iterator[Html]:
    if company.has_models:
        link = element("a", "The models and their evidence", href=models_path(company.name))
        yield section("models", "Models", paragraph(link))


def _strategy(name: str) -> str:
    return _STRATEGIES.get(name, name.replace("_", " ").capitalize())


def _line(live: Live | None) -> str:
    if live is None:
        return "Nothing is published yet."
    return f"Version {live.version}, of {shown(live.as_of)}, published {shown(live.published_at)}."
