"""What `foundation` measures of the lake: a large slice written, and a range of slices read, against bare DuckDB.

Every function here runs in a process of its own and finds its data in the folder that it is given.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pyarrow as pa

from recs_platform.bench import event_rows
from recs_platform.bench.event_rows import DATASET, EVENTS, LANDED, table
from recs_platform.bench.measure import Done, Stopwatch
from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lake.compile import duckdb_sql
from recs_platform.warehouse.lake.engine import literal
from recs_platform.warehouse.lake.relations import show_query
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import BoundQuery, Subject
from recs_platform.warehouse.query import Query, parse_query
from recs_platform.warehouse.slices import Days

_BATCH_ROWS = 100_000


def land(folder: Path, rows: int) -> None:
    """One day of landed events: what an asset's query reads."""
    _generate(folder, LANDED, 1, rows)


def replace_slice(folder: Path) -> Done:
    """The platform's way: the query's rows written, audited by the schema, published."""
    days, target = event_rows.days(1), event_rows.lake(folder)
    query = usable_events(days)
    begun, used = time.perf_counter(), time.process_time()
    written = target.replace(Subject("bench/events", DATASET, table(EVENTS), days), query, audits=(SCHEMA_AUDIT,))
    took, cpu = time.perf_counter() - begun, time.process_time() - used
    return Done(took, written.seconds, written.rows, cpu_seconds=cpu)


def copy_slice(folder: Path) -> Done:
    """The baseline: the same SELECT over the same files, on an engine with the same settings, into one file."""
    source, watch = event_rows.lake(folder), Stopwatch()
    with source.engine.connect() as connection, ExitStack() as opened:
        sql = show_query(connection, source, usable_events(event_rows.days(1)), opened)
        with watch.step("write"):
            rows = connection.execute(f"COPY ({sql}) TO {literal(str(plain_file(folder)))} (FORMAT parquet)").fetchall()
    return watch.done(int(rows[0][0]))


def fill(folder: Path, days: int, rows: int) -> None:
    """Days of events, and the same rows in one plain file."""
    _generate(folder, EVENTS, days, rows)
    source = event_rows.lake(folder)
    with source.engine.connect() as connection:
        everything = source.relation(table(EVENTS), None)
        connection.execute(f"COPY ({everything}) TO {literal(str(plain_file(folder)))} (FORMAT parquet)")


def read_slices(folder: Path, days: int) -> Done:
    source, span, watch = event_rows.lake(folder), event_rows.days(days), Stopwatch()
    query = BoundQuery(_per_customer(), DATASET, {}, (View(EVENTS.name, EVENTS, span, required=False),))
    with watch.step("stream"), source.read(table(EVENTS), span) as reader:
        rows = consume(reader)
    with watch.step("aggregate"), source.run(query) as reader:
        groups = consume(reader)
    return watch.done(rows + groups)


def read_file(folder: Path) -> Done:
    """The baseline: the plain file, on an engine with the same settings, in batches of the same size."""
    engine, watch = event_rows.lake(folder).engine, Stopwatch()
    everything = f"SELECT * FROM read_parquet({literal(str(plain_file(folder)))})"
    per_customer = duckdb_sql(_per_customer(), {})
    with watch.step("stream"), engine.connect() as connection:
        rows = consume(_batches(connection, everything))
    with watch.step("aggregate"), engine.connect() as connection:
        connection.execute(f"CREATE TEMP VIEW {EVENTS.name} AS {everything}")
        groups = consume(_batches(connection, per_customer))
    return watch.done(rows + groups)


def plain_file(folder: Path) -> Path:
    return folder / "plain.parquet"


def consume(reader: pa.RecordBatchReader) -> int:
    """Every column of every batch, as Arrow; the number of rows."""
    return sum(batch.num_rows for batch in reader)


def _batches(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.RecordBatchReader:
    return connection.execute(sql).to_arrow_reader(_BATCH_ROWS)


def _generate(folder: Path, spec: TableSpec, days: int, rows: int) -> None:
    """One write of a range of days, as a company's history is loaded."""
    with duckdb.connect() as connection:
        made = _batches(connection, event_rows.made_up_rows(spec, days, rows // days))
        subject = Subject(f"bench/{spec.name}", DATASET, table(spec), event_rows.days(days))
        event_rows.lake(folder).replace(subject, made)


def usable_events(days: Days) -> BoundQuery:
    """As plain as an asset's query can be: the heavier it is, the less the platform's own share shows."""
    names = ", ".join(column.name for column in EVENTS.columns)
    text = f"SELECT {names} FROM {LANDED.name} WHERE rejection IS NULL"
    view = View(LANDED.name, LANDED, days, required=False)
    return BoundQuery(parse_query(EVENTS.name, text, "bench"), DATASET, {}, (view,))


def _per_customer() -> Query:
    text = (
        "SELECT customer_id, event_name, COUNT(*) AS events, SUM(quantity * unit_price) AS spent "
        f"FROM {EVENTS.name} GROUP BY customer_id, event_name"
    )
    return parse_query("per_customer", text, "bench")
