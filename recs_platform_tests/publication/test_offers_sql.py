"""offer_comparison.sql against a plain definition of it, on random small markets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from recs_platform.schemas.offer_ranking import OfferRecommendations
from recs_platform.schemas.offer_ranking_reports import OfferComparison
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.publication import AVERAGES
from recs_platform_tests.publication.in_memory import compared
from recs_platform_tests.publication.market import DAY, LATER, NEXT, Lists, Planned, Shown, lists, planned
from recs_platform_tests.sql.queries import platform_queries

QUERY = platform_queries()["offer_comparison"]
CUSTOMERS, OFFERS = ("u", "v", "w", "x", "y"), ("a", "b", "c", "d", "e")
CHANCES = st.sampled_from((0.0, 0.01, 0.125, 0.25))
AFTER = NEXT + timedelta(days=1)
"""From when the lists of NEXT are shown."""
Figures = dict[tuple[str, str], tuple[Any, ...]]
NOTHING = (None, None, None)


@dataclass(frozen=True)
class World:
    live: Lists
    today: Planned


@st.composite
def _lists(draw: st.DrawFn) -> Lists:
    """Terms may differ from one day's lists to another's: a company changes its mind."""
    ends = {offer: draw(st.sampled_from((DAY, NEXT, AFTER, LATER))) for offer in OFFERS}

    def shown(offer: str) -> Shown:
        margin = draw(st.sampled_from((None, 0.5, 2.25, -0.75)))
        discount = draw(st.sampled_from((0.05, 0.2, 0.45)))
        return Shown(offer, draw(CHANCES), ends[offer], discount, draw(st.booleans()), margin)

    customers = draw(st.lists(st.sampled_from(CUSTOMERS), unique=True))
    offers = st.lists(st.sampled_from(OFFERS), unique=True, min_size=1, max_size=4)
    return {customer: [shown(offer) for offer in draw(offers)] for customer in customers}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    today = draw(_lists())
    pairs = draw(st.lists(st.tuples(st.sampled_from(CUSTOMERS), st.sampled_from(OFFERS)), unique=True))
    scores = {pair: draw(CHANCES) for pair in pairs}
    running = frozenset(draw(st.lists(st.sampled_from(OFFERS))))
    known = frozenset(draw(st.lists(st.sampled_from(CUSTOMERS))))
    return World(draw(_lists()), Planned(today, scores, running, known))


def computed(world: World) -> list[dict[str, Any]]:
    """What the query gives."""
    live = planned(world.live).tables(DAY)[OfferRecommendations]
    today = {spec_of(model).name: rows for model, rows in world.today.tables(NEXT).items()}
    return compared("offer_comparison", NEXT, {"live_offer_recommendations": live, **today})


def figures(rows: list[dict[str, Any]]) -> Figures:
    columns = ("count", "share", "before", "after", "detail")
    return {(row["section"], row["name"]): tuple(row[column] for column in columns) for row in rows}


def defined(world: World) -> Figures:
    """The definition; those replaced and added most are all there are, in these small worlds."""
    live, today = world.live, world.today.lists
    common, lost = live.keys() & today.keys(), live.keys() - today.keys()
    sizes = (float(len(live)), float(len(today)))
    found: Figures = {
        ("customers", "common"): _counted(len(common), len(live), *sizes),
        ("customers", "gained"): _counted(len(today) - len(common), len(today), *sizes),
        ("customers", "lost"): _counted(len(lost), len(live), *sizes),
    }
    for cause, number in Counter(_cause(customer, world.today) for customer in lost).items():
        found["lost_because", cause] = _counted(number, len(lost))
    for name in AVERAGES:
        before, after = _average(name, live), _average(name, today)
        moved = after / before - 1 if before and after is not None else None
        found["averages", name] = (None, moved, before, after, None)
    return found | _of_lists(world, common)


def _counted(number: int, of_all: int, *sizes: float) -> tuple[Any, ...]:
    return (number, number / of_all if of_all else None, *(sizes or NOTHING[:2]), None)


def _cause(customer: str, today: Planned) -> str:
    if customer not in today.customers:
        return "left"
    return "ruled out" if any(customer == c for c, _ in today.scores) else "no candidates"


def _average(name: str, shown_to: Lists) -> float | None:
    shown = [shown for offers in shown_to.values() for shown in offers]
    if name == "offers per customer":
        return len(shown) / len(shown_to) if shown_to else None
    values = {
        "chance": [s.score for s in shown],
        "expected margin": [s.margin for s in shown if s.margin is not None],
        "discount": [s.discount for s in shown],
        "own brand": [float(s.own_brand) for s in shown],
    }[name]
    return sum(values) / len(values) if values else None


def _of_lists(world: World, common: set[str]) -> Figures:
    """What becomes of each offer of a customer in common."""
    today = world.today
    fates: list[tuple[str, str, Shown]] = []
    added: list[Shown] = []
    for customer in common:
        now = {shown.offer for shown in today.lists[customer]}
        was = {shown.offer for shown in world.live[customer]}
        added += [shown for shown in today.lists[customer] if shown.offer not in was]
        fates += [(_fate(shown, now, today), customer, shown) for shown in world.live[customer]]
    counted = Counter(fate for fate, _, _ in fates)
    running, all_now = len(fates) - counted["ended"], sum(len(today.lists[customer]) for customer in common)
    sizes = (float(len(fates)), float(all_now))
    found: Figures = {
        ("lists", name): _counted(counted[name], running, *sizes) for name in ("kept", "replaced", "withdrawn")
    }
    found["lists", "moved"] = _moved(world, common)
    found["lists", "ended"] = _counted(counted["ended"], len(fates), *sizes)
    found["lists", "added"] = _counted(len(added), all_now, *sizes)
    for offer in {shown.offer for shown in added}:
        chances = [shown.score for shown in added if shown.offer == offer]
        detail = f"item {offer}, dairy"
        found["added", offer] = (len(chances), len(chances) / len(common), None, sum(chances) / len(chances), detail)
    gone = [(fate, customer, shown) for fate, customer, shown in fates if fate in ("replaced", "withdrawn")]
    for offer in {shown.offer for _, _, shown in gone}:
        found["replaced", offer] = _replaced(offer, [g for g in gone if g[2].offer == offer], today, len(common))
    return found


def _moved(world: World, common: set[str]) -> tuple[Any, ...]:
    """By how many places offers that stay have moved among themselves, and of how many possible."""
    moved = possible = 0
    for customer in common:
        now = [shown.offer for shown in world.today.lists[customer]]
        kept = [shown.offer for shown in world.live[customer] if shown.offer in now]
        stays = [offer for offer in now if offer in kept]
        moved += sum(abs(place - stays.index(offer)) for place, offer in enumerate(kept))
        possible += sum(abs(place - (len(kept) - 1 - place)) for place in range(len(kept)))
    return (moved, moved / possible if possible else None, *NOTHING)


def _fate(shown: Shown, now: set[str], today: Planned) -> str:
    if shown.offer in now:
        return "kept"
    if shown.ends < AFTER:
        return "ended"
    return "replaced" if shown.offer in today.running else "withdrawn"


def _replaced(offer: str, gone: list[tuple[str, str, Shown]], today: Planned, common: int) -> tuple[Any, ...]:
    scored = [today.scores[customer, offer] for _, customer, _ in gone if (customer, offer) in today.scores]
    why = f"{len(scored)} outranked, {len(gone) - len(scored)} no candidates any more"
    before = sum(shown.score for _, _, shown in gone) / len(gone)
    after = sum(scored) / len(scored) if scored else None
    detail = f"item {offer}, dairy: {why if offer in today.running else 'withdrawn'}"
    return (len(gone), len(gone) / common, before, after, detail)


@pytest.mark.slow
@settings(max_examples=40)
@given(worlds())
def test_the_query_gives_what_the_definition_gives(world: World) -> None:
    rows = computed(world)
    given_, wanted = figures(rows), defined(world)
    assert len(given_) == len(rows)
    assert {row["as_of"] for row in rows} == {NEXT}
    assert given_.keys() == wanted.keys()
    for key, expected in wanted.items():
        assert given_[key] == pytest.approx(expected, abs=2e-6), key


@pytest.mark.slow
@settings(max_examples=20)
@given(worlds())
def test_what_must_add_up_adds_up(world: World) -> None:
    rows = computed(world)
    found, counted = figures(rows), Counter[str]()
    for row in rows:
        counted[row["section"]] += row["count"] or 0
    common, gained, lost = (found["customers", name][0] for name in ("common", "gained", "lost"))
    assert (common + lost, common + gained) == (len(world.live), len(world.today.lists))
    assert counted["lost_because"] == lost
    kept, replaced, withdrawn, ended, added = (
        found["lists", name][0] for name in ("kept", "replaced", "withdrawn", "ended", "added")
    )
    assert (kept + replaced + withdrawn + ended, kept + added) == found["lists", "kept"][2:4]
    assert (counted["replaced"], counted["added"]) == (replaced + withdrawn, added)


def shown(today: Lists, **more: Any) -> World:
    """Two customers are live with four offers each, two of which are over when the day's lists are shown."""
    live = [Shown("a"), Shown("b"), Shown("c", ends=NEXT), Shown("d", ends=NEXT)]
    made = planned(today)
    return World({"u": live, "v": live}, Planned(**{**vars(made), "running": frozenset("abe"), **more}))


def test_by_hand_an_offer_that_ended_is_no_change() -> None:
    """Of the four offers that still run, one is replaced: u no longer gets b."""
    found = figures(computed(shown({"u": [Shown("a"), Shown("e")], "v": [Shown("b"), Shown("a")]})))
    assert found["lists", "kept"] == (3, 0.75, 8.0, 4.0, None)
    assert found["lists", "replaced"] == (1, 0.25, 8.0, 4.0, None)
    assert found["lists", "ended"] == (4, 0.5, 8.0, 4.0, None)
    assert found["replaced", "b"] == (1, 0.5, 0.1, None, "item b, dairy: 0 outranked, 1 no candidates any more")
    assert found["added", "e"] == (1, 0.5, None, 0.1, "item e, dairy")


def test_a_feed_that_lost_an_offer_shows_as_a_change() -> None:
    found = figures(computed(shown({"u": [Shown("a")], "v": [Shown("a")]}, running=frozenset("a"))))
    assert found["lists", "withdrawn"] == (2, 0.5, 8.0, 2.0, None)
    assert found["replaced", "b"][4] == "item b, dairy: withdrawn"


@pytest.mark.parametrize("ends", [DAY, NEXT, AFTER])
def test_an_offer_has_ended_when_the_days_lists_are_shown_after_its_last_day(ends: date) -> None:
    world = World({"u": [Shown("a", ends=ends)]}, planned({"u": [Shown("b")]}))
    assert figures(computed(world))["lists", "ended"][0] == (1 if ends < AFTER else 0)


def test_a_day_without_lists_loses_everybody() -> None:
    found = figures(computed(World(lists(3, "a"), Planned({}, customers=frozenset({"c0", "c1", "c2"})))))
    assert found["customers", "lost"] == (3, 1.0, 3.0, 0.0, None)
    assert found["lost_because", "no candidates"] == (3, 1.0, None, None, None)
    assert found["averages", "chance"] == (None, None, 0.1, None, None)


def test_at_most_twenty_offers_those_of_most_customers() -> None:
    """Thirty offers, the n-th live of n customers and replaced by one that is new to all of them."""
    live = {f"c{o}-{n}": [Shown(f"old{o:02}")] for o in range(30) for n in range(o + 1)}
    today = {customer: [Shown(offers[0].offer.replace("old", "new"))] for customer, offers in live.items()}
    rows = computed(World(live, planned(today)))
    for section, name in (("replaced", "old"), ("added", "new")):
        listed = {(row["name"], row["count"]) for row in rows if row["section"] == section}
        assert listed == {(f"{name}{o:02}", o + 1) for o in range(10, 30)}


def test_equal_offers_are_listed_by_name() -> None:
    live = {"u": [Shown(f"o{n:02}") for n in range(25)]}
    rows = computed(World(live, planned({"u": [Shown("z")]})))
    assert sorted(r["name"] for r in rows if r["section"] == "replaced") == [f"o{n:02}" for n in range(20)]


def test_the_columns_are_the_tables() -> None:
    assert QUERY.tree.named_selects == [column.name for column in spec_of(OfferComparison).columns]


def test_the_order_of_rows_changes_nothing() -> None:
    """Sums of fractions would differ in their last digits."""
    chances = [0.1, 0.2, 0.3, 0.07, 0.013]
    live = {f"c{n}": [Shown("a", score=chance)] for n, chance in enumerate(chances)}
    turned = dict(reversed(live.items()))
    one, other = (figures(computed(World(side, planned(side)))) for side in (live, turned))
    assert one == other
    assert one["averages", "chance"][2] == pytest.approx(sum(chances) / 5, abs=1e-9)


def test_days_that_lie_apart_are_compared_by_the_day_that_is_compared() -> None:
    """`recs compare` shows any earlier day as live: what has ended by the later one is a matter of that day."""
    world = World({"u": [Shown("a", ends=DAY)]}, planned({"u": [Shown("a", ends=LATER)]}))
    assert figures(computed(world))["lists", "kept"][0] == 1, "prolonged, and recommended again"
