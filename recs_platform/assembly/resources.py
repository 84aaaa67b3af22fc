"""Resources of an environment: what the assets of this process write to. RECS_ENV picks the set."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from recs_platform.process import cores
from recs_platform.settings import Settings, settings
from recs_platform.warehouse.environment import open_lake
from recs_platform.warehouse.protocol import Warehouse


class LakeResource(dg.ConfigurableResource[Warehouse]):
    """The lake, locally or on an object store."""

    url: str
    memory_limit: str
    threads: int
    retention_days: int
    scratch: str

    def create_resource(self, context: dg.InitResourceContext) -> Warehouse:  # noqa: ARG002  (Dagster's signature)
        return open_lake(
            self.url,
            memory_limit=self.memory_limit,
            threads=self.threads,
            retention_days=self.retention_days,
            scratch=Path(self.scratch),
            # Not a field: the UI shows those, and a URL may hold a password.
            database=settings().database,
        )


def lake_resource(chosen: Settings) -> LakeResource:
    return LakeResource(
        url=chosen.lake,
        memory_limit=chosen.memory_limit,
        threads=chosen.threads or cores(),
        retention_days=chosen.retention_days,
        scratch=str(chosen.home / "scratch"),
    )
