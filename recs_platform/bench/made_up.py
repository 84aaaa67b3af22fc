"""Made-up rows, as files and as tables of a lake, and the tables that are made of them: benchmarks without Dagster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recs_platform.bench.measure import Stopwatch
    from recs_platform.companies.model import Company
    from recs_platform.warehouse.slices import Days


def plain_folder(home: Path) -> Path:
    """Where the rows lie as one file per table, for baselines."""
    return home / "plain"


def draw(salt: int, below: int) -> str:
    """A number below another, as SQL: it looks random, and follows from the row's own number `i`."""
    # Not hash(i, salt): of two salts it gives numbers that follow from each other.
    return f"CAST(hash(i + {salt} * 10000000000) % {below} AS INTEGER)"


def fill_tables(home: Path, company: Company, days: Days, tables: Mapping[str, str]) -> None:
    """Each SELECT as a file, and as the company's canonical table: logs for the days, snapshots for the last one.

    Columns that a SELECT leaves out are NULL.
    """
    import duckdb

    from recs_platform.schemas.table import Kind
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse
    from recs_platform.warehouse.protocol import Subject
    from recs_platform.warehouse.slices import Days

    folder, warehouse = plain_folder(home), open_warehouse()
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        for table, sql in tables.items():
            file = folder / f"{table}.parquet"
            connection.execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet)")
            ref = pipeline_of(company).ref(table, company)
            columns = ", ".join(f'"{column.name}"' for column in ref.spec.columns)
            named = {name for name, *_ in connection.execute(f"DESCRIBE FROM '{file}'").fetchall()}
            if unknown := named - {column.name for column in ref.spec.columns}:
                raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
            nothing = [f'NULL AS "{column.name}"' for column in ref.spec.columns if column.name not in named]
            rows = f"SELECT {', '.join(['*', *nothing])} FROM '{file}'"
            reader = connection.execute(f"SELECT {columns} FROM ({rows})").to_arrow_reader(100_000)
            of = days if ref.spec.kind is Kind.LOG else Days.one(days.last)
            warehouse.replace(Subject(f"bench/{table}", company.name, ref, of), reader)


def make_tables(company: Company, names: Iterable[str], days: Days, watch: Stopwatch) -> None:
    """Each table written, audited and published, as a run does: logs for the days, snapshots for the last one."""
    from recs_platform.schemas.table import Kind
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.audit import SCHEMA_AUDIT
    from recs_platform.warehouse.environment import open_warehouse
    from recs_platform.warehouse.protocol import Subject
    from recs_platform.warehouse.slices import Days

    pipeline, warehouse = pipeline_of(company), open_warehouse()
    for name in names:
        ref = pipeline.ref(name, company)
        of = days if ref.spec.kind is Kind.LOG else Days.one(days.last)
        with watch.step(name):
            subject = Subject(f"bench/{name}", company.name, ref, of)
            warehouse.replace(subject, pipeline.bind(name, company, of), audits=(SCHEMA_AUDIT,))
