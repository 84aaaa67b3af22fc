"""What `recs demo` tells of a day of replenishment, of tables in a lake."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from recs_platform.schemas.replenishment import UnservedClients, WeeklyLists
from recs_platform.schemas.replenishment_reports import ExperimentResults, NextBasketEvaluation, WeeklyComparison
from recs_platform.schemas.table import Table, spec_of
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.strategies.replenishment.story import weekly_story
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.publication.shop import lake_in
from recs_platform_tests.strategies.replenishment.lists import DAY, arrow

LIST = {"week": date(2025, 9, 15), "version": "v32", "items": 25, "repurchases": 20, "discoveries": 5}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_in(tmp_path)


def told(lake: Lake, tables: dict[type[Table], list[dict[str, Any]]]) -> list[str]:
    company = company_named("concord")
    pipeline = pipeline_of(company)
    for model, rows in tables.items():
        name = spec_of(model).name
        subject = Subject(name, company.name, pipeline.ref(name, company), Days.one(DAY))
        lake.replace(subject, arrow(model, rows).to_reader(), audits=())
    return list(weekly_story(company, pipeline, lake, DAY))


def test_whom_it_reaches_with_what_and_what_changed(lake: Lake) -> None:
    short = {**LIST, "customer_id": "бор", "items": 3, "repurchases": 1, "discoveries": 2, "shortfall": 22}
    assert told(
        lake,
        {
            WeeklyLists: [{**LIST, "customer_id": "anna"}, short],
            UnservedClients: [{"customer_id": "carl", "reason": "no candidates"}],
            WeeklyComparison: [
                {"section": "customers", "name": "common", "count": 2},
                {"section": "repurchases", "name": "kept", "count": 9, "share": 0.75},
            ],
        },
    ) == [
        "week of 2025-09-15: 2 of 3 active clients reached with 21 repurchases and 7 discoveries, scored by v32",
        "1 list shorter than it should be, by 22 items in all",
        "no list for 1 client: no candidates",
        "compared with what was live: 2 clients in common, 75.0% of their repurchases that could stay do",
    ]


FIGURE = {"judged": "ranking", "method": "v4", "measure": "ndcg", "k": 20, "part": "all", "segment": "all"}


def figure(value: float, **others: Any) -> dict[str, Any]:
    return {"compared_with": "", "clients": 120, **FIGURE, "value": value, **others}


def test_what_an_evaluation_told(lake: Lake) -> None:
    """Of the company's version and all clients alone; a difference whose interval holds 0 tells nothing."""
    rows = [
        figure(0.3125),
        figure(0.456, measure="recall"),
        figure(0.9, k=5),
        figure(0.9, part="repeat"),
        figure(0.9, segment="heavy"),
        figure(0.9, judged="list"),
        figure(0.2, method="v32"),
        figure(0.05, compared_with="v32", low=0.01, high=0.09),
        figure(0.04, compared_with="own, then global", low=0.02, high=0.06),
        figure(0.01, compared_with="tifu", low=-0.01, high=0.03),
        figure(-0.2, compared_with="own top items", low=-0.3, high=-0.1),
        figure(-0.2, compared_with="tifu", low=-0.3, high=-0.1, measure="recall"),
    ]
    assert told(lake, {NextBasketEvaluation: rows}) == [
        "of what clients bought next, the first 20 of v4 held 45.6% (NDCG 0.312, of 120 clients): better than "
        '"own, then global" and v32, worse than own top items, not told from tifu'
    ]
    assert told(lake, {NextBasketEvaluation: [figure(0.3)]}) == []


def test_of_nothing_nothing_is_told(lake: Lake) -> None:
    first = [
        {"section": "customers", "name": "common", "count": 0},
        {"section": "repurchases", "name": "kept", "count": 0},
    ]
    assert told(lake, {WeeklyLists: [], UnservedClients: [], WeeklyComparison: first}) == []


ARM = {
    "experiment": "lists",
    "arm": "v31",
    "baseline": "v32",
    "clients": 59,
    "client_weeks": 118,
    "expected_clients": 60.0,
    "ratio_p_value": 0.86,
}
RESULTS: list[dict[str, Any]] = [
    {
        **ARM,
        "metric": "revenue",
        "value": 16.356,
        "baseline_value": 15.656,
        "difference": 0.7,
        "anytime_low": -2.349,
        "anytime_high": 3.749,
    },
    {
        **ARM,
        "metric": "precision",
        "value": 0.2797,
        "baseline_value": 0.3934,
        "difference": -0.1138,
        "anytime_low": -0.1904,
        "anytime_high": -0.0372,
    },
    {**ARM, "metric": "discoveries", "value": 0.5, "baseline_value": 0.25, "difference": 0.25},
    {**ARM, "arm": "v32", "metric": "precision", "value": 0.3934},
]


def test_what_an_experiment_has_shown(lake: Lake) -> None:
    assert told(lake, {ExperimentResults: RESULTS}) == [
        "experiment lists, v31 against v32 (59 clients, 118 lists): bought of what was listed 28.0% against 39.3% "
        "(difference −19.0 pp to −3.72 pp, statistically significant); discoveries bought a week 0.50 against 0.25 "
        "(too few clients for an interval); spent a week $16.36 against $15.66 (difference −\u2060$2.35 to $3.75, not "
        "statistically significant)"
    ]


def test_arms_that_cannot_be_compared_say_so(lake: Lake) -> None:
    assert told(lake, {ExperimentResults: [{**row, "ratio_p_value": 0.0001} for row in RESULTS]}) == [
        "experiment lists, v31 against v32 (59 clients, 118 lists): not comparable, because 59 clients have a list "
        "where 60 were to be expected"
    ]
