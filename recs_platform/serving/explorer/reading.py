"""What the pages show, read from the platform database: what is live, what a customer got before, models.

Blocks, so it is done beside the requests (beside.py). Not here: lists that are live, which the service's reader gives,
and what is read from the warehouse (why.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson
from sqlalchemy import ColumnElement, Engine, select
from sqlalchemy.orm import Session

from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.model_registry import registry
from recs_platform.platform_db.serving_tables import ServedList, ServedVersion
from recs_platform.platform_db.tables import Publication, PublicationKind
from recs_platform.serving.explorer.facts import Given, Held, Live, ModelFacts
from recs_platform.serving.explorer.rows import about
from recs_platform.serving.items import items_of
from recs_platform.serving_store.protocol import Served, customer_key


def live_of(product: str, served: Served) -> Live:
    return Live(
        product=product,
        version=served.version,
        as_of=served.as_of,
        generated_at=served.generated_at,
        published_at=served.published_at,
        customers=served.customers if product == RECOMMENDATIONS else None,
    )


def published(database: Engine, company: str, live: Live) -> Live:
    """With what the inventory knows of it: who published it, and how."""
    known = select(Publication).where(
        Publication.company == company, Publication.product == live.product, Publication.version == live.version
    )
    with Session(database) as session:
        row = session.scalars(known).first()
    if row is None:
        return live
    return replace(
        live,
        customers=row.customers,
        by=row.published_by,
        brought_back=row.kind is PublicationKind.ROLLBACK,
        approved=row.approved,
        note=row.note,
    )


def given(served: Served, content: bytes) -> Given:
    rows = orjson.loads(content)
    return Given(served.version, served.as_of, served.published_at, items_of(rows), about(rows))


def given_before(database: Engine, company: str, live: Live, customer: str) -> Given | None:
    """What a customer got in the version before, without a row where it had no list; None where none is kept."""
    with Session(database) as session:
        version = session.scalars(
            select(ServedVersion)
            .where(*_of(company, live.product), ServedVersion.version < live.version)
            .order_by(ServedVersion.version.desc())
            .limit(1)
        ).first()
        if version is None:
            return None
        theirs = (ServedList.served_id == version.id, ServedList.customer_key == customer_key(customer))
        content = session.scalar(select(ServedList.content).where(*theirs))
        rows = [] if content is None else orjson.loads(content)
        return Given(version.version, version.as_of, version.published_at, items_of(rows), about(rows))


def _of(company: str, product: str) -> tuple[ColumnElement[bool], ...]:
    return (
        ServedVersion.company == company,
        ServedVersion.product == product,
        ServedVersion.digest.is_not(None),
    )


def models_of(database: Engine, company: Company, held: Mapping[str, Held]) -> Sequence[ModelFacts]:
    """The company's model, where its strategy has one; `held` says what the service holds, by the model's name."""
    if company.strategy.model is None:
        return ()
    task = company.strategy.model.task
    versions = registry.versions(database, company.name, task.model)
    measure = task.design.measure
    return (ModelFacts(task.model, measure.title, measure.leading, versions, held.get(task.model, Held())),)
