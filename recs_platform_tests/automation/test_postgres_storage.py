"""Dagster's storages on PostgreSQL keep what Dagster's own keep, whoever writes at the same moment or is broken off."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.events.log import EventLogEntry
from dagster_postgres import PostgresEventLogStorage
from sqlalchemy import make_url, text

from recs_platform.automation import postgres_storage
from recs_platform.automation.postgres_storage import (
    BatchedPostgresEventLog,
    PostgresRuns,
    dagster_url,
    has_tables,
    make_tables,
)
from recs_platform.errors import ConfigError, PlatformError, UnavailableError
from recs_platform_tests.automation.test_event_log import answers, run_of_days
from recs_platform_tests.conftest import new_database

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def runs() -> Sequence[Sequence[EventLogEntry]]:
    """The events of a range of days, and of another company's day."""
    with dg.DagsterInstance.ephemeral() as instance:
        return [
            run_of_days(instance, "acme", date(2025, 9, 2), date(2025, 9, 9)),
            run_of_days(instance, "holley", date(2025, 9, 5), date(2025, 9, 5)),
        ]


@pytest.fixture
def url(postgres_url: str, dagster_template: str, tmp_path: Path) -> Iterator[str]:
    """A new database with Dagster's tables."""
    with new_database(tmp_path, postgres_url, dagster_template) as made:
        yield made


def test_it_answers_like_dagsters_own(
    runs: Sequence[Sequence[EventLogEntry]], url: str, postgres_url: str, tmp_path: Path
) -> None:
    with new_database(tmp_path, postgres_url) as others:
        own, ours = PostgresEventLogStorage(dagster_url(others)), BatchedPostgresEventLog(url)
        for events in runs:
            for event in events:
                own.store_event(event)
            ours.store_event(events[0])
            ours.store_event_batch(events[1:-1])
            ours.store_event(events[-1])
        expected, given = answers(own, runs), answers(ours, runs)
    assert len(expected["materializations"]) == 2 * (8 + 1)
    for question, answer in expected.items():
        if question.endswith(" tags"):
            # The number of an asset's row says how often it was written.
            assert [tags for _, tags in given[question]] == [tags for _, tags in answer], question
        else:
            assert given[question] == answer, question


def test_runs_that_write_the_same_assets_do_not_wait_for_each_other_for_ever(
    runs: Sequence[Sequence[EventLogEntry]], url: str
) -> None:
    """Each begins with the asset that the other ends with."""
    of_assets = [event for event in runs[0] if event.dagster_event and event.dagster_event.asset_key]
    made = [event for event in of_assets if event.dagster_event_type is dg.DagsterEventType.ASSET_MATERIALIZATION]
    failed: list[BaseException] = []

    def write(events: Sequence[EventLogEntry]) -> None:
        try:
            for _ in range(30):
                BatchedPostgresEventLog(url).store_event_batch(events)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=[some]) for some in (made, made[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    stored = BatchedPostgresEventLog(url).get_event_records(
        dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION), limit=10_000
    )
    assert len(stored) == 2 * 30 * len(made)


def test_a_batch_that_breaks_off_leaves_nothing_of_it(runs: Sequence[Sequence[EventLogEntry]], url: str) -> None:
    ours, broken = BatchedPostgresEventLog(url), None
    batch: Any = [*runs[1][:5], broken]
    with pytest.raises(AttributeError):
        ours.store_event_batch(batch)
    ours.store_event_batch(runs[1])
    assert len(ours.get_records_for_run(runs[1][0].run_id).records) == len(runs[1])


def test_a_connection_that_the_server_has_closed_is_opened_again(
    runs: Sequence[Sequence[EventLogEntry]], url: str
) -> None:
    ours = BatchedPostgresEventLog(url)
    for event in runs[1]:
        ours.store_event(event)
        with _administrator(url) as admin:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            admin.execute(text(f"{others} AND pid <> pg_backend_pid()"))
    assert [r.event_log_entry for r in ours.get_records_for_run(runs[1][0].run_id).records] == list(runs[1])


def test_the_storages_of_a_process_share_their_connections(runs: Sequence[Sequence[EventLogEntry]], url: str) -> None:
    for _ in range(5):
        log, of_runs = BatchedPostgresEventLog(url), PostgresRuns(url)
        log.store_event(runs[1][0])
        assert of_runs.get_runs() == []
    with _administrator(url) as admin:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert admin.execute(text(query)).scalar_one() == 1


def test_a_first_start_that_is_broken_off_leaves_no_table(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_database(tmp_path, postgres_url) as empty:
        with monkeypatch.context() as patch:
            patch.setattr(postgres_storage.PostgresTicks, "migrate", lambda _: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                make_tables(empty)
        with _administrator(empty) as admin:
            assert sqlalchemy.inspect(admin).get_table_names() == []
        assert not has_tables(empty)
        make_tables(empty)
        assert PostgresRuns(empty).alembic_version() == PostgresEventLogStorage(dagster_url(empty)).alembic_version()


@pytest.mark.parametrize(
    ("changed", "kind", "said"),
    [
        ({"host": "127.0.0.1", "port": 1, "query": {}}, UnavailableError, "Connection refused"),
        ({"database": "nowhere"}, ConfigError, 'database "nowhere" does not exist'),
    ],
)
def test_a_server_that_cannot_be_used_is_one_sentence(
    postgres_url: str, changed: dict[str, Any], kind: type[PlatformError], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_storage, "_WAITS", ())
    url = make_url(postgres_url).set(**changed, password="s3cret").render_as_string(hide_password=False)
    with pytest.raises(kind) as caught:
        has_tables(url)
    message = str(caught.value)
    assert message.startswith("Dagster's database postgresql://")
    assert said in message
    assert "RECS_DAGSTER_DATABASE_URL" in message
    assert "s3cret" not in message
    assert "\n" not in message


def _administrator(url: str) -> Any:
    return sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool, isolation_level="AUTOCOMMIT").connect()
