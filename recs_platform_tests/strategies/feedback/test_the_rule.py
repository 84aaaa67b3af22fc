"""What steps back, by the queries, is what a plain reading of the rule says; whatever was shown, clicked and bought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.schemas.feedback_sources import RecommendationFeedback
from recs_platform.schemas.replenishment import ClientItems
from recs_platform.schemas.table import spec_of
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform_tests.sql.queries import platform_queries

DAY = date(2025, 12, 3)


@dataclass(frozen=True)
class Rule:
    after: int
    factor: float
    forgotten: int
    window: int


@dataclass(frozen=True)
class Seen:
    customer: str
    item: str
    reaction: str
    days_ago: int


def plainly(rule: Rule, seen: Sequence[Seen], ordered: dict[tuple[str, str], int]) -> dict[tuple[str, str], float]:
    """The factor of what steps back, by customer and item."""
    found = {}
    of_pair = defaultdict(list)
    for one in seen:
        of_pair[one.customer, one.item].append(one)
    for pair, reactions in of_pair.items():
        welcomed = [one.days_ago for one in reactions if one.reaction != "shown"]
        welcomed += [ordered[pair]] if pair in ordered else []
        since = min(welcomed, default=rule.window)
        weeks = {one.days_ago // 7 for one in reactions if one.reaction == "shown" and one.days_ago < since}
        ignored, quiet = 0, 0
        for week in range(rule.window):
            if week in weeks:
                ignored, quiet = ignored + 1, 0
            else:
                quiet += 1
                if quiet == rule.forgotten:
                    break
        if ignored > rule.after and rule.factor < 1:
            found[pair] = rule.factor ** (ignored - rule.after)
    return found


def by_the_query(
    table: str, rule: Rule, seen: Sequence[Seen], ordered: dict[tuple[str, str], int]
) -> dict[tuple[str, str], float]:
    feedback, items = spec_of(RecommendationFeedback), spec_of(ClientItems)
    reactions = [
        {
            "event_id": f"e{number}",
            "customer_id": one.customer,
            "item_id": one.item,
            "reaction": one.reaction,
            "happened_at": datetime.combine(DAY - timedelta(days=one.days_ago), time(23)),
            "event_date": DAY,
        }
        for number, one in enumerate(seen)
    ]
    orders = [
        {"customer_id": customer, "item_id": item, "last_ordered_on": DAY - timedelta(days=ago)}
        for (customer, item), ago in ordered.items()
    ]
    values = {
        "as_of": DAY,
        "ignored_after": rule.after,
        "ignored_factor": rule.factor,
        "ignored_forgotten_weeks": rule.forgotten,
        "feedback_window_days": rule.window,
    }
    with duckdb.connect() as connection:
        for spec, rows in ((feedback, reactions), (items, orders)):
            connection.register("given", spec.arrow_table(rows))
            connection.execute(f"CREATE TABLE {spec.name} AS SELECT * FROM given")
        connection.execute(f"CREATE TABLE ignored_weeks AS {duckdb_sql(platform_queries()['ignored_weeks'], values)}")
        made = connection.execute(duckdb_sql(platform_queries()[table], values))
        names = [column[0] for column in made.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in made.fetchall()]
    return {(row["customer_id"], row["item_id"]): row["factor"] for row in rows}


rules = st.builds(
    Rule,
    after=st.integers(1, 4),
    factor=st.sampled_from([0.25, 0.5, 0.75, 1.0]),
    forgotten=st.integers(1, 4),
    window=st.sampled_from([28, 84]),
)
seen = st.lists(
    st.builds(
        Seen,
        customer=st.sampled_from(["anna", "bert"]),
        item=st.sampled_from(["p1", "p2"]),
        reaction=st.sampled_from(["shown"] * 12 + ["clicked", "bought"]),
        days_ago=st.one_of(st.integers(0, 83), st.sampled_from([0, 7, 14, 21, 28, 35])),
    ),
    max_size=40,
)
orders = st.dictionaries(
    st.tuples(st.sampled_from(["anna", "bert"]), st.sampled_from(["p1", "p2"])), st.integers(0, 80), max_size=2
)


@pytest.mark.slow
@given(rule=rules, seen=seen, ordered=orders)
def test_what_steps_back_is_what_the_rule_says(
    rule: Rule, seen: list[Seen], ordered: dict[tuple[str, str], int]
) -> None:
    assert by_the_query("ignored_items", rule, seen, ordered) == pytest.approx(plainly(rule, seen, ordered))
    assert by_the_query("ignored_recommendations", rule, seen, {}) == pytest.approx(plainly(rule, seen, {}))


def test_every_week_more_halves_it() -> None:
    rule = Rule(after=3, factor=0.5, forgotten=4, window=84)
    factors = []
    for weeks in range(1, 7):
        shown = [Seen("anna", "p1", "shown", 7 * week) for week in range(weeks)]
        factors.append(by_the_query("ignored_recommendations", rule, shown, {}).get(("anna", "p1"), 1.0))
    assert factors == [1.0, 1.0, 1.0, 0.5, 0.25, 0.125]
