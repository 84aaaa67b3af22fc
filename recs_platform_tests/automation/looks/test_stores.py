"""A disk that is nearly full and a lake that cannot be read are told once, and told to be over."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from recs_platform.alerts.finding import Finding, Observation, Severity
from recs_platform.automation.looks import stores as look
from recs_platform.automation.looks.look import LookContext
from recs_platform.automation.looks.stores import Disk, full, observed, stores
from recs_platform.companies.known_companies import Companies
from recs_platform.errors import UnavailableError
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import load_companies, pipelines
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import Warehouse
from recs_platform_tests.automation.looks.shop import Shop
from recs_platform_tests.automation.sensors.lifts import lifts
from recs_platform_tests.emulator import EMULATOR

GIB = 1024**3
NOW = datetime(2025, 9, 6, 6, 30, tzinfo=UTC)
SOON = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("free", "total", "severity"),
    [
        (50 * GIB, 500 * GIB, None),
        (4 * GIB, 500 * GIB, Severity.WARN),
        (GIB // 2, 500 * GIB, Severity.ERROR),
        (4 * GIB, 20 * GIB, None),
        (GIB, 20 * GIB, Severity.WARN),
        (GIB // 4, 20 * GIB, Severity.ERROR),
    ],
)
def test_how_full_is_nearly_full(free: int, total: int, severity: Severity | None) -> None:
    finding = full(Disk("/data", free, total))
    assert (finding.severity if finding else None) is severity


def test_a_full_disk_is_told_when_it_begins_gets_worse_and_is_over(shop: Shop) -> None:
    little, none = (full(Disk("/data", free, 500 * GIB)) for free in (4 * GIB, GIB // 2))
    assert little
    assert none
    seen: list[list[Finding]] = [[little], [little], [none], [none], [], [], [little]]
    for minute, findings in enumerate(seen):
        _book(shop, findings, NOW + SOON * minute)
    assert [told[1] for told in shop.told()] == ["warn", "error", "recovered", "warn"]


def test_a_disk_that_wavers_about_the_limit_is_told_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(500 * GIB, 0, free))  # type: ignore[attr-defined]
    for minute in range(10):
        free = 5 * GIB + (GIB // 2 if minute % 2 else -1)
        shop.look({"stores": stores}, now=NOW + SOON * minute)
    assert [told[1] for told in shop.told()] == ["warn"]
    free = 7 * GIB
    shop.look({"stores": stores}, now=NOW + SOON * 10)
    assert [told[1] for told in shop.told()] == ["warn", "recovered"]


def test_the_disks_of_this_machine_are_looked_at(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "_NONE", 1024**6)
    monkeypatch.setattr(Disk, "severity", property(lambda _: Severity.ERROR))
    shop.look({"stores": stores})
    (told,) = shop.told()
    assert told[0] == ""
    assert any(about.startswith("store disk of ") for about in told[2])


@pytest.mark.slow
def test_a_lake_that_does_not_answer_is_told_with_its_reason(shop: Shop) -> None:
    companies = load_companies()
    down = True

    def opened() -> Warehouse:
        if down:
            raise UnavailableError("the bucket does not answer.")
        return _Empty()  # type: ignore[return-value]

    def looked(context: LookContext) -> Iterator[Observation]:
        known = Companies(companies)
        yield from stores(
            LookContext(context.instance, context.database, known, pipelines(), context.now, open_warehouse=opened)
        )

    shop.look({"stores": looked})
    shop.look({"stores": looked})
    down = False
    shop.look({"stores": looked})
    assert shop.told() == [("", "error", ["store lake"]), ("", "recovered", ["store lake"])]
    finding = shop.messages()[0].told[0].finding
    assert "the bucket does not answer" in finding.says
    assert finding.remedy.startswith("Bring the store back, or correct RECS_LAKE_URL; then runs that failed")


@pytest.mark.slow
def test_bigquery_that_does_not_answer_is_told_with_what_belongs_to_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECS_WAREHOUSE", "bigquery")
    monkeypatch.setenv("RECS_GCP_PROJECT", "acme-recs")
    monkeypatch.setenv(EMULATOR, "http://127.0.0.1:9")
    monkeypatch.setattr("recs_platform.warehouse.bigquery.client.RETRY_SECONDS", 0.5)
    settings.cache_clear()
    companies = Companies(load_companies())

    def looked(context: LookContext) -> Iterator[Observation]:
        yield from stores(replace(context, companies=companies, pipelines=pipelines(), open_warehouse=open_warehouse))

    shop.look({"stores": looked})
    assert shop.told() == [("", "error", ["store lake"])]
    finding = shop.messages()[0].told[0].finding
    assert "BigQuery does not answer" in finding.says
    assert finding.remedy == (
        "Wait until BigQuery answers, or correct RECS_GCP_PROJECT, GOOGLE_APPLICATION_CREDENTIALS or the roles of the "
        "account (docs/deploy.md); then runs that failed are made again: recs run COMPANY."
    )


def test_a_lake_and_a_disk_that_hang_keep_no_look_waiting(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    shop.companies = Companies({"lifts": lifts(tmp_path)})

    def opened() -> Warehouse:
        hangs.wait(5)
        return _Empty()  # type: ignore[return-value]

    def usage(_: Path) -> Any:
        hangs.wait(5)
        return shutil._ntuple_diskusage(500 * GIB, 0, 500 * GIB)  # type: ignore[attr-defined]

    monkeypatch.setattr("recs_platform.automation.looks.look.LAKE_SECONDS", 0.05, raising=False)
    monkeypatch.setattr(look, "DISK_SECONDS", 0.05, raising=False)
    monkeypatch.setattr(look.shutil, "disk_usage", usage)

    def looked(context: LookContext) -> Iterator[Observation]:
        yield from stores(replace(context, pipelines=pipelines(), open_warehouse=opened))

    shop.look({"stores": looked})
    ((company, severity, about),) = shop.told()
    assert (company, severity) == ("", "error")
    assert {"store lake", f"store disk of {tmp_path}"} <= set(about)
    hangs.set()
    for thread in threading.enumerate():
        if thread.name == "the lake" or thread.name.startswith("the disk of"):
            thread.join(20)
    shop.look({"stores": looked})
    assert [told[1] for told in shop.told()] == ["error", "recovered"]


class _Empty:
    def days(self, _: object) -> list[object]:
        return []


def _book(shop: Shop, findings: list[Finding], now: datetime) -> None:
    shop.look({"stores": lambda context: observed(context.database, findings, context.now)}, now=now)
