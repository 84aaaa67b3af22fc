"""`recs why`: the parts add up to the stored score, and whatever keeps an offer from a list is named and true.

Of made up sources, whose candidates and recommendations are the platform's own queries'.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest

from recs_platform.errors import ConfigError
from recs_platform.pipeline.day_reader import DayReader
from recs_platform.reporting.explanation import Picture
from recs_platform.schemas.offer_ranking import BY_RATE
from recs_platform.strategies.offer_ranking.explanation import explain_customer
from recs_platform.strategies.offer_ranking.features import FEATURES
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters
from recs_platform.strategies.offer_ranking.why import OfferExplained, left_out
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.offer_ranking.market import DAY, with_column
from recs_platform_tests.strategies.offer_ranking.shop import Shop

Row = dict[str, Any]
BEFORE = DAY - timedelta(days=1)


@pytest.fixture(scope="session")
def lists(shop: Shop) -> dict[str, list[Row]]:
    """Per customer, the recommended offers, the likeliest first."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(shop.rows("offer_recommendations", DAY), key=lambda row: (row["customer_id"], row["rank"])):
        found[row["customer_id"]].append(row)
    return dict(found)


@pytest.fixture(scope="session")
@takes_seconds
def explanations(shop: Shop) -> list[OfferExplained]:
    """Of all candidates of some customers: those with two offers on one item come first."""
    pairs = sorted((row["customer_id"], row["offer_id"]) for row in shop.rows("offer_candidates", DAY))
    twins = Counter((row["customer_id"], row["item_id"]) for row in shop.rows("offer_candidates", DAY))
    having = Counter(customer for (customer, _), offers in twins.items() if offers > 1)
    customers = sorted(having, key=lambda customer: (-having[customer], customer))[:5]
    return [shop.explained(customer, offer) for customer, offer in pairs if customer in customers]


def test_the_parts_give_the_stored_score(shop: Shop, explanations: list[OfferExplained]) -> None:
    stored = {(row["customer_id"], row["offer_id"]): row for row in shop.rows("offer_scores", DAY)}
    for found in explanations:
        score = stored[found.customer_id, found.offer_id]
        assert found.start is not None
        total = found.start + sum(part.adds or 0.0 for part in found.parts)
        assert total == pytest.approx(score["raw_score"], abs=1e-6)
        assert (found.raw_score, found.probability) == (score["raw_score"], score["probability"])
        assert (found.scored_by, found.model_version, found.model_of) == (score["scored_by"], 1, DAY)
        assert found.adds_up
        assert {part.feature for part in found.parts} == set(FEATURES.names)
        sizes = [abs(part.adds or 0.0) for part in found.parts]
        assert sizes == sorted(sizes, reverse=True)


def test_what_is_recommended_has_its_rank_and_reason(
    lists: dict[str, list[Row]], explanations: list[OfferExplained]
) -> None:
    chosen = [found for found in explanations if found.verdict == "recommended"]
    assert len(chosen) == 20
    for found in explanations:
        row = next((row for row in lists[found.customer_id] if row["offer_id"] == found.offer_id), None)
        assert (row is not None) == (found.verdict == "recommended")
        if row is not None:
            assert (found.rank, found.expected_margin) == (row["rank"], row["expected_margin"])
            assert found.words == f"It is recommended at place {row['rank']} of 4: {row['reason']}."


def test_whatever_keeps_a_candidate_from_the_list_is_true(
    lists: dict[str, list[Row]], explanations: list[OfferExplained]
) -> None:
    """Every rule is seen at work. What a rule leaves out would have had a place without it."""
    seen: Counter[str] = Counter()
    for found in explanations:
        if found.verdict == "recommended":
            continue
        shown = lists[found.customer_id]
        mine = (-(found.probability or 0.0), found.offer_id)
        weaker = {row["offer_id"]: row for row in shown if (-row["score"], row["offer_id"]) > mine}
        named = set(re.findall(r"\bF\d\dB?\b", found.words))
        if found.verdict == "below the cut":
            assert len(shown) == 4
            assert not weaker
            seen["cut"] += 1
            continue
        assert found.verdict == "left out by a rule"
        assert weaker or len(shown) < 4
        if "max_per_category" in found.words:
            assert named == {row["offer_id"] for row in shown if row["category"] == found.category}
            assert len(named) == 2
        elif "min_own_brand_share" in found.words:
            assert named == set(weaker)
            assert all(row["is_own_brand"] for row in weaker.values())
            assert weaker
        else:
            (other,) = named
            twin = next(one for one in explanations if (one.customer_id, one.offer_id) == (found.customer_id, other))
            assert twin.item_id == found.item_id
            assert (-(twin.probability or 0.0), twin.offer_id) < mine
        seen[re.sub(r".*\((\w+)\)\.$", r"\1", found.words) if "(" in found.words else "same item"] += 1
    assert set(seen) == {"cut", "max_per_category", "min_own_brand_share", "same item"}


def test_items_of_unknown_category_are_not_alike(shop: Shop) -> None:
    """Two of them stand in the list, and yet it is the own brand's place that the third one misses."""
    parameters = shop.company.parameters
    assert isinstance(parameters, OfferRankingParameters)
    shown = [("F1", "unknown"), ("F2", "unknown"), ("F3", "Tea"), ("F9", "Dairy")]
    recommended = [{"offer_id": offer, "category": category} for offer, category in shown]
    likelier = [{"offer_id": f"F{n}", "item_id": f"P{n}"} for n in (1, 2, 3, 4)]
    for category in ("unknown", "Tea"):
        verdict, words = left_out(parameters, {"item_id": "P4", "category": category}, likelier, recommended)
        assert verdict == "left out by a rule"
        assert "min_own_brand_share" in words
        assert "F9 pass" in words


def test_the_place_among_candidates(explanations: list[OfferExplained]) -> None:
    for customer in {found.customer_id for found in explanations}:
        mine = [found for found in explanations if found.customer_id == customer]
        ordered = sorted(mine, key=lambda found: (-(found.probability or 0.0), found.offer_id))
        assert [found.place for found in ordered] == list(range(1, len(mine) + 1))
        assert {found.candidates for found in mine} == {len(mine)}


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        ("ended", "The offer ended on 2025-11-30."),
        ("ending", "The offer ends on 2025-12-01; lists of that day are shown from 2025-12-02."),
        ("coming", "The offer starts on 2025-12-03; lists of 2025-12-01 are shown from the day after."),
        ("free", "Its item P-free has no price in the catalog."),
        ("lost", "Its item P-gone has no price in the catalog."),
        ("dear", "It leaves 5.0% of the price, and an offer needs 10.0% (min_margin)."),
    ],
)
def test_an_offer_that_nobody_may_be_shown(shop: Shop, offer: str, words: str) -> None:
    found = shop.explained("C03", offer)
    assert (found.verdict, found.words) == ("no candidate", words)
    assert (found.probability, found.parts, found.rank) == (None, (), None)


def test_what_was_found_too_late_and_what_was_not_found(shop: Shop) -> None:
    """A customer who bought more than there is room for, and an item that has no category."""
    candidates = {(row["customer_id"], row["offer_id"]) for row in shop.rows("offer_candidates", DAY)}
    bought: dict[str, set[str]] = defaultdict(set)
    for row in shop.rows("customer_item_days", DAY):
        bought[row["customer_id"]].add(row["item_id"])
    offers = {row["offer_id"]: row["item_id"] for row in shop.rows("offers", DAY) if row["offer_id"][0] == "F"}
    missed = [(who, offer) for who in sorted(bought) for offer in sorted(offers) if (who, offer) not in candidates]
    late = next(pair for pair in missed if offers[pair[1]] in bought[pair[0]])
    found = shop.explained(*late)
    assert found.verdict == "no candidate"
    said = re.fullmatch(
        r"It was found, because the customer bought an item of it before.*, but only at place (\d+) of what speaks .*, "
        r"and no more than 9 are scored \(max_candidates\)\.",
        found.words,
    )
    assert said is not None
    assert int(said[1]) > 9
    never = [pair for pair in missed if offers[pair[1]] not in bought[pair[0]]]
    unknown = next(pair for pair in never if pair[1] == "F14")
    assert "its items have no category" in shop.explained(*unknown).words
    fish = next(shop.explained(*pair) for pair in never if pair[1] == "F21")
    assert fish.words.startswith("Nothing speaks for it: in 14 days the customer has not bought an item of it")
    assert "not among the 3 best offers of Fish, or Fish is not among the 2 categories" in fish.words


def test_before_there_was_a_model(shop: Shop) -> None:
    row = shop.rows("offer_recommendations", BEFORE)[0]
    found = shop.explained(row["customer_id"], row["offer_id"], BEFORE)
    assert (found.scored_by, found.raw_score, found.model_version, found.start) == (BY_RATE, None, None, None)
    assert found.verdict == "recommended"
    assert [part.feature for part in found.parts] == list(FEATURES.names)
    assert {part.adds for part in found.parts} == {None}


def test_parts_that_no_longer_give_the_score_are_noticed(shop: Shop) -> None:
    row = shop.rows("offer_recommendations", DAY)[0]
    features = shop.features(DAY)
    count = features.num_rows
    try:
        shop.put("candidate_features", DAY, with_column(features, "promo_affinity", [0.5] * count))
        others = [shop.explained(row["customer_id"], one["offer_id"]) for one in shop.rows("offer_scores", DAY)
                  if one["customer_id"] == row["customer_id"]]  # fmt: skip
    finally:
        shop.put("candidate_features", DAY, features)
    assert not all(found.adds_up for found in others)
    assert shop.explained(row["customer_id"], row["offer_id"]).adds_up


def test_who_and_what_is_unknown(shop: Shop) -> None:
    with pytest.raises(ConfigError, match="metro has no customer C99 on 2025-12-01"):
        shop.explained("C99", "F00")
    with pytest.raises(ConfigError, match="metro has no offer F99 on 2025-12-01"):
        shop.explained("C01", "F99")
    with pytest.raises(ConfigError, match=r"no customer a\*\*\*@\*\*\*\.example"):
        shop.explained("ann@mail.example", "F00")


def test_on_the_terminal(shop: Shop, explanations: list[OfferExplained]) -> None:
    found = next(found for found in explanations if found.rank == 2)
    ended = shop.terminal.recs("why", "metro", found.customer_id, "--item", found.offer_id)
    assert ended.code == 0, ended.told
    assert ended.told.startswith(f"metro 2025-12-01: customer {found.customer_id} (")
    assert "Recommended. It is recommended at place 2 of 4" in ended.told
    assert f"The chance that it is redeemed is {found.probability:.1%}" in ended.told
    assert f"place {found.place} of the customer's {found.candidates} candidates" in ended.told
    assert "Found because " in ended.told
    strongest = found.parts[0]
    rows = [" ".join(row) for row in ended.rows[1:]]
    assert strongest.means in rows[0]
    assert f"{strongest.adds:+.3f}" in rows[0]
    assert ("raises it" if (strongest.adds or 0) > 0 else "lowers it") in rows[0]
    assert len(rows) == len(FEATURES.names)
    assert f"model's start of {found.start:+.3f}, give a raw score of {found.raw_score:+.3f}" in ended.told
    assert f"Model version 1 of 2025-12-01 ({(found.scored_by or '')[7:19]})" in ended.told
    assert "@" not in ended.told, "no address is shown"


def test_a_picture_draws_all_that_its_features_add(shop: Shop, explanations: list[OfferExplained]) -> None:
    found = next(found for found in explanations if found.rank == 2)
    read = DayReader(shop.lake, shop.pipeline, shop.company, DAY)
    with shop.terminal.inside():
        shown = explain_customer(read, found.customer_id, found.offer_id)
    (picture,) = [block for block in shown.blocks if isinstance(block, Picture)]
    said, strongest = picture.chart.description, found.parts[0]
    assert said.startswith(f"{strongest.means}: {strongest.value or 'unknown'} {strongest.adds:+.3f}; ")
    added = sum(float(figure) for figure in re.findall(r" ([+-]\d+\.\d{3})(?:;|$)", said))
    assert added == pytest.approx((found.raw_score or 0) - (found.start or 0), abs=0.01)


def test_as_json(shop: Shop, explanations: list[OfferExplained]) -> None:
    found = next(found for found in explanations if found.verdict == "left out by a rule")
    ended = shop.terminal.recs(
        "why", "metro", found.customer_id, "--item", found.offer_id, "--date", str(DAY), "--json"
    )
    assert ended.code == 0
    assert (ended.json["verdict"], ended.json["words"], ended.json["date"]) == (found.verdict, found.words, str(DAY))
    assert ended.json["parts"][0] == asdict(found.parts[0])


def test_on_the_terminal_without_a_model_and_without_a_score(shop: Shop) -> None:
    row = shop.rows("offer_recommendations", BEFORE)[0]
    asked = ["why", "metro", row["customer_id"]]
    told = shop.terminal.recs(*asked, "--item", row["offer_id"], "--date", str(BEFORE)).told
    assert "No model has scored the day: the chance is how often the offer was redeemed when it was shown." in told
    assert "adds" not in told
    told = shop.terminal.recs(*asked, "--item", "ended").told
    assert "No candidate. The offer ended on 2025-11-30." in told


def test_without_an_offer_it_is_the_customers_list(shop: Shop) -> None:
    customer = shop.rows("offer_recommendations", DAY)[0]["customer_id"]
    listed = sorted(
        (row for row in shop.rows("offer_recommendations", DAY) if row["customer_id"] == customer),
        key=lambda row: row["rank"],
    )
    ended = shop.terminal.recs("why", "metro", customer)
    assert ended.code == 0
    assert f"customer {customer}: {len(listed)} offers" in ended.told
    rows = [" ".join(row) for row in ended.rows[1:]]
    assert [row["offer_id"] in line for row, line in zip(listed, rows, strict=True)] == [True] * len(listed)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("C99", "--item", "F00"), "metro has no customer C99 on 2025-12-01."),
        (("C99",), "metro has no customer C99 on 2025-12-01."),
        (("C01", "--item", "F99"), "metro has no offer F99 on 2025-12-01."),
        (
            ("C01", "--item", "F00", "--date", "2025-10-01"),
            "metro has no recommendations of 2025-10-01; it has 2 days up to 2025-12-01.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(shop: Shop, given: tuple[str, ...], words: str) -> None:
    ended = shop.terminal.recs("why", "metro", *given)
    assert (ended.code, ended.out, ended.told) == (2, "", f"error: {words}")
