"""A small company whose campaign tables were made for one day, as the command line sees it.

Only what campaigns are made of is run: a whole day would make forty tables that no report reads.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from recs_platform.companies.loader import read_company
from recs_platform.pipeline.stage import CAMPAIGNS
from recs_platform.strategies.catalogue import STRATEGIES, pipelines
from recs_platform.warehouse.slices import Days
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.promises.platform import Platform

NAME, START, DAY = "garage", date(2025, 9, 1), date(2025, 9, 30)
_COMPANY = f"""\
name: {NAME}
strategy: vehicle_fitment
dataset: {NAME}
timezone: UTC
currency: USD
start_date: {START}
simulation: {{seed: 5, customers: 600}}
"""
QUIET_DAY = START
"""No message was sent on it: campaigns begin on a Tuesday."""
_FED_BY = ("landed_events", "landed_treatments", "landed_deliveries", "landed_interactions")
_LOGS = ("events", "treatments", "deliveries", "interactions")
_STATES = ("landed_customers", "customers")


def garage(folder: Path) -> Terminal:
    """Thirty days of logs, and the campaign tables of the last of them."""
    terminal = Terminal(folder)
    terminal.companies.mkdir()
    (terminal.companies / f"{NAME}.yaml").write_text(_COMPANY)
    platform = Platform(folder / ".recs", [read_company(terminal.companies / f"{NAME}.yaml", STRATEGIES)])
    platform.succeeded(platform.load_days(NAME, Days(START, DAY), only=[*_FED_BY, *_LOGS]))
    platform.succeeded(platform.run_day(NAME, DAY, only=[*_STATES, *_campaign_tables()]))
    return terminal


def _campaign_tables() -> list[str]:
    stages = pipelines()["vehicle_fitment"].stages
    return [table.spec.name for stage in stages if stage.name == CAMPAIGNS for table in stage.tables]
