"""From where browsers may ask: from pages that the service served itself, by a name that is its own. Programs tell
nothing of this kind, and may.

A browser sends requests for every page that a person has open, with the person's access to this machine and the keys
that they typed. What a browser tells of itself (`Host`, `Origin`, `Sec-Fetch-Site`) no page can change. Not here: the
guard of the Dagster UI (`automation/web_guard.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.types import Scope

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_READ = frozenset({"GET", "HEAD", "OPTIONS"})


def refused(scope: Scope, hosts: Collection[str] | None) -> str | None:
    """Why a request is refused, in words; None when it is not. `hosts` are the names of the service, where it knows
    them."""
    host = origin = site = ""
    for name, value in scope["headers"]:
        if name == b"host":
            # Of two names, neither is to be believed: a space is in none.
            host = f"{host} {value.decode('latin-1')}" if host else value.decode("latin-1")
        elif name == b"origin":
            origin = value.decode("latin-1")
        elif name == b"sec-fetch-site":
            site = value.decode("latin-1")
    if hosts is not None and name_in(host) not in hosts:
        # A foreign name that points to this machine is how a page gets around the same-origin policy.
        return "This name is not this machine's. Ask 127.0.0.1, or allow the name: `recs serve --allow-host NAME`."
    if origin and _place(origin) != host.lower():
        return "Pages of other sites may not ask."
    if site and site not in ("same-origin", "none") and scope["method"] not in _READ:
        return "Pages of other sites may not ask."
    return None


def name_in(host: str) -> str:
    """The name in a Host header, without its port; empty when it is none.

    >>> name_in("LocalHost:3000"), name_in("[::1]:3000"), name_in("127.0.0.1"), name_in("a@b:c")
    ('localhost', '::1', '127.0.0.1', '')
    """
    try:
        parts = urlsplit(f"//{host}")
        more = parts.username is not None or parts.path or parts.query or parts.fragment or parts.port == 0
        return "" if more or set(host) & set("?# ") else (parts.hostname or "")
    except ValueError:
        return ""


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
