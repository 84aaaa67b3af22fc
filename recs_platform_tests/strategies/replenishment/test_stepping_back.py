"""In the simulated world: what a client ignores falls behind, what it clicks does not, and nobody else's list
changes."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pytest

from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.worlds import DAY, Concord

IGNORED_WEEKS = 6


@pytest.fixture(scope="module")
@takes_seconds
def before(events: pa.Table) -> Concord:
    return Concord(events)


def lists(concord: Concord) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for client, *row in concord.rows(
        "SELECT customer_id, rank, item_id, kind, score, reason FROM weekly_recommendations ORDER BY customer_id, rank"
    ):
        found.setdefault(client, []).append(tuple(row))
    return found


def places(concord: Concord, client: str) -> dict[str, int]:
    return {item: rank for rank, item, *_ in lists(concord)[client]}


def shown(client: str, item: str, *, clicked: bool = False) -> list[dict[str, Any]]:
    """In each of the newest weeks; it may be clicked today."""
    weeks = [DAY - timedelta(days=7 * week) for week in range(IGNORED_WEEKS)]
    reactions = [("shown", day) for day in weeks] + ([("clicked", DAY)] if clicked else [])
    return [
        {
            "event_id": f"{client} {item} {number}",
            "customer_id": client,
            "item_id": item,
            "reaction": reaction,
            "happened_at": datetime.combine(day, time(9, number)),
            "event_date": day,
        }
        for number, (reaction, day) in enumerate(reactions)
    ]


def not_ordered_lately(concord: Concord) -> tuple[str, list[str]]:
    """A client, and repurchases at the top of its list that it has not ordered in the weeks in which they are shown."""
    rows = concord.rows(
        f"""SELECT lists.customer_id, lists.item_id FROM weekly_recommendations AS lists
        JOIN client_items USING (customer_id, item_id)
        WHERE lists.kind = 'repurchase' AND lists.rank <= 10 AND days_since > {7 * IGNORED_WEEKS}
        ORDER BY lists.customer_id, lists.rank"""
    )
    of: dict[str, list[str]] = {}
    for client, item in rows:
        of.setdefault(client, []).append(item)
    client = next(client for client, items in of.items() if len(items) >= 2)
    return client, of[client]


def test_what_is_ignored_falls_and_what_is_clicked_stays(events: pa.Table, before: Concord) -> None:
    client, (ignored, clicked, *_) = not_ordered_lately(before)
    after = Concord(events, feedback=[*shown(client, ignored), *shown(client, clicked, clicked=True)])
    was, now = places(before, client), places(after, client)
    assert ignored not in now or now[ignored] > was[ignored]
    assert now[clicked] <= was[clicked]
    scores = {name: dict(concord.rows(
        f"SELECT item_id, score FROM replenishment_scores WHERE customer_id = '{client}'"
    )) for name, concord in (("was", before), ("now", after))}  # fmt: skip
    assert scores["now"][ignored] == pytest.approx(scores["was"][ignored] * 0.5**3)
    others = scores["was"].keys() - {ignored}
    assert {item: scores["now"][item] for item in others} == {item: scores["was"][item] for item in others}
    everybody, unchanged = lists(before), lists(after)
    assert {name for name in everybody if everybody[name] != unchanged[name]} == {client}


def test_what_was_only_served_or_is_switched_off_changes_nothing(events: pa.Table, before: Concord) -> None:
    client, (ignored, *_) = not_ordered_lately(before)
    off = Concord(events, feedback=shown(client, ignored), parameters={"ignored_factor": 1.0})
    assert lists(off) == lists(before)


def test_an_order_begins_it_anew(events: pa.Table, before: Concord) -> None:
    """What the client ordered in the newest week is shown on, and does not step back."""
    ((client, item),) = before.rows(
        """SELECT customer_id, item_id FROM client_items JOIN weekly_recommendations USING (customer_id, item_id)
        WHERE days_since <= 3 ORDER BY customer_id, item_id LIMIT 1"""
    )
    after = Concord(events, feedback=shown(client, item))
    assert lists(after) == lists(before)
