"""The warehouse of this environment. The one place that knows which engines there are, and picks one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.process import close_to_others, cores
from recs_platform.settings import Settings, Switch, WarehouseKind, require_home, settings
from recs_platform.settings_values import bytes_of
from recs_platform.warehouse.database_ledger import database_ledger
from recs_platform.warehouse.lake.bucket_sizes import BucketSizes
from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.lake.sizes import LakeSizes
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.query import Query
from recs_platform.warehouse.values import Values


def _on_the_lake(query: Query, values: Values) -> str:
    from recs_platform.warehouse.lake.compile import duckdb_sql

    return duckdb_sql(query, values, pretty=True)


def _in_bigquery(query: Query, values: Values) -> str:
    from recs_platform.warehouse.compile import bigquery_sql

    return bigquery_sql(query, values)


SQL_OF: Mapping[str, Callable[[Query, Values], str]] = {"duckdb": _on_the_lake, "bigquery": _in_bigquery}
"""A query as each engine runs it, for people to read."""


def open_warehouse(run: str | None = None) -> Warehouse:
    """With a run, for its work alone: an engine that is paid by the query marks it, and limits what it reads."""
    chosen = settings()
    close_to_others(chosen.home)
    return warehouse_of(chosen, run)


def warehouse_of(chosen: Settings, run: str | None = None) -> Warehouse:
    """Nothing is made or changed, nor who may read the home."""
    return _bigquery_of(chosen, run) if chosen.warehouse is WarehouseKind.BIGQUERY else lake_of(chosen)


def existing_warehouse() -> Warehouse:
    """For who only looks. Where nothing was ever made, that is said, and nothing is created."""
    require_home()
    return open_warehouse()


def stored_sizes() -> LakeSizes | BucketSizes | None:
    """What measures how much is stored of each company; None where that would be to ask BigQuery for each table."""
    chosen = settings()
    if chosen.warehouse is WarehouseKind.BIGQUERY:
        return None
    lake = chosen.lake
    return BucketSizes(Bucket(lake, "RECS_LAKE_URL")) if is_bucket(lake) else LakeSizes(Path(lake))


def lake_of(chosen: Settings) -> Lake:
    return open_lake(
        chosen.lake,
        memory_limit=chosen.memory_limit,
        threads=chosen.threads or cores(),
        retention_days=chosen.retention_days,
        scratch=chosen.home / "scratch",
        database=chosen.database,
        proofs=chosen.proofs is Switch.ON,
    )


def bigquery_problem(chosen: Settings) -> str | None:
    """Why BigQuery cannot be used, found by making a dataset and a table there, and taking them away."""
    from recs_platform.warehouse.bigquery.trial import problem

    return problem(chosen.gcp_project or "", chosen.bigquery_location, chosen.bigquery_prefix)


def _bigquery_of(chosen: Settings, run: str | None) -> Warehouse:
    # Whoever works on a lake loads nothing of Google's.
    from recs_platform.warehouse.bigquery.bill import Limits
    from recs_platform.warehouse.bigquery.client import open_client
    from recs_platform.warehouse.bigquery.jobs import Jobs
    from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse

    of_a_run = int(bytes_of(chosen.bigquery_run_bytes)) if run else None
    limits = Limits(int(bytes_of(chosen.bigquery_query_bytes)), of_a_run)
    return BigQueryWarehouse(
        Jobs(open_client(chosen.gcp_project or "", chosen.bigquery_location), limits, run),
        timedelta(days=chosen.retention_days),
        chosen.home / "scratch",
        database_ledger(chosen.database),
        chosen.bigquery_prefix,
    )


def open_lake(
    url: str,
    *,
    memory_limit: str,
    threads: int,
    retention_days: int,
    scratch: Path,
    database: str,
    proofs: bool = True,
) -> Lake:
    engine = Engine(memory_limit, threads, scratch / "spill")
    return Lake(url, engine, timedelta(days=retention_days), scratch, database_ledger(database), proofs)
