"""allocation_comparison.sql against a plain definition of it, on random small allocations."""

from __future__ import annotations

import math
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from recs_platform.schemas.campaign import EVERYBODY
from recs_platform.schemas.publication import AllocationComparison
from recs_platform.schemas.table import spec_of
from recs_platform_tests.publication.garage import DAY, NEXT, Shares, allocation_rows
from recs_platform_tests.publication.in_memory import compared
from recs_platform_tests.sql.queries import platform_queries

QUERY = platform_queries()["allocation_comparison"]
TREATMENTS = ("t1", "t2", "t3", "t4")
Figures = dict[tuple[str, str], tuple[Any, ...]]


@st.composite
def _mix(draw: st.DrawFn) -> dict[str, float]:
    """Shares of some treatments, in hundredths that add up."""
    treatments = draw(st.lists(st.sampled_from(TREATMENTS), unique=True, min_size=1))
    cuts = sorted(draw(st.lists(st.integers(1, 99), min_size=len(treatments) - 1, max_size=3, unique=True)))
    ends = [0, *cuts[: len(treatments) - 1], 100]
    return {t: (ends[n + 1] - ends[n]) / 100 for n, t in enumerate(treatments)}


@st.composite
def _allocations(draw: st.DrawFn) -> Shares:
    """Now and then nothing at all, or without shares for everybody."""
    return {segment: draw(_mix()) for segment in draw(st.lists(st.sampled_from((EVERYBODY, "x", "y")), unique=True))}


def computed(live: Shares, today: Shares) -> list[dict[str, Any]]:
    """What the query gives."""
    tables = {
        "live_treatment_allocation": allocation_rows(DAY, live),
        "treatment_allocation": allocation_rows(NEXT, today),
    }
    return compared("allocation_comparison", NEXT, tables)


def figures(rows: list[dict[str, Any]]) -> Figures:
    columns = ("count", "share", "before", "after", "detail")
    return {(row["section"], row["name"]): tuple(row[column] for column in columns) for row in rows}


def distance(before: dict[str, float], after: dict[str, float]) -> float:
    return sum(abs(after.get(t, 0) - before.get(t, 0)) for t in before | after) / 2


def defined(live: Shares, today: Shares) -> Figures:
    """The definition; the largest moves are all there are, in these small worlds."""
    was, is_now = ({t for shares in side.values() for t in shares} for side in (live, today))
    sizes = (float(len(was)), float(len(is_now)))
    found: Figures = {}
    for name, treatments, of in (
        ("kept", was & is_now, was),
        ("added", is_now - was, is_now),
        ("removed", was - is_now, was),
    ):
        found["treatments", name] = (len(treatments), len(treatments) / len(of) if of else None, *sizes, None)
    for segment in live | today:
        before, after = (side.get(segment, side.get(EVERYBODY, {})) for side in (live, today))
        moves = {t: after.get(t, 0) - before.get(t, 0) for t in before | after}
        held = ("new", "; against the live shares of (all)"), ("gone", "; against the new shares of (all)")
        lacking = [words for words, side in zip(held, (live, today), strict=True) if segment not in side]
        detail = "".join(lacking[0] if before and after else lacking[0][:1]) if lacking else None
        changed = sum(not math.isclose(move, 0, abs_tol=1e-9) for move in moves.values())
        moved = distance(before, after) if before and after else None
        found["segment_moves", segment] = (changed, moved, float(len(before)), float(len(after)), detail)
        for t, move in moves.items():
            pair = (None, move, before.get(t), after.get(t), None)
            if segment == EVERYBODY:
                found["shares", t] = pair
            if before and after and not math.isclose(move, 0, abs_tol=1e-9):
                found["largest_moves", f"{segment}: {t}"] = pair
    return found


@pytest.mark.slow
@settings(max_examples=40)
@given(_allocations(), _allocations())
def test_the_query_gives_what_the_definition_gives(live: Shares, today: Shares) -> None:
    rows = computed(live, today)
    given_, wanted = figures(rows), defined(live, today)
    assert len(given_) == len(rows)
    assert {row["as_of"] for row in rows} == {NEXT}
    assert given_.keys() == wanted.keys()
    for key, expected in wanted.items():
        assert given_[key] == pytest.approx(expected, abs=1e-6), key


def test_half_of_the_changes_is_the_traffic_that_moves() -> None:
    """By hand: 10 hundredths leave t1, 20 leave t2, and all 30 go to t3."""
    live = {EVERYBODY: {"t1": 0.5, "t2": 0.3, "t3": 0.2}}
    found = figures(computed(live, {EVERYBODY: {"t1": 0.4, "t2": 0.1, "t3": 0.5}}))
    assert found["segment_moves", EVERYBODY] == (3, 0.3, 3.0, 3.0, None)
    assert found["shares", "t3"] == (None, 0.3, 0.2, 0.5, None)


def test_another_set_of_treatments_moves_everything_and_the_same_shares_nothing() -> None:
    live = {EVERYBODY: {"t1": 0.5, "t2": 0.5}}
    assert figures(computed(live, {EVERYBODY: {"t3": 1.0}}))["segment_moves", EVERYBODY][:2] == (3, 1.0)
    assert figures(computed(live, live))["segment_moves", EVERYBODY][:2] == (0, 0.0)


def test_at_most_twenty_moves_the_largest_first() -> None:
    """Thirty treatments: the n-th gains or loses n thousandths."""
    live = {EVERYBODY: {f"t{n}": 1 / 30 for n in range(30)}}
    today = {EVERYBODY: {f"t{n}": 1 / 30 + (n if n % 2 else -n) / 1000 for n in range(30)}}
    moves = [row for row in computed(live, today) if row["section"] == "largest_moves"]
    assert {row["name"] for row in moves} == {f"{EVERYBODY}: t{n}" for n in range(10, 30)}


def test_the_columns_are_the_tables() -> None:
    assert QUERY.tree.named_selects == [column.name for column in spec_of(AllocationComparison).columns]
