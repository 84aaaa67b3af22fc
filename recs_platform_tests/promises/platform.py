"""A platform of a test's own: companies, a home folder, a Dagster instance in it, and real runs in this process.

Not here: what is expected of the runs (the tests beside this), and worlds (conftest.py).
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest

from recs_platform.automation.figures import figure
from recs_platform.automation.instance import instance, shipped_file
from recs_platform.automation.jobs import daily_job, history_job
from recs_platform.automation.journal import RANGE_END, RANGE_START
from recs_platform.automation.partitions import partition_key
from recs_platform.automation.run_summary import RunSummary, summary
from recs_platform.companies.model import Company
from recs_platform.definitions import build_defs
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SOURCES
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.slices import Days, TableRef

Contents = Mapping[str, str]
"""Table: a hash of its rows that does not depend on their order."""


class Platform:
    """One lake, and the companies whose runs write to it."""

    def __init__(self, home: Path, companies: Sequence[Company], *, landing: Path | None = None) -> None:
        self.home, self.landing = home, landing or home / "landing"
        self.companies = {company.name: company for company in companies}
        with self.environment():
            self.instance = instance()
            self.lake: Lake = lake_of(settings())
            self.definitions = definitions_of(self.companies)

    @contextmanager
    def environment(self) -> Iterator[None]:
        """This platform's home and landing folder; other settings are the test's."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RECS_HOME", str(self.home))
            patch.setenv("RECS_LANDING_DIR", str(self.landing))
            patch.setenv("DAGSTER_HOME", str(self._dagster_home()))
            settings.cache_clear()
            yield
        settings.cache_clear()

    def _dagster_home(self) -> Path:
        """With the platform's own settings: its event log takes the thousands of events of a range in batches."""
        home = self.home / ".dagster"
        if not home.exists():
            home.mkdir(parents=True)
            shutil.copy(shipped_file("dagster.yaml"), home)
        return home

    def load_days(self, company: str, days: Days, *, only: Sequence[str] = ()) -> dg.ExecuteInProcessResult:
        """The logs of a range of days in one run, those of the sources unless `only` says otherwise."""
        keys = {RANGE_START: partition_key(company, days.first), RANGE_END: partition_key(company, days.last)}
        return self._run(history_job(self._strategy(company)), company, only or self.logs(company), tags=keys)

    def run_day(self, company: str, day: date, *, only: Sequence[str] = ()) -> dg.ExecuteInProcessResult:
        """A company's whole day, as far as the stage of sources goes unless `only` says otherwise."""
        key = partition_key(company, day)
        tables = only or list(self.tables(company))
        return self._run(daily_job(self._strategy(company)), company, tables, partition_key=key)

    def succeeded(self, run: dg.ExecuteInProcessResult) -> dg.ExecuteInProcessResult:
        """The run, which must not have failed; if it has, what it said."""
        assert run.success, self.summary(run).errors
        return run

    def summary(self, run: dg.ExecuteInProcessResult) -> RunSummary:
        return summary(self.instance, run.run_id)

    def tables(self, company: str) -> dict[str, TableSpec]:
        """The tables of the stage of sources; what strategies make of them has tests of its own."""
        stages = pipelines()[self._strategy(company)].stages
        return {table.spec.name: table.spec for stage in stages if stage.name == SOURCES for table in stage.tables}

    def stage(self, company: str, name: str) -> list[str]:
        """The tables of one stage."""
        stages = pipelines()[self._strategy(company)].stages
        tables = [table.spec.name for stage in stages if stage.name == name for table in stage.tables]
        assert tables, f"{company} has no stage {name}"
        return tables

    def beginning_on(self, name: str, first: date) -> Platform:
        """The same home, on which nothing waits for a company's days before this one."""
        company = self.companies[name]
        lost = tuple(Days(company.start_date, first - timedelta(days=1)))
        others = [other for other in self.companies.values() if other.name != name]
        without = company.model_copy(update={"lost_days": lost})
        return Platform(self.home, [*others, without], landing=self.landing)

    def feed_rows(self, company: str, table: str, day: date) -> list[Path]:
        """A row each of what the company's feed holds for a day now."""
        folder = self.landing / company / table / day.isoformat()
        return [path for path in folder.glob("*.parquet") for _ in range(pq.read_metadata(path).num_rows)]

    def pipeline(self, company: str) -> Pipeline:
        return pipelines()[self._strategy(company)]

    def all_tables(self, company: str) -> list[str]:
        return list(pipelines()[self._strategy(company)].tables)

    def logs(self, company: str) -> list[str]:
        return [name for name, spec in self.tables(company).items() if spec.kind is Kind.LOG]

    def ref(self, company: str, table: str) -> TableRef:
        return TableRef(self.companies[company].dataset, pipelines()[self._strategy(company)].specs[table])

    def rows(self, company: str, table: str, days: Days | None = None) -> list[dict[str, Any]]:
        with self.lake.read(self.ref(company, table), days) as reader:
            rows: list[dict[str, Any]] = reader.read_all().to_pylist()
        return rows

    def days(self, company: str, table: str) -> list[date]:
        return list(self.lake.days(self.ref(company, table)))

    def contents(self, company: str, days: Days, tables: Sequence[str] = ()) -> dict[str, str]:
        names = tables or list(self.tables(company))
        return {name: self._content(company, name, days) for name in names}

    def _content(self, company: str, table: str, days: Days) -> str:
        ref = self.ref(company, table)
        with self.lake.engine.connect() as connection:
            relation = self.lake.relation(ref, days)
            rows = connection.execute(f"SELECT count(*), sum(hash(t)) FROM ({relation}) AS t").fetchone()
        there = [day for day in self.lake.days(ref) if day in days]
        return f"{len(there)} days, {rows}"

    def _strategy(self, company: str) -> str:
        return self.companies[company].strategy.name

    def _run(self, job: str, company: str, only: Sequence[str], **how: Any) -> dg.ExecuteInProcessResult:
        selection = [dg.AssetKey([self._strategy(company), table]) for table in only]
        with self.environment(), quietly():
            return self.definitions.resolve_job_def(job).execute_in_process(
                instance=self.instance,
                raise_on_error=False,
                asset_selection=selection,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                **how,
            )


def definitions_of(companies: Mapping[str, Company] | None = None) -> dg.Definitions:
    with quietly():
        return build_defs(companies=companies)


@contextmanager
def quietly() -> Iterator[None]:
    """Without the warnings that the platform silences too, which pytest turns on again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        # A day's job mixes logs, which load in ranges, with snapshots, which do not; it is only run for one day.
        warnings.filterwarnings("ignore", message="Asset job .* varying BackfillPolicies")
        yield


def violations(run: dg.ExecuteInProcessResult) -> dict[str, int]:
    """What the checks of a run counted; one that had nothing to judge has no count."""
    counted = {}
    for evaluation in run.get_asset_check_evaluations():
        number = figure(evaluation.metadata, "violations")
        if number is not None:
            counted[evaluation.check_name] = int(number)
    return counted
