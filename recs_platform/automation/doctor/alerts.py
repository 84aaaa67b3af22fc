"""Whether somebody would be told: places and tokens, and messages that do not get through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from recs_platform.alerts.channels import CONNECTED_BY, open_channels
from recs_platform.alerts.policy import LOG, policy_of
from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.platform_db.alert_tables import AlertMessage
from recs_platform.plurals import counted, listed

_OVERDUE = timedelta(minutes=10)


def examine(home: Home) -> Iterator[Examined]:
    found = list(_places(home))
    yield from found
    unsent = list(_messages(home))
    yield from unsent
    if not (found or unsent):
        yield ok("alerts have somewhere to go, and none waits in vain")


def _places(home: Home) -> Iterator[Examined]:
    policies = {name: policy_of(company) for name, company in home.companies.items()}
    only_log = sorted(name for name, policy in policies.items() if policy.places == (LOG,))
    if only_log:
        yield warning(
            f"alerts of {listed(only_log)} go to the log alone",
            "Name a channel under `alerts:` in the company's file, or set RECS_SLACK_CHANNEL. docs/alerts.md",
        )
    used = {place.partition(":")[0] for one in policies.values() for place in (*one.places, *one.escalation)}
    for kind in sorted(used - open_channels().keys()):
        yield warning(
            f"alerts are to go to {kind}, and {CONNECTED_BY[kind]} is not set: they go to the log",
            f"Set it: docs/settings.md ({CONNECTED_BY[kind]}).",
        )


def _messages(home: Home) -> Iterator[Examined]:
    unsent, tried = AlertMessage.sent_at.is_(None), AlertMessage.attempts > 0
    with_their_number = select(AlertMessage, func.count().over()).where(unsent, tried)
    last_failing = with_their_number.order_by(AlertMessage.id.desc()).limit(1)
    overdue = select(func.count()).where(unsent, ~tried, AlertMessage.due_at < home.now - _OVERDUE)
    with Session(home.database) as session:
        failing = session.execute(last_failing).first()
        never_tried = session.execute(overdue).scalar_one()
    if failing:
        last, count = failing
        yield wrong(
            f"{counted(count, 'message')} cannot be sent; the last one, to {last.place}: {last.problem}",
            f"Correct that, then: recs alerts test {last.company or 'COMPANY'}",
        )
    if never_tried:
        waiting = f"{counted(never_tried, 'message')} due, and nobody sends"
        yield wrong(waiting, f"The daemon sends them: {home.daemon_command}")
