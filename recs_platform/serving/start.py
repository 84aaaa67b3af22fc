"""The service as the settings say, with everything that it stands on. Each part is made in a function of its own.

Not here: listening (server.py), and what the command refuses (cli/serve.py).
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import Engine

from recs_platform.companies.known_companies import Companies
from recs_platform.model_registry.environment import open_artifacts
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.task import RankingTask
from recs_platform.serving.access import Access
from recs_platform.serving.answer_log import SpooledAnswerLog
from recs_platform.serving.companies import ServedCompanies
from recs_platform.serving.explorer.desk import Desk
from recs_platform.serving.key_watch import KeyWatch
from recs_platform.serving.limits import Limits
from recs_platform.serving.metrics import PrometheusMetrics
from recs_platform.serving.models.holder import RegistryModels
from recs_platform.serving.page_guard import LOOPBACK
from recs_platform.serving.publications import Publications
from recs_platform.serving.service import Service
from recs_platform.serving.sightings import sightings_of
from recs_platform.serving_store.environment import open_reader
from recs_platform.settings import settings


def open_service(
    database: Engine, *, on_loopback: bool, hosts: frozenset[str] = frozenset(), limits: Limits | None = None
) -> Service:
    """`hosts` are names of this machine besides its own, by which a service on loopback may be asked."""
    companies = ServedCompanies(_load_companies)
    keys = KeyWatch(database)
    reader = open_reader()
    service = Service(
        companies=companies,
        reader=reader,
        publications=Publications(reader, companies),
        access=Access(keys, companies, on_loopback),
        models=open_models(database, companies),
        answers=_answers(database, companies),
        explorer=Desk(database),
        also_watching=(keys,),
        hosts=LOOPBACK | hosts if on_loopback else None,
        limits=limits or Limits(),
    )
    service.metrics = PrometheusMetrics(lambda: service.companies.by_name, partial(sightings_of, service))
    return service


def _answers(database: Engine, companies: ServedCompanies) -> SpooledAnswerLog:
    """On the disk of this machine, until the database has them."""

    def keeps(name: str) -> bool:
        served = companies.by_name.get(name)
        return served is not None and served.company.serving.log_answers

    return SpooledAnswerLog(database, settings().home / "answers", keeps)


def _load_companies() -> Companies:
    from recs_platform.strategies.catalogue import load_companies

    return load_companies()


def open_models(database: Engine, companies: ServedCompanies) -> RegistryModels:
    artifacts = open_artifacts()

    def tasks() -> dict[str, RankingTask]:
        strategies = {name: company.company.strategy for name, company in companies.by_name.items()}
        return {name: strategy.model.task for name, strategy in strategies.items() if strategy.model is not None}

    def shelf(company: str) -> ModelShelf:
        return ModelShelf(company, database, artifacts, "recs serve")

    return RegistryModels(
        tasks,
        lambda company, model: shelf(company).active(model),
        lambda row, features: shelf(row.company).load(row, features),
    )
