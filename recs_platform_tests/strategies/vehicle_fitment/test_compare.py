"""`recs compare`: any two days, counted here once more by plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from recs_platform.errors import ConfigError
from recs_platform.publication.compare import compare_days
from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy
from recs_platform_tests.strategies.vehicle_fitment.conftest import Recs, parsed
from recs_platform_tests.strategies.vehicle_fitment.small_world import THEN, TODAY, World

VEHICLE = ("v1_year", "v1_make", "v1_model")


def figures(world: World, section: str, *, back: bool = False) -> dict[str, dict[str, Any]]:
    days = (TODAY, THEN) if back else (THEN, TODAY)
    found = compare_days(world.lake, world.pipeline, world.company, *days)
    return {figure["name"]: figure for figure in found if figure["section"] == section}


def test_two_days(world: World) -> None:
    before, after = (
        {row["email_lower"]: row for row in world.rows("vehicle_recommendations", day)} for day in (THEN, TODAY)
    )
    common = [e for e in before.keys() & after.keys() if all(before[e][c] == after[e][c] for c in VEHICLE)]
    customers = {name: figure["count"] for name, figure in figures(world, "customers").items()}
    assert customers == {
        "common": len(common),
        "gained": len(after) - len(common),
        "lost": len(before) - len(common),
    }
    assert sum(f["count"] for f in figures(world, "lost_because").values()) == customers["lost"]
    changed = Counter(sum(before[e][f"rec_part_{n}"] != after[e][f"rec_part_{n}"] for n in range(1, 5)) for e in common)
    assert {int(n): f["count"] for n, f in figures(world, "changed_per_customer").items() if f["count"]} == dict(
        changed
    )
    for place in range(1, 5):
        moved = sum(before[e][f"rec_part_{place}"] != after[e][f"rec_part_{place}"] for e in common)
        assert figures(world, "changed_at_position")[str(place)]["count"] == moved
        average = sum(row[f"rec{place}_price"] for row in before.values()) / len(before)
        assert figures(world, "average_price")[str(place)]["before"] == pytest.approx(average, abs=1e-4)


def test_a_day_with_itself(world: World) -> None:
    same = compare_days(world.lake, world.pipeline, world.company, TODAY, TODAY)
    found = {(figure["section"], figure["name"]): figure["count"] for figure in same}
    assert found["customers", "common"] == len(world.rows("vehicle_recommendations", TODAY))
    assert (found["customers", "lost"], found["customers", "gained"]) == (0, 0)
    assert [name for section, name in found if section == "swaps"] == []


def test_backwards_gained_is_lost(world: World) -> None:
    there, back = figures(world, "customers"), figures(world, "customers", back=True)
    assert (there["gained"]["count"], there["lost"]["count"]) == (back["lost"]["count"], back["gained"]["count"])
    assert there["common"]["count"] == back["common"]["count"]


def test_on_the_terminal(world: World, recs: Recs) -> None:
    code, out, _ = recs("compare", "holley", "--a", str(THEN), "--b", str(TODAY), "--json")
    said = parsed(out)
    assert (code, said["a"], said["b"]) == (0, str(THEN), str(TODAY))
    assert len(said["figures"]) == len(compare_days(world.lake, world.pipeline, world.company, THEN, TODAY))
    code, table, _ = recs("compare", "holley", "--a", str(THEN), "--b", str(TODAY))
    assert code == 0
    assert all(
        title in " ".join(table.split())
        for title in ("Customers", "Recommendations changed per customer", "Average price", "Largest swaps")
    )
    swaps = figures(world, "swaps").values()
    assert max(swaps, key=lambda swap: int(swap["count"]))["name"] in table


def test_a_day_that_was_not_made(world: World, recs: Recs) -> None:
    code, _, err = recs("compare", "holley", "--a", "2025-09-06", "--b", str(TODAY))
    assert code == 2
    assert "holley has no recommendations of 2025-09-06; its days are 2025-09-05 to 2025-09-26, 2 in all" in err
    code, _, err = recs("compare", "holley", "--a", "yesterday", "--b", str(TODAY))
    assert code == 2
    assert "--a" in err


def test_a_strategy_that_recommends_nothing(world: World) -> None:
    company = companies_of_each_strategy()["measurement"]
    message = f"{company.name} has nothing to compare: measurement publishes no recommendations"
    with pytest.raises(ConfigError, match=message):
        compare_days(world.lake, pipelines()["measurement"], company, THEN, TODAY)


def test_a_company_without_days(world: World) -> None:
    nobody = world.company.model_copy(update={"dataset": "empty"})
    with pytest.raises(ConfigError, match=r"has no recommendations of 2025-09-05; it has none yet"):
        compare_days(world.lake, world.pipeline, nobody, THEN, TODAY)
