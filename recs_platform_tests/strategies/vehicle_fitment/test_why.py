"""`recs why`: the numbers add up to the stored ones, every stronger part has the rule that removed it, and no address
is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from recs_platform.errors import ConfigError
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus
from recs_platform.publication.inventory import begin
from recs_platform.reporting.explanation import Picture
from recs_platform.schemas.vehicle_fitment import DROPPED_BECAUSE
from recs_platform.settings import settings
from recs_platform.strategies.vehicle_fitment.customer_facts import CustomerFacts, facts_of_customer
from recs_platform.strategies.vehicle_fitment.explanation import explain_customer
from recs_platform.strategies.vehicle_fitment.formulas import (
    MILLION,
    event_millionths,
    family_of,
    merchandising_faults,
    rounded,
)
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters
from recs_platform.strategies.vehicle_fitment.why import PartsExplained, explain
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.vehicle_fitment.conftest import Recs, parsed
from recs_platform_tests.strategies.vehicle_fitment.small_world import THEN, TODAY, World

DAY = date(2025, 9, 10)
Row = dict[str, Any]


def explained(world: World, customer: str) -> PartsExplained:
    parameters = world.company.parameters
    assert isinstance(parameters, VehicleFitmentParameters)
    facts = facts_of_customer(DayReader(world.lake, world.pipeline, world.company, TODAY), customer)
    return explain(world.company.name, parameters, facts)


@pytest.fixture(scope="module")
@takes_seconds
def wishing(world: World) -> list[PartsExplained]:
    """The owners with the strongest wishes, those whose wishes are met, and one of each of some vehicles."""
    wishes: dict[str, float] = defaultdict(float)
    for row in world.rows("intent_scores", TODAY):
        wishes[row["customer_id"]] += row["intent"]
    recommended = world.rows("recommendations", TODAY)
    met = {row["customer_id"]: row["intent"] for row in recommended if row["intent"]}
    owners = {row["customer_id"]: row["vehicle"] for row in recommended}
    strongest = sorted(owners, key=lambda customer: (-wishes[customer], customer))[:8]
    happiest = sorted(met, key=lambda customer: (-met[customer], customer))[:8]
    others = {vehicle: customer for customer, vehicle in sorted(owners.items())}
    return [explained(world, customer) for customer in [*strongest, *happiest, *sorted(others.values())[:6]]]


def test_pictures_draw_what_scores_are_made_of_and_which_events_stand_behind_them(
    world: World, wishing: list[PartsExplained]
) -> None:
    found = next(found for found in wishing if any(part.events for part in found.parts))
    read = DayReader(world.lake, world.pipeline, world.company, TODAY)
    shown = explain_customer(read, found.customer_id, None)
    scores, *events = [block.chart for block in shown.blocks if isinstance(block, Picture)]
    assert scores.description == "; ".join(
        f"{part.rank}. {part.item_id} {part.score:.3f}: intent: of the owner {part.intent:.3f}, "
        f"popularity: of everybody {part.popularity:.3f}"
        for part in found.parts
    )
    wished = [part for part in found.parts if part.events]
    assert [chart.title for chart in events] == [f"What the events behind {part.item_id} add" for part in wished]
    assert f"{max(event.contribution for event in wished[0].events):+.3f}" in events[0].description.split("; ")[0]


def test_the_working_gives_the_stored_scores(world: World, wishing: list[PartsExplained]) -> None:
    stored = {(row["customer_id"], row["rank"]): row for row in world.rows("recommendations", TODAY)}
    with_events = 0
    for explanation in wishing:
        assert [part.rank for part in explanation.parts] == [1, 2, 3, 4]
        for part in explanation.parts:
            row = stored[explanation.customer_id, part.rank]
            assert (part.item_id, part.score, part.intent) == (row["item_id"], row["score"], row["intent"])
            added = sum(round(MILLION * event.contribution) for event in part.events)
            assert min(added, 10 * MILLION) == round(MILLION * row["intent"])
            assert part.working.score == row["popularity"]
            assert rounded(part.intent + part.working.score) == row["score"]
            assert part.adds_up
            with_events += bool(part.events)
    assert with_events >= 8


def test_the_tier_is_the_nearest_segment_with_an_order(wishing: list[PartsExplained]) -> None:
    for explanation in wishing:
        for part in explanation.parts:
            ordered = [segment.tier for segment in part.working.segments if segment.orders]
            assert part.tier == (ordered[0] if ordered else "global")


def test_every_stronger_part_has_the_rule_that_removed_it(wishing: list[PartsExplained]) -> None:
    kinds = set()
    for explanation in wishing:
        recommended = {part.item_id for part in explanation.parts}
        for passed in explanation.passed:
            assert passed.reasons, f"{passed.item_id} is stronger and nothing removes it"
            assert passed.item_id not in recommended
            assert passed.score >= explanation.parts[-1].score
            kinds |= {reason.split()[0] for reason in passed.reasons}
    assert {"bought", "does", "its"} <= kinds


def test_other_parameters_than_the_days_own_are_noticed(world: World, wishing: list[PartsExplained]) -> None:
    parameters = VehicleFitmentParameters(universal_discount=0.9)
    customer = wishing[0].customer_id
    facts = facts_of_customer(DayReader(world.lake, world.pipeline, world.company, TODAY), customer)
    assert not all(part.adds_up for part in explain("holley", parameters, facts).parts)


# A vehicle with seven eligible parts; A to D are recommended unless a rule stands in the way.
CATALOG = {
    item: {"item_id": item, "name": item, "category": kind, "price": 100.0, "tags": None, "image_url": "https://x/y"}
    for item, kind in {
        "A1": "Pumps",
        "B1": "Pumps",
        "C1": "Pumps",
        "D1": "Seats",
        "E1": None,
        "F1": None,
        "F1B": None,
    }.items()
}


def facts_of(popularity: dict[str, float], chosen: str, *, bought: tuple[Row, ...] = ()) -> CustomerFacts:
    ranking = {item: {"item_id": item, "family": family_of(item), "popularity": p} for item, p in popularity.items()}
    recommended = [
        {"rank": rank, "item_id": item, "score": popularity[item], "intent": 0.0, "popularity": popularity[item],
         "part_type": CATALOG[item]["category"], "price": 100.0, "tier": "global"}
        for rank, item in enumerate(chosen.split(), start=1)
    ]  # fmt: skip
    owner = {"customer_id": "c", "vehicle": "car", "vehicle_make": "m", "vehicle_model": "n", "vehicle_year": 1}
    profile = {"customer_id": "c", "email_lower": None}
    return CustomerFacts(
        DAY,
        profile,
        None,
        None,
        owner=owner,
        recommended=recommended,
        purchases=list(bought),
        vehicles=1,
        ranking=ranking,
        fitting=frozenset(popularity),
        catalog=CATALOG,
    )


def passed(facts: CustomerFacts) -> dict[str, tuple[str, ...]]:
    found = explain("shop", VehicleFitmentParameters(), facts).passed
    return {part.item_id: part.reasons for part in found}


def test_the_third_of_a_part_type_and_another_of_a_family() -> None:
    scores = {"A1": 9.0, "B1": 8.0, "C1": 7.0, "F1B": 6.0, "F1": 5.0, "D1": 4.0, "E1": 3.0}
    assert passed(facts_of(scores, "A1 B1 F1B D1")) == {
        "C1": ("2 of its part type score higher: A1, B1",),
        "F1": ("F1B, of the same family, scores higher",),
    }


def test_what_was_bought() -> None:
    scores = {"F1B": 9.0, "F1": 8.0, "A1": 7.0, "B1": 6.0, "D1": 5.0, "E1": 4.0, "C1": 3.0}
    bought = {"item_id": "F1", "family": "F1", "ordered_on": date(2025, 1, 2)}
    long_ago = {"item_id": "A1", "family": "A1", "ordered_on": date(2024, 9, 10)}
    assert passed(facts_of(scores, "A1 B1 D1 E1", bought=(bought, long_ago))) == {
        "F1B": ("F1, of the same family, was bought on 2025-01-02",),
        "F1": ("bought on 2025-01-02",),
    }


def test_of_equal_scores_the_earlier_item_stands_first() -> None:
    scores = {"A1": 5.0, "B1": 5.0, "C1": 5.0, "D1": 5.0, "E1": 5.0, "F1": 5.0}
    assert passed(facts_of(scores, "A1 B1 D1 E1")) == {"C1": ("2 of its part type score higher: A1, B1",)}


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({}, []),
        ({"price": 49.99}, ["its price, 49.99, is below 50.00"]),
        ({"price": 50.0}, []),
        ({"category": "Head Gaskets"}, ["its part type, Head Gaskets, is excluded by the word gasket"]),
        ({"category": "Distributor Caps"}, []),
        ({"category": None}, []),
        ({"tags": "new,Refurbished"}, ["refurbished"]),
        ({"item_id": "SVC-1"}, ["a service: its SKU begins with SVC-"]),
        ({"image_url": "http://x/y"}, ["no image over https"]),
        ({"image_url": None, "price": 1.0}, ["its price, 1.00, is below 50.00", "no image over https"]),
    ],
)
def test_merchandising_faults(changes: Row, faults: list[str]) -> None:
    assert merchandising_faults(VehicleFitmentParameters(), {**CATALOG["A1"], **changes}) == faults


def test_the_faults_are_those_of_the_query(world: World) -> None:
    """Over the whole catalog: what has no fault and fits a vehicle with enough parts is eligible, nothing else is."""
    parameters = world.company.parameters
    assert isinstance(parameters, VehicleFitmentParameters)
    faulty = {row["item_id"] for row in world.rows("catalog", TODAY) if merchandising_faults(parameters, row)}
    eligible = {row["item_id"] for row in world.rows("eligible_parts", TODAY)}
    assert faulty
    assert not eligible & faulty
    wide = {row["vehicle"] for row in world.rows("eligible_parts", TODAY)}
    fitting = {
        row["item_id"]
        for row in world.rows("fitment", TODAY)
        if f"{row['vehicle_year']}|{row['vehicle_make']}|{row['vehicle_model']}" in wide
    }
    in_catalog = {row["item_id"] for row in world.rows("catalog", TODAY)}
    assert (fitting & in_catalog) - faulty == eligible


def test_an_event_counts_half_after_its_half_life() -> None:
    parameters = VehicleFitmentParameters(intent_half_life_days=10, view_weight=1)
    assert [event_millionths(parameters, "product_viewed", age) for age in (0, 10, 20)] == [MILLION, 500_000, 250_000]


def test_nothing_is_explained_for_every_reason(world: World) -> None:
    dropped = {row["reason"]: row["customer_id"] for row in world.rows("dropped_customers", TODAY)}
    assert len(dropped) >= 5
    for reason, customer in dropped.items():
        nothing = explained(world, customer).nothing
        assert nothing is not None
        assert reason in DROPPED_BECAUSE
        assert nothing.reason == reason
        assert nothing.words
        assert nothing.remedy
    unknown = explained(world, dropped["vehicle not in fitment"]).nothing
    assert unknown is not None
    assert unknown.words.startswith("No part is known to fit a ")
    few = explained(world, dropped["too few eligible parts"]).nothing
    assert few is not None
    assert "may be recommended, and 4 are needed" in few.words


def test_too_few_left() -> None:
    scores = {"A1": 9.0, "B1": 8.0, "C1": 7.0, "D1": 6.0}
    bought = {"item_id": "A1", "family": "A1", "ordered_on": date(2025, 1, 2)}
    facts = replace(facts_of(scores, "", bought=(bought,)), dropped={"reason": "too few parts left"})
    nothing = explain("shop", VehicleFitmentParameters(), facts).nothing
    assert nothing is not None
    assert "4 eligible parts of 4 families. Without the 1 bought in the last 365 days" in nothing.words


def test_by_address_in_any_case_and_masked(world: World, recs: Recs) -> None:
    owner = next(row for row in world.rows("vehicle_recommendations", TODAY))
    address, customer = owner["email_lower"], owner["customer_id"]
    code, out, err = recs("why", "holley", f"  {address.upper()} ", "--json")
    assert (code, parsed(out)["customer_id"]) == (0, customer)
    assert parsed(out)["date"] == str(TODAY)
    assert parsed(out)["published"] == "not published"
    code, table, _ = recs("why", "holley", customer, "--date", str(TODAY))
    assert code == 0
    assert owner["rec_part_1"] in table
    assert "***@***" in table
    assert all(address not in said.lower() for said in (out, err, table))


@pytest.fixture
def publications(world: World, recs: Recs) -> Iterator[Callable[..., None]]:
    """Enters versions into the inventory, each of a day; the last one is live. They come after all that was made."""
    database = engine(settings().database)
    upgrade(database)
    entered = []

    def enter(*days: date) -> None:
        for number, day in enumerate(days, start=1):
            at = datetime(2099, 10, number, 9, 30, tzinfo=UTC)
            status = PublicationStatus.LIVE if number == len(days) else PublicationStatus.BACKUP
            entered.append(
                Publication(
                    company="holley", strategy="vehicle_fitment", product="recommendations",
                    version=number, as_of=day, customers=1, rows=1, generated_at=at,
                    status=status, kind=PublicationKind.PUBLISH, published_at=at, published_by="ann",
                    approved=False, note="",
                )
            )  # fmt: skip
            begin(database, entered[-1])

    yield enter
    with Session(database) as session, session.begin():
        for publication in entered:
            session.delete(session.merge(publication))
    database.dispose()


@pytest.mark.parametrize(
    ("versions", "asked", "says"),
    [
        ((TODAY,), TODAY, "live since 2099-10-01 09:30 as version 1"),
        ((THEN,), TODAY, f"not live: it never was; customers see version 1, of {THEN}"),
        (
            (THEN, THEN, TODAY),
            THEN,
            f"not live: it was, as version 2, until 2099-10-03 09:30; customers see version 3, of {TODAY}",
        ),
    ],
)
def test_what_customers_see(
    world: World,
    recs: Recs,
    publications: Callable[..., None],
    versions: tuple[date, ...],
    asked: date,
    says: str,
) -> None:
    publications(*versions)
    customer = world.rows("recommendations", TODAY)[0]["customer_id"]
    code, out, _ = recs("why", "holley", customer, "--date", str(asked), "--json")
    assert (code, parsed(out)["published"], parsed(out)["live"]) == (0, says, None)


def test_the_day_that_is_live_is_explained(world: World, recs: Recs, publications: Callable[..., None]) -> None:
    """And not a newer one that was made since."""
    publications(THEN)
    code, out, _ = recs("why", "holley", world.rows("recommendations", THEN)[0]["customer_id"], "--json")
    assert (code, parsed(out)["date"], parsed(out)["published"]) == (
        0,
        str(THEN),
        "live since 2099-10-01 09:30 as version 1",
    )


def test_who_is_unknown(world: World, recs: Recs) -> None:
    code, out, err = recs("why", "holley", "Nobody@mail.example")
    assert (code, out) == (2, "")
    assert "holley has no customer N***@***.example" in err
    assert "nobody@mail" not in err.lower()


def test_a_day_without_recommendations(world: World, recs: Recs) -> None:
    code, _, err = recs("why", "holley", "C1", "--date", "2025-09-15")
    assert code == 2
    assert "no recommendations of 2025-09-15; it has 2 days up to 2025-09-26" in err


def test_a_company_of_another_strategy(recs: Recs) -> None:
    code, _, err = recs("why", "metro", "C1")
    assert code == 2
    assert "metro has no recommendations yet. Make a day: recs run metro --date DAY" in err


def test_who_gets_nothing_on_the_terminal(world: World, recs: Recs) -> None:
    dropped = next(row for row in world.rows("dropped_customers", TODAY) if row["reason"] == "no vehicle")
    code, out, _ = recs("why", "holley", dropped["customer_id"])
    assert code == 0
    assert "Nothing is recommended: no vehicle." in out
    assert "What would change it:" in out


def test_an_unknown_customer_is_a_users_mistake(world: World) -> None:
    with pytest.raises(ConfigError, match="holley has no customer C-none on 2025-09-26"):
        explained(world, "C-none")
