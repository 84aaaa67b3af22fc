"""Which items stand in a weekly list, and in which order: the query against the rules said plainly, on small shops."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform_tests.strategies.replenishment.lists import Scored, SmallShop, computed_lists, plain_list

CLIENTS = ("anna", "бор", "c" * 200)
ITEMS = (*(f"i{n}" for n in range(12)), "ключ №5", "☃" * 200)
GROUPS = st.sampled_from((None, "G", "G", "H"))
SCORES = st.sampled_from((0.0, 0.1, 0.25, 0.5))
PARAMETERS = st.builds(
    ReplenishmentParameters,
    repurchases_per_client=st.integers(1, 3),
    discoveries_per_client=st.integers(0, 3),
    max_per_group=st.integers(1, 3),
)


@st.composite
def shops(draw: st.DrawFn) -> SmallShop:
    kinds = st.sampled_from((REPURCHASE, DISCOVERY))
    scores = {
        client: [
            Scored(item, draw(kinds), draw(SCORES))
            for item in draw(st.lists(st.sampled_from(ITEMS), unique=True, min_size=6))
        ]
        for client in draw(st.lists(st.sampled_from(CLIENTS), unique=True, min_size=1))
    }
    known = draw(st.lists(st.sampled_from(ITEMS), unique=True, min_size=8))
    pairs = st.tuples(st.sampled_from(CLIENTS), st.sampled_from(ITEMS))
    return SmallShop(
        scores,
        {item: draw(GROUPS) for item in known},
        bought=frozenset(draw(st.lists(pairs, max_size=3))),
        discontinued=frozenset(draw(st.lists(st.sampled_from(ITEMS), max_size=2))),
        inactive=frozenset(draw(st.lists(st.sampled_from(CLIENTS), max_size=1))),
    )


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(shops(), PARAMETERS)
def test_a_list_is_what_its_rules_say(shop: SmallShop, parameters: ReplenishmentParameters) -> None:
    expected = {client: plain_list(shop, client, parameters) for client in shop.scores}
    assert computed_lists(shop, parameters) == expected


def test_a_client_with_five_thousand_products_gets_the_best_of_them() -> None:
    """Of two thousand groups, none more than three times."""
    scores = [Scored(f"i{n:04}", REPURCHASE, n / 5000) for n in range(5000)]
    shop = SmallShop({"anna": scores}, {scored.item: f"G{int(scored.item[1:]) // 5}" for scored in scores})
    found = computed_lists(shop, ReplenishmentParameters())["anna"]
    best = [item for item, _ in found[:4]]
    assert best == ["i4999", "i4998", "i4997", "i4994"]
    assert (len(found), {kind for _, kind in found}) == (25, {REPURCHASE})
    assert found == plain_list(shop, "anna", ReplenishmentParameters())
