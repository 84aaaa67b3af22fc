"""A product that is not live at its deadline is told once a day, and once more when it is live."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus
from sqlalchemy import update
from sqlalchemy.orm import Session

from recs_platform.alerts.finding import Observation
from recs_platform.automation.looks.freshness import freshness
from recs_platform.automation.looks.look import LookContext
from recs_platform.companies.known_companies import Companies
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import Subject, Warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.looks.shop import Shop
from recs_platform_tests.automation.sensors.lifts import lifts, turn_on

DAY = date(2025, 9, 5)
DEADLINE = datetime(2025, 9, 6, 7, 30, tzinfo=UTC)
BEFORE, AFTER = DEADLINE - timedelta(minutes=1), DEADLINE + timedelta(minutes=1)
LOOKS = {"freshness": freshness}
PRODUCT = "allocation"


class Late(Shop):
    """A company whose allocation must be live at half past nine in Berlin."""

    def context(self, now: datetime | None = None) -> LookContext:
        seen = super().context(now)
        return LookContext(
            **{**vars(seen), "pipelines": pipelines(), "open_warehouse": open_warehouse, "cursors": self.cursors}
        )

    def publish(self, day: date) -> None:
        with Session(self.database) as session, session.begin():
            session.execute(update(Publication).values(status=PublicationStatus.BACKUP))
            session.add(_publication(day))

    def make(self, day: date, *, empty: bool) -> None:
        """The rows of what is published."""
        company, pipeline, warehouse = self.companies["lifts"], pipelines()["measurement"], open_warehouse()
        table = pipeline.ref(pipeline.products[PRODUCT].of.name, company)
        rows = table.spec.arrow_schema.empty_table() if empty else _one_row(table.spec.arrow_schema, day)
        warehouse.replace(Subject(table.name, "lifts", table, Days.one(day)), rows.to_reader())


@pytest.fixture
def late(own_home: Path, tmp_path: Path) -> Iterator[Late]:
    company = lifts(own_home, timezone="Europe/Berlin", deadlines={PRODUCT: "09:30"})
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        turn_on(instance, "lifts", since=DEADLINE - timedelta(days=30))
        yield Late(instance, opened_database(), Companies({"lifts": company}))


def test_it_is_told_once_and_again_when_it_is_live(late: Late) -> None:
    late.publish(DAY - timedelta(days=1))
    late.look(LOOKS, now=BEFORE)
    assert late.told() == []
    for minutes in range(3):
        late.look(LOOKS, now=AFTER + timedelta(minutes=minutes))
    assert late.told() == [("lifts", "error", [f"freshness {PRODUCT} {DAY}"])]
    ((told,),) = (message.told for message in late.messages())
    assert told.finding.says == (
        f"{PRODUCT} of {DAY} missed the deadline, 09:30 in Europe/Berlin: it was not made, and live is what was made "
        f"for {DAY - timedelta(days=1)}."
    )
    late.publish(DAY)
    for minutes in range(3):
        late.look(LOOKS, now=AFTER + timedelta(hours=1, minutes=minutes))
    assert late.told()[1:] == [("lifts", "recovered", [f"freshness {PRODUCT} {DAY}"])]


def test_a_lake_that_hangs_keeps_no_message_waiting(late: Late, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = threading.Event()
    monkeypatch.setattr("recs_platform.automation.looks.look.LAKE_SECONDS", 0.05, raising=False)

    def looked(context: LookContext) -> Iterator[Observation]:
        def opened() -> Warehouse:
            hangs.wait(5)
            return open_warehouse()

        yield from freshness(replace(context, open_warehouse=opened))

    done = late.look({"freshness": looked}, now=AFTER)
    hangs.set()
    for thread in threading.enumerate():
        if thread.name == "the lake":
            thread.join(20)
    assert "the lake does not answer" in done.failed["freshness"]
    late.look(LOOKS, now=AFTER)
    assert ("lifts", "error", [f"freshness {PRODUCT} {DAY}"]) in late.told()


def test_each_day_is_a_trouble_of_its_own_and_a_later_day_settles_all(late: Late) -> None:
    for days in range(3):
        late.look(LOOKS, now=AFTER + timedelta(days=days))
    assert len(late.told()) == 3
    late.publish(DAY + timedelta(days=2))
    late.look(LOOKS, now=AFTER + timedelta(days=2, hours=1))
    late.look(LOOKS, now=AFTER + timedelta(days=2, hours=2))
    days = [DAY + timedelta(days=number) for number in range(3)]
    assert late.told()[3:] == [("lifts", "recovered", [f"freshness {PRODUCT} {day}"]) for day in days]


def test_what_is_made_and_waits_for_somebody_is_a_warning_with_the_command(late: Late) -> None:
    late.make(DAY, empty=False)
    late.look(LOOKS, now=AFTER)
    assert late.told() == [("lifts", "warn", [f"freshness {PRODUCT} {DAY}"])]
    ((told,),) = (message.told for message in late.messages())
    assert "it is made and not published, and nothing is live" in told.finding.says
    assert told.finding.remedy.startswith("recs publish lifts --product allocation ")


def test_a_day_without_rows_is_not_late(late: Late) -> None:
    late.make(DAY, empty=True)
    late.look(LOOKS, now=AFTER)
    assert late.told() == []


def test_a_company_whose_schedule_is_off_is_waited_for_by_nobody(late: Late) -> None:
    late.look(LOOKS, now=AFTER)
    (state,) = late.instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
    late.instance.update_instigator_state(state.with_status(InstigatorStatus.STOPPED))
    late.look(LOOKS, now=AFTER + timedelta(hours=1))
    late.look(LOOKS, now=AFTER + timedelta(days=1))
    assert [severity for _, severity, _ in late.told()] == ["error", "recovered"]


def _publication(day: date) -> Publication:
    return Publication(
        company="lifts",
        strategy="measurement",
        product=PRODUCT,
        version=(day - DAY).days + 10,
        as_of=day,
        customers=None,
        rows=1,
        generated_at=AFTER,
        status=PublicationStatus.LIVE,
        kind=PublicationKind.PUBLISH,
        published_at=AFTER,
        published_by="test",
        comparison_id=None,
        approved=False,
        table_version=1,
        checksum=None,
        note="",
    )


def _one_row(schema, day: date):  # type: ignore[no-untyped-def]
    import pyarrow as pa

    words = {pa.string(): "x", pa.float64(): 0.5, pa.int64(): 1, pa.bool_(): True, pa.date32(): day}
    return pa.table({field.name: pa.array([words.get(field.type)], field.type) for field in schema}, schema=schema)
