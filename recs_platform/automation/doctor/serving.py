"""Which version of each product is live in the lake, and served by the platform database and Redis. Where they differ,
nobody publishes just now and the lake can be read, they are brought in line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from recs_platform.automation.doctor.examined import Examined, ok, warning, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.errors import PlatformError
from recs_platform.platform_db.tables import Publication, PublicationStatus
from recs_platform.plurals import listed
from recs_platform.publication.lock import is_publishing
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import reconcile
from recs_platform.publication.stage import outlet_of
from recs_platform.publication.standing import StoreStanding, standing
from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.environment import warehouse_of


def examine(home: Home) -> Iterator[Examined]:
    of_live = select(Publication).where(Publication.status == PublicationStatus.LIVE)
    with Session(home.database) as session:
        rows = session.scalars(of_live.order_by(Publication.company, Publication.product)).all()
    warehouse = warehouse_of(home.settings)
    for live in rows:
        company, pipeline = home.companies.get(live.company), pipelines().get(live.strategy)
        if company is None or pipeline is None or live.product not in pipeline.products:
            continue
        outlet = outlet_of(pipeline, live.product, company, warehouse, home.database)
        if not is_publishing(home.database, outlet.name):
            yield _examined(outlet, live)
    if not rows:
        yield ok("nothing is live yet")


def _examined(outlet: Outlet, live: Publication) -> Examined:
    what = f"{outlet.company}: version {live.version} of {outlet.product.name} ({live.as_of})"
    before = standing(outlet, live)
    lagging = _lagging(before)
    if not lagging:
        return ok(f"{what} is live in the lake and served by {listed([one.store for one in before])}")
    problem = ""
    try:
        live = reconcile(outlet) or live
    except PlatformError as error:
        problem = f" ({error})"
    what = f"{outlet.company}: version {live.version} of {outlet.product.name} ({live.as_of})"
    after = _lagging(standing(outlet, live))
    if not after:
        return warning(f"{what} is live in the lake, but {_in_words(lagging)}: they are in line by now")
    remedy = f"recs publications {outlet.company}{outlet.product.option}"
    says = f"{what} is live in the lake, but {_in_words(after)}{problem}"
    if any(one.store == outlet.stores[0].name for one in after):
        return wrong(says, f"Bring them in line: {remedy}")
    return warning(f"{says}; the platform database answers meanwhile", f"See that it runs, then: {remedy}")


def _lagging(stores: Sequence[StoreStanding]) -> list[StoreStanding]:
    return [one for one in stores if not one.in_line]


def _in_words(stores: Sequence[StoreStanding]) -> str:
    return listed([one.words for one in stores])
