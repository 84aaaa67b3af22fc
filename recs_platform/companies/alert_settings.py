"""The `alerts:` of a company's file: who is told when something is wrong, when they are left in peace, and who is told
what is wrong for long. No secret stands here: tokens, passwords and addresses of webhooks are settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from recs_platform.companies.problems import shown
from recs_platform.settings_values import channel_name

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST_WAIT = timedelta(days=30)
_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
_FORMER_CHANNEL = "slack_channel"


def _channel(name: str) -> str:
    try:
        return channel_name(name)
    except ValueError:
        raise ValueError(f'{shown(name)} is not a Slack channel: write it as "#recommendations", with quotes') from None


def _address(text: str) -> str:
    if len(text) > 254 or not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", text):
        raise ValueError(f"{shown(text)} is not an e-mail address: a name, @ and a domain")
    return text


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _yes_or_no(given: Any) -> bool:
    if not isinstance(given, bool):
        # It is not repeated: a URL may be a secret.
        raise ValueError("should be true or false; the URL stands in RECS_ALERT_WEBHOOK")
    return given


def _wait(given: Any) -> Any:
    if not isinstance(given, str):
        if isinstance(given, timedelta):
            return given
        raise ValueError(f"should be a time such as 30m, 4h or 1d, but is {shown(given)}")
    found = re.fullmatch(r"(\d{1,6})([mhd])", given)
    wait = int(found[1]) * _UNITS[found[2]] if found else timedelta(0)
    if not timedelta(0) < wait <= _LONGEST_WAIT:
        raise ValueError(f"{shown(given)} is not a time such as 30m, 4h or 1d, of at most 30d")
    return wait


def _hours(given: Any) -> Any:
    found = re.fullmatch(rf"{_CLOCK}\s*(?:-|to)\s*{_CLOCK}", given) if isinstance(given, str) else None
    if isinstance(given, tuple):
        return given
    if not found:
        raise ValueError(f'{shown(given)} are no hours of a day: write them as "20:00-07:00", with quotes')
    begin, end = (time(int(found[hour]), int(found[hour + 1])) for hour in (1, 3))
    if begin == end:
        raise ValueError(f"{shown(given)} begin when they end; leave `quiet_hours` out to have none")
    return begin, end


Channel = Annotated[str, AfterValidator(_channel)]
Addresses = Annotated[tuple[Annotated[str, AfterValidator(_address)], ...], BeforeValidator(_listed)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _by_its_former_name(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and _FORMER_CHANNEL in given and "channel" not in given:
            return {"channel" if key == _FORMER_CHANNEL else key: value for key, value in given.items()}
        return given


class Escalation(_Section):
    """Who is told of errors besides, at once or when they are open for long."""

    channel: Channel | None = Field(None, description="Slack channel, such as that of those on call.")
    email: Addresses = Field((), description="Addresses.", max_length=20)
    after: Annotated[timedelta, BeforeValidator(_wait)] | None = Field(
        None, description="For how long an error is open before it is told there; without it, at once."
    )

    @model_validator(mode="after")
    def _tells_somebody(self) -> Escalation:
        if not (self.channel or self.email):
            raise ValueError("names nobody: add a `channel` or an `email`")
        return self


class Alerts(_Section):
    """Who is told when something is wrong, and when."""

    channel: Channel | None = Field(None, description="Slack channel; without it, that of RECS_SLACK_CHANNEL.")
    email: Addresses = Field((), description="Addresses.", max_length=20)
    webhook: Annotated[bool, BeforeValidator(_yes_or_no)] = Field(
        False, description="Whether that of RECS_ALERT_WEBHOOK is told."
    )
    quiet_hours: Annotated[tuple[time, time], BeforeValidator(_hours)] | None = Field(
        None, description="Hours of the company's clocks in which only errors are told."
    )
    escalate: Escalation | None = Field(None, description="Who is told of errors besides.")
