"""`recs why` of a day that was made again after it went live: what customers see is told apart from what the day's
tables give now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recs_platform_tests.cli.terminal import Terminal, small_companies

pytestmark = pytest.mark.slow

DAY = "2025-09-02"


def _remade(folder: Path, company: str, table: str, changed: str) -> tuple[Terminal, list[dict[str, Any]]]:
    """A company whose day went live and was then made again under other parameters; and what is live."""
    small_companies(folder, customers=150)
    terminal = Terminal(folder)
    ended = terminal.recs("run", "--company", company, "--date", DAY)
    assert ended.code == 0, ended.told
    path = terminal.companies / f"{company}.yaml"
    path.write_text(path.read_text().replace("parameters: {", f"parameters: {{{changed}, "))
    ended = terminal.recs("backfill", "--company", company, "--from", DAY, "--to", DAY, "--again")
    assert ended.code == 0, ended.told
    query = f"SELECT * FROM live_{table} ORDER BY customer_id"
    return terminal, terminal.recs("query", query, "--company", company, "--limit", "5000", "--json").json


def _check(terminal: Terminal, company: str, customer: str, live: list[str], now: list[str]) -> None:
    assert live != now
    ended = terminal.recs("why", company, customer)
    assert ended.code == 0, ended.told
    publication, _, rest = ended.told.partition("What the tables of the day give now")
    assert "Publication: live since " in publication
    assert "as version 1. The day was made again since, and gives something else, which is not live." in publication
    assert f"To publish it: recs publish {company} --date {DAY}" in publication
    assert all(item in publication for item in live)
    assert all(item in rest for item in now)
    assert terminal.recs("why", company, customer, "--json").json["live"] == live

    published = terminal.recs("publish", company, "--date", DAY)
    assert published.code == 0, published.told
    ended = terminal.recs("why", company, customer)
    assert "as version 2." in ended.told
    assert "made again" not in ended.told


def test_parts_that_are_live_are_told_apart_from_parts_made_since(tmp_path: Path) -> None:
    terminal, live = _remade(
        tmp_path, "acme", "vehicle_recommendations", "min_price: 150, min_stability: 0, max_price_move: 100"
    )
    parts = {row["customer_id"]: [row[f"rec_part_{place}"] for place in range(1, 5)] for row in live}
    query = f"SELECT customer_id, rank, item_id FROM recommendations WHERE as_of = '{DAY}' ORDER BY customer_id, rank"
    made = terminal.recs("query", query, "--company", "acme", "--limit", "5000", "--json").json
    now: dict[str, list[str]] = {}
    for row in made:
        now.setdefault(row["customer_id"], []).append(row["item_id"])
    customer = next(customer for customer in sorted(parts) if now.get(customer, parts[customer]) != parts[customer])
    _check(terminal, "acme", customer, parts[customer], now[customer])


def test_offers_that_are_live_are_told_apart_from_offers_made_since(tmp_path: Path) -> None:
    terminal, live = _remade(
        tmp_path, "metro", "offer_recommendations", "recommendations_per_customer: 2, max_score_move: 100"
    )
    offers: dict[str, list[str]] = {}
    for row in sorted(live, key=lambda row: (row["customer_id"], row["rank"])):
        offers.setdefault(row["customer_id"], []).append(row["offer_id"])
    customer = next(customer for customer in sorted(offers) if len(offers[customer]) > 2)
    query = (
        f"SELECT offer_id FROM offer_recommendations WHERE as_of = '{DAY}' AND customer_id = '{customer}' ORDER BY rank"
    )
    made = terminal.recs("query", query, "--company", "metro", "--json").json
    _check(terminal, "metro", customer, offers[customer], [row["offer_id"] for row in made])
