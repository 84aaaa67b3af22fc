"""Everything Dagster loads: strategies x companies as assets, checks, jobs, schedules, sensors, and their resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from recs_platform.assembly.broken_companies import broken_schedules, warn_of_broken
from recs_platform.assembly.io_manager import WarehouseIOManager
from recs_platform.assembly.platform_overview_asset import overview_asset, overview_job, overview_schedule
from recs_platform.assembly.resources import WarehouseResource
from recs_platform.assembly.wiring import OWNERS, PipelineWiring, strategies_with_companies
from recs_platform.automation.housekeeping.nightly import housekeeping_job, housekeeping_schedule
from recs_platform.automation.journal import RunJournal
from recs_platform.automation.partitions import partitions_of
from recs_platform.automation.sensors.alerts import alerts_sensor
from recs_platform.companies.known_companies import Companies
from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.process import close_to_others, collect_garbage_rarely, write_privately
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import load_companies, pipelines
from recs_platform.warehouse.lineage import keep_origins


def build_defs(
    *,
    companies: Mapping[str, Company] | None = None,
    strategies: Mapping[str, Pipeline] | None = None,
    resources: Mapping[str, Any] | None = None,
) -> dg.Definitions:
    """Fresh definitions; what is not overridden is the environment's."""
    known = load_companies() if companies is None else companies
    companies = known if isinstance(known, Companies) else Companies(known)
    strategies = pipelines() if strategies is None else strategies
    wirings = [
        PipelineWiring(strategies[name], members, partitions_of(members.values(), members.broken))
        for name, members in strategies_with_companies(companies).items()
    ]
    overview = overview_job()
    jobs = {job.name: job for wiring in wirings for job in wiring.jobs()}
    housekeeping = housekeeping_job(companies, strategies)
    return dg.Definitions(
        assets=[
            *(asset for wiring in wirings for asset in wiring.assets()),
            overview_asset(companies, strategies, OWNERS),
        ],
        asset_checks=[check for wiring in wirings for check in wiring.checks()],
        jobs=[*jobs.values(), overview, housekeeping],
        schedules=[
            *(schedule for wiring in wirings for schedule in wiring.schedules(jobs)),
            *broken_schedules(companies.broken),
            overview_schedule(overview, companies),
            housekeeping_schedule(housekeeping),
        ],
        sensors=[
            *(sensor for wiring in wirings for sensor in wiring.sensors(jobs)),
            alerts_sensor(companies, strategies),
        ],
        resources={
            "warehouse": WarehouseResource(),
            "warehouse_io": _warehouse_io(companies, strategies),
            "journal": RunJournal(),
            **(resources or {}),
        },
        # A company's day is many small steps: starting a process for each would take longer than the work.
        executor=dg.in_process_executor,
    )


def defs_of(strategy: str) -> dg.Definitions:
    """What runs of one strategy need of them: the others take longer to build than a look at a day."""
    return build_defs(companies=load_companies().of_strategy(strategy))


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` points Dagster at."""
    collect_garbage_rarely(server=True)
    write_privately()
    close_to_others(settings().home)
    companies = load_companies()
    warn_of_broken(companies.broken)
    return build_defs(companies=companies)


def _warehouse_io(companies: Mapping[str, Company], strategies: Mapping[str, Pipeline]) -> dg.IOManagerDefinition:
    @dg.io_manager(required_resource_keys={"warehouse", "journal"})
    def warehouse_io(context: dg.InitResourceContext) -> Any:  # Dagster takes a generator, and does not say so
        yield WarehouseIOManager(context.resources.warehouse, strategies, companies)
        keep_origins()

    return warehouse_io
