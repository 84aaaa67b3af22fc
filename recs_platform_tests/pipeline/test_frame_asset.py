"""`table_asset` takes a function at its word: annotated inputs, declared look-backs, and nothing left to guess."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.pipeline.frame_asset import QueryRunner, table_asset
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable, Stage
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform.warehouse.point_in_time import Looks
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform_tests.pipeline.toy import STRATEGY, Profiles, Scores, Toy, Visits, scores

Company = Days = Any
FORMS = "pandas.DataFrame, pyarrow.Table, pyarrow.RecordBatchReader or BoundQuery"
GIVEN = tuple(FrameTable(spec_of(model), lambda: None, {}) for model in (Visits, Profiles))


def pipeline(*made: FrameTable) -> Pipeline:
    return Pipeline(STRATEGIES[STRATEGY], [Stage("toy", (*GIVEN, *made))], [])


def test_what_a_function_declares() -> None:
    assert scores.spec is spec_of(Scores)
    assert scores.inputs == {"visits": pd.DataFrame, "profiles": pa.Table}
    assert scores.look_back == {"visits": 3}
    assert pipeline(scores).looks["scores"] == Looks({"visits": 3})
    assert pipeline(scores).inputs("scores") == {"visits", "profiles"}


def test_an_input_without_annotation() -> None:
    def made(company: Company, days: Days, visits) -> None: ...  # type: ignore[no-untyped-def]

    with pytest.raises(TypeError, match=rf"^made: visits has no annotation; say {FORMS}$"):
        table_asset(Scores)(made)


@pytest.mark.parametrize("annotation", [list, pd.Series, pd.DataFrame | None, "pa.Table | pd.DataFrame"])
def test_an_input_of_another_type(annotation: object) -> None:
    def made(company: Company, days: Days, visits: Any) -> None: ...

    made.__annotations__["visits"] = annotation
    with pytest.raises(TypeError, match=rf"^made: visits is annotated .*; say {FORMS}$"):
        table_asset(Scores)(made)


def test_a_function_takes_what_it_names_in_any_order() -> None:
    def made(
        visits: pd.DataFrame, models: ModelShelf, company: Company, warehouse: QueryRunner, profiles: BoundQuery
    ) -> None: ...

    def nothing() -> None: ...

    table = table_asset(Scores, look_back={"visits": 1})(made)
    assert (table.inputs, table.uses_models) == ({"visits": pd.DataFrame, "profiles": BoundQuery}, True)
    assert (table_asset(Scores)(nothing).inputs, table_asset(Scores)(nothing).uses_models) == ({}, False)


def test_models_and_the_warehouse_are_what_they_are() -> None:
    def models_of(models: pa.Table) -> None: ...
    def warehouse_of(warehouse) -> None: ...  # type: ignore[no-untyped-def]

    with pytest.raises(TypeError, match=r"^models_of: models is annotated .*Table'>; say ModelShelf$"):
        table_asset(Scores)(models_of)
    with pytest.raises(TypeError, match=r"^warehouse_of: warehouse has no annotation; say QueryRunner$"):
        table_asset(Scores)(warehouse_of)


def test_every_argument_has_a_name() -> None:
    def all_of_them(**tables: pa.Table) -> None: ...
    def by_place(visits: pa.Table, /) -> None: ...

    with pytest.raises(TypeError, match=r"^all_of_them takes \*\*tables: .*: it must name each of its arguments$"):
        table_asset(Scores)(all_of_them)
    with pytest.raises(TypeError, match=r"^by_place takes visits: .*: it must name each of its arguments$"):
        table_asset(Scores)(by_place)


def test_a_presenter_takes_company_day_and_rows() -> None:
    def made() -> None: ...
    def show(rows: Any, weather: Any) -> Any: ...

    with pytest.raises(TypeError, match=r"^show takes weather; it is offered company, day, rows$"):
        table_asset(Scores, present=show)(made)


@pytest.mark.parametrize("span", [0, -1, "scored_days"])
def test_a_span_is_a_number_of_days_or_a_parameter(span: int | str) -> None:
    def made(visits: pa.Table) -> None: ...

    with pytest.raises(TypeError, match=rf"^made looks back on visits for {span!r}; say at least 1 day, or '@param"):
        table_asset(Scores, look_back={"visits": span})(made)
    assert table_asset(Scores, look_back={"visits": "@comparison_days"})(made).look_back == {
        "visits": "comparison_days"
    }
    fewer = table_asset(Scores, look_back={"visits": "@comparison_days at most"})(made)
    assert (fewer.look_back, fewer.at_most) == ({"visits": "comparison_days"}, {"visits"})


def test_what_is_read_is_made_before_without_saying_so() -> None:
    def made(profiles: pa.Table) -> None: ...

    with pytest.raises(TypeError, match=r"^made reads profiles, so it comes after it without saying so$"):
        table_asset(Scores, after=["profiles"])(made)


def test_a_table_comes_after_those_it_is_made_of_and_those_it_names() -> None:
    def made(profiles: pa.Table) -> None: ...

    late = table_asset(Scores, after=["visits"])(made)
    assert (late.inputs, pipeline(late).inputs("scores")) == ({"profiles": pa.Table}, {"profiles", "visits"})


def test_a_look_back_is_on_an_input() -> None:
    def made(company: Company, days: Days, profiles: pa.Table) -> None: ...

    with pytest.raises(TypeError, match=r"^made looks back on visits, which it does not take$"):
        table_asset(Scores, look_back={"visits": 3})(made)


def test_what_a_pipeline_refuses() -> None:
    def late(company: Company, days: Days, visits: pa.Table, recent_orders: pa.Table) -> None: ...
    def without(company: Company, days: Days, visits: pa.Table) -> None: ...
    def snapshots(company: Company, days: Days, profiles: pa.Table) -> None: ...

    with pytest.raises(ValueError, match=r"^scores takes recent_orders, which replenishment does not have$"):
        pipeline(table_asset(Scores)(late))
    with pytest.raises(ValueError, match=r"^scores takes visits, a log: say how many days of it in `look_back`$"):
        pipeline(table_asset(Scores)(without))
    with pytest.raises(ValueError, match=r"^scores comes after recent_orders, which replenishment does not have$"):
        pipeline(table_asset(Scores, after=["recent_orders"])(snapshots))
    with pytest.raises(ValueError, match=r"^scores looks back on visits for @lucky_days, which is not a parameter$"):
        pipeline(table_asset(Scores, look_back={"visits": "@lucky_days"})(without))
    with pytest.raises(ValueError, match=r"^scores looks back on profiles, which is not a log$"):
        pipeline(table_asset(Scores, look_back={"profiles": 3})(snapshots))


def test_the_code_version_is_that_of_the_functions_text() -> None:
    def first(company: Company, days: Days) -> int:
        return 1

    one = table_asset(Scores)(first)

    def first(company: Company, days: Days) -> int:  # type: ignore[no-redef]
        return 2

    two = table_asset(Scores)(first)
    assert one.code_version == table_asset(Scores)(one.function).code_version
    assert one.code_version != two.code_version


def test_a_function_may_return_arrow(toy: Toy) -> None:
    @table_asset(Scores)
    def scores_of_profiles(company: Company, days: Days, profiles: pa.Table) -> pa.Table:
        assert (company.name, len(days)) == ("shop", 1)
        ids = profiles["customer_id"]
        return pa.table({"customer_id": ids, "as_of": [days.last] * len(ids), "score": pa.nulls(len(ids))})

    toy.features = (scores_of_profiles,)
    assert toy.run().success
    assert [(row["customer_id"], row["score"]) for row in toy.rows(Scores)] == [("c1", None), ("c2", None)]
