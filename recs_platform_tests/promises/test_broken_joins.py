"""Feeds that write the same ids differently, "1" in one and "1.0" in another: nothing of such a day goes live, and one
message says what is to be done.

Not here: each check's own cases (sql/validation/), and what `recs companies check` says (sources/test_ids_alike.py).
"""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from recs_platform.settings import settings
from recs_platform_tests.cli.terminal import Terminal, small_companies

pytestmark = pytest.mark.slow


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    small_companies(tmp_path, customers=150)
    for path in (tmp_path / "companies").iterdir():  # a day of these companies has few events
        path.write_text(path.read_text().replace("parameters: {", "parameters: {unknown_minimum: 1, "))
    return Terminal(tmp_path)


def _write_as_numbers(terminal: Terminal, company: str, table: str, column: str) -> None:
    """What a spreadsheet makes of ids: each gets a `.0`."""
    with terminal.inside():
        landing = settings().landing / company / table
    for path in landing.rglob("*.parquet"):
        rows = pq.read_table(path)
        written = pc.binary_join_element_wise(rows[column].cast(pa.string()), ".0", "")
        pq.write_table(rows.set_column(rows.schema.get_field_index(column), column, written), path)


@pytest.mark.parametrize(
    ("company", "day", "table", "joins"),
    [
        (
            "acme",
            2,  # it has one event on its first day
            "events",
            {
                "customer_id": ("vehicle_fitment/customers: events_of_unknown_customers", "customers"),
                "item_id": ("vehicle_fitment/catalog: events_of_unknown_items", "catalog"),
            },
        ),
        ("metro", 1, "redemptions", {"offer_id": ("offer_ranking/offers: redemptions_of_unknown_offers", "offers")}),
        (
            "concord",
            1,
            "treatments",
            {"customer_id": ("replenishment/customers: messages_to_unknown_customers", "customers")},
        ),
    ],
    ids=["acme", "metro", "concord"],
)
def test_ids_that_two_feeds_write_differently_stop_the_day(
    terminal: Terminal, company: str, day: int, table: str, joins: dict[str, tuple[str, str]]
) -> None:
    assert terminal.recs("simulate", "--company", company, "--days", str(day), "--customers", "150").code == 0
    for column in joins:
        _write_as_numbers(terminal, company, table, column)
    ended = terminal.recs("run", "--company", company, "--date", f"2025-09-0{day}")
    assert ended.code == 1
    assert f"failed {company} 2025-09-0{day}" in ended.told
    for column, (check, other) in joins.items():
        assert ended.told.count(check.partition(": ")[2]) == 1
        message = ended.told.partition(f"{check}: ")[2]
        assert re.match(r"(\d+) of \1 rows", message)
        assert f"Write {table}.{column} and {other}.{column} alike" in message
    assert "Traceback" not in ended.told
    (status,) = terminal.recs("status", "--company", company, "--json").json
    assert status["message"].startswith(tuple(f"{check}: " for check, _ in joins.values()))
    assert terminal.recs("publications", company, "--json").json == []
