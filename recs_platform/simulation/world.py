"""The simulated companies: write their feeds, one day or a range, so that the platform has something to load.

Every table of every day follows from (spec, table, day) alone: a day made by itself is the same, byte for byte, as
that day made within a range. What the three kinds of companies do stands in `vehicle_world`, `offer_world` and
`replenishment_world`; where files go stands in `storage`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Protocol

from recs_platform.errors import ConfigError
from recs_platform.schemas.table import Kind, spec_of
from recs_platform.simulation import offer_world, replenishment_world, storage, vehicle_world
from recs_platform.simulation.columns import Feed
from recs_platform.simulation.spec import WorldSpec
from recs_platform.simulation.storage import read_truth, stored_spec
from recs_platform.strategies.strategy import STRATEGIES

__all__ = ["WorldSpec", "ensure", "read_truth", "simulate", "stored_spec"]


class World(Protocol):
    """What each kind of company offers; the modules themselves are the implementations."""

    def feed(self, spec: WorldSpec, table: str, day: date) -> Feed: ...

    def truth(self, spec: WorldSpec) -> dict[str, Any]: ...


WORLDS: dict[str, World] = {
    "vehicle_fitment": vehicle_world,
    "offer_ranking": offer_world,
    "replenishment": replenishment_world,
}


def simulate(
    spec: WorldSpec,
    landing: Path,
    first: date,
    last: date,
    *,
    snapshot_days: Collection[date] | None = None,
    on_day: Callable[[date], None] | None = None,
) -> None:
    """Write the logs of every day of [first, last] and the snapshots of `snapshot_days` (the last day, if not given).

    `on_day` is told each day when it is done. A folder made from another spec is replaced as a whole.
    """
    if first > last:
        raise ConfigError(f"{spec.company}: nothing to simulate, {first} is after {last}.")
    _claim(spec, landing)
    logs, snapshots = _tables(spec, Kind.LOG), _tables(spec, Kind.SNAPSHOT)
    wanted = {last} if snapshot_days is None else set(snapshot_days)
    during = {first + timedelta(days=offset) for offset in range((last - first).days + 1)}
    for day in sorted(wanted | during):
        for table in (*(logs if day in during else ()), *(snapshots if day in wanted else ())):
            _land(spec, landing, table, day)
        if on_day and day in during:
            on_day(day)


def ensure(spec: WorldSpec, landing: Path, table: str, day: date) -> None:
    """Make one table of one day exist, if it does not yet."""
    stored = stored_spec(landing, spec.company)
    if stored is None:
        _claim(spec, landing)
    elif stored.to_json() != spec.to_json():
        raise ConfigError(
            f"{spec.company}: the landing folder holds another simulated world than the one asked for. "
            f"Run `recs simulate --company {spec.company}` to replace it."
        )
    if not storage.is_landed(landing, spec.company, table, day):
        _land(spec, landing, table, day)


def _claim(spec: WorldSpec, landing: Path) -> None:
    if spec.strategy not in WORLDS:
        raise ConfigError(
            f"{spec.company}: there is no simulated world for strategy {spec.strategy!r}. Known: {', '.join(WORLDS)}."
        )
    stored = stored_spec(landing, spec.company)
    if stored is None or stored.to_json() != spec.to_json():
        storage.claim(spec, landing, WORLDS[spec.strategy].truth(spec))


def _tables(spec: WorldSpec, kind: Kind) -> list[str]:
    declared = (spec_of(model) for model in STRATEGIES[spec.strategy].source_tables)
    return [table.name for table in declared if table.kind is kind]


def _land(spec: WorldSpec, landing: Path, table: str, day: date) -> None:
    world = WORLDS[spec.strategy]
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
