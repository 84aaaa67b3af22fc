"""Nothing is lost and nothing doubled, whatever Slack does, and nobody waits for it for long."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from recs_platform.alerts.channels.channel import Answer, Channel, Later, Sent
from recs_platform.alerts.channels.log import LogChannel
from recs_platform.alerts.channels.slack import SlackChannel
from recs_platform.alerts.deliver import Delivered, deliver
from recs_platform.alerts.finding import Severity
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import Message
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.record import forget, record
from recs_platform_tests.alerts.books import NOON, copied, finding, look, outbox, trouble
from recs_platform_tests.alerts.stub_slack import TOKEN, Mood, StubSlack

ACME = Policy(("slack:#acme",))


def channels(slack: StubSlack) -> dict[str, Channel]:
    return {"log": LogChannel(Links()), "slack": SlackChannel(SecretStr(TOKEN), slack.url, Links())}


Deliver = Callable[[float], Delivered]


@pytest.fixture
def books(tmp_path: Path, migrated_file: Path) -> Iterator[Engine]:
    """The platform database on SQLite, where both engines do the same."""
    with copied(migrated_file, tmp_path) as opened:
        yield opened


@pytest.fixture
def send(request: pytest.FixtureRequest, slack: StubSlack) -> Deliver:
    """Deliver so many seconds after noon."""
    database = request.getfixturevalue("platform_db" if "platform_db" in request.fixturenames else "books")
    return lambda seconds: deliver(database, channels(slack), NOON + timedelta(seconds=seconds))


def book(engine: Engine, count: int = 1, policy: Policy = ACME) -> None:
    for number in range(count):
        record(engine, look(f"run-{number}", finding(f"check {number}", says=f"Number {number} is wrong.")), policy)


def test_what_is_due_is_sent_once(platform_db: Engine, slack: StubSlack, send: Deliver) -> None:
    book(platform_db)
    assert send(0) == Delivered(sent=1)
    assert send(1) == Delivered()
    (message,) = slack.messages
    assert message["channel"] == "#acme"
    assert slack.headers() == [":large_yellow_circle: WARN · acme"]
    assert (
        "*Number 0 is wrong.*\nreplenishment/orders · 3 rows\nWhat to do: recs companies check acme" in slack.texts()[0]
    )


@pytest.mark.parametrize("mood", ["busy", "broken", "nonsense", "closing"])
def test_what_does_not_go_now_goes_later(books: Engine, slack: StubSlack, send: Deliver, mood: Mood) -> None:
    book(books)
    slack.mood = mood
    assert send(0) == Delivered(failed=1, waiting=1)
    slack.mood = "well"
    assert send(3600) == Delivered(sent=1)
    assert len(slack.messages) == 1
    (row,) = outbox(books)
    assert (row.attempts, row.problem) == (2, "")


def test_retries_become_rare(books: Engine, slack: StubSlack, send: Deliver) -> None:
    book(books)
    slack.mood = "broken"
    tried = []
    for second in range(0, 7200, 15):
        before = len(slack.asked)
        send(second)
        tried += [second] if len(slack.asked) > before else []
    assert tried[:8] == [0, 15, 45, 105, 225, 465, 945, 1845]
    assert tried[8:] == list(range(2745, 7200, 900))


def test_slack_says_how_long_to_wait(books: Engine, slack: StubSlack, send: Deliver) -> None:
    book(books)
    slack.mood, slack.retry_after = "busy", "120"
    send(0)
    slack.mood = "well"
    assert send(119) == Delivered(waiting=1)
    assert send(120) == Delivered(sent=1)


def test_after_an_hour_without_slack_everything_arrives_once_in_order_and_together(
    books: Engine, slack: StubSlack, send: Deliver
) -> None:
    book(books)
    slack.mood = "broken"
    for minute in range(60):
        send(60 * minute)
    book(books, 200)
    send(3601)
    slack.mood = "well"
    assert send(3600 + 1800).waiting == 0
    told = "\n".join(slack.texts())
    numbers = [int(line.split("Number ")[1].split()[0]) for line in told.splitlines() if line.startswith("*Number ")]
    assert numbers == list(range(200))
    assert len(slack.messages) == 10
    assert "more:" not in told


def test_a_person_is_told_what_to_do_and_the_message_stays(
    books: Engine, slack: StubSlack, send: Deliver, caplog: pytest.LogCaptureFixture
) -> None:
    book(books)
    slack.channels = {"#other"}
    assert send(0) == Delivered(failed=1, waiting=1)
    assert "could not be sent: channel_not_found. Correct the channel" in caplog.text
    assert "Number 0 is wrong." in caplog.text, "the log carries what nobody could be told"
    record(books, look("another", finding("another", says="Another.")), ACME)
    slack.channels = {"#acme"}
    assert send(899) == Delivered(waiting=2), "what comes later waits behind it"
    assert send(900) == Delivered(sent=2)


def test_what_is_refused_holds_up_nothing_else(books: Engine, slack: StubSlack, send: Deliver) -> None:
    book(books)
    slack.refuses = "something_new"
    send(0)
    slack.refuses = None
    record(books, look("another", finding("another", says="Another.")), ACME)
    assert send(1) == Delivered(sent=1, waiting=1)
    assert send(901) == Delivered(sent=1)


def test_the_log_has_what_waits_behind_a_place_that_is_gone(
    books: Engine, slack: StubSlack, send: Deliver, caplog: pytest.LogCaptureFixture
) -> None:
    book(books, 40)
    slack.channels = set()
    for second in range(0, 3600, 60):
        send(second)
    assert [caplog.text.count(f"Number {number} is wrong.") for number in range(40)] == [1] * 40


def test_after_many_attempts_the_log_has_the_message(
    books: Engine, slack: StubSlack, send: Deliver, caplog: pytest.LogCaptureFixture
) -> None:
    book(books)
    slack.mood = "broken"
    for attempt, second in enumerate([0, 15, 45, 105, 225]):
        assert ("Number 0 is wrong." in caplog.text) is False, attempt
        send(second)
    assert caplog.text.count("Number 0 is wrong.") == 1
    assert TOKEN not in caplog.text


def test_without_a_token_it_is_told_in_the_log(books: Engine, caplog: pytest.LogCaptureFixture) -> None:
    record(books, look("run-1", finding(severity=Severity.ERROR)), ACME)
    assert deliver(books, {"log": LogChannel(Links())}, NOON) == Delivered(sent=1)
    (said,) = caplog.records
    assert (said.name, said.levelno) == ("recs_platform.alerts", logging.ERROR)
    assert said.getMessage().startswith("(slack:#acme) ERROR · acme\n\nOrders lack a total.")


def test_one_silent_channel_keeps_nobody_waiting_for_long(
    books: Engine, slack: StubSlack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from recs_platform.alerts import deliver as module

    moods: tuple[Mood, ...] = ("silent", "dripping")
    with monkeypatch.context() as impatient:
        impatient.setattr(module, "SECONDS_OF_ONE", 0.5)
        for rounds, mood in enumerate(moods, 1):
            slack.mood = mood
            places = tuple(f"slack:#{mood}-{number}" for number in range(30))
            record(books, look(mood, finding(mood)), Policy((*places, "log")))
            done = deliver(books, channels(slack), NOON)
            assert (done.sent, done.failed) == (1, 1), "Slack is asked once, and the log is told"
            assert len(slack.asked) == rounds
    slack.mood = "well"
    slack.goes_on.set()
    # Who was kept waiting is asked again once it has answered.
    for thread in threading.enumerate():
        if thread.name.startswith("SlackChannel #"):
            thread.join()
    for hour in range(1, 4):
        deliver(books, channels(slack), NOON + timedelta(hours=hour))
    assert sorted(message["channel"] for message in slack.messages) == sorted(
        f"#{mood}-{number}" for mood in moods for number in range(30)
    )


def test_warnings_wait_for_the_morning_and_errors_do_not(books: Engine, slack: StubSlack, send: Deliver) -> None:
    from datetime import time as clock

    from recs_platform.alerts.policy import QuietHours

    quiet = Policy(("slack:#acme",), quiet=QuietHours(clock(11), clock(15), "UTC"))
    for number in range(3):
        record(books, look(f"run-{number}", finding(f"check {number}")), quiet)
    record(books, look("bad", finding("bad", Severity.ERROR)), quiet)
    record(books, look("well", settled=[trouble("bad")], hours=1), quiet)
    assert send(3600) == Delivered(sent=2, waiting=3)
    assert slack.headers() == [":red_circle: ERROR · acme", ":large_green_circle: RECOVERED · acme"]
    assert send(3 * 3600 - 1) == Delivered(waiting=3)
    assert send(3 * 3600) == Delivered(sent=3)
    assert slack.headers()[2:] == [":large_yellow_circle: WARN · acme · 3 findings"]


def test_a_warning_that_comes_late_does_not_disturb_the_night(books: Engine, slack: StubSlack, send: Deliver) -> None:
    from datetime import time as clock

    from recs_platform.alerts.policy import QuietHours

    record(books, look("run", finding()), Policy(("slack:#acme",), quiet=QuietHours(clock(13), clock(15), "UTC")))
    slack.mood = "broken"
    send(0)
    slack.mood = "well"
    assert send(3600) == Delivered(waiting=1)
    record(books, look("bad", finding("bad", Severity.ERROR), hours=1), ACME)
    assert send(3601) == Delivered(sent=1, waiting=1), "and holds up no error"
    assert send(3 * 3600) == Delivered(sent=1)


@dataclass
class Kept:
    """A channel that keeps the name and the looks of what it was sent."""

    answer: Answer
    sent: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def send(self, where: str, messages: Sequence[Message], name: str) -> Answer:
        self.sent.append((name, tuple(message.look for message in messages)))
        return self.answer


def test_a_name_is_that_of_exactly_the_messages_that_are_sent(books: Engine) -> None:
    channel = Kept(Later("busy"))
    connected: dict[str, Channel] = {"slack": channel, "log": LogChannel(Links())}
    for minute, count in enumerate((14, 17, 17)):
        book(books, count)
        deliver(books, connected, NOON + timedelta(minutes=minute))
    channel.answer = Sent()
    deliver(books, connected, NOON + timedelta(hours=2))
    looks = dict(channel.sent)
    assert set(channel.sent) == set(looks.items()), "the same name is the same messages"
    assert len(set(looks.values())) == len(looks), "and the same messages have the same name"
    assert [len(of) for _, of in channel.sent] == [14, 17, 17, 17]
    # A database that was swept may give a number again.
    forget(books, NOON + timedelta(days=90))
    record(books, look("run-90", finding("check 90"), hours=24 * 90), ACME)
    deliver(books, connected, NOON + timedelta(days=91))
    (row,) = outbox(books)
    name, of = channel.sent[-1]
    assert (row.id, of) == (1, ("run-90",))
    assert name not in looks


_DELIVERS = """
import sys
from datetime import timedelta
from pydantic import SecretStr
from recs_platform.alerts.channels.log import LogChannel
from recs_platform.alerts.channels.slack import SlackChannel
from recs_platform.alerts.deliver import deliver
from recs_platform.alerts.links import Links
from recs_platform.platform_db.engine import engine
from recs_platform_tests.alerts.books import NOON
from recs_platform_tests.alerts.stub_slack import TOKEN

database, url, seconds = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
channels = {"log": LogChannel(Links()), "slack": SlackChannel(SecretStr(TOKEN), url, Links())}
print(deliver(engine(database), channels, NOON + timedelta(seconds=float(seconds))), flush=True)
"""


def delivering(database: str, slack: StubSlack, seconds: float = 0) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _DELIVERS, database, slack.url, str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


@pytest.mark.slow
def test_killed_between_sending_and_remembering(
    platform_db: Engine, database: str, slack: StubSlack, send: Deliver
) -> None:
    book(platform_db)
    slack.mood, slack.takes_in_silence = "silent", True
    process = delivering(database, slack)
    go(process)
    assert slack.arrived.wait(30)
    process.kill()
    process.wait()
    slack.mood = "well"
    assert len(slack.messages) == 1
    assert send(1) == Delivered(waiting=1), "nobody knows yet that it was killed"
    assert send(91) == Delivered(sent=1)
    assert send(3600) == Delivered()
    assert len(slack.messages) == 2, "once more, and never again"


@pytest.mark.slow
def test_two_deliverers_do_not_send_the_same(platform_db: Engine, database: str, slack: StubSlack) -> None:
    for number in range(20):
        record(platform_db, look(f"run-{number}", finding(f"check {number}")), Policy((f"slack:#room-{number % 10}",)))
    both = [delivering(database, slack) for _ in range(2)]
    for process in both:
        go(process)
    assert [process.wait(60) for process in both] == [0, 0]
    told = sorted(line for text in slack.texts() for line in text.splitlines() if line.startswith("*"))
    assert len(told) == 20
    assert all(row.sent_at and row.attempts == 1 for row in outbox(platform_db))


def test_what_a_newer_version_wrote_holds_up_nothing(books: Engine, slack: StubSlack, send: Deliver) -> None:
    book(books, 2)
    with books.begin() as connection:
        connection.exec_driver_sql("UPDATE alert_messages SET content = '{\"told\": 7}' WHERE id = 1")
    assert send(0) == Delivered(sent=1, waiting=1)
