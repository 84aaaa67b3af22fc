"""A version stays live until a newer one comes, and restorable for the retention after that, however long it was live
and however often the tables were cleaned up.

Of one product on one kind of database: it is the lake's log that forgets.
"""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable
from sqlalchemy import text

from recs_platform.errors import UserError
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import comparison_id, publications, publish, reconcile, rollback
from recs_platform.publication.verify import verify
from recs_platform_tests.publication.shop import (
    COMPANY,
    NOON,
    compared,
    day,
    lake_in,
    make,
    make_live,
    outlet_of,
    seen,
    states,
)

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database", ["postgres"], indirect=True)]

_DAYS = 7
"""The retention."""


def log_of(tmp_path: Path, outlet: Outlet) -> Path:
    return tmp_path / "lake" / COMPANY / outlet.live.name / "_delta_log"


def grow_older(tmp_path: Path, outlet: Outlet, by: timedelta) -> None:
    """As if so much time had passed since everything that stands in the live table's log."""
    seconds = by.total_seconds()
    for path in log_of(tmp_path, outlet).glob("*.json"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for action in lines:
            if "commitInfo" in action:
                action["commitInfo"]["timestamp"] -= int(seconds * 1000)
        path.write_text("\n".join(map(json.dumps, lines)))
    for path in log_of(tmp_path, outlet).iterdir():
        os.utime(path, (time.time() - seconds,) * 2)


def leave_log_to_delta(tmp_path: Path, outlet: Outlet) -> None:
    """As a table does that an older version of the platform made."""
    table = DeltaTable(f"{tmp_path}/lake/{COMPANY}/{outlet.live.name}")
    table.alter.set_table_properties({"delta.enableExpiredLogCleanup": "true"})


def clean_up_across_a_checkpoint(outlet: Outlet) -> None:
    """Many nights: each finds what a killed writer left, and commits that it was deleted. Delta writes a checkpoint
    every twenty commits."""
    folder = Path(f"{outlet.warehouse.root}/{COMPANY}/{outlet.live.name}")  # type: ignore[attr-defined]
    for night in range(14):
        left = folder / "as_of=2025-12-01" / f"left {night}.parquet"
        left.parent.mkdir(exist_ok=True)
        left.write_text("")
        os.utime(left, (0, 0))
        assert len(outlet.warehouse.vacuum(outlet.live)) == 1
    assert any("checkpoint" in path.name for path in folder.rglob("*"))


@pytest.mark.parametrize("older", [False, True])
def test_a_version_that_nobody_replaced_stays_live(tmp_path: Path, outlet: Outlet, *, older: bool) -> None:
    make_live(outlet, day(5))
    if older:
        leave_log_to_delta(tmp_path, outlet)
    clean_up_across_a_checkpoint(outlet)
    grow_older(tmp_path, outlet, timedelta(days=10 * _DAYS))
    clean_up_across_a_checkpoint(outlet)
    again = outlet_of(lake_in(tmp_path, _DAYS), outlet.database, outlet.product)
    live = reconcile(again)
    assert live is not None
    assert (live.version, states(again)) == (1, {1: "live"})
    assert verify(again, live).rows == 3
    assert {row.as_of for row in seen(again)} == {day(5)}
    assert make_live(again, day(6)).version == 2


def test_delta_itself_may_forget_the_commit_and_the_version_stays_live(tmp_path: Path, outlet: Outlet) -> None:
    """By an older version of the platform, or by another program on the same table."""
    make_live(outlet, day(5))
    clean_up_across_a_checkpoint(outlet)
    grow_older(tmp_path, outlet, timedelta(days=10 * _DAYS))
    table = DeltaTable(f"{tmp_path}/lake/{COMPANY}/{outlet.live.name}")
    table.cleanup_metadata()
    assert not (log_of(tmp_path, outlet) / f"{1:020}.json").exists()
    again = outlet_of(lake_in(tmp_path, _DAYS), outlet.database, outlet.product)
    live = reconcile(again)
    assert live is not None
    assert (live.version, states(again)) == (1, {1: "live"})
    verify(again, live)
    make(again, day(4))
    id_ = compared(again, day(4))
    assert reconcile(again) == live or states(again) == {1: "live"}
    assert id_ != comparison_with_nothing(again), "an older day is compared with what is live, and is not the first"


def comparison_with_nothing(outlet: Outlet) -> str:
    return comparison_id(outlet, day(4), outlet.warehouse.fingerprint(outlet.source, day(4)), None)


def test_versions_that_were_demoted_by_mistake_are_live_again(tmp_path: Path, outlet: Outlet) -> None:
    make_live(outlet, day(4))
    make_live(outlet, day(5))
    clean_up_across_a_checkpoint(outlet)
    grow_older(tmp_path, outlet, timedelta(days=10 * _DAYS))
    DeltaTable(f"{tmp_path}/lake/{COMPANY}/{outlet.live.name}").cleanup_metadata()
    with outlet.database.begin() as connection:
        connection.execute(text("UPDATE publications SET status = 'backup'"))
    assert [(p.version, p.status) for p in publications(outlet)] == [(2, "live"), (1, "backup")]


def test_a_version_that_was_live_for_long_can_come_back_for_the_retention_after_it(
    tmp_path: Path, outlet: Outlet
) -> None:
    make_live(outlet, day(0))
    clean_up_across_a_checkpoint(outlet)
    grow_older(tmp_path, outlet, timedelta(days=10 * _DAYS))
    make_live(outlet, day(1))
    clean_up = outlet_of(lake_in(tmp_path, _DAYS), outlet.database, outlet.product)
    clean_up_across_a_checkpoint(clean_up)
    assert rollback(clean_up, 1, by="ann", at=NOON).version == 3
    assert {row.as_of for row in seen(clean_up)} == {day(0)}


def test_a_log_does_not_grow_for_ever(tmp_path: Path, outlet: Outlet) -> None:
    for number in range(45):
        make(outlet, day(0), what=f"item {number}")
        publish(outlet, day(0), compared(outlet, day(0)), by="ann", at=NOON)
    grow_older(tmp_path, outlet, timedelta(days=2 * _DAYS))
    make_live(outlet, day(1))
    again = outlet_of(lake_in(tmp_path, _DAYS), outlet.database, outlet.product)
    again.warehouse.vacuum(outlet.live)
    left = sorted(int(path.stem) for path in log_of(tmp_path, outlet).glob("0*.json"))
    begin = min(int(path.name[:20]) for path in log_of(tmp_path, outlet).glob("0*.checkpoint.parquet"))
    assert begin > 30
    assert left == list(range(begin, 47)), "from the last checkpoint that is needed on"
    live = reconcile(again)
    assert live is not None
    assert live.version == 46
    assert rollback(again, 45, by="ann", at=NOON).version == 47
    with pytest.raises(UserError, match=r"version 3 is lost|cannot go back to version 3"):
        rollback(again, 3, by="ann", at=NOON)
