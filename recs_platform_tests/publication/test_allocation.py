"""What the comparison of allocations says, what its guardrails refuse, and which allocation is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from recs_platform.campaign.bandit import off_policy
from recs_platform.declarations.guardrails import refusals
from recs_platform.errors import StorageError
from recs_platform.platform_db.engine import engine
from recs_platform.publication.allocation import ComparedAllocation, judge_allocation
from recs_platform.publication.allocation_picture import show_allocation
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.verify import figures
from recs_platform.schemas.campaign import EVERYBODY
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform_tests.publication.shop import SPLITS, D, lake_in, outlet_of, write

share = st.floats(0, 1)


def row(section: str, name: str, **figures: Any) -> dict[str, Any]:
    return {
        "section": section,
        "name": name,
        **dict.fromkeys(("count", "share", "before", "after", "detail")),
        **figures,
    }


def compared(moved: float | None, dropped: float | None, live: float = 4) -> ComparedAllocation:
    return ComparedAllocation(
        [
            row("treatments", "kept", count=2, share=0.5, before=live, after=3.0),
            row("treatments", "added", count=1, share=1 / 3, before=live, after=3.0),
            row("treatments", "removed", count=2, share=dropped, before=live, after=3.0),
            row("segment_moves", "x", count=1, share=0.9, before=2.0, after=0.0, detail="gone"),
            row("segment_moves", EVERYBODY, count=3, share=moved, before=4.0, after=3.0),
            row("shares", "t1", share=-0.1, before=0.5, after=0.4),
            row("shares", "t2", share=0.6, after=0.6),
            row("shares", "t3", share=-0.5, before=0.5),
        ]
    )


def parameters(**limits: float) -> ReplenishmentParameters:
    return ReplenishmentParameters.model_validate(limits)


@given(share, share, share, share)
def test_each_limit_decides_by_itself(moved: float, dropped: float, most: float, ceiling: float) -> None:
    limits = parameters(max_allocation_move=most, max_treatments_dropped=ceiling)
    judged = judge_allocation(compared(moved, dropped), limits)
    assert {g.name: g.passed for g in judged} == {
        "allocation_move": moved <= most,
        "treatments_dropped": dropped <= ceiling,
    }
    for guardrail in judged:
        assert guardrail.value is not None
        assert f"{guardrail.value:.2%}" in guardrail.words
        assert f"max_{guardrail.name} is {guardrail.limit:.2%}" in guardrail.words


@given(share, share)
def test_nothing_live_is_nothing_to_judge(moved: float, dropped: float) -> None:
    assert judge_allocation(compared(moved, dropped, live=0), parameters()) == ()


def test_what_cannot_be_compared_although_something_is_live_is_refused() -> None:
    assert refusals(judge_allocation(compared(None, None), parameters())) == [
        "shares of (all) cannot be compared; max_allocation_move is 50.00%",
        "the share of treatments dropped is unknown; max_treatments_dropped is 50.00%",
    ]
    without = ComparedAllocation([row for row in compared(0.1, 0.1).rows if row["section"] != "segment_moves"])
    assert without.allocation_move is None


def test_only_the_traffic_of_everybody_is_limited() -> None:
    assert refusals(judge_allocation(compared(0.5, 0.5), parameters())) == [], "x moves by 90%"
    assert refusals(judge_allocation(compared(0.51, 0.5), parameters())) == [
        "51.00% of the traffic changes treatment; max_allocation_move is 50.00%"
    ]


def test_it_is_told_in_words_tables_and_a_picture(tmp_path: Path) -> None:
    change = compared(0.6, 0.5)
    assert change.summary() == "60.00% of the traffic changes treatment. Treatments: 2 kept, 1 added, 2 removed."
    told = change.markdown()
    assert "| x | 90.00% | 2 | 0 | gone |" in told
    assert told.index("| x | 90.00%") < told.index("| (all) | 60.00%"), "the largest first"
    assert told.index("| t2 |  | 60.00% | +60.00% |") < told.index("| t1 | 50.00% | 40.00% | -10.00% |")
    shown = show_allocation(change.rows)
    assert shown.words == told
    assert shown.picture is not None
    assert shown.picture.startswith(b"<svg")
    first = compared(None, None, live=0)
    assert first.summary() == "Nothing was live before: first shares for 1 treatment."
    assert show_allocation(first.rows).picture is None


@pytest.fixture
def splits(tmp_path: Path) -> Outlet:
    return outlet_of(lake_in(tmp_path), engine(f"sqlite:///{tmp_path / 'platform.db'}"), SPLITS)


def mix(segment: str, *shares: float) -> list[dict[str, Any]]:
    return [{"segment": segment, "treatment_id": f"t{n}", "share": s, "why": ""} for n, s in enumerate(shares)]


def test_a_whole_allocation_is_counted(splits: Outlet) -> None:
    write(splits, D, [*mix(EVERYBODY, 0.1, 0.2, 0.7), *mix("x", 1.0)])
    counted = figures(SPLITS, splits.warehouse, splits.source)
    assert (counted.rows, counted.customers, counted.as_of) == (4, None, D)
    assert str(counted) == "4 rows as of 2025-12-01, made 2025-12-01 00:00"


@pytest.mark.parametrize(
    ("rows", "flaw"),
    [
        (mix("x", 1.0), r"has no shares of \(all\), for customers of any other segment"),
        (
            [*mix(EVERYBODY, 0.4, 0.6), *mix("y", 0.4, 0.5), *mix("x", 0.5, 0.6)],
            "has shares that do not add up to 1: of x, y",
        ),
    ],
)
def test_what_is_no_whole_allocation(splits: Outlet, rows: list[dict[str, Any]], flaw: str) -> None:
    write(splits, D, rows)
    with pytest.raises(StorageError, match=rf"shop.splits {flaw}\. Make 2025-12-01 again, or roll back"):
        figures(SPLITS, splits.warehouse, splits.source)


def test_an_allocation_of_two_days_is_none(splits: Outlet) -> None:
    write(splits, D, mix(EVERYBODY, 0.5))
    write(splits, D.replace(day=2), mix("x", 0.5))
    with pytest.raises(StorageError, match=r"mixes rows of 2025-12-01 to 2025-12-02"):
        figures(SPLITS, splits.warehouse, splits.source)


def test_everybody_is_who_the_bandit_means() -> None:
    assert EVERYBODY == off_policy.EVERYBODY
