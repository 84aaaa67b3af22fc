"""`recs why` of clients whom a model scored: what it says that the features add is the stored score, of exactly the
features that were scored."""

from __future__ import annotations

import pytest

from recs_platform.next_basket.columns import FEATURES
from recs_platform.reporting.explanation import Picture
from recs_platform.strategies.replenishment.why.explanation import explain_client
from recs_platform.strategies.replenishment.why.working import behind_the_model, score_of
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.why_shop import FIRST, HISTORY, NEW, SUNDAY, WhyShop

ASKED = (FIRST, "C07", "C21")


@pytest.fixture(scope="module")
@takes_seconds
def shop(tmp_path_factory: pytest.TempPathFactory) -> WhyShop:
    shop = WhyShop(Terminal(tmp_path_factory.mktemp("why")), "v4", clients=120)
    shop.activate()
    return shop


def test_the_parts_give_the_stored_score_of_each_item_of_a_list(shop: WhyShop) -> None:
    raw = {(row["customer_id"], row["item_id"]): row for row in shop.rows("model_scores")}
    scored = 0
    for client in ASKED:
        found = shop.client(client)
        assert (found.model_version, found.model_of, found.version) == (1, SUNDAY, "v4")
        assert len(found.items) == 7
        for one in found.items:
            assert one.adds_up, one
            assert one.scored_by == raw[client, found.items[0].item_id]["digest"]
            if one.model is None:
                assert one.item_id in NEW
                assert score_of(one.factors) == one.score
                continue
            scored += 1
            total = one.model.start + sum(part.adds or 0.0 for part in one.model.parts)
            assert total == pytest.approx(raw[client, one.item_id]["raw"], abs=1e-6)
            assert {part.feature for part in one.model.parts} == set(FEATURES)
            sizes = [abs(part.adds or 0.0) for part in one.model.parts]
            assert sizes == sorted(sizes, reverse=True)
            assert sizes[0] > 0
            count = next(part for part in one.model.parts if part.feature == "own_count")
            assert count.value == str(sum(not order.is_sent_back for order in one.orders))
    assert scored > 15


def test_the_picture_of_an_item_draws_what_moves_its_score(shop: WhyShop) -> None:
    found = next(one for one in shop.client(FIRST).items if one.model)
    with shop.terminal.inside():
        shown = explain_client(shop.reader, FIRST, found.item_id)
    (picture,) = [block for block in shown.blocks if isinstance(block, Picture)]
    assert found.model is not None
    strongest = found.model.parts[0]
    assert picture.chart.description.startswith(
        f"{strongest.means}: {strongest.value or 'unknown'} {strongest.adds:+.3f}"
    )


def test_who_is_similar_are_those_with_like_tastes(shop: WhyShop) -> None:
    similar = [row for row in shop.rows("similar_clients") if row["customer_id"] == FIRST]
    tastes = {row["neighbour_id"]: row["rank"] for row in similar if row["measure"] == "slow_cosine"}
    found = shop.client(FIRST)
    assert found.similar_clients == len(tastes) > 0
    buyers = [buyer for one in found.items for buyer in one.buyers]
    assert buyers
    assert all(tastes[buyer.customer_id] == buyer.rank for buyer in buyers)


def test_what_the_model_did_not_look_at_stands_behind_it(shop: WhyShop) -> None:
    """As if it had not looked at one of the items of a list."""
    scores, (first, *_) = shop.rows("model_scores"), [one for one in shop.client(FIRST).items if one.model]
    others = [row for row in scores if (row["customer_id"], row["item_id"]) != (FIRST, first.item_id)]
    try:
        shop.put("model_scores", others)
        shop.make("replenishment_scores")
        item = shop.item(FIRST, first.item_id).item
        told = shop.terminal.recs("why", "concord", FIRST, "--item", first.item_id).told
    finally:
        shop.put("model_scores", scores)
        shop.make("replenishment_scores")
    assert item.model is None
    assert item.factors
    (stored,) = [row for row in shop.rows("replenishment_scores") if _is(row, first.item_id)]
    assert behind_the_model(score_of(item.factors)) < 0.01 < stored["score"]
    assert "The model did not look at it, so it stands behind what the model did" in told


def _is(row: dict[str, object], item: str) -> bool:
    return (row["customer_id"], row["item_id"]) == (FIRST, item)


def test_on_the_terminal(shop: WhyShop) -> None:
    found = shop.client(FIRST)
    told = shop.terminal.recs("why", "concord", FIRST).told
    best = next(one for one in found.items if one.model)
    assert best.model is not None
    part = best.model.parts[0]
    assert f"{part.feature} {part.value or 'unknown'} ({part.adds or 0:+.3f})" in told
    assert "Model version 1 of 2025-11-30." in told
    assert "have changed" not in told
    told = shop.terminal.recs("why", "concord", FIRST, "--item", best.item_id).told
    assert f"{part.means} {part.value or 'unknown'} {part.adds or 0:+.3f}" in told
    assert f"added to the model's start of {best.model.start:+.3f}, give {best.model.raw:+.3f}" in told
    told = shop.terminal.recs("why", "concord", FIRST, "--json").json
    assert told["items"][best.rank - 1 if best.rank else 0]["model"]["parts"][0]["feature"] == part.feature


def test_features_that_have_changed_since_are_noticed(shop: WhyShop) -> None:
    """An order of a day before was taken out after the week was made."""
    with shop.lake.read(shop.pipeline.ref("order_lines", shop.company), HISTORY) as reader:
        lines = reader.read_all()
    last = max(order.ordered_on for one in shop.client(FIRST).items for order in one.orders)
    kept = [row for row in lines.to_pylist() if (row["customer_id"], row["event_date"]) != (FIRST, last)]
    try:
        shop.put("order_lines", kept, HISTORY)
        assert not all(one.adds_up for one in shop.client(FIRST).items)
    finally:
        shop.put("order_lines", lines.to_pylist(), HISTORY)
    assert all(one.adds_up for one in shop.client(FIRST).items)
