"""The simulated companies: write their feeds, one day or a range, so that the platform has something to load.

Every table of every day follows from (spec, table, day) alone: a day made by itself is the same, byte for byte, as
that day made within a range. What each kind of company does stands in a module of its own (`vehicle_world`,
`offer_world`, `replenishment_world`), which a strategy's record names; where files go stands in `storage`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from pathlib import Path

from recs_platform.errors import ConfigError
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.simulation import storage
from recs_platform.simulation.spec import SimulatedWorld, WorldSpec
from recs_platform.simulation.storage import read_truth, stored_spec

__all__ = ["WorldSpec", "ensure", "read_truth", "simulate", "stored_spec"]


def simulate(
    world: SimulatedWorld,
    tables: Collection[TableSpec],
    spec: WorldSpec,
    landing: Path,
    first: date,
    last: date,
    *,
    snapshot_days: Collection[date] | None = None,
    on_day: Callable[[date], None] | None = None,
) -> None:
    """Write the logs of every day of [first, last] and the snapshots of `snapshot_days` (the last day, if not given).

    `tables` are those that the company's strategy is fed.

    `on_day` is told each day when it is done. A folder made from another spec is replaced as a whole.
    """
    if first > last:
        raise ConfigError(f"{spec.company}: nothing to simulate, {first} is after {last}.")
    _claim(world, spec, landing)
    logs, snapshots = ([table.name for table in tables if table.kind is kind] for kind in (Kind.LOG, Kind.SNAPSHOT))
    wanted = {last} if snapshot_days is None else set(snapshot_days)
    during = {first + timedelta(days=offset) for offset in range((last - first).days + 1)}
    for day in sorted(wanted | during):
        for table in (*(logs if day in during else ()), *(snapshots if day in wanted else ())):
            _land(world, spec, landing, table, day)
        if on_day and day in during:
            on_day(day)


def ensure(world: SimulatedWorld, spec: WorldSpec, landing: Path, table: str, day: date) -> None:
    """Make one table of one day exist, if it does not yet."""
    stored = stored_spec(landing, spec.company)
    if stored is None:
        _claim(world, spec, landing)
    elif stored.to_json() != spec.to_json():
        raise ConfigError(
            f"{spec.company}: the landing folder holds another simulated world than the one asked for. "
            f"Run `recs simulate {spec.company}` to replace it."
        )
    if not storage.is_landed(landing, spec.company, table, day):
        _land(world, spec, landing, table, day)


def _claim(world: SimulatedWorld, spec: WorldSpec, landing: Path) -> None:
    stored = stored_spec(landing, spec.company)
    if stored is None or stored.to_json() != spec.to_json():
        storage.claim(spec, landing, world.truth(spec))


def _land(world: SimulatedWorld, spec: WorldSpec, landing: Path, table: str, day: date) -> None:
    feed = world.feed(spec, table, day)
    files = {storage.PART: feed.table}
    before, after = day - timedelta(days=1), day + timedelta(days=1)
    if feed.late is not None:
        if len(feed.late) and storage.is_landed(landing, spec.company, table, before):
            storage.land_late(landing, spec.company, table, before, day, feed.late)
        if storage.is_landed(landing, spec.company, table, after):
            late = world.feed(spec, table, after).late
            if late is not None and len(late):
                files[storage.late_file(after)] = late
    storage.land(landing, spec.company, table, day, files, {"rows": {table: len(feed.table)}, **feed.truth})
