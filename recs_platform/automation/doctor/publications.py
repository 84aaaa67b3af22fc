"""Publications that broke off between their steps: what is live is whole, and the inventory does not say so yet."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from recs_platform.automation.doctor.examined import Examined, ok, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.platform_db.tables import Publication, PublicationStatus
from recs_platform.publication.lock import is_publishing
from recs_platform.strategies.catalogue import pipelines


def examine(home: Home) -> Iterator[Examined]:
    begun = select(Publication).where(Publication.status == PublicationStatus.PUBLISHING).order_by(Publication.id)
    with Session(home.database) as session:
        rows = list(session.scalars(begun))
    unsettled = 0
    for row in rows:
        products = pipelines()[row.strategy].products if row.strategy in pipelines() else {}
        product = products.get(row.product)
        if product is None or is_publishing(home.database, product.of_company(row.company)):
            continue
        unsettled += 1
        yield wrong(
            f"{row.company}: publishing version {row.version} of {row.product} ({row.as_of}) broke off",
            f"Bring it in line: recs publications {row.company}{product.option}",
        )
    if not unsettled:
        yield ok("no publication has broken off")
