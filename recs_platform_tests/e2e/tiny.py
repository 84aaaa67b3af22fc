"""Companies small enough that a browser can wait for their days: two that can be made, and one whose feeds contradict
each other.

Not here: running them (conftest.py), and what is seen of them.
"""

from __future__ import annotations

from pathlib import Path

from recs_platform_tests.e2e.server import recs

STRATEGY, STRATEGY_OF_SOUTH = "replenishment", "offer_ranking"
"""The last one's is run by no other test: what the UI shows of a check is the newest of all companies."""
EAST, WEST, SOUTH = "east", "west", "south"
DAYS = ("2025-09-01", "2025-09-02")
FAILING_CHECK = "events_of_unknown_items"
_COMPANY = """\
name: {name}
strategy: {strategy}
dataset: {name}
timezone: UTC
currency: USD
start_date: 2025-09-01
end_date: 2025-09-02
simulation: {{seed: 7, customers: 20}}
parameters: {{campaign_window_days: 8, interaction_window_days: 5, {window}: 3}}
"""


def tiny_companies(folder: Path) -> None:
    """Their files. The catalog of the last one comes from elsewhere, and has none of the items that are bought."""
    companies = folder / "companies"
    companies.mkdir()
    for name in (EAST, WEST):
        # Of so few clients, and so short a window, any day changes most lists.
        changing = "max_customers_lost: 1, max_repurchases_lost: 1, max_discovery_move: 1, active_window_days"
        text = _COMPANY.format(name=name, strategy=STRATEGY, window=changing)
        (companies / f"{name}.yaml").write_text(text)
    text = _COMPANY.format(name=SOUTH, strategy=STRATEGY_OF_SOUTH, window="feature_window_days")
    (companies / f"{SOUTH}.yaml").write_text(text)
    catalog = str(companies / "catalog.csv")
    recs(folder, "companies", "template", "catalog", "--strategy", STRATEGY_OF_SOUTH, "-o", catalog)
    with (companies / f"{SOUTH}.yaml").open("a") as file:
        file.write("sources:\n  catalog: {connector: files, path: catalog.csv}\n")
