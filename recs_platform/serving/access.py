"""Who asks, and which company they see: a key's own alone. Without any key, the service is open to its own machine.

Not here: what a key is (keys.py), and from which pages browsers may ask (page_guard.py).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from recs_platform.companies.problems import did_you_mean
from recs_platform.serving.asked import asked_of
from recs_platform.serving.companies import ServedCompanies, ServedCompany
from recs_platform.serving.keys import KeyRing
from recs_platform.serving.problems import (
    FOREIGN_COMPANY,
    INVALID,
    NO_KEY,
    UNAVAILABLE,
    UNKNOWN_COMPANY,
    Problem,
)


class Keys(Protocol):
    @property
    def ring(self) -> KeyRing: ...


@dataclass(frozen=True, slots=True)
class Caller:
    company: str | None
    """Whose key was shown; None of somebody on this machine while there are no keys: they see all."""

    def sees(self, company: str) -> bool:
        return self.company in (None, company)


_ANYBODY_HERE = Caller(None)


@dataclass(frozen=True)
class Access:
    keys: Keys
    companies: ServedCompanies
    on_loopback: bool
    """Whether only this machine reaches the service."""

    def caller(self, request: Request) -> Caller:
        """A Problem of who shows no valid key."""
        ring = self.keys.ring
        if self.on_loopback and not ring.any_was_made:
            return _ANYBODY_HERE
        said = _key_in(request.headers.get("authorization", ""))
        key = ring.key(said[1]) if said else None
        if key is None or said is None or said[0] not in (None, key.company):
            raise Problem(NO_KEY)
        asked_of(request).company = key.company
        return Caller(key.company)

    def company(self, request: Request, name: str | None = None) -> ServedCompany:
        """The company that a request is about: the one that it names, or the key's."""
        caller = self.caller(request)
        if name is None and caller.company is None:
            raise Problem(INVALID, errors=[{"field": "company", "problem": "Name the company: there is no key."}])
        name = name or caller.company or ""
        if not caller.sees(name):
            # The same for one that there is and one that there is not.
            raise Problem(FOREIGN_COMPANY)
        served = self.companies.by_name.get(name)
        if served is None:
            if name in self.companies.broken:
                raise Problem(UNAVAILABLE, "The company's file is wrong: `recs companies check` says how.")
            hint = did_you_mean(name, list(self.companies.by_name)) if caller.company is None else ""
            raise Problem(UNKNOWN_COMPANY, f"{UNKNOWN_COMPANY.remedy}{hint}")
        asked_of(request).company = name
        return served


def _key_in(header: str) -> tuple[str | None, str] | None:
    """Whose key it is said to be, where that is said, and the key."""
    scheme, _, value = header.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return None, value.strip()
        case "basic":
            try:
                company, _, key = base64.b64decode(value.strip(), validate=True).decode().partition(":")
            except (binascii.Error, ValueError):
                return None
            return company, key
        case _:
            return None
