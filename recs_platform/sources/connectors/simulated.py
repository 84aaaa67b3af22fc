"""The `simulated` connector: a company's synthetic world, landed as files and read like anybody's files.

Not here: what the worlds are like (the simulation package).
"""

from __future__ import annotations

from recs_platform.companies.model import Company, Simulation
from recs_platform.companies.source_config import DATE_PLACEHOLDER, FilesSource
from recs_platform.settings import settings
from recs_platform.simulation.world import WorldSpec, ensure, stored_spec
from recs_platform.sources.connectors.files import read_files
from recs_platform.sources.connectors.request import SourceRequest, Stream


def world_spec(company: Company) -> WorldSpec:
    """The world that the company file describes."""
    simulation = company.simulation or Simulation()
    return WorldSpec(
        company=company.name,
        strategy=company.strategy,
        seed=simulation.seed,
        customers=simulation.customers,
        start=company.start_date,
        event_names=company.event_names,
        drift_after_days=simulation.drift_after_days,
        interactions=simulation.interactions,
    )


def read_simulated(request: SourceRequest) -> Stream:
    """The landed files of the request's days; days that have not landed yet are simulated first.

    A world that `recs simulate` wrote, perhaps at another size, is continued as it is.
    """
    company, table, landing = request.company, request.spec.name, settings().landing.absolute()
    world = stored_spec(landing, company.name) or world_spec(company)
    for day in request.days:
        ensure(world, landing, table, day)
    path = landing / company.name / table / DATE_PLACEHOLDER
    return read_files(request, FilesSource(connector="files", path=str(path), columns=request.renames))
