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

DAY = "2025-09-02"


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
    ("company", "table", "column", "check", "other"),
    [
        ("acme", "events", "customer_id", "vehicle_fitment/customers: events_of_unknown_customers", "customers"),
        ("acme", "events", "item_id", "vehicle_fitment/catalog: events_of_unknown_items", "catalog"),
        ("metro", "redemptions", "offer_id", "offer_ranking/offers: redemptions_of_unknown_offers", "offers"),
        ("concord", "treatments", "customer_id", "replenishment/customers: messages_to_unknown_customers", "customers"),
    ],
)
def test_ids_that_two_feeds_write_differently_stop_the_day(
    terminal: Terminal, company: str, table: str, column: str, check: str, other: str
) -> None:
    assert terminal.recs("simulate", "--company", company, "--days", "2", "--customers", "150").code == 0
    _write_as_numbers(terminal, company, table, column)
    ended = terminal.recs("run", "--company", company, "--date", DAY)
    assert ended.code == 1
    name = check.partition(": ")[2]
    assert ended.told.count(name) == 1
    message = ended.told.partition(f"{check}: ")[2]
    assert f"failed {company} {DAY}" in ended.told
    assert re.match(r"(\d+) of \1 rows", message)
    assert f"Write {table}.{column} and {other}.{column} alike" in message
    assert "Traceback" not in ended.told
    (status,) = terminal.recs("status", "--company", company, "--json").json
    assert status["message"].startswith(f"{check}: ")
    assert terminal.recs("publications", company, "--json").json == []
