"""The service as the settings say, with everything that it stands on. Each part is made in a function of its own.

Not here: listening (server.py), and what the command refuses (cli/serve.py).
"""

from __future__ import annotations

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
from recs_platform.serving_store.environment import open_reader
from recs_platform.settings import settings


def open_service(
    database: Engine, *, on_loopback: bool, hosts: frozenset[str] = frozenset(), limits: Limits | None = None
) -> Service:
    """`hosts` are names of this machine besides its own, by which a service on loopback may be asked."""
    companies = ServedCompanies(_load_companies)
    keys = KeyWatch(database)
    reader = open_reader()
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
