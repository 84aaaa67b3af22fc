"""The warehouse of this environment, for who works outside of Dagster."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from recs_platform.process import cores
from recs_platform.settings import Settings, settings
from recs_platform.warehouse.engine import Engine
from recs_platform.warehouse.lake import Lake
from recs_platform.warehouse.protocol import Warehouse


def open_warehouse() -> Warehouse:
    return lake_of(settings())


def lake_of(chosen: Settings) -> Lake:
    return open_lake(
        chosen.lake,
        memory_limit=chosen.memory_limit,
        threads=chosen.threads or cores(),
        retention_days=chosen.retention_days,
        scratch=chosen.home / "scratch",
    )


def open_lake(url: str, *, memory_limit: str, threads: int, retention_days: int, scratch: Path) -> Lake:
    return Lake(url, Engine(memory_limit, threads, scratch / "spill"), timedelta(days=retention_days), scratch)
