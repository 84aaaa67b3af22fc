"""A company's tables: what no version needs that is live, or can come back within the retention, is deleted.

What a version needs is the warehouse's to know (`vacuum`). Here it is kept from meeting anybody: the company's run, and
whoever publishes or rolls back one of its products, are waited for, and wait.

Nothing is compacted: a day's slice is written in one go, and the log of a table has checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from sqlalchemy import Engine

from recs_platform.automation.housekeeping.freed import Freed
from recs_platform.automation.locks import company_lock
from recs_platform.companies.model import Company
from recs_platform.errors import LockBusyError, PlatformError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.publication.lock import only_publisher
from recs_platform.publication.stage import outlet_of
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import TableRef


def sweep_tables(
    company: Company,
    pipeline: Pipeline,
    warehouse: Warehouse,
    database: Engine,
    *,
    dry_run: bool = False,
    patience: float = 0.0,
) -> Freed:
    """A table that cannot be swept keeps no other from it. While the company runs nothing is, but for a dry run."""
    what, sizes, problems = f"tables of {company.name}", dict[str, int](), list[str]()
    try:
        with nullcontext() if dry_run else company_lock(company.name, patience):
            for table, held in _tables(company, pipeline, warehouse, database):
                try:
                    with nullcontext() if dry_run else held:
                        taken = warehouse.vacuum(table, dry_run=dry_run)
                except PlatformError as error:
                    problems.append(str(error))
                else:
                    sizes |= {f"{table}/{path}": size for path, size in taken.items()}
    except LockBusyError as error:
        return Freed(what, problem=f"left alone: {error}", busy=True)
    freed = Freed.of_files(what, sizes)
    return Freed(what, freed.files, freed.rows, freed.size, problem=" ".join(problems))


def _tables(
    company: Company, pipeline: Pipeline, warehouse: Warehouse, database: Engine
) -> Iterator[tuple[TableRef, AbstractContextManager[None]]]:
    """Every table, and what is to be held meanwhile besides the company's lock."""
    for name in pipeline.tables:
        yield pipeline.ref(name, company), nullcontext()
    for product in pipeline.products:
        outlet = outlet_of(pipeline, product, company, warehouse, database)
        # A rollback brings back files that the vacuum may have been about to take.
        yield outlet.live, only_publisher(database, outlet.name)
