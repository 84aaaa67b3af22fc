"""`recs alerts` against a Slack of our own: what is wrong, whether people can be told, and sending by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.alerts.finding import PLATFORM, Kind, Severity, Trouble
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.record import record
from recs_platform.automation.instance import instance
from recs_platform.errors import ConfigError
from recs_platform.platform_db.engine import engine, opened_database
from recs_platform_tests.alerts.books import copied, finding, look, trouble
from recs_platform_tests.alerts.stub_slack import StubSlack, stub_slack
from recs_platform_tests.automation.looks.shop import Shop
from recs_platform_tests.cli.terminal import Terminal

ACME = Policy(("slack:#acme", "mail:jane.doe@acme.example"))


@pytest.fixture
def slack() -> Iterator[StubSlack]:
    with stub_slack() as running:
        yield running


@pytest.fixture
def books(terminal: Terminal, migrated_file: Path) -> Iterator[Engine]:
    home = terminal.folder / ".recs"
    home.mkdir(exist_ok=True)
    with copied(migrated_file, home, "platform.db") as opened:
        yield opened


def write(terminal: Terminal, alerts: str) -> None:
    path = terminal.companies / "acme.yaml"
    path.write_text(f"{path.read_text()}alerts: {alerts}\n")


def test_each_place_is_tried(terminal: Terminal, slack: StubSlack) -> None:
    write(terminal, '{channel: "#acme", escalate: {channel: "#on-call", after: 4h}}')
    ended = terminal.recs("alerts", "test", "acme", **slack.environment)
    assert (ended.code, ended.err) == (0, "")
    assert ended.told == "ok slack:#acme: sent. ok slack:#on-call: sent."
    assert slack.headers() == [":large_blue_circle: INFO · acme"] * 2


def test_a_place_that_cannot_be_reached_says_why_and_what_to_do(terminal: Terminal, slack: StubSlack) -> None:
    write(terminal, '{channel: "#acme", email: jane.doe@acme.example, webhook: true, escalate: {channel: "#gone"}}')
    slack.channels = {"#acme"}
    variables = {**slack.environment, "RECS_ALERT_WEBHOOK": "http://127.0.0.1:9/s3cret"}
    ended = terminal.recs("alerts", "test", "acme", **variables)
    assert ended.code == 1
    assert ended.told.startswith("ok slack:#acme: sent. failed mail:j***@***.example: it is not connected")
    assert "Set RECS_SMTP_URL: see docs/alerts.md." in ended.told
    assert "failed webhook: the webhook cannot be reached" in ended.told
    assert "failed slack:#gone: channel_not_found. Correct the channel in the company's file" in ended.told
    assert "s3cret" not in ended.told
    shown = terminal.recs("alerts", "test", "acme", "--json", **variables).json
    assert [answer["sent"] for answer in shown] == [True, False, False, False]


def test_who_names_nobody_is_told_so(terminal: Terminal) -> None:
    ended = terminal.recs("alerts", "test", "acme")
    assert (ended.code, ended.out) == (
        0,
        "ok  told in the log alone. To tell people, name them in the company's file: docs/alerts.md.\n",
    )


def test_a_wrong_token(terminal: Terminal, slack: StubSlack) -> None:
    write(terminal, '{channel: "#acme"}')
    ended = terminal.recs("alerts", "test", "acme", RECS_SLACK_URL=slack.url, RECS_SLACK_TOKEN="xoxb-s3cret")
    assert ended.code == 1
    assert "failed slack:#acme: invalid_auth. Set RECS_SLACK_TOKEN to the bot token" in ended.told
    assert "s3cret" not in ended.told


def test_a_persons_mistake(terminal: Terminal) -> None:
    assert terminal.recs("alerts", "test", "acm").code == 2
    write(terminal, '{channel: "acme"}')
    ended = terminal.recs("alerts", "test", "acme")
    assert ended.code == 2
    assert 'alerts.channel: "acme" is not a Slack channel' in ended.err


def test_nothing_is_wrong(terminal: Terminal, books: Engine) -> None:
    assert terminal.recs("alerts", "list").told == "ok nothing is wrong, as far as anybody looked."
    assert terminal.recs("alerts", "list", "--json").json == {"troubles": [], "waiting": []}


def test_what_is_wrong_and_what_waits(terminal: Terminal, books: Engine) -> None:
    record(books, look("1", finding(), finding("bad", Severity.ERROR, "Very bad.")), ACME)
    record(books, look("2", finding("news", Severity.INFO), finding("gone")), Policy())
    record(books, look("3", settled=[trouble("gone")], hours=1), Policy())
    record(books, look("4", finding(Trouble(PLATFORM, Kind.STORE, "disk")), company=PLATFORM), Policy())
    ended = terminal.recs("alerts", "list", COLUMNS="200")
    assert ended.code == 0
    assert ended.out.index("Very bad.") < ended.out.index("Orders lack a total.")
    assert "Messages that wait" in ended.out
    assert "jane" not in ended.out
    shown = terminal.recs("alerts", "list", "acme", "--json").json
    assert [(one["subject"], one["severity"], one["times"]) for one in shown["troubles"]] == [
        ("bad", "error", 1),
        ("orders: no_total", "warn", 1),
    ]
    assert shown["troubles"][0]["remedy"] == "recs companies check acme"
    assert [one["place"] for one in shown["waiting"]][:2] == ["slack:#acme", "mail:j***@***.example"]
    everything = terminal.recs("alerts", "list", "--all", "--json").json
    assert {one["subject"] for one in everything["troubles"]} == {"bad", "orders: no_total", "news", "gone", "disk"}
    (gone,) = (one for one in everything["troubles"] if one["subject"] == "gone")
    assert gone["over_at"] == "2026-03-02 13:00:00+00:00"


def test_a_company_whose_file_is_wrong_is_listed(terminal: Terminal, books: Engine) -> None:
    record(books, look("1", finding()), ACME)
    write(terminal, "{chanel: 5}")
    assert len(terminal.recs("alerts", "list", "acme", "--json").json["troubles"]) == 1
    assert terminal.recs("alerts", "list", "acm").code == 2


def test_what_is_due_is_sent_by_hand(terminal: Terminal, books: Engine, slack: StubSlack) -> None:
    record(books, look("1", finding()), Policy(("slack:#acme",)))
    slack.channels = set()
    ended = terminal.recs("alerts", "send", **slack.environment)
    assert (ended.code, ended.out) == (1, "failed  0 sent, 1 not sent, 1 wait.\n")
    slack.channels = None
    assert terminal.recs("alerts", "send", **slack.environment).out == "ok  0 sent, 0 not sent, 1 wait.\n"
    assert terminal.recs("alerts", "send", "--again", **slack.environment).out == "ok  1 sent, 0 not sent, 0 wait.\n"
    assert terminal.recs("alerts", "send", "--json", **slack.environment).json == {
        "sent": 0,
        "failed": 0,
        "waiting": 0,
        "looks_failed": {},
    }
    assert len(slack.messages) == 1
    engine(f"sqlite:///{terminal.folder / '.recs' / 'platform.db'}").dispose()


@pytest.mark.slow
def test_without_a_daemon_what_failed_today_is_told_when_somebody_asks(terminal: Terminal, slack: StubSlack) -> None:
    def refuse(_: object) -> None:
        raise ConfigError("acme: the feed has no column item_id.")

    with terminal.inside(), instance() as dagster:
        database = opened_database()
        Shop(dagster, database).run(refuse)
    environment = {**slack.environment, "RECS_SLACK_CHANNEL": "#data"}
    assert terminal.recs("alerts", "send", **environment).out == "ok  1 sent, 0 not sent, 0 wait.\n"
    assert "the feed has no column item_id" in "".join(slack.texts())
    for _ in range(2):
        assert terminal.recs("alerts", "send", **environment).out == "ok  0 sent, 0 not sent, 0 wait.\n"
    with terminal.inside(), instance() as dagster:
        Shop(dagster, database).run()
    assert terminal.recs("alerts", "send", **environment).out == "ok  1 sent, 0 not sent, 0 wait.\n"
    database.dispose()
