"""A service in this process, of companies and lists that a test makes up: nothing about it needs sockets or stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import httpx
import orjson

from recs_platform.companies.known_companies import BrokenCompany, Companies
from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.serving.access import Access
from recs_platform.serving.app import make_app
from recs_platform.serving.companies import ServedCompanies
from recs_platform.serving.keys import KeyRing, KnownKey
from recs_platform.serving.logs import RequestLog
from recs_platform.serving.publications import Publications
from recs_platform.serving.service import Service
from recs_platform.serving_store.protocol import Answer, Served, Source
from recs_platform.strategies.catalogue import KNOWN

NOW = datetime(2025, 9, 3, 8, tzinfo=UTC)
_STRATEGIES = {"acme": "vehicle_fitment", "metro": "offer_ranking", "concord": "replenishment"}


def company(name: str, *, enabled: bool = True) -> Company:
    described = {
        "name": name,
        "strategy": _STRATEGIES.get(name, "vehicle_fitment"),
        "start_date": date(2025, 9, 1),
        "simulation": {},
        "serving": {"enabled": enabled},
    }
    return Company.model_validate(described, context=KNOWN)


def served(name: str, version: int = 3, customers: int = 2) -> Served:
    return Served(name, RECOMMENDATIONS, version, date(2025, 9, 2), NOW, NOW, 1, "layout", customers, "sha256:0")


@dataclass
class Lists:
    """A reader of lists in memory: by company, product and customer."""

    lists: dict[tuple[str, str, str], list[dict[str, object]]] = field(default_factory=dict)
    live: dict[tuple[str, str], Served] = field(default_factory=dict)
    trouble: Exception | None = None

    def publish(self, name: str, lists: Mapping[str, list[dict[str, object]]], version: int = 3) -> None:
        self.live[name, RECOMMENDATIONS] = served(name, version, len(lists))
        for key in [key for key in self.lists if key[:2] == (name, RECOMMENDATIONS)]:
            del self.lists[key]
        self.lists.update({(name, RECOMMENDATIONS, customer): rows for customer, rows in lists.items()})

    async def served(self, company: str, product: str) -> Served | None:
        if self.trouble:
            raise self.trouble
        return self.live.get((company, product))

    async def customer(self, company: str, product: str, customer: str) -> Answer | None:
        if self.trouble:
            raise self.trouble
        rows = self.lists.get((company, product, customer))
        return None if rows is None else Answer(self.live[company, product], orjson.dumps(rows), Source.DATABASE)

    async def examples(self, company: str, product: str, count: int) -> Sequence[str]:
        """As the real one: the list of everybody is no customer's."""
        return [key[2] for key in sorted(self.lists) if key[:2] == (company, product) and key[2]][:count]

    @property
    def counts(self) -> Mapping[str, int]:
        return {}

    async def start(self) -> None: ...

    async def close(self) -> None: ...


@dataclass
class Ring:
    ring: KeyRing = field(default_factory=lambda: KeyRing(()))


ROWS: list[dict[str, object]] = [{"rank": rank, "item_id": f"i{rank}", "reason": "bought before"} for rank in (1, 2, 3)]


def made_up(
    *companies: Company, keys: tuple[KnownKey, ...] = (), broken: tuple[str, ...] = (), on_loopback: bool = True
) -> tuple[Service, Lists]:
    """Of acme, metro and concord unless others are named; each customer `c1` and `c2` has three items."""
    chosen = companies or tuple(map(company, _STRATEGIES))
    reader = Lists()
    for one in chosen:
        reader.publish(one.name, {"c1": ROWS, "c2": ROWS[:1]})
    wrong = tuple(BrokenCompany(name, None, None, f"{name}.yaml: is wrong") for name in broken)
    known = ServedCompanies(lambda: Companies({one.name: one for one in chosen}, wrong))
    service = Service(
        companies=known,
        reader=reader,
        publications=Publications(reader, known),
        access=Access(Ring(KeyRing(keys)), known, on_loopback),
        clock=lambda: NOW,
    )
    return service, reader


def client(service: Service, lines: list[bytes] | None = None) -> httpx.AsyncClient:
    """Asks it without sockets. Its watchers are not started: a test looks when it wants to."""
    log = RequestLog((lines if lines is not None else []).append)
    app = make_app(service, log)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url="http://127.0.0.1:8000"
    )


def with_limits(service: Service, **limits: float) -> Service:
    service.limits = replace(service.limits, **limits)  # type: ignore[arg-type]  # a limit is a number
    return service
