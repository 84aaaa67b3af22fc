"""Clients and logs that are unlike most, through the real weekly job: each has the outcome that the docs state.

The clients of all versions stand side by side in one company, by an experiment: one week makes the lists of all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.shared import made_once
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.edge_logs import (
    GOODS,
    LONG,
    SHARES,
    SIDE_BY_SIDE,
    EdgeHome,
    Week,
    crowd,
    discontinued,
    odd_clients,
    of_version,
    weekly,
)

pytestmark = pytest.mark.slow
ODD, GROUP, ALONE, ALONE_31 = "odd", "one_group", "alone", "alone_v31"
SOLD = [f"p{number:02}" for number in range(GOODS)]


@takes_seconds
@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Week]:
    def make(folder: Path) -> None:
        home = EdgeHome(Terminal(folder))
        home.add(ODD, [*crowd(), *odd_clients()], **SIDE_BY_SIDE)
        home.add(GROUP, discontinued(), catalog=SOLD, **SIDE_BY_SIDE)
        for name, version in ((ALONE, "v4"), (ALONE_31, "v31")):
            home.add(name, weekly("only", [["a", "b"]] * 8), version=version)
        for name in (ODD, GROUP, ALONE, ALONE_31):
            home.make(name)

    home = EdgeHome(Terminal(made_once(tmp_path_factory, "edges", make)))
    return {name: home.week_of(name) for name in (ODD, GROUP, ALONE, ALONE_31)}


@dataclass(frozen=True)
class Clients:
    """Those of a company whose lists a version makes."""

    week: Week
    version: str

    def items(self, kind_of_client: str, kind: str) -> list[str]:
        return self.week.items(of_version(kind_of_client, self.version), kind)

    def places(self, kind_of_client: str) -> tuple[int, int]:
        """Repurchases and discoveries in a list."""
        return len(self.items(kind_of_client, "repurchase")), len(self.items(kind_of_client, "discovery"))


@pytest.fixture(params=list(SHARES))
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def odd(weeks: dict[str, Week], version: str) -> Clients:
    """Of a log without a catalog."""
    return Clients(weeks[ODD], version)


@pytest.fixture
def group(weeks: dict[str, Week], version: str) -> Clients:
    """Of a catalog with one group, which does not have everything any more."""
    return Clients(weeks[GROUP], version)


def missing(week: Week, client: str) -> dict[str, Any]:
    length = week.length(client)
    return {name: length[name] for name in ("repurchases_missing", "discoveries_missing", "shortfall")}


@pytest.mark.parametrize("name", [ODD, GROUP])
def test_each_version_scores_its_own_clients_and_a_model_those_of_version_4(weeks: dict[str, Week], name: str) -> None:
    week = weeks[name]
    assert [week.scored_by(version) for version in ("v31", "v32")] == [{"v31"}, {"v32"}]
    (model,) = week.scored_by("v4")
    assert model.startswith("sha256:")
    kinds = ("one order", "thousands", "a hundred tied") if name == ODD else ("lost one", "lost all")
    assert {(kind, version, week.version_of(of_version(kind, version))) for kind in kinds for version in SHARES} == {
        (kind, version, version) for kind in kinds for version in SHARES
    }


def test_without_a_catalog_everybody_has_a_whole_list(weeks: dict[str, Week]) -> None:
    week = weeks[ODD]
    assert week.unserved == {}
    assert {len(places) for places in week.lists.values()} == {25}
    assert {place.rank for of in week.lists.values() for place in of} == set(range(1, 26))


def test_a_client_with_one_order_gets_all_of_it_and_is_filled_up_with_discoveries(odd: Clients) -> None:
    assert sorted(odd.items("one order", "repurchase")) == SOLD[:5]
    assert odd.places("one order") == (5, 20)
    short = {"repurchases_missing": 15, "discoveries_missing": 0, "shortfall": 0}
    assert missing(odd.week, of_version("one order", odd.version)) == short


def test_a_client_with_three_products_in_all(odd: Clients) -> None:
    assert sorted(odd.items("three products", "repurchase")) == SOLD[:3]
    assert odd.places("three products") == (3, 22)


def test_of_five_thousand_products_the_best_twenty_stand_in_the_list(odd: Clients) -> None:
    assert odd.places("thousands") == (20, 5)
    assert set(odd.items("thousands", "repurchase")[:2]) == {"p00", "p01"}, "ordered each week, the others once"
    assert not {item for item in odd.items("thousands", "discovery") if item.startswith("h")}


def test_nobody_similar_is_offered_what_most_buy(odd: Clients) -> None:
    """Of those candidates version 4 takes what its model puts first, which may be what few buy."""
    assert sorted(odd.items("nobody alike", "repurchase")) == [f"l{number} {odd.version}" for number in range(3)]
    assert odd.places("nobody alike") == (3, 22)
    if odd.version != "v4":
        assert set(odd.items("nobody alike", "discovery")) <= set(SOLD)


def test_of_a_hundred_tied_the_first_by_name_stand_in_the_list(odd: Clients) -> None:
    assert odd.items("a hundred tied", "repurchase") == [f"t{number:03}" for number in range(20)]


def test_baskets_of_one_item(odd: Clients) -> None:
    assert sorted(odd.items("one at a time", "repurchase")) == SOLD[:5]
    assert odd.places("one at a time") == (5, 20)


def test_ids_of_any_letters_and_length_come_out_as_they_went_in(odd: Clients) -> None:
    assert set(odd.items("Zoë 😀", "repurchase")) == {LONG, "日本", "p00", "p01"}
    assert len(LONG) == 200


def test_a_catalog_of_one_group_fills_three_places_and_the_rest_is_counted(weeks: dict[str, Week]) -> None:
    week = weeks[GROUP]
    assert {len(places) for places in week.lists.values()} == {3}
    assert missing(week, "c0") == {"repurchases_missing": 17, "discoveries_missing": 5, "shortfall": 22}


def test_what_was_discontinued_is_recommended_to_nobody(group: Clients) -> None:
    """It was bought last week, and stands no more in the day's catalog."""
    assert "gone" not in {place.item for places in group.week.lists.values() for place in places}
    assert set(group.items("lost one", "repurchase")) <= {"p00", "p01"}
    assert group.places("lost all") == (0, 3), "it bought nothing else, and discovers"


@pytest.mark.parametrize(("name", "scored_by"), [(ALONE_31, "v31"), (ALONE, "v32")])
def test_a_log_with_one_client_is_what_it_bought(weeks: dict[str, Week], name: str, scored_by: str) -> None:
    """No model can be trained on one: version 4 scores as version 3.2, so that both are seen here."""
    week = weeks[name]
    assert sorted(week.items("only", "repurchase")) == ["a", "b"]
    assert missing(week, "only") == {"repurchases_missing": 18, "discoveries_missing": 5, "shortfall": 23}
    assert week.unserved == {}
    assert {row["scored_by"] for row in week.recommendations} == {scored_by}
