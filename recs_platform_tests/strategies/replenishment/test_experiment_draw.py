"""Who is drawn for which arm of an experiment, by the query itself: always the same, and for good.

What single rows come to is tested by the query's fixtures (sql/replenishment/experiment_assignments/).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb
import hypothesis.strategies as st
import pytest
from hypothesis import given

from recs_platform.schemas.replenishment import ClientProfiles, ExperimentAssignments
from recs_platform.schemas.table import Table
from recs_platform.strategies.replenishment.experiment import Shares
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform_tests.sql.queries import platform_queries
from recs_platform_tests.strategies.replenishment.lists import arrow

FIRST = date(2025, 11, 2)
WEEKS = [FIRST + timedelta(days=7 * n) for n in range(5)]
CLIENTS = [f"C{number:04}" for number in range(60)]
HALVES: Mapping[Any, float] = {"v31": 0.5, "v32": 0.5}
Arms = dict[str, str]
"""Of each client that is assigned."""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as opened:
        yield opened


@dataclass
class Experiment:
    """Its stored days. Every client is active from its first order on."""

    connection: duckdb.DuckDBPyConnection
    came: Mapping[str, date]
    stored: dict[date, list[dict[str, Any]]] = field(default_factory=dict)
    name: str = "lists"

    def make(self, day: date, shares: Shares) -> Arms:
        """A day, or a day again: it sees the newest day before it, and no other."""
        parameters = ReplenishmentParameters(experiment=self.name, experiment_shares=dict(shares))  # type: ignore[arg-type]
        values = {
            "as_of": day,
            "experiment": parameters.experiment,
            "experiment_steps": parameters.experiment_steps,
        }
        earlier = [before for before in self.stored if before < day]
        self._show(ExperimentAssignments, "assigned_before", self.stored[max(earlier)] if earlier else [])
        profiles = [
            {"customer_id": client, "first_ordered_on": since, "is_active": True}
            for client, since in self.came.items()
            if since <= day
        ]
        self._show(ClientProfiles, "client_profiles", profiles)
        query = duckdb_sql(platform_queries()["experiment_assignments"], values)
        self.stored[day] = self.connection.execute(query).to_arrow_table().to_pylist()
        return self.arms(day)

    def arms(self, day: date) -> Arms:
        rows = self.stored[day]
        assert len(rows) == len({row["customer_id"] for row in rows})
        return {row["customer_id"]: row["arm"] for row in rows}

    def _show(self, model: type[Table], name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.connection.register(name, arrow(model, [dict(row) for row in rows]))


def drawn(connection: duckdb.DuckDBPyConnection, clients: Iterable[str], shares: Shares, name: str = "lists") -> Arms:
    return Experiment(connection, dict.fromkeys(clients, FIRST), name=name).make(WEEKS[-1], shares)


def test_the_draw_is_that_of_every_release(connection: duckdb.DuckDBPyConnection) -> None:
    """Written down, because another hash would move the clients of experiments that run."""
    names = [*(f"C{number:07}" for number in range(1, 7)), "Бор", "a|b", "名" * 60]
    found = drawn(connection, names, {FIRST: {"v31": 0.3, "v32": 0.3}})
    assert found == {"C0000002": "v32", "C0000004": "v31", "Бор": "v31", "名" * 60: "v31"}
    assert found == {name: "v31" if place("arm", name) < 0.5 else "v32" for name in names if place("drawn", name) < 0.6}


def place(of: str, client: str) -> float:
    """From 0 up to 1, by the first 52 bits of a hash."""
    return int(hashlib.md5(f"lists|{of}|{client}".encode(), usedforsecurity=False).hexdigest()[:13], 16) / 2**52


def test_arms_get_their_shares_and_another_name_draws_anew(connection: duckdb.DuckDBPyConnection) -> None:
    clients = [f"client {number}" for number in range(20_000)]
    shares: Shares = {FIRST: {"v31": 0.1, "v32": 0.4}}
    one, other = (drawn(connection, clients, shares, name) for name in ("lists", "other lists"))
    for arms in (one, other):
        counted = Counter(arms.values())
        assert counted["v31"] == pytest.approx(2_000, abs=170)
        assert counted["v32"] == pytest.approx(8_000, abs=280)
    # As if tossed again: 0.1 x 0.1 + 0.4 x 0.4 of all are of the same arm in both.
    same = sum(other.get(client) == arm for client, arm in one.items())
    assert same == pytest.approx(3_400, abs=220)


@st.composite
def some_shares(draw: st.DrawFn) -> Mapping[Any, float]:
    first, second = draw(st.integers(1, 98)), draw(st.integers(1, 98))
    whole = max(100, first + second)
    return {"v31": first / whole, "v32": second / whole}


first_orders = st.fixed_dictionaries({client: st.integers(-30, 30) for client in CLIENTS}).map(
    lambda days: {client: FIRST + timedelta(days=number) for client, number in days.items()}
)
plans = st.dictionaries(st.integers(0, 30), some_shares(), min_size=1, max_size=4).map(
    lambda steps: {FIRST + timedelta(days=number): shares for number, shares in steps.items()}
)


@pytest.mark.slow
@given(came=first_orders, plan=plans, order=st.lists(st.sampled_from(WEEKS), min_size=1, max_size=9))
def test_days_give_the_same_arms_in_whatever_order_they_are_made(
    connection: duckdb.DuckDBPyConnection, came: Mapping[str, date], plan: Shares, order: list[date]
) -> None:
    """A backfill may go backwards, days may be made again, and some never."""
    in_order = Experiment(connection, came)
    for day in WEEKS:
        in_order.make(day, plan)
    in_any = Experiment(connection, came)
    for day in order:
        assert in_any.make(day, plan) == in_order.arms(day)
    assert in_order.make(WEEKS[2], plan) == in_order.arms(WEEKS[2])


@pytest.mark.slow
@given(came=first_orders, files=st.lists(plans, min_size=len(WEEKS), max_size=len(WEEKS)))
def test_who_is_assigned_keeps_its_arm_whatever_the_file_says_later(
    connection: duckdb.DuckDBPyConnection, came: Mapping[str, date], files: list[Shares]
) -> None:
    experiment, kept = Experiment(connection, came), Arms()
    for day, plan in zip(WEEKS, files, strict=True):
        arms = experiment.make(day, plan)
        assert kept.items() <= arms.items()
        kept = arms


@pytest.mark.slow
@given(share=some_shares(), lower=st.floats(0.01, 1))
def test_who_is_drawn_for_a_smaller_experiment_is_of_the_same_arm_in_a_larger_one(
    connection: duckdb.DuckDBPyConnection, share: Mapping[Any, float], lower: float
) -> None:
    """Even where nothing is stored: the draw alone keeps members."""
    smaller = {arm: lower * of_all for arm, of_all in share.items()}
    few, many = (drawn(connection, CLIENTS, {FIRST: shares}) for shares in (smaller, share))
    # Where an arm ends is a product that may be rounded; no client of these stands there.
    assert few.items() <= many.items()


def test_nobody_is_drawn_before_the_first_day(connection: duckdb.DuckDBPyConnection) -> None:
    experiment = Experiment(connection, dict.fromkeys(CLIENTS, FIRST))
    assert experiment.make(FIRST, {FIRST + timedelta(days=1): HALVES}) == {}
    assert experiment.make(WEEKS[1], {FIRST + timedelta(days=1): HALVES}).keys() == set(CLIENTS)


def test_the_whole_draw_leaves_nobody_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Also where shares do not add up to 1 in binary."""
    assert drawn(connection, CLIENTS, {FIRST: {"v31": 0.9, "v32": 0.1}}).keys() == set(CLIENTS)
    assert len(drawn(connection, [str(n) for n in range(5000)], {FIRST: {"v31": 0.7, "v32": 0.3 - 1e-9}})) == 5000
