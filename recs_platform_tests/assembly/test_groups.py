"""Groups of the UI: a strategy's stages, which lead from the sources to what is published and never back."""

from __future__ import annotations

import dagster as dg
import pytest

from recs_platform.pipeline import stage
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy
from recs_platform_tests.promises.platform import definitions_of

_LEGIBLE = 17
"""Characters; a box of the graph cuts longer names in the middle."""
STORY = [stage.SOURCES, stage.CANDIDATES, stage.FEATURES, stage.MODEL, stage.RECOMMENDED, stage.CAMPAIGNS]
ENDS = {stage.PUBLICATION, stage.REPORTS}


@pytest.fixture(scope="module", params=sorted(pipelines()))
def pipeline(request: pytest.FixtureRequest) -> Pipeline:
    return pipelines()[request.param]


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return definitions_of({company.name: company for company in companies_of_each_strategy().values()})


def test_a_strategy_is_a_few_groups_and_no_group_is_of_two_strategies(pipeline: Pipeline, defs: dg.Definitions) -> None:
    groups: dict[str, set[str]] = {}
    for spec in defs.resolve_all_asset_specs():
        groups.setdefault(spec.group_name or "", set()).add(spec.key.path[0])
    own = {group for group, strategies in groups.items() if pipeline.strategy.name in strategies}
    assert all(groups[group] == {pipeline.strategy.name} for group in own)
    assert own == {pipeline.strategy.group(name) for name in pipeline.stage_names.values()}
    assert 3 <= len(own) <= 7
    assert all(len(group) <= _LEGIBLE for group in own)


def test_groups_read_from_left_to_right(pipeline: Pipeline) -> None:
    """A table stands in the group of what it is made of, or further on; from what is published nothing leads back."""
    of = pipeline.stage_names
    for table in pipeline.tables:
        for other in pipeline.inputs(table):
            if of[other] != of[table]:
                assert of[other] not in ENDS, f"{of[other]} leads to {of[table]}: {other} -> {table}"
                assert of[table] in ENDS or STORY.index(of[other]) < STORY.index(of[table])


def test_a_daily_job_is_every_asset_of_its_strategy(pipeline: Pipeline, defs: dg.Definitions) -> None:
    name = pipeline.strategy.name
    selected = defs.resolve_job_def(f"{name}_daily").asset_layer.executable_asset_keys
    assert {key.path[1] for key in selected} == {*pipeline.tables, *(p.asset for p in pipeline.products.values())}
    assert {key.path[0] for key in selected} == {name}
