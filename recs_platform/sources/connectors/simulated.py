"""The `simulated` connector: a company's synthetic world, landed as files and read like anybody's files.

Not here: what the worlds are like (the simulation package).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

from recs_platform.companies.model import Company, Simulation
from recs_platform.companies.source_config import DATE_PLACEHOLDER, FilesSource
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.errors import ConfigError
from recs_platform.schemas.feedback_sources import KEPT_BY_THE_SERVICE
from recs_platform.schemas.table import TableSpec
from recs_platform.settings import settings
from recs_platform.simulation.spec import SimulatedWorld
from recs_platform.simulation.world import WorldSpec, ensure, simulate, stored_spec
from recs_platform.sources.connectors.files import read_files
from recs_platform.sources.connectors.request import SourceRequest, Stream


def world_spec(company: Company) -> WorldSpec:
    """The world that the company file describes."""
    simulation = company.simulation or Simulation()
    return WorldSpec(
        company=company.name,
        strategy=company.strategy.name,
        seed=simulation.seed,
        customers=simulation.customers,
        start=company.start_date,
        event_names=company.event_names,
        drift_after_days=simulation.drift_after_days,
        interactions=simulation.interactions,
        habits=simulation.habits,
        items_per_offer=simulation.items_per_offer,
        campaign_weeks=simulation.campaign_weeks,
        huge_quantities=simulation.huge_quantities,
    )


def world_of(company: Company) -> SimulatedWorld:
    """What companies of its strategy are like; a ConfigError where nobody has made up such a world."""
    if company.strategy.world is None:
        raise ConfigError(
            f"{company.name}: there is no simulated world for {company.strategy}. Connect every table under `sources:`."
        )
    return company.strategy.world()


def simulated_tables(strategy: AnyStrategy) -> list[TableSpec]:
    """What its worlds consist of: all that it is fed, but for what the prediction service keeps."""
    return [spec for name, spec in strategy.sources.items() if name not in KEPT_BY_THE_SERVICE]


def simulate_company(
    company: Company,
    landing: Path,
    first: date,
    last: date,
    *,
    snapshot_days: Collection[date] | None = None,
    on_day: Callable[[date], None] | None = None,
) -> None:
    """Write the feeds of some days of the world that the company file describes."""
    simulate(
        world_of(company),
        simulated_tables(company.strategy),
        world_spec(company),
        landing,
        first,
        last,
        snapshot_days=snapshot_days,
        on_day=on_day,
    )


def read_simulated(request: SourceRequest) -> Stream:
    """The landed files of the request's days; days that have not landed yet are simulated first.

    A world that `recs simulate` wrote, perhaps at another size, is continued as it is.
    """
    land_simulated(request)
    return read_files(request, simulated_files(request))


def land_simulated(request: SourceRequest) -> None:
    """Make the files of the request's days exist."""
    company, table, landing = request.company, request.spec.name, settings().landing.absolute()
    spec = stored_spec(landing, company.name) or world_spec(company)
    world = world_of(company)
    for day in request.days:
        ensure(world, spec, landing, table, day)


def simulated_files(request: SourceRequest) -> FilesSource:
    """Where the days of a simulated feed land."""
    files = {"connector": "files", "path": DATE_PLACEHOLDER, "columns": request.renames}
    folder = settings().landing.absolute() / request.company.name / request.spec.name
    return FilesSource.model_validate(files, context={"folder": folder})
