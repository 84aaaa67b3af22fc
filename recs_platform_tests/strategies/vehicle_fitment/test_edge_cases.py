"""What becomes of the odd customer, part and event, through the real queries. Each case has a vehicle of its own."""

from __future__ import annotations

import pytest

from recs_platform_tests.strategies.vehicle_fitment.source_rows import Made, Sources

_MANY = [f"M{number:04}{letter}" for number in range(2_000) for letter in ("", "B", "R", "G", "P")]


def _sources() -> Sources:
    shop = Sources()
    shop.fits("Ties", "T2", "T10", "T1", "T3", "T4")
    shop.owner("ties", "Ties")

    shop.fits("Nothing", "N1", "N2", "N3", "N4", "N5", price=10.0)
    shop.owner("nothing", "Nothing")
    shop.fits("Three", "D1", "D2", "D3")
    shop.owner("three", "Three")

    shop.fits("Buyers", "B1", "B2", "B3", "B4", "B5", "B6")
    for customer, bought in (("bought-all", 6), ("bought-three", 3), ("bought-two", 2)):
        shop.owner(customer, "Buyers")
        for number in range(bought):
            shop.event(customer, f"B{number + 1}", age=100)

    shop.fits("Unknown", "U1", "U2", "U3", "U4", "U5", category=None)
    shop.owner("unknown-types", "Unknown")
    shop.fits("Many", *_MANY)
    shop.owner("many-variants", "Many")

    shop.fits("Floor", "F1", "F2", "F3", "F4", price=50.0)
    shop.fits("Floor", "F0", price=49.99)
    shop.owner("floor", "Floor")

    shop.owner("plus", "Ties", email="dan+Cars@Mail.Example.com")
    shop.owner("unicode", "Ties", email=" ÉVA@Müller.example ")

    shop.fits("Ghosts", "G1", "G2", "G3", "G4", "G5")
    shop.owner("ghost", "Ghosts")
    shop.event("ghost", "G5R", "cart_updated")

    shop.owner("with-vehicle", "Ties", email="two@example.com", updated=1)
    shop.owner("without-vehicle", None, email="Two@example.com", updated=2)

    shop.fits("Overlap", "O1", "O2", "O3", "O4", "O5", "O6")
    shop.owner("overlap", "Overlap")
    shop.event("overlap", "O1", age=20)
    shop.history("overlap", "O1", age=20)
    shop.history("overlap", "O2", age=19)

    shop.fits("Ages", "A1", "A2", "A3", "A4", "A5", "A6")
    shop.owner("ages", "Ages")
    for item, age in (("A1", 364), ("A2", 365), ("A3", 366)):
        shop.event("ages", item, age=age)
    return shop


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("edges"), _sources())


def test_ties_stand_in_the_order_of_the_item_as_text(made: Made) -> None:
    assert made.four("ties") == ["T1", "T10", "T2", "T3"]


@pytest.mark.parametrize("customer", ["nothing", "three"])
def test_a_vehicle_with_no_or_three_parts_gets_nothing(made: Made, customer: str) -> None:
    assert made.four(customer) == []
    assert made.dropped_because(customer) == "too few eligible parts"
    assert not any(row["item_id"][0] in "ND" for row in made.rows("eligible_parts"))


def test_who_bought_too_much_gets_nothing_and_never_fewer_than_four(made: Made) -> None:
    assert made.four("bought-all") == made.four("bought-three") == []
    assert made.dropped_because("bought-all") == made.dropped_because("bought-three") == "too few parts left"
    assert made.four("bought-two") == ["B3", "B4", "B5", "B6"]
    assert made.dropped_because("bought-two") is None


def test_parts_of_unknown_type_are_not_alike(made: Made) -> None:
    assert made.four("unknown-types") == ["U1", "U2", "U3", "U4"]


def test_ten_thousand_variants_are_two_thousand_families(made: Made) -> None:
    assert len(_MANY) == 10_000
    assert made.four("many-variants") == ["M0000", "M0001", "M0002", "M0003"]


def test_a_price_equal_to_the_floor_is_high_enough(made: Made) -> None:
    assert made.four("floor") == ["F1", "F2", "F3", "F4"]
    assert "F0" not in {row["item_id"] for row in made.rows("eligible_parts")}


def test_addresses_keep_their_plus_and_their_letters(made: Made) -> None:
    addresses = {row["customer_id"]: row["email_lower"] for row in made.rows("vehicle_recommendations")}
    assert addresses["plus"] == "dan+cars@mail.example.com"
    assert addresses["unicode"] == "éva@müller.example"


def test_an_event_on_a_variant_that_the_catalog_lacks_counts_for_its_base(made: Made) -> None:
    assert made.four("ghost")[0] == "G5"
    (score,) = (row for row in made.rows("intent_scores") if row["customer_id"] == "ghost")
    assert (score["item_id"], score["carts"], score["intent"]) == ("G5", 1, 3.0)


def test_the_newest_profile_of_an_address_speaks_for_it_even_without_a_vehicle(made: Made) -> None:
    assert made.four("with-vehicle") == made.four("without-vehicle") == []
    assert made.dropped_because("with-vehicle") == "another profile has the e-mail"
    assert made.dropped_because("without-vehicle") == "no vehicle"


def test_what_history_and_stream_both_hold_counts_once_and_excludes_all_the_same(made: Made) -> None:
    counts = {row["item_id"]: row for row in made.rows("item_popularity")}
    assert (counts["O1"]["historical_orders"], counts["O1"]["recent_orders"]) == (0, 1)
    assert "O2" not in counts
    assert made.four("overlap") == ["O3", "O4", "O5", "O6"]


def test_a_purchase_counts_for_365_days_of_which_today_is_the_last(made: Made) -> None:
    """364 days ago was the first of them; 365 and 366 days ago is past."""
    four = made.four("ages")
    assert "A1" not in four
    assert {"A2", "A3"} <= set(four)


def test_the_checks_pass_on_all_of_it(made: Made) -> None:
    verdicts = made.verdicts()
    assert len(verdicts) >= 18
    # Hardly anybody buys in this shop: everything rests on everybody's orders.
    assert [name for name, verdict in verdicts.items() if not verdict.passed] == ["global_fallback"]


def test_what_is_still_to_come_changes_nothing(made: Made, tmp_path_factory: pytest.TempPathFactory) -> None:
    foretold = _sources()
    foretold.event("ties", "T4", "cart_updated", age=-1)
    foretold.event("ties", "T2", age=-1)
    foretold.event("bought-two", "B3", age=-30)
    foretold.history("unknown-types", "U1", age=-1)
    again = Made(tmp_path_factory.mktemp("foretold"), foretold)
    for table in made.tables:
        assert sorted(map(repr, made.rows(table))) == sorted(map(repr, again.rows(table))), table
