"""What the page of a customer says, and that nothing of the data becomes markup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recs_platform.reporting.explanation import Listing, Sentence, Tone
from recs_platform.reporting.working import added
from recs_platform.serving.explorer.customer_page import customer_page, no_customer_page
from recs_platform.serving.explorer.facts import CustomerFacts, Unknown
from recs_platform.serving.explorer.rows import about
from recs_platform.serving.items import items_of
from recs_platform_tests.campaign.report.reader import SVG, parsed, rows, section, words
from recs_platform_tests.serving.explorer.shown import NASTY, customer, given, items, texts


def page_of(facts: CustomerFacts) -> str:
    return customer_page(facts, has_models=True)


def test_it_says_what_they_get_of_which_version_and_who_answered() -> None:
    page = parsed(page_of(customer()))
    assert words(page.find(".//h1")) == "Customer C1"
    lead = "metro, version 3, of 2 Sep 2025, published 3 Sep 2025, 08:00 UTC; answered from Redis."
    assert lead in texts(page, "p")
    listed = rows(section(page, "gets"))
    assert listed == [["1", "a Why? a", "1.0000"], ["2", "b Why? b", "0.5000"]]


def test_the_picture_of_the_list_has_its_figures_as_a_text() -> None:
    page = parsed(page_of(customer()))
    svgs = page.findall(f".//section[@id='gets']//{SVG}svg[@role='img']")
    assert len(svgs) == 2  # for a desk and for a phone
    assert {words(svg.find(f"{SVG}desc")) for svg in svgs} == {"a 1.000; b 0.500"}


def test_items_of_different_kinds_have_pictures_of_their_own() -> None:
    both = [*items("a", kind="repurchase"), {"rank": 2, "item_id": "b", "kind": "discovery", "score": 9.0}]
    page = parsed(page_of(customer(given=given(both))))
    assert texts(page, "figcaption") == ["To order again: score", "To try: score"]


def test_offers_have_chances() -> None:
    offers = [{"rank": 1, "offer_id": "F1", "item_id": "P1", "score": 0.25, "discount": 0.1, "ends_on": "2025-09-09"}]
    page = parsed(page_of(customer(given=given(offers))))
    assert texts(section(page, "gets"), "th") == ["Place", "Offer", "Item", "Until", "Discount", "Chance"]
    assert rows(section(page, "gets")) == [["1", "F1 Why? F1", "P1", "9 Sep 2025", "10.0%", "25.0%"]]


@pytest.mark.parametrize(
    "facts",
    [
        customer(customer=NASTY),
        customer(given=given(items(NASTY)), item=NASTY),
        customer(given=given(items("a", reason=NASTY))),
        customer(why=(Sentence(NASTY, title=NASTY), Listing(NASTY, (NASTY,), [[NASTY]]))),
        customer(why=(added(NASTY, [(NASTY, 1.0)], NASTY),)),
        customer(before=Unknown(NASTY), why=Unknown(NASTY)),
    ],
)
def test_nothing_of_the_data_becomes_markup(facts: CustomerFacts) -> None:
    made = page_of(facts)
    assert "<script" not in made
    assert "<script>" in "".join(parsed(made).itertext())


def test_addresses_are_masked() -> None:
    made = page_of(customer(why=(Sentence("bought by jane@mail.example"),), given=given(items("x@y.org"))))
    assert "jane@mail" not in made
    assert "j***@***.example" in made
    assert "x***@***.org" in "".join(parsed(made).itertext())


def test_a_very_long_name_stays_whole_and_in_one_page() -> None:
    name = "Ünïcode/" * 120
    page = parsed(page_of(customer(customer=name, given=given(items(name)), item=name)))
    assert words(page.find(".//h1")) == f"Customer {name}"
    assert any(name in text for text in texts(page, "strong"))


def test_twenty_five_items_are_all_there_in_their_order() -> None:
    page = parsed(page_of(customer(given=given(items(*(f"i{n}" for n in range(25)))))))
    assert [row[1].split()[0] for row in rows(section(page, "gets"))] == [f"i{n}" for n in range(25)]
    assert "25 recommendations, the best first." in texts(page, "p")


def test_a_customer_without_a_list_is_told_why() -> None:
    reason = (Sentence("It has no vehicle.", Tone.ATTENTION, "Nothing is recommended: no vehicle."),)
    page = parsed(page_of(customer(given=None, why=reason)))
    assert words(section(page, "gets")) == "What they get Nothing. No list of this customer is live."
    assert words(section(page, "why")) == "Why Nothing is recommended: no vehicle. It has no vehicle."


def test_what_was_never_published_has_no_list_and_no_change() -> None:
    page = parsed(page_of(customer(live=None, given=None)))
    assert "metro has published nothing yet." in texts(page, "p")
    assert page.find(".//section[@id='gets']") is None
    assert page.find(".//section[@id='changed']") is None


def test_reasons_that_are_not_available_leave_the_list() -> None:
    page = parsed(page_of(customer(why=Unknown("The reasons are not available now: the warehouse cannot be read."))))
    assert words(section(page, "why")) == "Why The reasons are not available now: the warehouse cannot be read."
    assert len(rows(section(page, "gets"))) == 2


def test_what_changed_is_told_item_by_item() -> None:
    before = given(items("b", "a", "c", "d"), version=2)
    page = parsed(page_of(customer(given=given(items("a", "b", "e", "d")), before=before)))
    changed = section(page, "changed")
    assert "1 new, 1 gone, 2 in another place, 1 as before, compared with version 2, of 30 Aug 2025." in texts(
        page, "p"
    )
    assert rows(changed) == [
        ["a", "up 1", "2", "1"],
        ["b", "down 1", "1", "2"],
        ["e", "new", "–", "3"],
        ["c", "gone", "3", "–"],
    ]


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (("a",), None, "This is the first publication that is kept."),
        (("a", "b"), ("a", "b"), "Nothing: the same 2 items in the same order as in version 2, of 30 Aug 2025."),
        (("a",), (), "The whole list is new: this customer had none in version 2, of 30 Aug 2025."),
        ((), ("a",), "The whole list is gone: it had 1 item in version 2, of 30 Aug 2025."),
        ((), (), "Nothing: this customer had no list in version 2, of 30 Aug 2025 either."),
    ],
)
def test_changes_of_whole_lists(now: tuple[str, ...], before: tuple[str, ...] | None, said: str) -> None:
    earlier = None if before is None else given(items(*before), version=2)
    page = parsed(page_of(customer(given=given(items(*now)) if now else None, before=earlier)))
    assert said in texts(section(page, "changed"), "p")


def test_earlier_lists_that_cannot_be_read_leave_the_rest() -> None:
    page = parsed(page_of(customer(before=Unknown("Earlier lists are not available now (OperationalError)."))))
    assert "Earlier lists are not available now (OperationalError)." in words(section(page, "changed"))
    assert len(rows(section(page, "gets"))) == 2


def test_an_item_is_asked_for_by_a_button_and_never_by_an_address() -> None:
    page = parsed(page_of(customer(customer="C/1")))
    buttons = page.findall(".//button[@name='item']")
    assert [(button.get("value"), button.get("form"), words(button)) for button in buttons] == [
        ("a", "why-form", "Why? a"),
        ("b", "why-form", "Why? b"),
    ]
    form = page.find(".//form[@id='why-form']")
    assert form is not None
    assert (form.get("method"), form.get("action")) == ("post", "/explorer/metro/customer#why")
    assert [field.get("value") for field in form.findall("input")] == ["C/1"]
    assert not [link for link in page.findall(".//a") if "C/1" in (link.get("href") or "")]
    assert "C/1" not in words(page.find(".//title"))


def test_the_item_that_is_explained_is_marked_and_the_way_back_is_there() -> None:
    page = parsed(page_of(customer(item="b", why=(Sentence("Because."),))))
    assert [row[1] for row in rows(section(page, "gets"))] == ["a Why? a", "b explained below"]
    assert words(section(page, "why")) == "Why b Because. Back to the whole list"


def test_what_to_type_at_a_terminal_is_not_told_in_a_browser() -> None:
    why = (Sentence("", at_terminal="Name an item (--item ITEM)."), Sentence("and 3 more", at_terminal=": --json"))
    page = parsed(page_of(customer(why=why)))
    assert words(section(page, "why")) == "Why “Why?” beside an item shows what its score is made of. and 3 more"


def test_a_long_table_is_folded_and_a_short_one_is_not() -> None:
    def listing(count: int) -> Listing:
        return Listing("Parts", ("", "value"), [[f"p{n}", n] for n in range(count)], right=1)

    page = parsed(page_of(customer(why=(listing(8), listing(9)))))
    assert texts(page, "summary") == ["Parts: 9 rows"]
    folded = page.find(".//details")
    assert folded is not None
    assert len(rows(folded)) == 9


def test_nobody_whom_anybody_knows() -> None:
    page = parsed(no_customer_page("metro", NASTY, "metro has no customer x on 2025-09-02.", has_models=False))
    assert words(page.find(".//h1")) == "No such customer"
    assert "metro has no customer x on 2025-09-02." in texts(page, "p")
    field = page.find(".//input[@id='customer']")
    assert field is not None
    assert field.get("value") == NASTY


def test_parts_in_one_row_are_told_one_by_one() -> None:
    contract = [
        {"v1_year": 2014, "v1_make": "Ford", "v1_model": "Mustang"}
        | {f"rec_part_{n}": f"P{n}" for n in (1, 2)}
        | {f"rec{n}_{name}": value for n in (1, 2) for name, value in (("price", 9.5), ("score", n), ("tier", "model"))}
    ]
    made = given(items_of(contract))
    page = parsed(page_of(customer(given=replace(made, about=about(contract)))))
    assert "2 recommendations, the best first, for a 2014 Ford Mustang." in texts(page, "p")
    assert rows(section(page, "gets")) == [
        ["1", "P1 Why? P1", "model", "9.50", "1.0000"],
        ["2", "P2 Why? P2", "model", "9.50", "2.0000"],
    ]
