"""Addresses in whatever a look hands over: none is stored, sent, logged or listed, on any way that leads out."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from recs_platform.alerts.channels.log import LogChannel
from recs_platform.alerts.channels.slack import SlackChannel
from recs_platform.alerts.deliver import deliver
from recs_platform.alerts.finding import Finding, Kind, Severity, Trouble
from recs_platform.alerts.links import Links
from recs_platform.alerts.overview import all_troubles, waiting_messages
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.record import record
from recs_platform_tests.alerts.books import NOON, copied, look
from recs_platform_tests.alerts.stub_slack import TOKEN, StubSlack

CANARY = "canary.bird@secret-aviary.example"
WAYS = [
    CANARY,
    f"Canary Bird <{CANARY}>",
    f"email={CANARY.upper()}",
    f"https://x.example/?q={CANARY.replace('@', '%40')}",
    "x" * 1990 + CANARY,
    f"two\n{CANARY}\x00",
    f"<!channel>{CANARY}",
]


@pytest.mark.parametrize("text", WAYS)
def test_no_address_leaves(
    migrated_file: Path, tmp_path: Path, slack: StubSlack, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    finding = Finding(
        Trouble(text, Kind.CHECK, text),
        Severity.ERROR,
        text,
        text,
        asset=text,
        check=text,
        examples=(text,) * 5,
        run_id=text,
    )
    links = Links("https://dagster.example.com", "https://docs.example.com")
    channels = {"log": LogChannel(links), "slack": SlackChannel(SecretStr(TOKEN), slack.url, links)}
    with copied(migrated_file, tmp_path) as books:
        record(
            books, look(text, finding, company=text), Policy((f"mail:{CANARY}", "slack:#acme", "slack:#gone", "log"))
        )
        slack.channels = {"#acme"}
        deliver(books, channels, NOON)
        record(books, look("well", settled=[finding.trouble], company=text), Policy(("slack:#acme", f"mail:{CANARY}")))
        listed = json.dumps([asdict(one) for one in (*all_troubles(books), *waiting_messages(books))], default=str)
        deliver(books, channels, NOON + timedelta(hours=2))
        with books.connect() as connection:
            for table in ("alert_looks", "alert_troubles", "alert_messages"):
                listed += str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    assert len(slack.messages) == 2
    out = listed.replace(f"mail:{CANARY}", "") + slack.everything() + caplog.text
    assert "canary" not in out.lower()
    assert "aviary" not in out.lower()
