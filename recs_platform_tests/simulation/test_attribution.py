"""Which message an order goes to: by hand, against a plain loop, and to the cent against the landed files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_platform.simulation import offer_world, vehicle_world
from recs_platform.simulation.attribution import PATHS, believed_orders, earned, orders_of, paths, taken_off
from recs_platform.simulation.columns import DAY, HOUR, Columns, pick, rows, within
from recs_platform.simulation.happenings import LINE, cents
from recs_platform.simulation.returns import returned
from recs_platform_tests.simulation.worlds import Landed

PERSONALISED, HOLDOUT = 0, 2
COLUMNS = ("customer", "arm", "failure", "sent_at", "reported_at", "opened_at", "clicked_at")


def columns(names: tuple[str, ...], rows: Sequence[tuple[int, ...]]) -> Columns:
    return {name: np.array([row[at] for row in rows], np.int64) for at, name in enumerate(names)}


def path_of(sent: Sequence[Sequence[tuple[int, ...]]], ordered_at: int, customer: int = 0) -> str:
    order = {"customer": np.array([customer]), "ordered_at": np.array([ordered_at])}
    number = int(paths(order, [columns(COLUMNS, day) for day in sent], customers=2)[0])
    return PATHS[number] if number >= 0 else "unknown customer"


def test_the_furthest_step_until_the_order() -> None:
    message = (0, PERSONALISED, -1, 100, 110, 200, 300)
    expected = {99: "none", 100: "delivered", 199: "delivered", 200: "opened", 299: "opened", 300: "clicked"}
    assert {at: path_of([[message]], at) for at in expected} == expected
    assert path_of([[(0, PERSONALISED, -1, 100, -1, -1, -1)]], 400) == "sent"
    assert path_of([[message]], 400, customer=1) == "none"
    assert path_of([[message]], 400, customer=-1) == "unknown customer"


def test_seven_times_24_hours_and_not_an_instant_more() -> None:
    message = (0, PERSONALISED, -1, 100, 110, -1, -1)
    assert path_of([[message]], 100 + 7 * DAY - 1) == "delivered"
    assert path_of([[message]], 100 + 7 * DAY) == "none"


def test_the_latest_message_that_was_sent_and_did_not_fail() -> None:
    clicked = [(0, PERSONALISED, -1, 100, 110, 200, 300)]
    later = {"delivered": (-1, 2 * HOUR), "failed": (1, 2 * HOUR), "still to come": (-1, 9 * HOUR)}
    found = {
        name: path_of([clicked, [(0, PERSONALISED, failure, sent_at, sent_at + 5, -1, -1)]], 8 * HOUR)
        for name, (failure, sent_at) in later.items()
    }
    assert found == {"delivered": "delivered", "failed": "clicked", "still to come": "clicked"}
    assert path_of([clicked, [(0, HOLDOUT, -1, 2 * HOUR, -1, -1, -1)]], 8 * HOUR) == "clicked"
    assert path_of([[], [(0, HOLDOUT, -1, 2 * HOUR, -1, -1, -1)]], 8 * HOUR) == "none"


_INSTANTS = st.integers(0, 3 * DAY)
_ORDERS = st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 10 * DAY)), min_size=1, max_size=8)


@st.composite
def _messages(draw: st.DrawFn) -> list[list[tuple[int, ...]]]:
    days = []
    for day in range(draw(st.integers(1, 4))):
        sent = []
        for customer in sorted(draw(st.sets(st.integers(0, 3)))):
            sent_at = day * DAY + draw(st.integers(0, DAY - 1))
            waits = [draw(st.sampled_from([-1, 0, 1, HOUR, DAY])) for _ in range(3)]
            steps = [sent_at + wait if wait >= 0 else -1 for wait in waits]
            sent.append((customer, draw(st.integers(0, 2)), draw(st.integers(-1, 1)), sent_at, *steps))
        days.append(sent)
    return days


@settings(max_examples=150, deadline=None)
@given(_messages(), _ORDERS)
def test_paths_are_those_of_a_plain_loop(sent: list[list[tuple[int, ...]]], orders: list[tuple[int, int]]) -> None:
    found = paths(
        columns(("customer", "ordered_at"), orders), [columns(COLUMNS, day) for day in sent], customers=4
    ).tolist()
    plain = []
    for customer, at in orders:
        mine = [
            (sent_at, reported, opened, clicked)
            for day in sent
            for who, arm, failure, sent_at, reported, opened, clicked in day
            if who == customer and arm != HOLDOUT and failure == -1 and sent_at <= at < sent_at + 7 * DAY
        ]
        _, reported, opened, clicked = max(mine, default=(0, -1, -1, -1))
        steps = [0 <= clicked <= at, 0 <= opened <= at, reported >= 0, bool(mine), True]
        plain.append(-1 if customer < 0 else steps.index(True))
    assert found == plain


def test_orders_and_cents_by_hand() -> None:
    lines: Columns = {
        "order": np.array([7, 5, 7, 5]),
        "customer": np.array([1, -1, 1, -1]),
        "quantity": np.array([3, 1, 2, 1]),
        "price": np.array([0.29, 1.10, 19.99, 2.20]),
    }
    assert cents(lines).tolist() == [87, 110, 3998, 220]
    orders = orders_of(lines, np.array([40, 60, 30, 61]))
    assert {name: values.tolist() for name, values in orders.items()} == {
        "order": [5, 7],
        "customer": [-1, 1],
        "ordered_at": [60, 30],
        "cents": [330, 4085],
    }
    orders["path"] = np.array([-1, 1])
    assert {name: of for name, of in earned(orders).items() if of["orders"]} == {"opened": {"orders": 1, "cents": 4085}}
    assert taken_off({**lines, "path": np.array([0, -1, 4, 0])}) == {
        "clicked": 307,
        "opened": 0,
        "delivered": 0,
        "sent": 0,
        "none": 3998,
    }


@pytest.fixture
def books(world: Landed, duck: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    read_books(world, duck)
    return duck


def read_books(world: Landed, duck: duckdb.DuckDBPyConnection) -> None:
    """Orders with their path and refunds, read from the files by somebody who knows the rules and not the world."""
    names = world.spec.raw_event_names
    lines = [raw for raw, name in names.items() if name == "order_line"]
    refund = next(raw for raw, name in names.items() if name == "order_refunded")
    duck.sql(
        f"""
        CREATE TABLE event AS SELECT DISTINCT * EXCLUDE (filename) FROM {world.files("events")}
        WHERE event_id IS NOT NULL AND CAST(event_ts AS DATE) = day AND coalesce(unit_price, 0) >= 0;
        CREATE TABLE line AS SELECT * FROM event WHERE event_name IN ({", ".join(f"'{raw}'" for raw in lines)})
        QUALIFY row_number() OVER (PARTITION BY order_id, item_id ORDER BY day, event_name <> '{lines[0]}') = 1;
        CREATE TABLE refund AS SELECT * FROM event WHERE event_name = '{refund}';
        CREATE TABLE bought AS
        SELECT order_id, any_value(customer_id) AS customer_id, min(event_ts) AS ordered_at, min(day) AS first_day,
          max(day) AS last_day, sum(quantity * CAST(round(unit_price * 100) AS BIGINT)) AS cents
        FROM line GROUP BY 1;
        CREATE TABLE message AS
        SELECT send_id, customer_id, sent_at, report.status, report.reported_at FROM {world.files("treatments")}
        LEFT JOIN (SELECT * FROM {world.files("deliveries")} WHERE send_id IS NOT NULL) AS report USING (send_id)
        WHERE send_id IS NOT NULL AND arm <> 'holdout' AND status IS DISTINCT FROM 'failed';
        CREATE TABLE step AS
        SELECT send_id, min(seen.happened_at) FILTER (kind = 'VIEWED') AS opened,
          min(seen.happened_at) FILTER (kind = 'CLICKED') AS clicked
        FROM {world.files("interactions")} AS seen JOIN message USING (send_id)
        WHERE seen.happened_at >= reported_at + INTERVAL 1 MINUTE GROUP BY 1;
        CREATE TABLE attributed AS
        SELECT bought.*, CASE
            WHEN clicked <= ordered_at THEN 'clicked' WHEN opened <= ordered_at THEN 'opened'
            WHEN status IS NOT NULL THEN 'delivered' WHEN message.send_id IS NOT NULL THEN 'sent'
            ELSE 'none' END AS path
        FROM bought LEFT JOIN message ON message.customer_id = bought.customer_id
          AND sent_at <= ordered_at AND ordered_at < sent_at + INTERVAL 168 HOUR
        LEFT JOIN step USING (send_id)
        WHERE bought.customer_id IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY sent_at DESC, message.send_id DESC) = 1;
        """
    )


def test_orders_and_revenue_by_path_to_the_cent(world: Landed, books: duckdb.DuckDBPyConnection) -> None:
    """Of the last day the late interactions are not there yet."""
    planted = {
        (day, path): (of["orders"], of["cents"])
        for day, by_path in world.counted("attributed").items()
        for path, of in by_path.items()
        if of["orders"] and day < str(world.last)
    }
    found = books.sql(
        f"""SELECT CAST(first_day AS VARCHAR), path, count(*), CAST(sum(cents) AS BIGINT) FROM attributed
        WHERE first_day < DATE '{world.last}' GROUP BY 1, 2"""
    ).fetchall()
    assert {(day, path): (orders, worth) for day, path, orders, worth in found} == planted
    assert {path for _, path in planted} == set(PATHS)
    assert books.sql("SELECT count(*) FROM bought WHERE first_day <> last_day").fetchone() == (0,)


def test_an_order_begins_when_the_feeds_that_are_believed_say_so(
    worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection
) -> None:
    world = worlds["holley"]
    read_books(world, duck)
    found = dict(duck.sql("SELECT order_id, epoch_us(ordered_at) FROM bought").fetchall())
    later = 0
    for day in world.days[:14]:
        events = vehicle_world._clean_events(world.spec, day)
        lines = pick(events, events["kind"] == LINE)
        orders = believed_orders(world.spec, day, lines)
        ids = [f"O{number}" for number in orders["order"]]
        assert [found[order] for order in ids] == orders["ordered_at"].tolist()
        later += int((orders["ordered_at"] > orders_of(lines, lines["ts"])["ordered_at"]).sum())
    assert later > 20, "many lines stand only in the feed that is late"


def test_every_line_that_comes_back_is_in_the_feed(worlds: dict[str, Landed], duck: duckdb.DuckDBPyConnection) -> None:
    """But for those of the gap day, or that come back on it."""
    world = worlds["metro"]
    read_books(world, duck)
    gap, coming_back = world.first + timedelta(days=40), 0
    for day in world.days[:-6]:
        events = offer_world._clean_events(world.spec, day)
        back = returned(world.spec, day, pick(events, events["kind"] == LINE))
        coming_back += 0 if day == gap else rows(back) - rows(within(back, "ts", gap))
    found = f"SELECT count(*) FROM refund JOIN bought USING (order_id) WHERE first_day <= DATE '{world.days[-7]}'"
    assert duck.sql(found).fetchone() == (coming_back,)
    assert coming_back > 500


def test_refunds_by_path_to_the_cent(world: Landed, books: duckdb.DuckDBPyConnection) -> None:
    planted = {
        (day, path): worth
        for day, by_path in world.counted("refunded").items()
        for path, worth in by_path.items()
        if worth
    }
    found = books.sql(
        """SELECT CAST(day AS VARCHAR), path, sum(quantity * CAST(round(unit_price * 100) AS BIGINT))
        FROM refund JOIN attributed USING (order_id) GROUP BY 1, 2 HAVING sum(unit_price) > 0"""
    ).fetchall()
    assert {(day, path): worth for day, path, worth in found} == planted
    assert len({path for _, path in planted}) >= 3


def test_refunds_return_lines_of_orders_two_to_six_days_before(world: Landed, books: duckdb.DuckDBPyConnection) -> None:
    same = "item_id, order_id, quantity, unit_price, coalesce(customer_id, '')"
    odd = books.sql(f"SELECT count(*) FROM refund WHERE ({same}) NOT IN (SELECT ({same}) FROM line)").fetchone()
    assert odd == (0,)
    wait = books.sql(
        """SELECT min(refund.day - line.day), max(refund.day - line.day), count(*), count(DISTINCT (order_id, item_id))
        FROM refund JOIN line USING (order_id, item_id)"""
    ).fetchone()
    assert wait is not None
    returns = world.truth["returns"]
    assert 2 == returns["first_day"] <= wait[0] < wait[1] <= returns["last_day"] == 6
    assert wait[2] == wait[3], "a line comes back once"
    ordered = books.sql(f"SELECT count(*) FROM line WHERE day <= DATE '{world.last - timedelta(days=6)}'").fetchone()
    assert ordered is not None
    expected = ordered[0] * returns["share_of_order_lines"]
    assert wait[2] == pytest.approx(expected, abs=4 * expected**0.5)


def test_refunds_per_day(world: Landed, books: duckdb.DuckDBPyConnection) -> None:
    found = books.sql(
        """SELECT CAST(day AS VARCHAR), count(*), sum(quantity * CAST(round(unit_price * 100) AS BIGINT))
        FROM refund GROUP BY 1"""
    ).fetchall()
    planted = {day: (of["lines"], of["cents"]) for day, of in world.counted("events", "refunds").items() if of["lines"]}
    assert {day: (lines, worth) for day, lines, worth in found} == planted
    gap: date = world.first + timedelta(days=40)
    assert str(gap) not in planted
