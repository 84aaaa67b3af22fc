"""A look is booked once and whole, whoever else books at the same time, on SQLite and PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from recs_platform.alerts.finding import Severity
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import Message, finding_from_json
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.record import forget, record
from recs_platform.alerts.wording import as_text, put_in_words
from recs_platform_tests.alerts.books import NOON, finding, look, messages, outbox, trouble, troubles

SLACK = Policy(("slack:#acme",))
ONCALL = Policy(("slack:#acme",), ("slack:#oncall",))
LATER = Policy(("slack:#acme",), ("slack:#oncall",), timedelta(hours=4))
BAD = trouble("orders: no_total")


def test_a_message_for_each_severity_and_place_and_none_for_each_finding(platform_db: Engine) -> None:
    warned = [finding(f"check {number}") for number in range(50)]
    failed = [finding(f"other {number}", Severity.ERROR) for number in range(3)]
    record(platform_db, look("run-1", *warned, *failed), Policy(("slack:#acme", "webhook"), ("slack:#oncall",)))
    assert [(severity, place, len(told)) for severity, place, told in messages(platform_db)] == [
        ("warn", "slack:#acme", 50),
        ("warn", "webhook", 50),
        ("error", "slack:#acme", 3),
        ("error", "webhook", 3),
        ("error", "slack:#oncall", 3),
    ]
    assert len(troubles(platform_db)) == 53


def test_the_same_look_again_changes_nothing(platform_db: Engine) -> None:
    for _ in range(3):
        record(platform_db, look("run-1", finding()), SLACK)
    assert messages(platform_db) == [("warn", "slack:#acme", (BAD.subject,))]
    assert [row.times for row in troubles(platform_db)] == [1]


def test_what_goes_on_is_counted_and_not_told(platform_db: Engine) -> None:
    for day in range(3):
        record(platform_db, look(f"run-{day}", finding(says=f"Orders lack {day} totals."), hours=24 * day), SLACK)
    assert len(messages(platform_db)) == 1
    (row,) = troubles(platform_db)
    assert (row.times, row.began_at, row.seen_at) == (3, NOON, NOON + timedelta(hours=48))
    assert finding_from_json(row.finding).says == "Orders lack 2 totals."


def test_worse_is_told_and_over_is_told_once_where_it_was_told(platform_db: Engine) -> None:
    record(platform_db, look("run-1", finding()), ONCALL)
    record(platform_db, look("run-2", finding(severity=Severity.ERROR)), ONCALL)
    record(platform_db, look("run-3", finding(severity=Severity.WARN)), ONCALL)
    for number in range(2):
        record(platform_db, look(f"run-{4 + number}", settled=[BAD], hours=1 + number), ONCALL)
    told = (BAD.subject,)
    assert messages(platform_db) == [
        ("warn", "slack:#acme", told),
        ("error", "slack:#acme", told),
        ("error", "slack:#oncall", told),
        ("recovered", "slack:#acme", told),
        ("recovered", "slack:#oncall", told),
    ]
    (row,) = troubles(platform_db)
    assert (row.severity, row.over_at) == ("error", NOON + timedelta(hours=1))


def test_after_its_end_a_trouble_begins_anew(platform_db: Engine) -> None:
    record(platform_db, look("run-1", finding()), SLACK)
    record(platform_db, look("run-2", settled=[BAD], hours=1), SLACK)
    record(platform_db, look("run-3", finding(), hours=2), SLACK)
    assert [severity for severity, _, _ in messages(platform_db)] == ["warn", "recovered", "warn"]
    assert [row.over_at is None for row in troubles(platform_db)] == [False, True]


def test_what_never_was_wrong_is_over_in_silence(platform_db: Engine) -> None:
    record(platform_db, look("run-1", settled=[BAD]), SLACK)
    record(platform_db, look("run-2", finding("news", Severity.INFO)), SLACK)
    record(platform_db, look("run-3", settled=[trouble("news")]), SLACK)
    assert [severity for severity, _, _ in messages(platform_db)] == ["info"]


def test_another_companys_trouble_of_the_same_name_is_another_trouble(platform_db: Engine) -> None:
    record(platform_db, look("run-1", finding()), SLACK)
    record(platform_db, look("run-2", finding(trouble(company="metro")), company="metro"), SLACK)
    record(platform_db, look("run-3", settled=[trouble(company="metro")], company="metro"), SLACK)
    assert [(row.company, row.over_at is None) for row in troubles(platform_db)] == [("acme", True), ("metro", False)]


def test_a_long_error_is_told_one_level_up_and_a_short_one_is_not(platform_db: Engine) -> None:
    record(platform_db, look("run-1", finding(severity=Severity.ERROR), finding("b", Severity.ERROR)), LATER)
    *_, later = outbox(platform_db)
    assert (later.place, later.due_at, later.attempts) == ("slack:#oncall", NOON + timedelta(hours=4), 0)
    escalated = Message.from_json(later.content)
    assert escalated.escalated
    assert as_text(put_in_words([escalated], Links())).startswith("ERROR · acme · open for 4 hours · 2 findings\n")
    record(platform_db, look("run-2", settled=[BAD], hours=1), LATER)
    assert messages(platform_db)[1:] == [
        ("error", "slack:#oncall", ("b",)),
        ("recovered", "slack:#acme", (BAD.subject,)),
    ]
    record(platform_db, look("run-3", settled=[trouble("b")], hours=2), LATER)
    assert [place for _, place, _ in messages(platform_db)] == ["slack:#acme"] * 3


def test_what_is_stored_is_masked(platform_db: Engine) -> None:
    address = "canary.person@secret-shop.example"
    told = finding(trouble(f"feed of {address}"), says=f"{address} is no number\x00.")
    record(platform_db, look(f"run of {address}", told), SLACK)
    record(platform_db, look("run-2", settled=[told.trouble]), SLACK)
    stored = "".join(row.content for row in outbox(platform_db))
    stored += "".join(row.subject + row.finding for row in troubles(platform_db))
    assert "canary" not in stored
    assert "secret-shop" not in stored
    assert len(outbox(platform_db)) == 2, "the masked name is the same trouble"


def test_names_of_any_length_stay_apart(platform_db: Engine) -> None:
    names = ["x" * 600 + end for end in "ab"]
    record(platform_db, look("n" * 300, *map(finding, names)), SLACK)
    record(platform_db, look("n" * 300 + "m", settled=[trouble(names[0])]), SLACK)
    assert sorted(row.over_at is None for row in troubles(platform_db)) == [False, True]
    record(platform_db, look("another", settled=[trouble(names[1])]), SLACK)
    assert not any(row.over_at is None for row in troubles(platform_db))


def test_a_company_whose_file_is_wrong_may_be_called_anything(platform_db: Engine) -> None:
    name = "jane.doe@shop.example " * 20
    record(platform_db, look("run-1", finding(trouble(company=name)), company=name), SLACK)
    record(platform_db, look("run-2", settled=[trouble(company=name)], company=name), SLACK)
    assert [severity for severity, _, _ in messages(platform_db)] == ["warn", "recovered"]
    assert "jane" not in "".join(row.company + row.content for row in outbox(platform_db))


def test_what_is_old_is_forgotten_and_what_waits_or_is_wrong_is_not(platform_db: Engine) -> None:
    record(platform_db, look("run-1", finding("open"), finding("over"), finding("news", Severity.INFO)), SLACK)
    record(platform_db, look("run-2", settled=[trouble("over")], hours=1), SLACK)
    assert forget(platform_db, NOON) == 0
    assert forget(platform_db, NOON + timedelta(days=400), dry_run=True) == 4
    assert len(troubles(platform_db)) == 3
    assert forget(platform_db, NOON + timedelta(days=400)) == 4
    assert [row.subject for row in troubles(platform_db)] == ["open"]
    assert len(outbox(platform_db)) == 3


_BOOKS = """
import sys
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.record import record
from recs_platform.platform_db.engine import engine
from recs_platform_tests.alerts.books import finding, look, trouble

database = engine(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(12):
    record(database, look(f"shared-{number}", finding(f"shared {number}")), Policy(("slack:#acme",)))
    record(database, look(f"{sys.argv[2]}-{number}", finding("the same")), Policy(("slack:#acme",)))
"""


@pytest.mark.slow
def test_processes_that_book_at_once_double_and_lose_nothing(platform_db: Engine, database: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _BOOKS, database, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.wait(60) for process in started] == [0, 0]
    told = sorted(subject for _, _, subjects in messages(platform_db) for subject in subjects)
    assert told == sorted(["the same", *(f"shared {number}" for number in range(12))])
    assert {row.subject: row.times for row in troubles(platform_db)}["the same"] == 24
