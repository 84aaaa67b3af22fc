"""The names of time zones that a company file may say."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from recs_platform.companies.problems import did_you_mean, shown


def known_timezone(name: str) -> str:
    """The name; a ValueError says what it must be."""
    zones = _timezones()
    if name not in zones:
        hint = did_you_mean(name, sorted(zones))
        raise ValueError(f"{shown(name)} is not an IANA time zone.{hint} Allowed: names such as Europe/Berlin.")
    return name


@cache
def _timezones() -> frozenset[str]:
    """Read once: it is a walk through all files of the time zone database."""
    return frozenset(available_timezones())
