"""On every drawn world the queries say of a message what its definition says, and nothing is counted twice.

Hundreds of worlds stand side by side in one run of the queries; the definition is plain Python. Mutations show that the
worlds would find a bound that is off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from recs_platform.warehouse.query import sql_folder
from recs_platform_tests.campaign import plain
from recs_platform_tests.campaign.worlds import Row, Rules, World, together, worlds
from recs_platform_tests.sql.queries import platform_queries
from recs_platform_tests.strategies.vehicle_fitment.engine import Engine, arrow, values
from recs_platform_tests.strategies.vehicle_fitment.worlds import AS_OF

_WORLDS = 400
_EXAMPLES = 6
_FEW_WORLDS = 150
_CHAIN = ("judged_interactions", "send_engagement", "campaign_orders", "campaign_funnel", "conversion_paths")
_CHECKS = ("order_credited_wrongly", "paths_do_not_add_up", "funnel_does_not_add_up")
_FUNNEL = ("level", "campaign_id", "treatment_id", "arm", "sent_on", "step")
_STEPS = ("sends", "customers", "without_step_before", "orders", "revenue")
_USUAL = Rules(attribution_window_days=2)
_FIRST_DAY = AS_OF.replace(day=1)
Answers = Mapping[str, list[Row]]

RULES = st.builds(
    Rules,
    attribution_window_days=st.integers(1, 3),
    machine_open_seconds=st.sampled_from([0, 10]),
    scanner_click_seconds=st.sampled_from([0, 5]),
    scanner_burst_clicks=st.integers(2, 4),
    scanner_burst_seconds=st.integers(0, 3),
    count_machine_engagement=st.booleans(),
)


@cache
def _text(name: str) -> str:
    query = platform_queries()[name]
    return (sql_folder().parent / query.path).read_text()


class _Chain(Engine):
    def answers(self, rules: Rules, changed: Mapping[str, str]) -> Answers:
        given_values = {**values(**rules._asdict()), "start_date": AS_OF, "sent_from": _FIRST_DAY, "sent_to": AS_OF}
        for name in _CHAIN:
            self._add(name, self.rows(changed.get(name, _text(name)), given_values))
        asked = {name: f"SELECT * FROM {name}" for name in _CHAIN} | {name: _text(name) for name in _CHECKS}
        return {name: self.rows(text, given_values).to_pylist() for name, text in asked.items()}


def by_query(tables: World, rules: Rules, changed: Mapping[str, str] | None = None) -> Answers:
    """The rows of each query, and what the checks have to say of them; `changed` texts stand in for the real ones."""
    chain = _Chain(arrow({**tables, "campaign_days": []}))
    try:
        return chain.answers(rules, changed or {})
    finally:
        chain.close()


def by_definition(parts: list[World], rules: Rules) -> Answers:
    found: dict[str, list[Row]] = {name: [] for name in _CHAIN[:3]}
    for world in parts:
        touches = plain.judged(world, rules)
        sends = plain.engagement(world, touches, rules)
        placed = plain.orders(world, sends, rules)
        for name, rows in zip(_CHAIN, (touches, sends, placed), strict=False):
            found[name].extend(rows)
    return found


def differing(given: Answers, wanted: Answers) -> list[str]:
    """What the queries and the definition do not agree on, in words."""
    told = []
    for name, rows in wanted.items():
        columns = tuple(rows[0]) if rows else ()
        told += _uneven(name, ([row[c] for c in columns] for row in given[name]), ([*r.values()] for r in rows))
    sends, placed = wanted["send_engagement"], wanted["campaign_orders"]
    steps = [[*(row[c] for c in _FUNNEL), *(row[c] for c in _STEPS)] for row in given["campaign_funnel"]]
    told += _uneven("campaign_funnel", steps, ([*k, *v] for k, v in plain.funnel(sends, placed).items()))
    paths = ([row[c] for c in ("path", "customers", "orders", "revenue")] for row in given["conversion_paths"])
    told += _uneven("conversion_paths", paths, ([k, *v] for k, v in plain.paths(placed).items()))
    return told


def _uneven(name: str, given: Iterable[list[Any]], wanted: Iterable[list[Any]]) -> list[str]:
    left, right = Counter(map(tuple, given)), Counter(map(tuple, wanted))
    return [f"{name} {row}: {left[row]}, not {right[row]}" for row in left | right if left[row] != right[row]]


@cache
def _few() -> list[World]:
    return worlds(1, _FEW_WORLDS, _USUAL)


@cache
def _wanted() -> Answers:
    return by_definition(_few(), _USUAL)


@pytest.mark.slow
@settings(max_examples=_EXAMPLES, phases=(Phase.explicit, Phase.generate))
@example(seed=1, rules=_USUAL)
@given(seed=st.integers(0, 2**32), rules=RULES)
def test_the_queries_say_what_the_definition_says(seed: int, rules: Rules) -> None:
    parts = worlds(seed, _WORLDS, rules)
    given_rows = by_query(together(parts), rules)
    assert differing(given_rows, by_definition(parts, rules)) == []
    assert [given_rows[check] for check in _CHECKS] == [[], [], []]


@pytest.mark.slow
@settings(max_examples=3, phases=(Phase.generate,))
@given(seed=st.integers(0, 2**32), rules=RULES)
def test_nothing_is_counted_twice(seed: int, rules: Rules) -> None:
    """Without the definition: by what the tables say of one another."""
    tables = together(worlds(seed, _WORLDS, rules))
    given_rows = by_query(tables, rules)
    placed = given_rows["campaign_orders"]
    assert max(Counter(order["order_id"] for order in placed).values()) == 1
    sends = {send["send_id"]: send for send in given_rows["send_engagement"]}
    assert len(sends) == len(tables["treatments"])
    *parts, total = sorted(given_rows["conversion_paths"], key=lambda path: path["path_number"])
    credited = [order for order in placed if order["send_id"]]
    assert total["orders"] == sum(path["orders"] for path in parts) == len(credited)
    assert plain.hundredths([total]) == plain.hundredths(parts) == plain.hundredths(credited)
    steps = {"delivered": "status", "opened": "opened_at", "clicked": "clicked_at"}
    for step in ("sent", *steps, "ordered"):
        rows = [row for row in given_rows["campaign_funnel"] if row["step"] == step]
        (whole,) = (row for row in rows if row["level"] == "total")
        cells = [row for row in rows if row["level"] == "cell"]
        assert whole["sends"] == sum(row["sends"] for row in cells)
        assert max(row["customers"] for row in rows) == whole["customers"] <= whole["sends"]
        assert whole["customers"] <= sum(row["customers"] for row in cells)
    assert whole["orders"] == len(credited)
    assert whole["customers"] == len({order["customer_id"] for order in credited})


def _rules_before_the_report(parts: list[World], touches: list[Row]) -> set[str | None]:
    """What is said of opens and clicks that came before their message's only report of delivery."""
    told = [r for r in together(parts)["deliveries"] if r["status"] == "delivered"]
    reports = Counter(report["send_id"] for report in told)
    at = {report["send_id"]: report["reported_at"] for report in told if reports[report["send_id"]] == 1}
    return {
        touch["machine_rule"]
        for touch in touches
        if touch["send_id"] in at and touch["happened_at"] < at[touch["send_id"]]
    }


def test_the_worlds_are_many_and_of_all_kinds() -> None:
    assert _WORLDS * _EXAMPLES >= 2_000
    wanted = _wanted()
    placed, sends = wanted["campaign_orders"], wanted["send_engagement"]
    assert {order["path"] for order in placed} == {"clicked", "opened", "delivered", "sent", None}
    assert {send["status"] for send in sends} == {"delivered", "failed", "unreported", "held_out"}
    rules = {touch["machine_rule"] for touch in wanted["judged_interactions"]}
    assert rules == {"open_on_delivery", "click_on_delivery", "click_burst", None}
    earlier = _rules_before_the_report(_few(), wanted["judged_interactions"])
    assert earlier >= {"open_on_delivery", "click_on_delivery", None}
    assert any(order["revenue"] < 0 for order in placed)
    assert any(0 < order["refunded"] < order["sold"] for order in placed)
    assert any(order["hours_since_sent"] == 0 for order in placed)
    instants = Counter((send["customer_id"], send["sent_at"]) for send in sends)
    assert max(instants.values()) > 1
    assert max(Counter(order["send_id"] for order in placed if order["send_id"]).values()) > 1


_BEFORE = "TIMESTAMP_SUB(delivered.delivered_at, INTERVAL"
# What is changed in which query, and what to.
_MUTATIONS = {
    "the end of the window": ("campaign_orders", "DAY) > ordered.ordered_at", "DAY) >= ordered.ordered_at"),
    "an order as the message is sent": ("campaign_orders", "sent.sent_at <= ordered", "sent.sent_at < ordered"),
    "the first message": ("campaign_orders", "claim, sent_at DESC, send_id", "claim, sent_at, send_id"),
    "ties the other way round": ("campaign_orders", "send_id DESC", "send_id"),
    "failed messages earn": ("campaign_orders", "WHEN sent.status <> 'failed'", "WHEN TRUE"),
    "held-out messages earn": ("campaign_orders", "WHERE sent.status <> 'held_out'", "WHERE TRUE"),
    "anybody's message": ("campaign_orders", "sent.customer_id = ordered.customer_id", "TRUE"),
    "opens after the order": ("campaign_orders", "IF(opened_at <= ordered_at,", "IF(TRUE,"),
    "clicks after the order": ("campaign_orders", "IF(clicked_at <= ordered_at,", "IF(TRUE,"),
    "refunds forgotten": ("campaign_orders", "(ordered.sold - ordered.refunded)", "ordered.sold"),
    "the first report": ("send_engagement", "status HAVING MAX reported_at", "status HAVING MIN reported_at"),
    "machines counted": ("send_engagement", "(machine_rule IS NULL OR @count", "(TRUE OR @count"),
    "the last delivery": ("judged_interactions", "MIN(deliveries.reported_at)", "MAX(deliveries.reported_at)"),
    "failures as deliveries": ("judged_interactions", " AND deliveries.status = 'delivered'", ""),
    "a second less for machines": ("judged_interactions", "at <= TIMESTAMP_ADD", "at < TIMESTAMP_ADD"),
    "a second less before the report": ("judged_interactions", "at >= TIMESTAMP_SUB", "at > TIMESTAMP_SUB"),
    "opens long before the report": (
        "judged_interactions",
        f"{_BEFORE} @machine_open_seconds SECOND",
        f"{_BEFORE} 1 DAY",
    ),
    "clicks long before it": ("judged_interactions", f"{_BEFORE} @scanner_click_seconds SECOND", f"{_BEFORE} 1 DAY"),
    "a click less in a burst": ("judged_interactions", "neighbours >= @", "neighbours + 1 >= @"),
    "a burst backwards only": ("judged_interactions", "@scanner_burst_seconds FOLLOWING", "0 FOLLOWING"),
    "opens in bursts": ("judged_interactions", "WHEN crowded.kind = 'CLICKED' AND crowded.n", "WHEN crowded.n"),
    "held-out in the funnel": ("campaign_funnel", "send.status <> 'held_out' AND", ""),
    "steps that are there": ("campaign_funnel", "took AND NOT took_before", "took AND took_before"),
    "another step": ("campaign_funnel", "DIV(counted.steps, bit)", "DIV(counted.steps, GREATEST(DIV(bit, 2), 1))"),
    "customers of arms": ("campaign_funnel", "BY customer_id, campaign_id)", "BY customer_id, campaign_id, arm)"),
    "customers of treatments": (
        "campaign_funnel",
        "BY customer_id, treatment_id)",
        "BY customer_id, treatment_id, arm)",
    ),
    "customers of an arm's days": ("campaign_funnel", "BY customer_id, arm\n", "BY customer_id, arm, sent_on\n"),
    "customers of days": ("campaign_funnel", "BY customer_id, sent_on)", "BY customer_id, sent_on, campaign_id, arm)"),
    "customers of cells": ("campaign_funnel", "arm, sent_on\n  )", "arm, sent_on, message.steps\n  )"),
    "customers of every arm": ("campaign_funnel", "arm GROUP BY customer_id)", "arm GROUP BY customer_id, arm)"),
    "customers of orders": ("conversion_paths", "COUNT(DISTINCT customer_id)", "COUNT(customer_id)"),
}


@pytest.mark.parametrize("mutation", _MUTATIONS)
def test_the_worlds_find_a_wrong_query(mutation: str) -> None:
    name, old, new = _MUTATIONS[mutation]
    right = _text(name)
    assert old in right, f"{mutation}: {name} does not say {old} any more"
    wrong = by_query(together(_few()), _USUAL, {name: right.replace(old, new)})
    assert differing(wrong, _wanted())
