"""What is done in lives that are killed: a first start, runs, a publication, a way back, a model, a clean-up. And what
a home holds, in a form that can be compared.

Each job is a function of a home's folder and gives its exit code, as the command does.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

import recs_platform.definitions  # noqa: F401  (loaded before the fork)
from recs_platform.automation.housekeeping.sweeping import Swept
from recs_platform.automation.instance import instance, whole_instance
from recs_platform.cli import _exit_code
from recs_platform.file_store.environment import open_files
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.platform_db.engine import engine, opened_database
from recs_platform.settings import Settings, settings
from recs_platform.strategies.catalogue import company_named, pipeline_of, pipelines
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.slices import TableRef
from recs_platform_tests.cli.terminal import small_companies

FIRST, SECOND = date(2025, 9, 1), date(2025, 9, 2)
PUBLISHING, SMALL, SCORING = "acme", "concord", "metro"
CUSTOMERS = 12


def enter(home: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("RECS_", "DAGSTER_"))]:
        del os.environ[name]
    os.environ["RECS_HOME"] = str(home)
    os.environ["RECS_COMPANIES_DIR"] = str(home.parent / "companies")
    settings.cache_clear()


def new_home(folder: Path) -> Path:
    small_companies(folder, CUSTOMERS)
    return folder / "home"


def first_start(home: Path) -> int:
    enter(home)
    instance().dispose()
    return 0


def first_run(home: Path) -> int:
    """A company that nobody has run: its history and a day."""
    enter(home)
    return _exit_code(["run", "--company", SMALL, "--date", str(FIRST + timedelta(days=3))])


def make_first_day(home: Path) -> int:
    enter(home)
    return _exit_code(["run", "--company", PUBLISHING, "--date", str(FIRST)])


def run(home: Path) -> int:
    """A day and its publication, after the first."""
    enter(home)
    return _exit_code(["run", "--company", PUBLISHING, "--date", str(SECOND)])


def make_second_day(home: Path) -> int:
    """Without its publication."""
    enter(home)
    return _exit_code(["backfill", "--company", PUBLISHING, "--from", str(SECOND), "--to", str(SECOND)])


def publish(home: Path) -> int:
    enter(home)
    return _exit_code(["publish", PUBLISHING, "--date", str(SECOND), "--by", "ann"])


def rollback(home: Path) -> int:
    """Back to the first version, unless it is live again already."""
    enter(home)
    versions = inventory(home)
    if versions["live"] == [str(FIRST)]:
        return 0
    return _exit_code(["rollback", PUBLISHING, "--to", "1", "--by", "ann"])


def activate(home: Path) -> int:
    """The second version of a model, unless it is active already."""
    enter(home)
    shelf = open_shelf(SCORING, run_id="")
    active = shelf.active(MODEL)
    if active is not None and active.version == 2:
        return 0
    return _exit_code(["models", "activate", SCORING, "2", "--by", "ann"])


def housekeeping(home: Path) -> int:
    """Everything that no version needs, every report and every run of Dagster, however young they are."""
    enter(home)
    lake = lake_of(settings())
    at_once = Lake(lake.root, lake.engine, timedelta(0), lake.scratch, lake.ledger)
    company = company_named(PUBLISHING)
    with whole_instance() as dagster:
        swept = Swept(
            {company.name: company},
            pipelines(),
            at_once,
            opened_database(),
            dagster,
            open_files(),
            now=datetime.now(UTC) + timedelta(days=10),
            keep=timedelta(days=1),
        )
        return sum(bool(freed.problem) for freed in swept.sweep())


MODEL = "offer_ranking"


def contents(home: Path) -> dict[str, str]:
    """Every table of the lake, and what of the platform database is no name, number or time of a run.

    A comparison is with what is live at the moment: a day that is made again once it is live is compared with itself.
    """
    lake = home / "lake"
    compared = {product.comparison for pipeline in pipelines().values() for product in pipeline.products.values()}
    stored = [log.parent for log in sorted(lake.glob("*/*/_delta_log")) if log.parent.name not in compared]
    tables = {f"table {table.relative_to(lake)}": _rows(table) for table in stored}
    _look_at_slices(home)
    kept = inventory(home)
    kept["slices"] = [slice_ for slice_ in kept.get("slices", ()) if slice_[1] not in compared]
    return tables | {name: json.dumps(rows) for name, rows in kept.items()}


def _look_at_slices(home: Path) -> None:
    """A commit that a kill kept from being entered in the ledger is entered when somebody looks."""
    warehouse = lake_of(Settings(home=home))
    for name in (PUBLISHING, SMALL):
        company = company_named(name)
        pipeline = pipeline_of(company)
        for table in (*pipeline.specs.values(), *(product.live for product in pipeline.products.values())):
            warehouse.slices(TableRef(company.dataset, table))


def _rows(table: Path) -> str:
    """Its number of rows and a hash of them, whatever their order."""
    files = sorted(path for path in table.rglob("*") if path.is_file())
    # A data file's name is used once, so what stands beside the same log under the same names is the same.
    state = [(path.name, path.read_bytes() if "_delta_log" in path.parts else path.stat().st_size) for path in files]
    key = hashlib.sha256(repr((table.name, state)).encode()).hexdigest()
    if key not in _counted:
        _counted[key] = _count(table)
    return _counted[key]


_counted: dict[str, str] = {}


def _count(table: Path) -> str:
    rows: pa.Table = pa.table(DeltaTable(str(table)).to_pyarrow_table())
    with duckdb.connect() as connection:
        connection.register("rows_of_table", rows)
        counted = connection.execute("SELECT count(*), sum(hash(r)) FROM rows_of_table AS r").fetchone()
    return str(counted)


_QUERIES: Mapping[str, str] = {
    "live": "SELECT as_of FROM publications WHERE status = 'live' ORDER BY company, product",
    "live rows": "SELECT company, product, customers, rows FROM publications WHERE status = 'live' ORDER BY 1, 2",
    "models": "SELECT company, model, version, digest, as_of, status FROM model_config ORDER BY 1, 2, 3",
    "slices": "SELECT dataset, table_name, day, rows FROM ledger_slices ORDER BY 1, 2, 3",
}


def inventory(home: Path) -> dict[str, Any]:
    if not (home / "platform.db").exists():
        return {}
    url = f"sqlite:///{home / 'platform.db'}"
    with opened_database(url).connect() as connection:
        found = {name: connection.exec_driver_sql(query).fetchall() for name, query in _QUERIES.items()}
    engine(url).dispose()
    return {name: [row[0] if len(row) == 1 else list(row) for row in rows] for name, rows in found.items()}


def explained(state: Mapping[str, str], twin: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    """What differs between a home and its twin."""
    return {
        name: (state.get(name), twin.get(name)) for name in sorted({*state, *twin}) if state.get(name) != twin.get(name)
    }
