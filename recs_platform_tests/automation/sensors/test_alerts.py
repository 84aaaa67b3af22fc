"""The alerts sensor, ticked as the daemon does, against a Slack of our own and real runs: what arrives, and how often.

The channel between the daemon and these ticks is proved once by a real daemon (test_alerts_of_a_daemon.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from recs_platform.automation.failures import TickError
from recs_platform.automation.looks import watch
from recs_platform.automation.looks.catalogue import LOOKS
from recs_platform.automation.sensors.alerts import alerts_sensor
from recs_platform.companies.known_companies import BrokenCompany, Companies
from recs_platform.errors import ConfigError, UnavailableError
from recs_platform.platform_db.alert_tables import AlertMessage
from recs_platform.settings import settings
from recs_platform_tests.alerts.stub_slack import Mood, StubSlack, stub_slack
from recs_platform_tests.automation.looks.shop import DAY, Shop, found, new_shop

CANARIES = ("jane.doe+canary@example.com", "Jane Canary <canary2@example.org>", "canary3@mail.example.net")
ERROR = dg.AssetCheckSeverity.ERROR


class Ticks:
    """Of one code server; another one is another process that begins with what is kept."""

    def __init__(self, shop: Shop, companies: Companies | None = None) -> None:
        self.shop, self.companies = shop, companies or Companies({})
        self.cursor: str | None = None

    def tick(self) -> str:
        with dg.build_sensor_context(self.shop.instance, cursor=self.cursor) as context:
            result: Any = alerts_sensor(self.companies, {})(context)
        self.cursor = result.cursor
        return str(result.skip_reason.skip_message)

    def again(self) -> str:
        """When what was put off is due."""
        with Session(self.shop.database) as session, session.begin():
            session.execute(update(AlertMessage).values(due_at=datetime.now(UTC) - timedelta(seconds=1)))
        return self.tick()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with new_shop(tmp_path) as made:
        yield made


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubSlack]:
    with stub_slack() as running:
        for name, value in {**running.environment, "RECS_SLACK_CHANNEL": "#data"}.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        yield running


@pytest.fixture
def ticks(slack: StubSlack, shop: Shop) -> Ticks:
    settings.cache_clear()
    return Ticks(shop)


def _refuse(_: object) -> None:
    raise ConfigError(f"acme: ask {CANARIES[0]} or {CANARIES[1]} about the feed.")


def _planted(shop: Shop) -> None:
    """One of each kind that a run can have, each of another company's."""
    rows = (f"| 1 | {CANARIES[2]} |", f"| 2 | {CANARIES[0]} |")
    shop.run(_refuse, company="acme")
    shop.run(checks={f"rule_{number}": found(*rows) for number in range(50)}, company="holley")


def test_each_trouble_arrives_once_with_what_is_needed_and_nothing_personal(ticks: Ticks, slack: StubSlack) -> None:
    _planted(ticks.shop)
    for _ in range(4):
        ticks.tick()
    assert len(slack.messages) == 2
    of_acme, of_holley = sorted(slack.texts(), key=lambda text: "holley" in text)
    assert f"recs run acme --date {DAY}" in of_acme
    assert "orders" in of_acme
    assert "50" in of_holley
    assert "3 of 12 rows violate the rule" in of_holley
    everything = slack.everything()
    assert not [canary for canary in ("canary@", "canary2@", "canary3@", "Jane") if canary in everything]


def test_recovery_arrives_once(ticks: Ticks, slack: StubSlack) -> None:
    ticks.shop.run(_refuse)
    ticks.tick()
    ticks.shop.run()
    for _ in range(3):
        ticks.tick()
    assert len(slack.messages) == 2


@pytest.mark.parametrize("mood", ["busy", "broken", "nonsense", "closing"])
def test_a_slack_that_is_not_well_fails_no_tick_and_gets_the_message_when_it_is(
    ticks: Ticks, slack: StubSlack, mood: Mood
) -> None:
    ticks.shop.run(_refuse)
    slack.mood = mood
    ticks.tick()
    assert slack.messages == []
    assert slack.asked
    # The looks go on.
    ticks.shop.run(_refuse, company="holley")
    ticks.tick()
    slack.mood = "well"
    ticks.again()
    told = "\n".join(slack.texts())
    assert "acme" in told
    assert "holley" in told
    before = len(slack.messages)
    ticks.again()
    assert len(slack.messages) == before


def test_who_is_killed_between_sending_and_remembering_sends_at_most_twice(
    ticks: Ticks, slack: StubSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks.shop.run(_refuse)

    class KilledError(BaseException): ...

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("recs_platform.alerts.deliver._remember", killed)
        with pytest.raises(KilledError):
            ticks.tick()
    assert len(slack.messages) == 1
    # The cursor of that tick is lost as well.
    for _ in range(3):
        ticks.again()
    assert len(slack.messages) == 2


def test_who_is_killed_before_sending_sends_once(
    ticks: Ticks, slack: StubSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks.shop.run(_refuse)

    class KilledError(BaseException): ...

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(watch, "deliver", killed)
        with pytest.raises(KilledError):
            ticks.tick()
    for _ in range(3):
        ticks.tick()
    assert len(slack.messages) == 1


def test_another_code_server_goes_on_where_the_first_one_stopped(ticks: Ticks, slack: StubSlack) -> None:
    ticks.shop.run(_refuse)
    ticks.tick()
    other = Ticks(ticks.shop)
    other.cursor = ticks.cursor
    other.tick()
    # And with a cursor that somebody has reset, or that is none.
    for cursor in (None, "nonsense", "[1]"):
        other.cursor = cursor
        other.tick()
    assert len(slack.messages) == 1


def test_books_that_are_away_fail_the_tick_with_a_sentence_and_lose_nothing(
    ticks: Ticks, slack: StubSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks.shop.run(_refuse)

    def away(*_: object) -> None:
        raise UnavailableError("the platform database does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(watch, "record", away)
        with pytest.raises(TickError, match="does not answer"):
            ticks.tick()
    ticks.tick()
    assert len(slack.messages) == 1


def test_a_broken_company_keeps_no_other_waiting(ticks: Ticks, slack: StubSlack) -> None:
    ticks.companies = Companies({}, (BrokenCompany("broken", None, None, "broken.yaml: no strategy."),))
    ticks.shop.run(_refuse)
    ticks.tick()
    assert len(slack.messages) == 2


def test_without_a_slack_it_is_said_in_the_log(
    shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RECS_SLACK_TOKEN", raising=False)
    settings.cache_clear()
    shop.run(_refuse)
    with caplog.at_level("INFO"):
        Ticks(shop).tick()
    assert f"recs run acme --date {DAY}" in caplog.text
    assert "canary" not in caplog.text


def test_where_nothing_was_ever_made_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECS_DATABASE_URL", raising=False)
    monkeypatch.setenv("RECS_HOME", str(tmp_path / "none"))
    settings.cache_clear()
    with dg.DagsterInstance.ephemeral() as instance, dg.build_sensor_context(instance) as context:
        result: Any = alerts_sensor(Companies({}), {})(context)
    assert "nothing was ever made" in str(result.skip_reason.skip_message)
    assert not (tmp_path / "none").exists()
    settings.cache_clear()


def test_it_is_on_from_the_start_and_all_looks_are_taken() -> None:
    made = alerts_sensor(Companies({}), {})
    assert made.default_status is dg.DefaultSensorStatus.RUNNING
    assert set(LOOKS) >= {"ended runs", "killed runs", "stuck runs", "publications", "stores", "company files"}
