"""What a company does not provide is left out, with all that needs it and nothing else; no check about it runs."""

from __future__ import annotations

from itertools import combinations

import pytest

from recs_platform.companies.model import Company
from recs_platform.companies.source_config import SimulatedSource
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.pipeline.left_out import left_out, nothing_to_judge
from recs_platform.strategies.catalogue import STRATEGIES, pipelines
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy

COMPANIES = companies_of_each_strategy()
OPTIONAL = [(name, table) for name, strategy in STRATEGIES.items() for table in strategy.optional]


def without(strategy: str, *tables: str) -> Company:
    """A company of a strategy that lacks these tables."""
    sources = {table: SimulatedSource() for table in STRATEGIES[strategy].sources if table not in tables}
    return COMPANIES[strategy].model_copy(update={"sources": sources})


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_of_a_company_that_provides_everything_nothing_is_left_out(strategy: str) -> None:
    pipeline = pipelines()[strategy]
    assert left_out(pipeline, without(strategy)) == {}
    unjudged = {check for check in pipeline.checks if nothing_to_judge(pipeline, without(strategy), check)}
    assert unjudged <= {"data_outside_window", "window_outside_data"}, "a window that nothing uses"


@pytest.mark.parametrize(("strategy", "table"), OPTIONAL)
def test_a_table_that_is_not_provided_is_left_out_and_says_for_want_of_what(strategy: str, table: str) -> None:
    found = left_out(pipelines()[strategy], without(strategy, table))
    assert found[table] == found[f"landed_{table}"] == (table,)
    assert all(sources == (table,) for sources in found.values())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_a_strategy_recommends_is_left_out_for_want_of_nothing_optional(strategy: str) -> None:
    """Also when all of it is lacking at once: what the record calls optional is."""
    pipeline = pipelines()[strategy]
    if RECOMMENDATIONS not in pipeline.products:
        pytest.skip("it recommends nothing")
    assert pipeline.products[RECOMMENDATIONS].of.name not in left_out(
        pipeline, without(strategy, *STRATEGIES[strategy].optional)
    )


@pytest.mark.parametrize("group", [g for s in STRATEGIES.values() for g in s.needed if len(g) > 1])
def test_one_of_several_needed_tables_is_enough(group: tuple[str, ...]) -> None:
    (strategy,) = (s for s in STRATEGIES.values() if group in s.needed)
    pipeline = pipelines()[strategy.name]
    for lacking in combinations(group, len(group) - 1):
        assert pipeline.products[RECOMMENDATIONS].of.name not in left_out(pipeline, without(strategy.name, *lacking))


def test_without_opens_and_clicks_nothing_is_learned_from_clicks() -> None:
    found = left_out(pipelines()["measurement"], without("measurement", "interactions"))
    assert {"judged_interactions", "engagement_by_hour", "treatment_bandit", "treatment_allocation"} <= found.keys()
    assert not {"send_engagement", "campaign_orders", "metric_sums", "arm_comparison", "campaign_days"} & found.keys()


def test_orders_alone_leave_out_what_messages_are_needed_for() -> None:
    company = without("replenishment", *STRATEGIES["replenishment"].optional)
    found = left_out(pipelines()["replenishment"], company)
    assert {"send_engagement", "campaign_funnel", "arm_comparison", "treatment_bandit"} <= found.keys()
    assert found["arm_comparison"] == ("treatments",)
    assert set(found["engagement_by_hour"]) == {"treatments", "interactions"}
    assert "campaign_orders" not in found, "orders there are, of whatever message"


@pytest.mark.parametrize(
    ("table", "check"),
    [
        ("customers", "unknown_customers"),
        ("customers", "events_of_unknown_customers"),
        ("customers", "messages_to_unknown_customers"),
        ("customers", "emails_unusable"),
        ("catalog", "events_of_unknown_items"),
        ("catalog", "items_without_price"),
        ("catalog", "repeated_skus"),
        ("treatments", "sample_ratio_mismatch"),
        ("treatments", "messages_to_unknown_customers"),
        ("interactions", "shares_do_not_add_up"),
    ],
)
def test_a_check_about_what_is_not_provided_has_nothing_to_judge(table: str, check: str) -> None:
    pipeline = pipelines()["replenishment"]
    assert nothing_to_judge(pipeline, without("replenishment"), check) == ""
    assert nothing_to_judge(pipeline, without("replenishment", table), check) == f"{table} is not provided"


def test_a_window_is_judged_where_a_table_looks_back_by_it() -> None:
    for check in ("data_outside_window", "window_outside_data"):
        assert nothing_to_judge(pipelines()["vehicle_fitment"], without("vehicle_fitment"), check) == ""
        assert nothing_to_judge(pipelines()["offer_ranking"], without("offer_ranking"), check) == ""
        for strategy, lacking in (("vehicle_fitment", "events"), ("replenishment", ""), ("measurement", "")):
            why = nothing_to_judge(pipelines()[strategy], without(strategy, lacking), check)
            assert why == "no table that is made looks back on the strategy's own window of events"
