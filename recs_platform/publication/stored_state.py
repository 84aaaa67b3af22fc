"""Whether everything that is stored of a company is what was written: its tables, its publications, its models.

Every byte is read again. Not here: what one table must be (the warehouse), and saying it at a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from recs_platform.companies.model import Company
from recs_platform.errors import DamageError, PlatformError, StorageError
from recs_platform.model_registry import registry
from recs_platform.model_registry.artifact_store import ArtifactStore
from recs_platform.model_registry.inspection import require_moved
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.tables import Publication, PublicationStatus
from recs_platform.publication import inventory
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import reconcile
from recs_platform.publication.stage import outlet_of
from recs_platform.publication.verify import verify
from recs_platform.warehouse.protocol import Warehouse


@dataclass(frozen=True)
class Wrong:
    """Something stored that is not what was written, and what to do about it."""

    of: str
    """The table, product or model."""
    what: str


@dataclass(frozen=True)
class StoredState:
    """What was looked at of a company."""

    company: str
    tables: int = 0
    days: int = 0
    files: int = 0
    size: int = 0
    """Bytes that were read of the tables' newest versions."""
    unknown: int = 0
    """Files of an older version of the platform, which nobody took a checksum of."""
    publications: int = 0
    models: int = 0
    wrong: tuple[Wrong, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def stored_state(
    company: Company, pipeline: Pipeline, warehouse: Warehouse, database: Engine, artifacts: ArtifactStore
) -> StoredState:
    """Look at all of it; changes nothing but what a broken-off publication left."""
    found = _tables(StoredState(company.name), company, pipeline, warehouse)
    for product in pipeline.products:
        outlet = outlet_of(pipeline, product, company, warehouse, database)
        if not any(wrong.of == outlet.live.name for wrong in found.wrong):
            found = _with(found, _live_version(outlet))
        earlier = inventory.listed(database, company.name, product)
        found = replace(_with(found, _earlier_versions(outlet)), publications=found.publications + len(earlier))
    return _models(found, company, database, artifacts)


def accept_stored(company: Company, pipeline: Pipeline, warehouse: Warehouse, database: Engine) -> None:
    """Take tables as they are now where their logs and the ledger differ, and take the checksums that nobody took."""
    for name in pipeline.specs:
        table = pipeline.ref(name, company)
        looked = warehouse.inspect(table)
        if looked.unknown or any(finding.acceptable for finding in looked.findings):
            warehouse.accept(table)
    for product in pipeline.products:
        outlet = outlet_of(pipeline, product, company, warehouse, database)
        live = reconcile(outlet)
        if live is not None and live.checksum is None:
            checksum = warehouse.checksum(outlet.live)
            with Session(database) as session, session.begin():
                session.execute(update(Publication).where(Publication.id == live.id).values(checksum=checksum))


def _tables(found: StoredState, company: Company, pipeline: Pipeline, warehouse: Warehouse) -> StoredState:
    for name in pipeline.specs:
        looked = warehouse.inspect(pipeline.ref(name, company))
        found = replace(
            found,
            tables=found.tables + bool(looked.days or looked.findings),
            days=found.days + looked.days,
            files=found.files + looked.files,
            size=found.size + looked.size,
            unknown=found.unknown + looked.unknown,
            wrong=(*found.wrong, *(Wrong(name, finding.what) for finding in looked.findings)),
        )
    return found


def _live_version(outlet: Outlet) -> Iterator[Wrong]:
    try:
        live = reconcile(outlet)
        if live is not None:
            verify(outlet, live)
    except PlatformError as error:
        yield Wrong(outlet.product.name, str(error))


def _earlier_versions(outlet: Outlet) -> Iterator[Wrong]:
    """Those that could come back. One whose files the vacuum has taken could not, which is no damage."""
    there = {version.version for version in outlet.warehouse.versions(outlet.live)}
    for earlier in inventory.listed(outlet.database, outlet.company, outlet.product.name):
        if earlier.status is not PublicationStatus.BACKUP or earlier.table_version not in there:
            continue
        what = f"{outlet.name}: version {earlier.version} cannot come back"
        try:
            stored = outlet.warehouse.checksum(outlet.live, version=earlier.table_version)
        except DamageError as error:
            yield Wrong(outlet.product.name, f"{what}: {error}")
        except StorageError:
            continue
        else:
            if earlier.checksum not in (None, stored):
                yield Wrong(outlet.product.name, f"{what}: what is stored of it is not what went live.")


def _models(found: StoredState, company: Company, database: Engine, artifacts: ArtifactStore) -> StoredState:
    versions = registry.versions(database, company.name)
    wrong = []
    for version in versions:
        try:
            artifacts.prove(*require_moved(artifacts, version))
        except PlatformError as error:
            wrong.append(Wrong(version.model, f"{company.name}: {version.model} version {version.version}: {error}"))
    return replace(found, models=len(versions), wrong=(*found.wrong, *wrong))


def _with(found: StoredState, wrong: Iterator[Wrong]) -> StoredState:
    return replace(found, wrong=(*found.wrong, *wrong))
