"""What `vehicle-fitment` measures: runs of the real strategy on a large simulated world, and its ranking two ways.

Every function runs in a process of its own, whose environment it changes.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from recs_platform.bench.measure import Done, Stopwatch
from recs_platform.bench.run_split import run_split
from recs_platform.bench.strategy_day import DAY, START, bench_company, live_in

if TYPE_CHECKING:
    from recs_platform.timings import Took
    from recs_platform.warehouse.protocol import BoundQuery
    from recs_platform.warehouse.query import Query
    from recs_platform.warehouse.slices import Days

DAYS = (DAY - START).days + 1
_PLAIN = Path(__file__).with_name("plain_ranking.sql")
_NEXT = DAY + timedelta(days=1)


def land(home: Path, customers: int) -> None:
    """The feeds of a full look-back window."""
    live_in(home)
    from recs_platform.settings import settings
    from recs_platform.sources.connectors.simulated import simulate_company

    simulate_company(
        bench_company(customers),
        settings().landing.absolute(),
        START,
        DAY,
    )


def make(home: Path, customers: int) -> None:
    """The tables that the ranking reads."""
    if not (home / "recs" / "lake").exists():
        land(home, customers)
        run_from_feeds(home, customers)


def land_next_day(home: Path, customers: int) -> None:
    """One more day of feeds. Catalog and fitment are exported as they were: nobody has changed them overnight."""
    make(home, customers)
    live_in(home)
    from recs_platform.settings import settings
    from recs_platform.sources.connectors.simulated import simulate_company

    simulate_company(
        bench_company(customers),
        settings().landing.absolute(),
        _NEXT,
        _NEXT,
    )
    landed = settings().landing.absolute() / "bench"
    for table in ("catalog", "fitment"):
        shutil.copytree(landed / table / str(DAY), landed / table / str(_NEXT), dirs_exist_ok=True)


def copy_feeds(home: Path) -> Done:
    """The least that reading the feeds can cost: each of them read and written once, in one file."""
    live_in(home)
    import duckdb

    landed = home / "recs" / "landing" / "bench"
    feeds = [landed / table for table in bench_company(1).tables if (landed / table).exists()]
    target, watch = home / "copied.parquet", Stopwatch()
    with duckdb.connect() as connection, watch.step("copy"):
        for feed in feeds:
            connection.execute(
                f"COPY (SELECT * FROM read_parquet('{feed}/*/*.parquet')) TO '{target}' (FORMAT parquet)"
            )
    target.unlink()
    return watch.done()


def run_from_feeds(home: Path, customers: int) -> Done:
    """From the landed feeds of 93 days to the published table, every audit and check on the way, in an empty lake."""
    live_in(home)
    shutil.rmtree(home / "recs" / "lake", ignore_errors=True)
    shutil.rmtree(home / ".dagster", ignore_errors=True)
    (home / "recs" / "platform.db").unlink(missing_ok=True)
    from recs_platform.warehouse.slices import Days

    return _run(customers, Days.one(DAY))


def run_next_day(home: Path, customers: int) -> Done:
    """One more day, the lake as the day before left it."""
    live_in(home)
    from recs_platform.warehouse.slices import Days

    return _run(customers, Days.one(_NEXT))


def rank(home: Path, customers: int) -> Done:
    """The query of `recommendations`, as the platform runs it."""
    live_in(home)
    return _ranked(home, customers, None)


def rank_plainly(home: Path, customers: int) -> Done:
    """The same rows by the plain definition: every owner meets every part. They are compared with the platform's."""
    live_in(home)
    from recs_platform.warehouse.query import parse_query

    return _ranked(home, customers, parse_query("plain_ranking", _PLAIN.read_text(), _PLAIN.name))


def _run(customers: int, days: Days) -> Done:
    from recs_platform.automation.instance import instance
    from recs_platform.automation.launch import launch
    from recs_platform.automation.plan import last_day_that_is_over, plan
    from recs_platform.definitions import build_defs
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse

    watch, company = Stopwatch(), bench_company(customers)
    pipeline, warehouse = pipeline_of(company), open_warehouse()
    defs = build_defs(companies={company.name: company})
    parts: dict[str, Took] = {}
    with instance() as dagster:
        for step in plan(company, pipeline, warehouse, days, newest=last_day_that_is_over()).steps:
            name = "history" if step.history else "day"
            with watch.step(name):
                outcome = launch(defs, dagster, step)
            if not outcome.success:
                raise RuntimeError("; ".join((*outcome.summary.errors, *outcome.summary.warnings)))
            parts |= run_split(outcome.timings, f"{name}: ")
    return watch.done(parts=parts)


def _ranked(home: Path, customers: int, plain: Query | None) -> Done:
    from contextlib import ExitStack
    from dataclasses import replace

    from recs_platform.settings import settings
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import lake_of
    from recs_platform.warehouse.lake.relations import show_query
    from recs_platform.warehouse.slices import Days

    company = bench_company(customers)
    bound: BoundQuery = pipeline_of(company).bind("recommendations", company, Days.one(DAY))
    if plain is not None:
        bound = replace(bound, query=plain)
    lake, watch = lake_of(settings()), Stopwatch()
    with lake.engine.connect() as connection, ExitStack() as opened:
        sql = show_query(connection, lake, bound, opened)
        with watch.step("ranking"):
            connection.execute(f"CREATE TEMP TABLE ranked AS {sql}")
        rows, content = connection.execute("SELECT count(*), sum(hash(r)) FROM ranked AS r").fetchall()[0]
    _same_rows(home / "ranked.txt", f"{rows} {content}", plain is None)
    return watch.done(rows)


def _same_rows(noted: Path, content: str, ours: bool) -> None:
    if ours or not noted.exists():
        noted.write_text(content)
    elif noted.read_text() != content:
        raise RuntimeError(f"the plain definition gives other rows: {content}, not {noted.read_text()}")
