"""Resources of an environment: what the assets of this process write to. RECS_ENV picks the set."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg

from recs_platform.settings import Settings, settings
from recs_platform.warehouse.engine import Engine, cores
from recs_platform.warehouse.lake import Lake
from recs_platform.warehouse.protocol import Warehouse


class LakeResource(dg.ConfigurableResource[Warehouse]):
    """The lake, locally or on an object store."""

    url: str
    memory_limit: str
    threads: int
    retention_days: int
    scratch: str

    def create_resource(self, context: dg.InitResourceContext) -> Warehouse:  # noqa: ARG002  (Dagster's signature)
        return self.open()

    def open(self) -> Lake:
        scratch = Path(self.scratch)
        engine = Engine(self.memory_limit, self.threads, scratch / "spill")
        return Lake(self.url, engine, timedelta(days=self.retention_days), scratch)


def lake_resource(settings: Settings) -> LakeResource:
    return LakeResource(
        url=settings.lake,
        memory_limit=settings.memory_limit,
        threads=settings.threads or cores(),
        retention_days=settings.retention_days,
        scratch=str(settings.home / "scratch"),
    )


def open_warehouse() -> Warehouse:
    """The environment's warehouse, outside of Dagster."""
    return lake_resource(settings()).open()
