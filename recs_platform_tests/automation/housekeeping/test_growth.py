"""A lake with a night's housekeeping after each day stops growing, but for the days that it holds. All that is live, or
can come back, is there byte for byte. Each day one is published, and the one before it is made again."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from recs_platform.automation.housekeeping.tables import sweep_tables
from recs_platform.platform_db.engine import opened_database
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, rollback
from recs_platform_tests.publication.shop import COMPANY, NOON, PICKS, day, lake_in, make, make_live, outlet_of, seen

pytestmark = pytest.mark.slow

_RETENTION, _ROWS = 3, 2_000
_NIGHTS = 32
"""A log grows for eight nights, until a checkpoint is old enough for the commits before it to be forgotten."""
_LAST = 8


def test_what_is_replaced_takes_no_more_room_from_night_to_night(own_home: Path, tmp_path: Path) -> None:
    sizes = [beside_what_is_there(tmp_path / "swept", night, swept=True) for night in range(_NIGHTS)]
    assert max(sizes[-_LAST:]) <= max(sizes[:-_LAST]) * 1.02
    unswept = [beside_what_is_there(tmp_path / "unswept", night, swept=False) for night in range(2 * _LAST)]
    assert unswept[-1] > 1.5 * max(sizes), "in half the nights, without it"


def test_what_is_live_or_can_come_back_is_not_touched(own_home: Path, tmp_path: Path) -> None:
    nights = 9
    for night in range(nights):
        outlet = outlet_in(tmp_path)
        a_day(outlet, night)
        grow_older(tmp_path / "lake", timedelta(days=1))
        before = stored(outlet)
        sweep(outlet)
        kept = stored(outlet)
        assert list(kept.items()) == list(before.items())[: len(kept)]
        assert len(kept) >= min(len(before), _RETENTION), "those of three days, and what was the newest before them"
    assert len(kept) < nights
    assert rollback(outlet, nights - 2, by="ann", at=NOON).version == nights + 1
    assert {row.as_of for row in seen(outlet)} == {day(nights - 3)}


def outlet_in(folder: Path) -> Outlet:
    return outlet_of(lake_in(folder, _RETENTION), opened_database(), PICKS)


def a_day(outlet: Outlet, night: int) -> None:
    make_live(outlet, day(night), rows=_ROWS, what=f"item {night}")
    if night:
        make(outlet, day(night - 1), rows=_ROWS, what=f"late {night}")


def sweep(outlet: Outlet) -> None:
    """Of a company with this one product, and nothing else."""
    company: Any = SimpleNamespace(name=COMPANY, dataset=COMPANY)
    pipeline: Any = SimpleNamespace(
        strategy=SimpleNamespace(name="toy"),
        tables={outlet.source.name: None},
        products={PICKS.name: PICKS},
        weekly=frozenset(),
        ref=lambda name, company: outlet.source,
    )
    assert sweep_tables(company, pipeline, outlet.warehouse, outlet.database).problem == ""


def beside_what_is_there(folder: Path, night: int, *, swept: bool) -> int:
    """The bytes of the lake after a day and its night, without those of the days that it holds."""
    outlet = outlet_in(folder)
    a_day(outlet, night)
    grow_older(folder / "lake", timedelta(days=1))
    if swept:
        sweep(outlet)
    logs = list((folder / "lake").glob("*/*/_delta_log"))
    needed = sum(sum(DeltaTable(log.parent).get_add_actions()["size_bytes"].to_pylist()) for log in logs)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) - needed


def stored(outlet: Outlet) -> dict[int, str]:
    """Version of the live table: its bytes, for all that can come back, the newest first."""
    told = {}
    for version in publications(outlet):
        made = [one for one in outlet.warehouse.versions(outlet.live) if one.note.get("version") == version.version]
        try:
            told[version.version] = outlet.warehouse.checksum(outlet.live, version=made[0].version)
        except Exception:
            break
    return told


def grow_older(lake: Path, by: timedelta) -> None:
    """As if so much time had passed since everything that stands in the lake."""
    milliseconds = int(by.total_seconds() * 1_000)
    for path in lake.rglob("_delta_log/*.json"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("\n".join(json.dumps(_older(line, milliseconds)) for line in lines))
    for path in lake.rglob("*.checkpoint.parquet"):
        table = pq.read_table(path)
        rows = [_older(row, milliseconds) for row in table.to_pylist()]
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    for path in lake.rglob("*"):
        os.utime(path, (path.stat().st_mtime - by.total_seconds(),) * 2)


def _older(action: dict[str, Any], by: int) -> dict[str, Any]:
    for kind, key in (("commitInfo", "timestamp"), ("remove", "deletionTimestamp"), ("add", "modificationTime")):
        about = action.get(kind)
        if about and about.get(key):
            about[key] -= by
    return action
