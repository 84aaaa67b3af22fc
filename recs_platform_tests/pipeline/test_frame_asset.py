"""`table_asset` takes a function at its word: annotated inputs, declared look-backs, and nothing left to guess."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.pipeline.pipeline import FrameTable, Pipeline, Stage
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform.warehouse.point_in_time import Looks
from recs_platform_tests.pipeline.toy import STRATEGY, Profiles, Scores, Toy, Visits, scores

Company = Days = Any
GIVEN = tuple(FrameTable(spec_of(model), lambda company, days: None, {}) for model in (Visits, Profiles))


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

    with pytest.raises(TypeError, match=r"^made: visits has no annotation; say pandas.DataFrame or pyarrow.Table$"):
        table_asset(Scores)(made)


@pytest.mark.parametrize("annotation", [list, pd.Series, pd.DataFrame | None, "pa.Table | pd.DataFrame"])
def test_an_input_of_another_type(annotation: object) -> None:
    def made(company: Company, days: Days, visits: Any) -> None: ...

    made.__annotations__["visits"] = annotation
    with pytest.raises(TypeError, match=r"^made: visits is annotated .*; say pandas.DataFrame or pyarrow.Table$"):
        table_asset(Scores)(made)


def test_company_and_days_come_first() -> None:
    def made(visits: pd.DataFrame, company: Company) -> None: ...

    with pytest.raises(TypeError, match=r"^made must take company and days first, not visits, company$"):
        table_asset(Scores)(made)
    with pytest.raises(TypeError, match=r"must take company and days first, not nothing$"):
        table_asset(Scores)(lambda: None)


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
    with pytest.raises(ValueError, match=r"^scores looks back on profiles, which is no log$"):
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
