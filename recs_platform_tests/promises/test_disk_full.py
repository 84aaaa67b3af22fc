"""A disk that is full in the middle of a run: what was there stays, nothing half is left, and with room it works."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform.warehouse.slices import Days
from recs_platform_tests.promises.platform import Platform
from recs_platform_tests.promises.shop import DATABASE, FIRST, SECOND, Shop, events_of

pytestmark = pytest.mark.slow

_FREE = 16 * 1024
"""Bytes that are left: for some small files, not for a slice of some thousand events."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes. Only root may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command to make a small disk with")
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk(small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(tmp_path / "feeds")
    monkeypatch.setenv(DATABASE, shop.database_url)
    monkeypatch.setenv("RECS_LAKE_URL", str(small_disk / "lake"))
    platform = Platform(tmp_path / "home", [shop.company])
    logs = ["landed_events", "events"]
    platform.succeeded(platform.load_days("shop", Days.one(FIRST), only=logs))
    shop.put("events", events_of(SECOND, 20_000), f"{SECOND}.csv")
    before = platform.contents("shop", Days(FIRST, SECOND), logs)
    files = set(small_disk.rglob("*.parquet"))

    filler = small_disk / "filler"
    filler.write_bytes(b"\0" * (shutil.disk_usage(small_disk).free - _FREE))
    run = platform.load_days("shop", Days.one(SECOND), only=logs)
    summary = platform.summary(run)
    assert not run.success
    assert summary.user_mistake
    assert summary.errors[0] == (
        "vehicle_fitment/landed_events, shop 2025-09-02: the disk is full; nothing was published. "
        "Free some space and run it again."
    )
    assert platform.contents("shop", Days(FIRST, SECOND), logs) == before
    assert set(small_disk.rglob("*.parquet")) == files
    assert list((small_disk / "lake" / ".staging").iterdir()) == []

    filler.unlink()
    platform.succeeded(platform.load_days("shop", Days.one(SECOND), only=logs))
    assert len(platform.rows("shop", "events", Days.one(SECOND))) == 20_000
