"""Clients and logs that are unlike most, through the real weekly job: each has the outcome that the docs state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.shared import made_once
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.edge_logs import (
    GOODS,
    LONG,
    EdgeHome,
    Week,
    crowd,
    discontinued,
    odd_clients,
    weekly,
)

pytestmark = pytest.mark.slow
VERSIONS = ("v31", "v32", "v4")
ODD, GROUP, ALONE = "odd", "one_group", "alone"
SOLD = [f"p{number:02}" for number in range(GOODS)]


@takes_seconds
@pytest.fixture(scope="module", params=VERSIONS)
def weeks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Week]:
    version = request.param

    def make(folder: Path) -> None:
        home = EdgeHome(Terminal(folder))
        home.add(ODD, [*crowd(), *odd_clients()], version=version)
        home.add(GROUP, discontinued(), catalog=SOLD, version=version)
        home.add(ALONE, weekly("only", [["a", "b"]] * 8), version=version)
        for name in (ODD, GROUP, ALONE):
            home.make(name)

    home = EdgeHome(Terminal(made_once(tmp_path_factory, f"edges-{version}", make)))
    return {name: home.week_of(name) for name in (ODD, GROUP, ALONE)}


@pytest.fixture
def odd(weeks: dict[str, Week]) -> Week:
    """Of a log without a catalog."""
    return weeks[ODD]


def places(week: Week, client: str) -> tuple[int, int]:
    """Repurchases and discoveries in a list."""
    return len(week.items(client, "repurchase")), len(week.items(client, "discovery"))


def missing(week: Week, client: str) -> dict[str, Any]:
    length = week.length(client)
    return {name: length[name] for name in ("repurchases_missing", "discoveries_missing", "shortfall")}


def test_without_a_catalog_everybody_has_a_whole_list(odd: Week) -> None:
    assert odd.unserved == {}
    assert {len(places) for places in odd.lists.values()} == {25}
    assert {place.rank for of in odd.lists.values() for place in of} == set(range(1, 26))


def test_a_client_with_one_order_gets_all_of_it_and_is_filled_up_with_discoveries(odd: Week) -> None:
    assert sorted(odd.items("one order", "repurchase")) == SOLD[:5]
    assert places(odd, "one order") == (5, 20)
    assert missing(odd, "one order") == {"repurchases_missing": 15, "discoveries_missing": 0, "shortfall": 0}


def test_a_client_with_three_products_in_all(odd: Week) -> None:
    assert sorted(odd.items("three products", "repurchase")) == SOLD[:3]
    assert places(odd, "three products") == (3, 22)


def test_of_five_thousand_products_the_best_twenty_stand_in_the_list(odd: Week) -> None:
    assert places(odd, "thousands") == (20, 5)
    assert set(odd.items("thousands", "repurchase")[:2]) == {"p00", "p01"}, "ordered each week, the others once"
    assert not {item for item in odd.items("thousands", "discovery") if item.startswith("h")}


def test_nobody_similar_is_offered_what_most_buy(odd: Week) -> None:
    assert sorted(odd.items("nobody alike", "repurchase")) == ["l0", "l1", "l2"]
    assert places(odd, "nobody alike") == (3, 22)
    assert set(odd.items("nobody alike", "discovery")) <= set(SOLD)


def test_of_a_hundred_tied_the_first_by_name_stand_in_the_list(odd: Week) -> None:
    assert odd.items("a hundred tied", "repurchase") == [f"t{number:03}" for number in range(20)]


def test_baskets_of_one_item(odd: Week) -> None:
    assert sorted(odd.items("one at a time", "repurchase")) == SOLD[:5]
    assert places(odd, "one at a time") == (5, 20)


def test_ids_of_any_letters_and_length_come_out_as_they_went_in(odd: Week) -> None:
    assert set(odd.items("Zoë 😀", "repurchase")) == {LONG, "日本", "p00", "p01"}
    assert len(LONG) == 200


def test_a_catalog_of_one_group_fills_three_places_and_the_rest_is_counted(weeks: dict[str, Week]) -> None:
    week = weeks[GROUP]
    assert {len(places) for places in week.lists.values()} == {3}
    assert missing(week, "c0") == {"repurchases_missing": 17, "discoveries_missing": 5, "shortfall": 22}


def test_what_was_discontinued_is_recommended_to_nobody(weeks: dict[str, Week]) -> None:
    """It was bought last week, and stands no more in the day's catalog."""
    week = weeks[GROUP]
    assert "gone" not in {place.item for places in week.lists.values() for place in places}
    assert set(week.items("lost one", "repurchase")) <= {"p00", "p01"}
    assert places(week, "lost all") == (0, 3), "it bought nothing else, and discovers"


def test_a_log_with_one_client_is_what_it_bought(weeks: dict[str, Week]) -> None:
    week = weeks[ALONE]
    assert sorted(week.items("only", "repurchase")) == ["a", "b"]
    assert missing(week, "only") == {"repurchases_missing": 18, "discoveries_missing": 5, "shortfall": 23}
    assert week.unserved == {}
