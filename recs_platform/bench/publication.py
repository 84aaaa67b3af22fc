"""`recs bench publication`: what it costs that data waits for the disk and is proved by checksums, against the same
work without either.

The baseline is the platform's own work with both left out, on a copy of the same home. Every function runs in a process
of its own, which ends with it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb

from recs_platform.bench import strategy_day
from recs_platform.bench.measure import Aim, Done, MeasuredPart, Stopwatch
from recs_platform.bench.registry import Options
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import comparison_id, publish, reconcile
from recs_platform.publication.stage import outlet_of
from recs_platform.strategies.catalogue import pipeline_of
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.lake import checksums, durable, local_files
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days

CUSTOMERS, FEW = 500_000, 50
_FIRST = date(2025, 9, 10)
_ITEMS = 5_000


def parts(options: Options) -> list[MeasuredPart]:
    return [_tiny_day(options), _large(options, options.customers or CUSTOMERS)]


def _tiny_day(options: Options) -> MeasuredPart:
    home = options.folder / "day"
    return MeasuredPart(
        name="tiny-day",
        sizes={"customers": FEW, "steps": strategy_day.steps_of_a_day()},
        prepare=partial(_twice, home, partial(strategy_day.prepare, home, FEW)),
        work=partial(strategy_day.run_day, home, FEW),
        baseline_name="the same day, without waiting for the disk and without checksums",
        baseline=partial(unproved, partial(strategy_day.run_day, _copy(home), FEW)),
        aim=Aim(ratio=0.85),
    )


def _large(options: Options, customers: int) -> MeasuredPart:
    home = options.folder / "large"
    return MeasuredPart(
        name="publish",
        sizes={"customers": customers},
        prepare=partial(_twice, home, partial(publish_first, home, customers)),
        work=partial(make_and_publish, home, customers),
        baseline_name="the same, without waiting for the disk and without checksums",
        baseline=partial(unproved, partial(make_and_publish, _copy(home), customers)),
        aim=Aim(ratio=0.7),
    )


def _copy(home: Path) -> Path:
    return home.with_name(f"{home.name}-unproved")


def _twice(home: Path, prepare: Callable[[], None]) -> None:
    prepare()
    shutil.copytree(home, _copy(home))


def publish_first(home: Path, customers: int) -> None:
    """A version that is live, for the next to be compared with."""
    strategy_day.live_in(home)
    opened = outlet()
    _make(opened, _FIRST, customers)
    _publish(opened, _FIRST)


def make_and_publish(home: Path, customers: int) -> Done:
    """The next day's recommendations made and published, as a run does it: compared by the caller, read back."""
    strategy_day.live_in(home)
    watch, opened = Stopwatch(), outlet()
    day = opened.warehouse.days(opened.live)[-1] + timedelta(days=1)
    with watch.step("make"):
        _make(opened, day, customers)
    with watch.step("publish"):
        _publish(opened, day)
    return watch.done(customers)


def unproved(work: partial[Done]) -> Done:
    """The work as it would be with nothing proved: a checksum is a constant, and nobody waits for the disk."""

    def at_once(*_: object) -> None:
        """Waits for nothing."""

    def no_problems(_: object) -> dict[Path, str]:
        return {}

    def constant(_: Path) -> str:
        return "0" * 64

    # The process ends with the work, so nothing has to be put back.
    for module, name, instead in (
        (durable, "on_disk", at_once),
        (local_files, "on_disk", at_once),
        (local_files, "checksum_of", constant),
        (local_files, "problems", no_problems),
        (checksums, "checksum_of", constant),
    ):
        getattr(module, name)  # a name that has moved would leave everything as it is
        setattr(module, name, instead)
    return work()


def outlet() -> Outlet:
    """Of the home that this process lives in."""
    company, database = strategy_day.bench_company(FEW), engine()
    upgrade(database)
    return outlet_of(pipeline_of(company), RECOMMENDATIONS, company, open_warehouse(), database)


def _make(opened: Outlet, day: date, customers: int) -> None:
    parts = ", ".join(
        f"'item-' || ((i * {n} + {day.toordinal()}) % {_ITEMS}) AS rec_part_{n}, "
        f"(i % 900) + {n} + 0.5 AS rec{n}_price, 1.0 / (i % 1000 + {n}) AS rec{n}_score, "
        f"'https://img.example/' || (i * {n} % {_ITEMS}) AS rec{n}_image, "
        f"'brakes' AS rec{n}_part_type, 'vehicle' AS rec{n}_tier"
        for n in range(1, 5)
    )
    rows = (
        f"SELECT DATE '{day}' AS as_of, 'owner' || i || '@mail.example' AS email_lower, 'owner-' || i AS customer_id, "
        f"1960 + i % 60 AS v1_year, 'make ' || i % 40 AS v1_make, 'model ' || i % 400 AS v1_model, {parts}, "
        f"'1' AS pipeline_version, TIMESTAMP '{day}' AS generated_at FROM range({customers}) AS owners(i)"
    )
    subject = Subject(f"bench/{opened.source.name}", opened.company, opened.source, Days.one(day))
    with duckdb.connect() as connection:
        made = connection.execute(rows).to_arrow_reader(100_000)
        opened.warehouse.replace(subject, made, audits=(SCHEMA_AUDIT,))


def _publish(opened: Outlet, day: date) -> None:
    content = opened.warehouse.fingerprint(opened.source, day)
    id_ = comparison_id(opened, day, content, reconcile(opened))
    publish(opened, day, id_, by="bench", at=datetime.now(UTC))
