"""The service as the settings say, with everything that it stands on. Each part is made in a function of its own.

Not here: listening (server.py), and what the command refuses (cli/serve.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import Engine

from recs_platform.companies.known_companies import Companies
from recs_platform.serving.access import Access
from recs_platform.serving.answer_log import SpooledAnswerLog
from recs_platform.serving.companies import ServedCompanies
from recs_platform.serving.key_watch import KeyWatch
from recs_platform.serving.limits import Limits
from recs_platform.serving.page_guard import LOOPBACK
from recs_platform.serving.publications import Publications
from recs_platform.serving.service import Service
from recs_platform.serving_store.database_store import DatabaseStore
from recs_platform.serving_store.protocol import Answer, Served
from recs_platform.settings import settings


def open_service(
    database: Engine, *, on_loopback: bool, hosts: frozenset[str] = frozenset(), limits: Limits | None = None
) -> Service:
    """`hosts` are names of this machine besides its own, by which a service on loopback may be asked."""
    companies = ServedCompanies(_load_companies)
    keys = KeyWatch(database)
    reader = _OfTheDatabase(database)
    return Service(
        companies=companies,
        reader=reader,
        publications=Publications(reader, companies),
        access=Access(keys, companies, on_loopback),
        answers=_answers(database, companies),
        also_watching=(keys,),
        hosts=LOOPBACK | hosts if on_loopback else None,
        limits=limits or Limits(),
    )


def _answers(database: Engine, companies: ServedCompanies) -> SpooledAnswerLog:
    """On the disk of this machine, until the database has them."""

    def keeps(name: str) -> bool:
        served = companies.by_name.get(name)
        return served is not None and served.company.serving.log_answers

    return SpooledAnswerLog(database, settings().home / "answers", keeps)


def _load_companies() -> Companies:
    from recs_platform.strategies.catalogue import load_companies

    return load_companies()


class _OfTheDatabase:
    """Until the store's own reader is there."""

    counts: Mapping[str, int] = {}

    def __init__(self, database: Engine) -> None:
        self._store = DatabaseStore(database)

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def served(self, company: str, product: str) -> Served | None:
        return await asyncio.to_thread(self._store.served, company, product)

    async def customer(self, company: str, product: str, customer: str) -> Answer | None:
        return await asyncio.to_thread(self._store.customer, company, product, customer)

    async def examples(self, company: str, product: str, count: int) -> Sequence[str]:
        served = self._store.served(company, product)
        lists = self._store.lists(served) if served else iter(())
        return [key.decode() for chunk in lists for key, _ in chunk][:count]
