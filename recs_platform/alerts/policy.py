"""Who is told, where, and when: what a company's file says about its alerts, as places and hours.

A place is a text: `slack:#acme`, `mail:ops@acme.example`, `webhook` or `log`. It names a channel of `channels/`, and
where in it. Not here: what is told (`record.py`), and sending (`deliver.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from recs_platform.alerts.finding import Severity
from recs_platform.companies.model import Company
from recs_platform.settings import settings

LOG = "log"
WEBHOOK = "webhook"
SLACK = "slack"
MAIL = "mail"


@dataclass(frozen=True)
class QuietHours:
    """From a time of day to another, perhaps over midnight, by the clocks of a time zone."""

    begin: time
    end: time
    zone: str

    def over(self, moment: datetime) -> datetime | None:
        """When they are over, if the moment lies in them.

        >>> from datetime import UTC
        >>> night = QuietHours(time(20), time(7), "Europe/Berlin")
        >>> str(night.over(datetime(2026, 3, 2, 22, 30, tzinfo=UTC)))
        '2026-03-03 06:00:00+00:00'
        >>> night.over(datetime(2026, 3, 2, 6, 0, tzinfo=UTC)) is None
        True
        """
        local = moment.astimezone(ZoneInfo(self.zone))
        clock = local.time()
        over_midnight = self.end < self.begin
        inside = clock >= self.begin or clock < self.end if over_midnight else self.begin <= clock < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if over_midnight and clock >= self.begin else 0)
        # A time that clocks show twice is the second one; one that they leave out is as long after midnight.
        ends = (datetime.combine(day, self.end, ZoneInfo(self.zone)).replace(fold=fold) for fold in (0, 1))
        return max(end.astimezone(moment.tzinfo) for end in ends)


@dataclass(frozen=True)
class Policy:
    """How the troubles of a company, or of all of them, are told."""

    places: tuple[str, ...] = (LOG,)
    escalation: tuple[str, ...] = ()
    """Errors are told there, too."""
    escalate_after: timedelta = timedelta(0)
    """Only of those that are open for so long."""
    quiet: QuietHours | None = None
    """What is no error waits until they are over."""

    def told_at_once(self, severity: Severity) -> tuple[str, ...]:
        if severity is Severity.ERROR and not self.escalate_after:
            return tuple(dict.fromkeys((*self.places, *self.escalation)))
        return self.places

    def told_later(self, severity: Severity) -> tuple[str, ...]:
        return self.escalation if severity is Severity.ERROR and self.escalate_after else ()

    def ever_told(self, severity: Severity) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.told_at_once(severity), *self.told_later(severity))))


def policy_of(company: Company | None) -> Policy:
    """As its file says. Where there is no company, or its file names nobody: RECS_SLACK_CHANNEL, or the log."""
    default = settings().slack_channel
    if company is None:
        return Policy(_places(default))
    alerts = company.alerts
    named = _places(alerts.channel, alerts.email, webhook=alerts.webhook)
    if named == (LOG,):
        named = _places(default)
    policy = Policy(named)
    if alerts.escalate:
        after = alerts.escalate.after or timedelta(0)
        policy = replace(
            policy, escalation=_places(alerts.escalate.channel, alerts.escalate.email), escalate_after=after
        )
    if alerts.quiet_hours:
        policy = replace(policy, quiet=QuietHours(*alerts.quiet_hours, company.timezone))
    return policy


def _places(channel: str | None, addresses: Sequence[str] = (), *, webhook: bool = False) -> tuple[str, ...]:
    places = [f"{SLACK}:{channel}"] if channel else []
    places += [f"{MAIL}:{address}" for address in addresses]
    places += [WEBHOOK] if webhook else []
    return tuple(dict.fromkeys(places)) or (LOG,)
