"""What the first page, a company's page and its models' page say."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from recs_platform.model_registry.registry import Registered
from recs_platform.serving.explorer.company_page import company_page, not_found_page, start_page
from recs_platform.serving.explorer.facts import CompanyLine, Held, ModelFacts, NotLive, Unknown
from recs_platform.serving.explorer.models_page import models_page
from recs_platform_tests.campaign.report.reader import SVG, parsed, rows, section, words
from recs_platform_tests.serving.explorer.shown import AT, BROKEN, KEPT, LIVE, NASTY, company, texts, version

_NONE = Held()
_OLD = Held(1, "sha256:feed", AT, "no golden rows", "version 2: it predicts the same for everybody")


def models(*versions: Registered, held: Held = _NONE) -> ElementTree.Element:
    facts = ModelFacts("offer_ranking", "ROC AUC", "roc_auc", versions, held)
    return parsed(models_page("metro", (facts,)))


def test_the_first_page_leads_to_every_company() -> None:
    lines = [CompanyLine("acme", "vehicle_fitment", LIVE), CompanyLine("mine", "my_strategy", None)]
    page = parsed(start_page(lines))
    assert [link.get("href") for link in page.findall(".//main//a")] == ["/explorer/acme", "/explorer/mine"]
    assert texts(page, "li") == [
        "acmeParts that fit the customer's vehicleVersion 3, of 2 Sep 2025, published 3 Sep 2025, 08:00 UTC.",
        "mineMy strategyNothing is published yet.",
    ]


def test_where_nobody_is_served_that_is_said() -> None:
    assert "No company is served here." in texts(parsed(start_page(())), "p")


def test_a_company_page_asks_for_a_customer_and_offers_real_ones() -> None:
    page = parsed(company_page(company()))
    label, field = page.find(".//label"), page.find(".//input[@type='text']")
    assert label is not None and field is not None
    assert (words(label), label.get("for"), field.get("id")) == ("Customer", "customer", "customer")
    assert [button.get("value") for button in page.findall(".//button[@name='customer']")] == ["C1", "C2"]
    assert {form.get("method") for form in page.findall(".//form")} == {"post"}


def test_what_is_live_is_told_with_who_published_it_and_how_it_stood_to_its_guardrails() -> None:
    page = parsed(company_page(company(products=(replace(LIVE, guardrails=(KEPT, BROKEN), approved=True),))))
    told = dict(zip(texts(page, "dt"), texts(page, "dd"), strict=True))
    assert told == {
        "Version": "3",
        "Of the day": "2 Sep 2025",
        "Published": "3 Sep 2025, 08:00 UTC",
        "By": "run 1234abcd",
        "For": "1,200 customers",
    }
    live = section(page, "live")
    assert texts(live, "li") == [f"kept {KEPT.words}", f"not kept {BROKEN.words}"]
    assert "A person approved it although a guardrail refused it." in texts(live, "p")


@pytest.mark.parametrize(
    ("product", "said"),
    [
        (NotLive("allocation"), "Nothing is published yet."),
        (replace(LIVE, brought_back=True), "An earlier version was brought back, so nothing was compared."),
        (replace(LIVE, guardrails=Unknown("The guardrails are not available.")), "The guardrails are not available."),
    ],
)
def test_what_is_not_known_of_a_product_is_said(product: object, said: str) -> None:
    assert said in texts(section(parsed(company_page(company(products=(product,)))), "live"), "p")


def test_a_company_that_publishes_nothing_has_no_customers_to_find() -> None:
    page = parsed(company_page(company(recommends=False, products=(), examples=(), has_models=False)))
    assert "This company publishes nothing." in texts(page, "p")
    assert page.find(".//form") is None
    assert "Models" not in texts(page, "a")


def test_nothing_of_the_data_becomes_markup() -> None:
    live = replace(LIVE, by=NASTY, note=NASTY, guardrails=(replace(KEPT, words=NASTY),))
    made = company_page(company(products=(live,), examples=(NASTY,)))
    made += models_page(
        "metro",
        (ModelFacts("m", NASTY, "roc_auc", (version(1, "active", words=NASTY, by=NASTY),), Held(refused=NASTY)),),
    )
    assert "<script" not in made
    assert "&lt;script&gt;" in made


def test_the_active_version_is_told_with_its_evidence() -> None:
    comparisons = {
        "base rate": {"roc_auc": {"estimate": 0.306, "low": 0.292, "high": 0.319}},
        "active model": {"roc_auc": {"estimate": -0.004, "low": -0.02, "high": 0.012}},
    }
    metrics = {
        "candidate": {"roc_auc": 0.8058, "rows": 1200, "constant": False},
        "champion": {"roc_auc": 0.81, "rows": 1200, "constant": False},
        "comparisons": comparisons,
    }
    page = models(version(2, "active", metrics=metrics, champion=1), version(1, "retired"))
    found = section(page, "model-0")
    assert rows(found) == [["ROC AUC", "0.8058", "0.8100"], ["Rows", "1,200", "1,200"]]
    assert texts(found, "th")[:3] == ["Figure", "Version 2", "Version 1"]
    assert "models/metro-offer_ranking:2" in texts(found, "dd")
    descriptions = {words(found) for found in page.findall(f".//{SVG}svg[@role='img']/{SVG}desc")}
    assert descriptions == {"base rate +0.306; active model -0.004"}
    assert [row[:2] for row in [[words(cell) for cell in row] for row in page.findall(".//tbody")[1]]] == [
        ["2", "active"],
        ["1", "retired"],
    ]


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (_NONE, "The service itself has no version loaded. Lists were scored before they were published."),
        (
            Held(2, version(2, "active").digest, AT, "16 golden rows as at training"),
            "The service holds version 2 (000000000000), loaded 3 Sep 2025, 08:00 UTC; 16 golden rows as at training.",
        ),
        (_OLD, "The registry's active version is 2 (000000000000)."),
        (_OLD, "Refused: version 2: it predicts the same for everybody"),
    ],
)
def test_what_the_service_holds_is_told_beside_the_registry(held: Held, said: str) -> None:
    assert said in texts(models(version(2, "active"), held=held), "p")


def test_models_that_are_not_there_are_told_apart() -> None:
    assert "No version is registered yet: no day had enough to learn from." in texts(models(), "p")
    assert "No version is active." in texts(models(version(1, "candidate")), "p")
    assert "This company ranks without a model." in texts(parsed(models_page("acme", ())), "p")
    unknown = Unknown("The models are not available now (OperationalError).")
    assert unknown.why in texts(parsed(models_page("metro", unknown)), "p")


def test_the_page_that_there_is_not_names_no_company() -> None:
    page = parsed(not_found_page())
    assert [link.get("href") for link in page.findall(".//a")] == ["#content", "/", "/"]


@pytest.mark.parametrize("made", [start_page(()), company_page(company()), models_page("metro", ()), not_found_page()])
def test_every_page_can_be_gone_through_by_ear(made: str) -> None:
    page = parsed(made)
    assert page.get("lang") == "en"
    assert len(page.findall(".//h1")) == 1
    assert len(page.findall(".//main")) == 1
    first = page.find(".//a")
    assert first is not None
    assert (words(first), first.get("href")) == ("Skip to the content", "#content")
    levels = [int(found.tag[1]) for found in page.iter() if found.tag in ("h1", "h2", "h3", "h4")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
