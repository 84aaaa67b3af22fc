"""A day's logs reach back as far as anything that is made of them looks, whatever the strategy and its parameters."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from recs_platform.companies.query_parameters import query_parameters
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.reach import reach
from recs_platform.schemas.table import Kind
from recs_platform.strategies.catalogue import pipeline_of, pipelines
from recs_platform.warehouse.point_in_time import Looks, span_days
from recs_platform.warehouse.slices import Days
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy

DAY = date(2025, 12, 3)
COMPANIES = companies_of_each_strategy()


def _days_before(pipeline: Pipeline, **parameters: Any) -> int:
    company = COMPANIES[pipeline.strategy.name].model_copy(update={"start_date": date(2015, 1, 1)})
    given = {"interaction_window_days": 1, "campaign_window_days": 8, **parameters}
    company = company.model_copy(update={"parameters": company.parameters.model_copy(update=given)})
    return (DAY - reach(pipeline, company, Days.one(DAY)).first).days


@pytest.mark.parametrize("strategy", sorted(pipelines()))
def test_every_look_back_is_within_reach(strategy: str) -> None:
    """Of tables and checks, also where a log is made from days of another log before its own."""
    pipeline, company = pipelines()[strategy], COMPANIES[strategy]
    old = company.model_copy(update={"start_date": date(2015, 1, 1)})
    within, values = reach(pipeline, old, Days.one(DAY)), query_parameters(old)
    own_logs = {n for n, table in pipeline.tables.items() if table.spec.kind is Kind.LOG}

    def needed(looks: Looks, day: date) -> dict[str, date]:
        spans = {log: span_days(looks.back[log], values) for log in looks.back.keys() - looks.at_most}
        return {log: day - timedelta(days=span - 1) for log, span in spans.items()}

    looked_at = [(name, needed(looks, DAY)) for name, looks in pipeline.looks.items()]
    looked_at += [(name, needed(looks, DAY)) for name, (_, looks) in pipeline.checks.items()]
    # Follow each look-back to the end, one log at a time.
    while looked_at:
        reader, firsts = looked_at.pop()
        for log, first in firsts.items():
            assert first >= within.first, f"{reader} looks back on {log} until {first}"
            further = needed(pipeline.looks[log], first)
            looked_at.append((log, dict.fromkeys(pipeline.inputs(log) & own_logs, first) | further))


def test_what_was_bought_in_spring_is_within_reach() -> None:
    """Vehicle fitment recommends nothing of a family bought in the last year, far longer than intent counts."""
    pipeline = pipelines()["vehicle_fitment"]
    repeated = 7
    assert _days_before(pipeline, purchase_exclusion_days=365) == 364 + repeated
    assert _days_before(pipeline, purchase_exclusion_days=30, intent_window_days=93) == 92 + repeated
    assert _days_before(pipeline, purchase_exclusion_days=30, intent_window_days=9, backtest_days=50) == 49 + repeated


def test_a_message_that_is_opened_at_the_windows_edge_was_sent_before_it() -> None:
    pipeline = pipelines()["replenishment"]
    short = {"active_window_days": 5, "history_days": 5}
    assert _days_before(pipeline, campaign_window_days=20, interaction_window_days=30, **short) == 19 + 29


def test_habits_are_read_as_far_back_as_history_goes() -> None:
    """A client's cycles are told from a year of orders, though far fewer days make it active."""
    pipeline, repeated = pipelines()["replenishment"], 7
    assert _days_before(pipeline, history_days=365, active_window_days=90) == 364 + repeated
    assert _days_before(pipeline, history_days=100, active_window_days=90) == 99 + repeated


def test_what_is_read_as_far_as_it_is_stored_needs_no_history() -> None:
    pipeline = pipelines()["vehicle_fitment"]
    assert pipeline.looks["source_assessment"].back["source_counts"] == 1100
    assert _days_before(pipeline) < 1000


def test_a_company_has_no_history_before_its_start() -> None:
    company = COMPANIES["vehicle_fitment"]
    within = reach(pipeline_of(company), company, Days(DAY, DAY + timedelta(days=2)))
    assert within == Days(company.start_date, DAY + timedelta(days=2))
