"""The generators find, on every input, what a person with the same purchases, redemptions and offers would pick.

Hypothesis draws the parameters and the seed of a small shop. Not here: single branches of the query, which have
fixtures (`recs_platform_tests/sql/offer_ranking/offer_candidates/`).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from recs_platform.schemas.offer_ranking import GENERATORS
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters
from recs_platform_tests.strategies.offer_ranking.lists import AS_OF, Row, Tables, rows_of, text_of
from recs_platform_tests.strategies.offer_ranking.offered import offered

_CUSTOMERS = 40
_PARAMETERS = {
    "max_candidates": st.integers(1, 20),
    "candidate_categories": st.integers(1, 3),
    "candidates_per_category": st.integers(1, 4),
    "candidates_per_business_type": st.integers(1, 4),
    "new_candidates": st.integers(0, 4),
    "new_offer_days": st.integers(1, 3),
    "min_margin": st.sampled_from((-1.0, 0.0, 0.2)),
    "rate_strength": st.sampled_from((1.0, 50.0)),
}
Found = dict[str, list[tuple[str, str]]]
"""Customer: offers and their generators, in the order of their places."""


def _shop(seed: int) -> Tables:
    """Some customers never buy, some are of unknown kind, and some who buy and redeem are no customers any more."""
    drawn = random.Random(seed)
    people = [f"c{number:02}" for number in range(_CUSTOMERS)]
    kinds = {name: drawn.choice(("hotel", "kiosk", None)) for name in people}
    items = [
        {
            "item_id": f"i{number:02}",
            "category": drawn.choice(("Dairy", "Fish", "Fruit", "Meat", None)),
            "price": drawn.choice((0.0, 10.0, 10.0, 10.0)),
            "cost": drawn.choice((None, 4.0, 7.0)),
        }
        for number in range(20)
    ]
    offers = [
        {
            "offer_id": f"o{number:02}",
            "item_id": f"i{drawn.randrange(21):02}",
            "discount": drawn.choice((0.1, 0.3)),
            "starts_on": AS_OF + timedelta(days=drawn.randint(-3, 3)),
            "ends_on": AS_OF + timedelta(days=drawn.choice((-1, 0, 1, 5, 5))),
        }
        for number in range(30)
    ]
    buyers = drawn.sample([*people, "gone"], 30)
    bought = {(drawn.choice(buyers), f"i{drawn.randrange(22):02}"): drawn.randint(1, 3) for _ in range(120)}
    redeemed = [(drawn.choice([*people, "gone"]), drawn.choice(offers)["offer_id"]) for _ in range(60)]
    return {
        "customers": [{"customer_id": name, "business_type": kind} for name, kind in kinds.items()],
        "catalog": items,
        **offered(offers, items, AS_OF + timedelta(days=1)),
        "customer_item_days": [
            {"customer_id": who, "item_id": item, "lines": lines} for (who, item), lines in bought.items()
        ],
        "redemptions": [
            {"customer_id": who, "offer_id": offer, "order_id": f"r{number}"}
            for number, (who, offer) in enumerate(redeemed)
        ],
        "offer_days": [
            {"offer_id": offer["offer_id"], "impressions": 20, "redemptions": drawn.randint(0, 2)}
            for offer in drawn.sample(offers, 15)
        ],
    }


def _by_hand(shop: Tables, parameters: OfferRankingParameters) -> Found:
    running, items = _running(shop, parameters), {item["item_id"]: item for item in shop["catalog"]}
    bought: dict[str, Counter[str]] = defaultdict(Counter)
    for line in shop["customer_item_days"]:
        bought[line["customer_id"]][line["item_id"]] += line["lines"]
    liked = _redeemed_by_kind(shop, {offer["offer_id"] for offer in running})
    newest = timedelta(days=parameters.new_offer_days)
    new = [offer for offer in running if offer["starts_on"] > AS_OF - newest]
    new.sort(key=lambda offer: (-offer["starts_on"].toordinal(), offer["place"], offer["offer_id"]))
    found = {}
    for customer in shop["customers"]:
        basket = bought[customer["customer_id"]]
        on_offer = [offer for offer in running if offer["item_id"] in basket]
        on_offer.sort(key=lambda offer: (-basket[offer["item_id"]], offer["offer_id"]))
        turns = (
            [offer["offer_id"] for offer in on_offer],
            _in_favourites(basket, running, items, parameters),
            (liked[customer["business_type"]] or liked[None])[: parameters.candidates_per_business_type],
            [offer["offer_id"] for offer in new][: parameters.new_candidates],
        )
        if places := _taking_turns(dict(zip(GENERATORS, turns, strict=True)))[: parameters.max_candidates]:
            found[customer["customer_id"]] = places
    return found


def _running(shop: Tables, parameters: OfferRankingParameters) -> list[Row]:
    """What runs tomorrow, when lists are shown, and pays; each with its place in its category: the best rate first."""
    items = {item["item_id"]: item for item in shop["catalog"] if item["price"]}
    shown = {row["offer_id"]: (row["redemptions"], row["impressions"]) for row in shop["offer_days"]}
    redemptions, impressions = (sum(counts) for counts in zip(*shown.values(), strict=True))
    running = []
    for offer in shop["offer_periods"]:
        item = items.get(offer["item_id"])
        if item is None or not offer["starts_on"] <= AS_OF + timedelta(days=1) <= offer["ends_on"]:
            continue
        left = 1 - Fraction(str(offer["discount"])) - Fraction(str(item["cost"] or 0)) / Fraction(str(item["price"]))
        if item["cost"] is not None and left < Fraction(str(parameters.min_margin)):
            continue
        own_redemptions, own_impressions = shown.get(offer["offer_id"], (0, 0))
        strength = Fraction(parameters.rate_strength)
        rate = (own_redemptions + strength * redemptions / impressions) / (own_impressions + strength)
        running.append({**offer, "category": item["category"], "rate": rate})
    running.sort(key=lambda offer: (-offer["rate"], -offer["discount"], offer["offer_id"]))
    places: Counter[str | None] = Counter()
    for offer in running:
        offer["place"] = places[offer["category"]]
        places[offer["category"]] += 1
    return running


def _redeemed_by_kind(shop: Tables, running: set[str]) -> dict[str | None, list[str]]:
    """Offers by kind of business, the most redeemed first; those of everybody for an unknown kind."""
    kinds = {customer["customer_id"]: customer["business_type"] for customer in shop["customers"]}
    counted: dict[str | None, Counter[str]] = defaultdict(Counter)
    for row in shop["redemptions"]:
        if row["customer_id"] in kinds and row["offer_id"] in running:
            for kind in {kinds[row["customer_id"]], None}:
                counted[kind][row["offer_id"]] += 1
    liked = {kind: sorted(offers, key=lambda offer: (-offers[offer], offer)) for kind, offers in counted.items()}
    return defaultdict(list, liked)


def _in_favourites(
    basket: Counter[str], running: list[Row], items: dict[str, Row], parameters: OfferRankingParameters
) -> list[str]:
    """Round and round the favourite categories, an offer of each; an empty string where one has no more."""
    lines: Counter[str] = Counter()
    for item, count in basket.items():
        if (category := items.get(item, {}).get("category")) is not None:
            lines[category] += count
    favourites = sorted(lines, key=lambda category: (-lines[category], category))[: parameters.candidate_categories]
    of_category = {(offer["category"], offer["place"]): offer["offer_id"] for offer in running}
    return [
        of_category.get((category, place), "")
        for place in range(parameters.candidates_per_category)
        for category in favourites
    ]


def _taking_turns(turns: dict[str, list[str]]) -> list[tuple[str, str]]:
    places: list[str] = []
    for turn in range(max(map(len, turns.values()))):
        for offers in turns.values():
            if turn < len(offers) and offers[turn] and offers[turn] not in places:
                places.append(offers[turn])
    return [(offer, ",".join(name for name, offers in turns.items() if offer in offers)) for offer in places]


def _found(rows: list[Row]) -> Found:
    found = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["customer_id"], row["place"])):
        found[row["customer_id"]].append((row["offer_id"], row["generators"]))
    return dict(found)


@pytest.mark.slow
@settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.generate))
@example(seed=1, parameters={})
@given(seed=st.integers(0, 2**32), parameters=st.fixed_dictionaries(_PARAMETERS))
def test_the_generators_find_what_a_person_would(seed: int, parameters: Row) -> None:
    shop, given_parameters = _shop(seed), OfferRankingParameters(**parameters)
    rows = rows_of("offer_candidates", shop, given_parameters)
    assert _found(rows) == _by_hand(shop, given_parameters)
    places = Counter(row["customer_id"] for row in rows)
    assert {(row["customer_id"], row["place"]) for row in rows} == {
        (customer, place) for customer, count in places.items() for place in range(1, count + 1)
    }


# What is changed in the query, and what to.
_MUTATIONS = {
    "offers over when shown": ("offer_periods.ends_on >= offer_periods.shown_on", "offer_periods.ends_on >= @as_of"),
    "last days when shown": (
        "offer_periods.ends_on >= offer_periods.shown_on",
        "offer_periods.ends_on > offer_periods.shown_on",
    ),
    "announced offers": ("offer_periods.starts_on <= offer_periods.shown_on", "TRUE"),
    "leaflets a day late": ("offer_periods.starts_on <= offer_periods.shown_on", "offer_periods.starts_on <= @as_of"),
    "goods not for sale": ("goods_on_offer.price > 0", "TRUE"),
    "unknown cost refused": (">= @min_margin,\n      TRUE", ">= @min_margin,\n      FALSE"),
    "rates without everybody's": ("@rate_strength * everybody.rate", "0"),
    "everybody's rate for all": ("COALESCE(shown.redemptions, 0) + @rate", "0 + @rate"),
    "a category more": ("bought_in.place <= @candidate_categories", "bought_in.place <= @candidate_categories + 1"),
    "an offer more of a category": ("place_in_category <= @candidates_per", "place_in_category <= 1 + @candidates_per"),
    "unknown categories alike": ("WHERE catalog.category IS NOT NULL", "WHERE TRUE"),
    "unknown kinds by themselves": (
        "SELECT '', offer_id FROM redeemed",
        "SELECT '', offer_id FROM redeemed WHERE business_type = ''",
    ),
    "one more of the kind's": ("liked.turn <= ", "liked.turn <= 1 + "),
    "one more new offer": ("new_offers.turn <= ", "new_offers.turn <= 1 + "),
    "offers new for a day more": ("WHERE starts_on > DATE", "WHERE starts_on >= DATE"),
    "no turns": ("4 * turn + generator", "1000 * generator + turn"),
    "the cap": ("candidates.place <= @max_candidates", "candidates.place < @max_candidates"),
}


@pytest.mark.parametrize("mutation", _MUTATIONS)
def test_the_shops_find_a_wrong_generator(mutation: str) -> None:
    old, new = _MUTATIONS[mutation]
    right = text_of("offer_candidates")
    assert old in right, f"{mutation}: the query does not say {old} any more"
    wrong = right.replace(old, new)
    few = {"candidate_categories": 2, "candidates_per_category": 2, "candidates_per_business_type": 2}
    tight = OfferRankingParameters(max_candidates=6, new_candidates=1, **few)
    wide = OfferRankingParameters(new_candidates=20, new_offer_days=1, **few)
    assert any(
        _found(rows_of("offer_candidates", shop, parameters, wrong)) != _by_hand(shop, parameters)
        for shop in map(_shop, range(2))
        for parameters in (tight, wide)
    )


def test_a_generator_with_much_to_say_crowds_nobody_out() -> None:
    """Thirty offers of what was bought before, four places: each generator has one."""
    numbers = range(30)
    bought = [{"item_id": f"i{n:02}", "category": "Fish", "price": 10.0} for n in numbers]
    other = [{"item_id": name, "category": name, "price": 10.0} for name in ("liked", "new")]
    running: Row = {"starts_on": AS_OF - timedelta(days=9), "ends_on": AS_OF + timedelta(days=1)}
    offers = [
        *({"offer_id": f"o{n:02}", "item_id": f"i{n:02}", **running, "discount": n / 100} for n in numbers),
        {"offer_id": "liked", "item_id": "liked", **running},
        {"offer_id": "new", "item_id": "new", **running, "starts_on": AS_OF},
    ]
    shop: Tables = {
        "customers": [{"customer_id": "c", "business_type": "hotel"}, {"customer_id": "h", "business_type": "hotel"}],
        "catalog": [*bought, *other],
        **offered(offers, [*bought, *other], AS_OF + timedelta(days=1)),
        "customer_item_days": [{"customer_id": "c", "item_id": f"i{n:02}", "lines": 1} for n in numbers],
        "redemptions": [{"customer_id": "h", "offer_id": "liked", "order_id": "r"}],
        "offer_days": [],
    }
    found = _found(rows_of("offer_candidates", shop, OfferRankingParameters(max_candidates=4)))
    assert found["c"] == [
        ("o00", "bought_before"),
        ("o29", "bought_before,category_affinity"),
        ("liked", "business_type"),
        ("new", "new_offer"),
    ]
    assert found["h"] == [("liked", "business_type"), ("new", "new_offer")]
