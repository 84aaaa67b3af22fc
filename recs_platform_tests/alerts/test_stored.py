"""A row that makes no sense to this version keeps nobody from the others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.alerts.finding import Kind, Severity
from recs_platform.alerts.overview import all_troubles
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.record import record
from recs_platform.automation.looks.open_troubles import open_of_kind
from recs_platform.automation.looks.open_troubles import open_troubles as open_for_looks
from recs_platform_tests.alerts.books import copied, finding, look, messages, trouble, troubles

LATER = Policy(("slack:#acme",), ("slack:#oncall",), timedelta(hours=4))
ODD = trouble("odd")


@pytest.fixture
def books(tmp_path: Path, migrated_file: Path, change: str) -> Iterator[Engine]:
    with copied(migrated_file, tmp_path) as opened:
        record(opened, look("run-1", finding(ODD, Severity.ERROR)), LATER)
        record(opened, look("run-2", finding("well", Severity.ERROR)), LATER)
        with opened.begin() as connection:
            assert connection.exec_driver_sql(change).rowcount
        yield opened


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ("UPDATE alert_troubles SET finding = '{\"told\": 7}' WHERE id = 1", [trouble("well"), ODD]),
        ("UPDATE alert_troubles SET finding = 'nonsense' WHERE id = 1", [trouble("well"), ODD]),
        ("UPDATE alert_troubles SET severity = 'dreadful' WHERE id = 1", [trouble("well"), ODD]),
        (
            "UPDATE alert_troubles SET kind = 'later', finding = replace(finding, 'check', 'later') WHERE id = 1",
            [trouble("well"), trouble("later odd", kind=Kind.STORE)],
        ),
    ],
)
def test_a_trouble_that_cannot_be_read_hides_no_other(books: Engine, shown: list[object]) -> None:
    assert [one.finding.trouble for one in all_troubles(books)] == shown
    assert {one.severity for one in all_troubles(books)} == {Severity.ERROR}
    known = {one for one in shown if one in (ODD, trouble("well"))}
    assert open_for_looks(books, "acme").keys() == open_of_kind(books, Kind.CHECK).keys() == known
    record(books, look("run-3", settled=[ODD, trouble("well")], hours=1), LATER)
    assert {row.over_at is None for row in troubles(books) if row.kind == "check"} == {False}
    told = [subject for severity, _, subjects in messages(books) if severity == "recovered" for subject in subjects]
    assert set(told) == {one.subject for one in known}


@pytest.mark.parametrize(
    "change", ["UPDATE alert_messages SET content = '{\"told\": 7}' WHERE place = 'slack:#oncall'"]
)
def test_a_message_that_cannot_be_read_keeps_no_trouble_open(books: Engine) -> None:
    record(books, look("run-3", settled=[trouble("well")], hours=1), LATER)
    assert [row.over_at is None for row in troubles(books)] == [True, False]
