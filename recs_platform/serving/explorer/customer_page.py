"""The page of a customer: what they get, what changed since the last publication, and why."""

from __future__ import annotations

from collections.abc import Iterator

from recs_platform.plurals import counted
from recs_platform.reporting.blocks import note, paragraph, strong, table
from recs_platform.reporting.figures import NOTHING
from recs_platform.reporting.markup import Html, element
from recs_platform.serving.explorer.change import Change, changes
from recs_platform.serving.explorer.customer_list import list_of
from recs_platform.serving.explorer.facts import CustomerFacts, Given, Unknown
from recs_platform.serving.explorer.frame import customer_path, page
from recs_platform.serving.explorer.parts import explained, form, hidden_field, notice, section, shown
from recs_platform.serving.explorer.search_form import search_form


def customer_page(facts: CustomerFacts, *, has_models: bool) -> str:
    # No id in the title: browsers keep titles in their history.
    return page(
        f"A customer of {facts.company}",
        element("h1", "Customer ", element("span", shown(facts.customer), class_="id")),
        _standing(facts),
        search_form(facts.company, facts.customer),
        *_gets(facts),
        *_changed(facts),
        _why(facts),
        company=facts.company,
        has_models=has_models,
    )


def _standing(facts: CustomerFacts) -> Html:
    if facts.live is None:
        return element("p", f"{facts.company} has published nothing yet.", class_="lead")
    live = facts.live
    published = f"version {live.version}, of {shown(live.as_of)}, published {shown(live.published_at)}"
    served = f"; answered from {'Redis' if facts.served_from == 'redis' else 'the database'}" if facts.given else ""
    return element("p", f"{facts.company}, {published}{served}.", class_="lead")


def _gets(facts: CustomerFacts) -> Iterator[Html]:
    if facts.given is None or not facts.given.rows:
        if facts.live is not None:
            yield section("gets", "What they get", notice(strong("Nothing."), " No list of this customer is live."))
        return
    rows = facts.given.rows
    made_for = f", for a {shown(facts.given.about)}" if facts.given.about else ""
    yield section(
        "gets",
        "What they get",
        paragraph(f"{counted(len(rows), 'recommendation')}, the best first{made_for}."),
        list_of(facts.company, facts.customer, rows, asked=facts.item),
    )


def _changed(facts: CustomerFacts) -> Iterator[Html]:
    if facts.live is None:
        return
    title = "What changed since the last publication"
    match facts.before:
        case None:
            yield section("changed", title, paragraph("This is the first publication that is kept."))
        case Unknown():
            yield section("changed", title, notice(facts.before.why))
        case Given():
            yield section("changed", title, *_compared(facts.before, facts.given))


def _compared(before: Given, now: Given | None) -> Iterator[Html]:
    was = f"version {before.version}, of {shown(before.as_of)}"
    now_rows = now.rows if now else ()
    if not before.rows and not now_rows:
        yield paragraph(f"Nothing: this customer had no list in {was} either.")
        return
    if not before.rows:
        yield paragraph(f"The whole list is new: this customer had none in {was}.")
        return
    if not now_rows:
        yield paragraph(f"The whole list is gone: it had {counted(len(before.rows), 'item')} in {was}.")
    found = changes(before.rows, now_rows)
    differing = [change for change in found if change.before != change.now]
    if not differing:
        yield paragraph(f"Nothing: the same {counted(len(found), 'item')} in the same order as in {was}.")
        return
    yield paragraph(f"{_in_numbers(found)}, compared with {was}.")
    rows = [[shown(one.item), one.words, _place(one.before), _place(one.now)] for one in differing]
    yield table("What changed", ["Item", "Change", "Before", "Now"], rows, text_columns=2)


def _in_numbers(found: list[Change]) -> str:
    new, gone = (sum(getattr(one, side) is None for one in found) for side in ("before", "now"))
    stays = sum(one.before == one.now for one in found)
    moved = len(found) - new - gone - stays
    return f"{new} new, {gone} gone, {moved} in another place, {stays} as before"


def _place(place: int | None) -> str:
    return NOTHING if place is None else str(place)


def _why(facts: CustomerFacts) -> Html:
    if isinstance(facts.why, Unknown):
        return section("why", "Why", notice(facts.why.why))
    if facts.item is None:
        more = [note("“Why?” beside an item shows what its score is made of.")] if facts.given else []
        return section("why", "Why", *more, *explained(facts.why))
    back = form(
        f"{customer_path(facts.company)}#why",
        hidden_field("customer", facts.customer),
        element("button", "Back to the whole list", type="submit", class_="why"),
    )
    return section("why", f"Why {shown(facts.item)}", *explained(facts.why), back)


def no_customer_page(company: str, customer: str, words: str, *, has_models: bool) -> str:
    """Of somebody whom nobody knows."""
    return page(
        f"No such customer of {company}",
        element("h1", "No such customer"),
        notice(shown(words)),
        search_form(company, customer),
        note("Ids are compared letter by letter: capitals, zeros and spaces count."),
        company=company,
        has_models=has_models,
    )
