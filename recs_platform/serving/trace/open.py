"""The trace of this environment: its database, artifact store, warehouse and service. Not here: the chains."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from recs_platform.companies.model import Company
from recs_platform.errors import PlatformError
from recs_platform.model_registry.environment import open_artifacts
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import existing_database
from recs_platform.platform_db.serving_tables import ApiKey
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.stage import outlet_of
from recs_platform.serving.trace.link import Chain
from recs_platform.serving.trace.model import Sources, trace_model
from recs_platform.serving.trace.publication import PublicationSources, trace_publication
from recs_platform.serving.trace.service import NOT_CONFIGURED, HttpService, NoService
from recs_platform.settings import settings
from recs_platform.warehouse.environment import existing_warehouse
from recs_platform.warehouse.protocol import Warehouse

_ID = re.compile(r"recs_([0-9a-f]+)_")


def model_chain(company: Company, model: str, version: int | None = None) -> Chain:
    return trace_model(company.name, model, Sources(existing_database, open_artifacts, asked_service(company)), version)


def publication_chain(
    company: Company,
    pipeline: Pipeline,
    product: str,
    warehouse: Callable[[], Warehouse] = existing_warehouse,
) -> Chain:
    def outlet() -> Outlet:
        database = existing_database()
        return outlet_of(pipeline, product, company, warehouse(), database)

    return trace_publication(company.name, product, PublicationSources(outlet, asked_service(company)))


def asked_service(company: Company) -> HttpService | NoService:
    """The service as the settings name it, with the key of the company; or why there is none to be asked."""
    url = settings().service_url
    if url is None:
        return NOT_CONFIGURED
    if not company.serving.enabled:
        return NoService(f"no service is asked: serving is off in the file of {company.name}")
    return HttpService(url, key_of(company.name))


def key_of(company: str) -> str | None:
    """Of several keys in the setting that of the company, which the database knows by the part that is no secret."""
    said = settings().service_key
    keys = [] if said is None else [key.strip() for key in said.get_secret_value().split(",") if key.strip()]
    if len(keys) < 2:
        return keys[0] if keys else None
    by_id = {found[1]: key for key in keys if (found := _ID.match(key))}
    try:
        with Session(existing_database()) as session:
            query = select(ApiKey.id).where(
                ApiKey.company == company, ApiKey.revoked_at.is_(None), ApiKey.id.in_(by_id)
            )
            own = session.scalars(query.order_by(ApiKey.made_at.desc())).first()
    except PlatformError:
        own = None
    return by_id[own] if own else keys[0]
