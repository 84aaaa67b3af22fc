"""A company of each strategy comes with the tables that it needs alone, and with each optional one taken away: its day
and its report are green, and nobody warns about what is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.cli.terminal import Ended, Terminal

pytestmark = pytest.mark.slow

DAY = "2025-09-14"
"""A Sunday, of which weekly tables are made."""
_SHORT = {"campaign_window_days": 8, "interaction_window_days": 5, "attribution_window_days": 3, "covariate_days": 3}
PARAMETERS: dict[str, dict[str, Any]] = {
    "vehicle_fitment": {**_SHORT, "intent_window_days": 3, "purchase_exclusion_days": 8, "backtest_days": 8},
    "offer_ranking": {**_SHORT, "feature_window_days": 3},
    "replenishment": {**_SHORT, "active_window_days": 3, "history_days": 8},
    "measurement": _SHORT,
}
WITHOUT: dict[str, list[tuple[str, ...]]] = {
    "vehicle_fitment": [("interactions", "events"), ("deliveries", "order_history")],
    "offer_ranking": [("interactions", "events"), ("deliveries", "catalog", "offer_items")],
    "replenishment": [("interactions", "customers"), ("deliveries", "catalog"), ("treatments",)],
    "measurement": [("interactions",), ("deliveries", "customers")],
}
"""What is taken away besides all of it at once: each optional table is, while others are there."""
CASES = [
    (strategy, tables)
    for strategy, record in STRATEGIES.items()
    for tables in [record.optional + tuple(t for group in record.needed for t in group[1:]), *WITHOUT[strategy]]
]
OF_A_SMALL_WORLD = {
    # True, and about what is there: a window of three days, a day that the simulated feed lacks, and so few orders of
    # sixty customers that the segments of vehicles have none. Of offers the same is said of the whole world: too few
    # examples for a model, and more offers than lists have room for.
    "data_outside_window",
    "days_without_events",
    "global_fallback",
    "training_refused",
    "scored_without_model",
    "lists_without_model",
    "offers_not_shown",
}


def told(ended: Ended) -> set[str]:
    """The names of the checks that warned or failed."""
    return {warning.split(": ")[1] for run in ended.json for warning in run["warnings"]}


@pytest.mark.parametrize(("strategy", "tables"), CASES, ids=[f"{s} without {' '.join(t)}" for s, t in CASES])
def test_a_day_and_a_report_are_green(tmp_path: Path, strategy: str, tables: tuple[str, ...]) -> None:
    terminal = Terminal(tmp_path)
    terminal.companies.mkdir()
    (terminal.companies / "corner.yaml").write_text(
        f"name: corner\nstrategy: {strategy}\ndataset: corner\ntimezone: UTC\ncurrency: EUR\nstart_date: 2025-09-01\n"
        f"simulation: {{seed: 7, customers: 60}}\nparameters: {json.dumps(PARAMETERS[strategy])}\n"
        f"sources: {json.dumps({table: {'connector': 'none'} for table in tables})}\n"
    )
    ran = terminal.recs("run", "corner", "--date", DAY, "--json")
    assert ran.code == 0, ran.err
    (state,) = terminal.recs("status", "corner", "--json").json
    states = {table["table"]: table["state"] for table in state["tables"]}
    assert {states[table] for table in tables} == {"not provided"}
    assert set(states.values()) <= {"fresh", "empty", "not provided"}
    assert told(ran) <= OF_A_SMALL_WORLD
    if "treatments" not in tables:
        reported = terminal.recs("report", "campaign", "corner", "--from", "2025-09-07", "--to", DAY)
        assert reported.code == 0, reported.told
