"""The business rules give, on every input, what a person with the list of candidates would choose.

Hypothesis draws the rules and the seed of a few hundred customers, who stand side by side in one run of the query.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters
from recs_platform_tests.strategies.offer_ranking.lists import Row, Tables, rows_of, text_of

_CUSTOMERS = 100
_CATEGORIES = ("Fish", "Meat", "Dairy", "unknown")
_CHANCES = (0.1, 0.2, 0.3, 0.4)
"""Few, so that many are level."""
_RULES = {
    "recommendations_per_customer": st.integers(1, 8),
    "max_per_category": st.integers(1, 4),
    "min_own_brand_share": st.sampled_from((0.0, 0.07, 0.2, 0.34, 0.5, 1.0)),
}
Lists = dict[str, list[str]]


def _worlds(seed: int) -> Tables:
    """Customers with none to sixteen candidates of sixteen items; two offers of an item are not rare."""
    drawn = random.Random(seed)
    items = [
        {
            "item_id": f"i{number:02}",
            "category": drawn.choice(_CATEGORIES),
            "is_own_brand": drawn.choice((True, False, False, None)),
        }
        for number in range(16)
    ]
    offers = [{"offer_id": f"o{number:02}", **drawn.choice(items)} for number in range(24)]
    pairs = [
        {"customer_id": f"c{number:03}", **offer}
        for number in range(_CUSTOMERS)
        for offer in drawn.sample(offers, drawn.randint(0, 16))
    ]
    return {
        "candidate_features": pairs,
        "offer_scores": [{**_pair(row), "probability": drawn.choice(_CHANCES)} for row in pairs],
        "offer_candidates": [{**_pair(row), "generators": "new_offer"} for row in pairs],
        "offers": [{"offer_id": row["offer_id"], "item_id": row["item_id"]} for row in offers],
        "catalog": [{"item_id": row["item_id"]} for row in items],
    }


def _pair(row: Row) -> Row:
    return {name: row[name] for name in ("customer_id", "offer_id")}


def _by_hand(tables: Tables, rules: OfferRankingParameters) -> Lists:
    features = {tuple(_pair(row).values()): row for row in tables["candidate_features"]}
    candidates = defaultdict(list)
    for score in sorted(tables["offer_scores"], key=lambda row: (-row["probability"], row["offer_id"])):
        candidates[score["customer_id"]].append({**features[tuple(_pair(score).values())], **score})
    return {customer: _list(offers, rules) for customer, offers in candidates.items()}


def _list(offers: list[Row], rules: OfferRankingParameters) -> list[str]:
    """Own brands first, as many as are due; then the likeliest of all, until the places are full."""
    places = rules.recommendations_per_customer
    due = math.ceil(Fraction(str(rules.min_own_brand_share)) * places)
    chosen: list[Row] = []
    for full, choice in ((due, [offer for offer in offers if offer["is_own_brand"]]), (places, offers)):
        for offer in choice:
            if len(chosen) < full and _allowed(offer, chosen, rules.max_per_category):
                chosen.append(offer)
    return [offer["offer_id"] for offer in offers if offer in chosen]


def _allowed(offer: Row, chosen: Iterable[Row], most: int) -> bool:
    if any(other["item_id"] == offer["item_id"] for other in chosen):
        return False
    alike = sum(other["category"] == offer["category"] for other in chosen)
    return alike < most or bool(offer["category"] == "unknown")


def _lists(rows: list[Row]) -> Lists:
    found = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["customer_id"], row["rank"])):
        found[row["customer_id"]].append(row["offer_id"])
    return dict(found)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, phases=(Phase.explicit, Phase.generate))
@example(seed=1, rules={"recommendations_per_customer": 1, "max_per_category": 1, "min_own_brand_share": 1.0})
@example(seed=2, rules={"recommendations_per_customer": 100, "max_per_category": 2, "min_own_brand_share": 0.07})
@given(seed=st.integers(0, 2**32), rules=st.fixed_dictionaries(_RULES))
def test_the_rules_choose_as_a_person_would(seed: int, rules: Row) -> None:
    tables, parameters = _worlds(seed), OfferRankingParameters(**rules)
    rows = rows_of("offer_recommendations", tables, parameters)
    assert _lists(rows) == _by_hand(tables, parameters)
    _assert_rules_kept(rows, tables, parameters)


def _assert_rules_kept(rows: list[Row], tables: Tables, rules: OfferRankingParameters) -> None:
    """What the rules promise, said without saying how it is reached."""
    of_customer = defaultdict(list)
    for row in rows:
        of_customer[row["customer_id"]].append(row)
    assert of_customer.keys() == {row["customer_id"] for row in tables["offer_scores"]}
    due = math.ceil(Fraction(str(rules.min_own_brand_share)) * rules.recommendations_per_customer)
    for customer, offers in of_customer.items():
        offers.sort(key=lambda row: row["rank"])
        assert [row["rank"] for row in offers] == list(range(1, len(offers) + 1))
        assert len(offers) <= rules.recommendations_per_customer
        assert len({row["item_id"] for row in offers}) == len(offers)
        assert [row["score"] for row in offers] == sorted((row["score"] for row in offers), reverse=True)
        of_category = Counter(row["category"] for row in offers if row["category"] != "unknown")
        assert all(count <= rules.max_per_category for count in of_category.values())
        own = _own_brand_possible(tables["candidate_features"], customer, rules.max_per_category)
        assert sum(row["is_own_brand"] for row in offers) >= min(due, own)


def _own_brand_possible(candidates: list[Row], customer: str, most: int) -> int:
    items = {
        (row["category"], row["item_id"])
        for row in candidates
        if row["customer_id"] == customer and row["is_own_brand"]
    }
    of_category = Counter(category for category, _ in items)
    return sum(count if category == "unknown" else min(count, most) for category, count in of_category.items())


# What is changed in the query, and what to.
_MUTATIONS = {
    "an item twice": ("WHERE place_of_item = 1", "WHERE place_of_item >= 1"),
    "one more of a category": ("place_in_category <= @max_per_category", "place_in_category <= @max_per_category + 1"),
    "too few of a brand looked at": ("place_in_brand <= @max_per_category", "place_in_brand < @max_per_category"),
    "own brand not kept": ("is_own_brand AND ROW_NUMBER()", "FALSE AND ROW_NUMBER()"),
    "share rounded down": ("CEIL(ROUND(", "FLOOR(ROUND("),
    "cap without the kept": ("alike ORDER BY is_kept DESC, probability", "alike ORDER BY probability"),
    "places without the kept": ("customer_id ORDER BY is_kept DESC, probability", "customer_id ORDER BY probability"),
    "unknown categories alike": ("candidate_features.category = 'unknown',", "FALSE,"),
    "ties the other way round": (
        "ORDER BY probability DESC, offer_id) AS rank",
        "ORDER BY probability DESC, offer_id DESC) AS rank",
    ),
    "the least likely": ("probability DESC, offer_id) AS place\n", "probability, offer_id) AS place\n"),
}


@pytest.mark.parametrize("mutation", _MUTATIONS)
def test_the_worlds_find_a_broken_rule(mutation: str) -> None:
    old, new = _MUTATIONS[mutation]
    right = text_of("offer_recommendations")
    assert old in right, f"{mutation}: the query does not say {old} any more"
    wrong = right.replace(old, new)
    assert any(
        _lists(rows_of("offer_recommendations", tables, rules, wrong)) != _by_hand(tables, rules)
        for tables, rules in (
            (_worlds(seed), OfferRankingParameters(recommendations_per_customer=places, min_own_brand_share=0.5))
            for seed, places in enumerate((5, 7, 9))
        )
    )


def test_a_share_is_exact_where_floating_point_is_not() -> None:
    """0.07 of 100 places are 7: nobody's offers are displaced by an eighth of the own brand."""
    rules = OfferRankingParameters(recommendations_per_customer=100, max_per_category=100, min_own_brand_share=0.07)
    pairs: list[Row] = [
        {"customer_id": "c", "offer_id": f"o{number:03}", "item_id": f"i{number:03}"} for number in range(200)
    ]
    for number, pair in enumerate(pairs):
        pair |= {"category": f"k{number % 3}", "is_own_brand": number >= 120}
    tables = {
        "candidate_features": pairs,
        "offer_scores": [{**_pair(row), "probability": 1 - number / 200} for number, row in enumerate(pairs)],
        "offer_candidates": [{**_pair(row), "generators": "new_offer"} for row in pairs],
        "offers": [{"offer_id": row["offer_id"], "item_id": row["item_id"]} for row in pairs],
        "catalog": [{"item_id": row["item_id"]} for row in pairs],
    }
    assert math.ceil(0.07 * 100) == 8
    assert sum(row["is_own_brand"] for row in rows_of("offer_recommendations", tables, rules)) == 7
