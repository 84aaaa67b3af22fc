"""What a function is handed, by real Dagster runs: its company's days, in the form it asks for, open long enough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
import pytest

from recs_platform.pipeline.frame_asset import QueryRunner, table_asset
from recs_platform.reporting.presentation import Presentation
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.protocol import BoundQuery
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.slices import Days, TableRef
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.pipeline.toy import DAY, STRATEGY, Scores, Toy, Visits, failure, materialized, visits_of

BEFORE = Days(DAY - timedelta(days=6), DAY - timedelta(days=1))


@dataclass
class Watched:
    """The lake, and how many of its streams are open."""

    lake: Lake
    opened: int = 0
    closed: int = 0
    seen: list[int] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lake, name)

    @contextmanager
    def read(self, table: TableRef, days: Days | None = None) -> Iterator[pa.RecordBatchReader]:
        self.opened += 1
        try:
            with self.lake.read(table, days) as reader:
                yield reader
        finally:
            self.closed += 1


@pytest.fixture
def watched(toy: Toy) -> Watched:
    watched = Watched(toy.lake)
    toy.warehouse = watched
    return watched


def scored(rows: Any, days: Days) -> pa.Table:
    """Customer and score as the table wants them."""
    return pa.table(
        {"as_of": [days.last] * len(rows), "customer_id": [row[0] for row in rows], "score": [row[1] for row in rows]}
    )


def scores_of(toy: Toy, company: str = "shop") -> dict[str, Any]:
    return {row["customer_id"]: row["score"] for row in toy.rows(Scores, company=company)}


def test_a_stream_is_never_whole_in_memory(toy: Toy, watched: Watched) -> None:
    many = 250_000

    def customers(days: Days) -> pd.DataFrame:
        names = [f"c{number}" for number in range(many)]
        return pd.DataFrame({"event_date": days.last, "visit_id": range(many), "customer_id": names, "pages": 1})

    @table_asset(Scores, look_back={"visits": 1})
    def streamed(days: Days, visits: pa.RecordBatchReader) -> pa.RecordBatchReader:
        schema = pa.schema([("as_of", pa.date32()), ("customer_id", pa.string()), ("score", pa.int64())])

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in visits:
                watched.seen.append(batch.num_rows)
                day = pa.repeat(pa.scalar(days.last, pa.date32()), batch.num_rows)
                yield pa.RecordBatch.from_arrays([day, batch["customer_id"], batch["pages"]], schema=schema)

        # Nothing is read yet: the stream is drawn while the slice is written, after the function has returned.
        return pa.RecordBatchReader.from_batches(schema, batches())

    toy.visits, toy.features = customers, (streamed,)
    assert toy.run().success
    assert len(toy.rows(Scores)) == sum(watched.seen) == many
    assert max(watched.seen) < many
    assert watched.closed == watched.opened


@pytest.mark.parametrize("breaks", ["function", "stream", "slice"])
def test_a_stream_is_closed_however_the_step_ends(toy: Toy, watched: Watched, breaks: str) -> None:
    @table_asset(Scores, look_back={"visits": 1})
    def broken(days: Days, visits: pa.RecordBatchReader) -> Any:
        if breaks == "function":
            raise RuntimeError("the function broke")
        schema = pa.schema([("as_of", pa.date32()), ("customer_id", pa.string()), ("score", pa.int64())])

        def batches() -> Iterator[pa.RecordBatch]:
            visits.read_next_batch()
            if breaks == "stream":
                raise RuntimeError("the stream broke")
            yield pa.RecordBatch.from_pylist([{"as_of": DAY, "customer_id": None, "score": 1}], schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    toy.features = (broken,)
    result = toy.run()
    assert failure(result)[0] == "scores"
    assert watched.opened > 0
    assert watched.closed == watched.opened


def test_a_bound_query_may_be_returned(toy: Toy) -> None:
    @table_asset(Scores, look_back={"visits": 3})
    def returned(visits: BoundQuery) -> BoundQuery:
        text = "SELECT @as_of AS as_of, customer_id, SUM(pages) AS score FROM visits GROUP BY customer_id"
        counted = f"{text} HAVING customer_id IS NOT NULL"
        return replace(visits, query=parse_query("scores", counted, "scores"))

    toy.run_history(BEFORE)
    toy.features = (returned,)
    result = toy.run()
    assert result.success
    assert scores_of(toy) == {"c1": 0, "c2": 3}
    assert "compiled_sql" in materialized(result)["scores"]


def test_a_bound_query_may_be_given_to_the_warehouse(toy: Toy) -> None:
    @table_asset(Scores, look_back={"visits": 2})
    def asked(days: Days, visits: BoundQuery, profiles: BoundQuery, warehouse: QueryRunner) -> pa.Table:
        with warehouse.run(profiles) as reader:
            known = reader.read_all()["customer_id"].to_pylist()
        with warehouse.run(visits) as reader:
            rows = [(row["customer_id"], row["pages"]) for row in reader.read_all().to_pylist()]
        return scored([(name, sum(pages for who, pages in rows if who == name)) for name in known], days)

    toy.run_history(BEFORE)
    toy.features = (asked,)
    assert toy.run().success
    assert scores_of(toy) == {"c1": 0, "c2": 2}


@pytest.mark.parametrize("form", [pd.DataFrame, pa.Table, pa.RecordBatchReader, BoundQuery])
def test_two_companies_of_a_strategy_each_look_back_as_far_as_their_own_parameter_says(toy: Toy, form: Any) -> None:
    def days_seen(days: Days, visits: Any, warehouse: QueryRunner) -> pa.Table:
        match visits:
            case BoundQuery():
                with warehouse.run(visits) as reader:
                    frame = reader.read_all()
            case pa.RecordBatchReader():
                frame = visits.read_all()
            case pd.DataFrame():
                frame = pa.Table.from_pandas(visits)
            case _:
                frame = visits
        seen = {str(day)[:10] for day in frame["event_date"].to_pylist()}
        return scored([(day, 1) for day in sorted(seen)], days)

    days_seen.__annotations__["visits"] = form
    toy.features = (table_asset(Scores, look_back={"visits": "@comparison_days"})(days_seen),)
    near = shop(toy.folder, name="near", dataset="near", parameters={"comparison_days": 2})
    far = shop(toy.folder, name="far", dataset="far", parameters={"comparison_days": 5})
    toy.others = (near, far)
    for company, back in (("near", 2), ("far", 5), ("shop", 7)):
        toy.run_history(BEFORE, company)
        assert toy.run(company=company).success
        assert list(scores_of(toy, company)) == [str(day) for day in Days.ending(DAY, back)]


def test_dagster_is_told_of_the_widest_span(toy: Toy) -> None:
    """A partition mapping is one for all companies, and what it does not name could be made too late."""

    @table_asset(Scores, look_back={"visits": "@comparison_days"})
    def looking(visits: pa.Table) -> None: ...

    toy.features = (looking,)
    toy.others = (shop(toy.folder, name="far", dataset="far", parameters={"comparison_days": 40}),)
    spec = toy.definitions().resolve_assets_def(dg.AssetKey([STRATEGY, "scores"]))
    (dep,) = spec.specs_by_key[dg.AssetKey([STRATEGY, "scores"])].deps
    mapping: Any = dep.partition_mapping
    assert mapping.downstream_mappings_by_upstream_dimension["date"].partition_mapping.start_offset == -39


def test_what_comes_before_is_made_and_not_read(toy: Toy, watched: Watched) -> None:
    order = []

    @table_asset(Scores, after=["profiles"])
    def after_profiles(days: Days) -> pa.Table:
        order.append("scores")
        watched.seen.append(watched.opened)
        return scored([], days)

    profiles_before = toy.profiles

    def profiles(days: Days) -> Any:
        order.append("profiles")
        return profiles_before(days)

    toy.profiles, toy.features = profiles, (after_profiles,)
    assert toy.run().success
    assert order == ["profiles", "scores"]

    job = toy.definitions().resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        partition_key=f"shop|{DAY + timedelta(days=1)}",
        asset_selection=[dg.AssetKey([STRATEGY, "scores"])],
        instance=toy.instance,
        raise_on_error=False,
    )
    assert "shop.profiles has no slice for 2025-09-11. Materialize profiles for that day first." in failure(result)[1]
    assert order == ["profiles", "scores"]


def test_a_presenter_is_handed_what_it_names(toy: Toy) -> None:
    @table_asset(Scores, present=lambda rows: Presentation(f"{len(rows)} rows"))
    def nobody(days: Days) -> pa.Table:
        return scored([], days)

    toy.features = (nobody,)
    assert materialized(toy.run())["scores"]["summary"] == "0 rows"


@pytest.mark.parametrize("form", [pd.DataFrame, pa.Table])
def test_people_load_a_tables_day(toy: Toy, form: Any) -> None:
    toy.run()
    key = dg.AssetKey([STRATEGY, "visits"])
    value = toy.definitions().load_asset_value(
        key, python_type=form, partition_key=f"shop|{DAY}", instance=toy.instance
    )
    assert isinstance(value, form)
    assert len(value) == len(visits_of(Days.one(DAY))) == len(toy.rows(Visits))
