"""Where a person says which customer they want to look at. Not here: the page that answers."""

from __future__ import annotations

from collections.abc import Sequence

from recs_platform.reporting.markup import Html, element, joined
from recs_platform.serving.explorer.frame import customer_path
from recs_platform.serving.explorer.parts import LONGEST_ID, form, shown


def search_form(company: str, customer: str = "") -> Html:
    return form(
        customer_path(company),
        element("label", "Customer", for_="customer"),
        element(
            "input",
            type="text",
            id="customer",
            name="customer",
            value=customer or None,
            maxlength=LONGEST_ID,
            required="required",
            autocomplete="off",
            autocapitalize="off",
            spellcheck="false",
            aria_describedby="customer-hint",
        ),
        element("button", "Show", type="submit"),
        element("p", "The customer's id, as your own systems write it.", class_="note", id="customer-hint"),
        label="Find a customer",
        search=True,
    )


def examples(company: str, customers: Sequence[str]) -> Html:
    """Real customers, each a button."""
    if not customers:
        return Html("")
    buttons = [
        element("button", shown(customer), type="submit", name="customer", value=customer, class_="example")
        for customer in customers
    ]
    return joined([form(customer_path(company), element("span", "Or one of these:"), *buttons, label="Examples")])
