"""Bringing the serving stores in line with what is live: all are loaded, then each swaps in one step.

The platform database comes first and is what customers are served from when all else fails, so a version that it does
not serve is an error. A store before it that fails does not hold a publication back: customers are answered by the
database meanwhile, whoever publishes is told, and whatever comes next brings the store in line (`recs publications`,
`recs doctor`, the next publication, the service itself).

Not here: what is live (publish.py), and reading back what is served (verify.py).
"""

from __future__ import annotations

import logging

from recs_platform.declarations.product import AnyProduct
from recs_platform.errors import DamageError, PlatformError, StorageError, UnavailableError
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.outlet import Outlet
from recs_platform.serving_store.content import Layout, lists_of
from recs_platform.serving_store.protocol import Served, ServingStore

_log = logging.getLogger(__name__)

_CUSTOMER = "customer_id"
_SAID_ONCE = {"generated_at", "pipeline_version"}
"""Columns that are the same in all rows of a version."""


def layout_of(product: AnyProduct) -> Layout:
    """What of a product's rows customers are served: nothing personal, and nothing that is said once of all rows."""
    spec = product.of
    names = [column.name for column in spec.columns]
    customer = _CUSTOMER if _CUSTOMER in names else None
    left_out = {customer, spec.date_column} | _SAID_ONCE | spec.personal
    ranked = ("rank",) if "rank" in names else ()
    order = (*ranked, *(name for name in spec.key if name not in (customer, *ranked)))
    return Layout(tuple(name for name in names if name not in left_out), order, customer)


def serve(outlet: Outlet, live: Publication) -> tuple[ServingStore, ...]:
    """Let every store serve what is live; gives those that do. Raises what kept the platform database from it; a
    DamageError when it is the live table that cannot be read."""
    database, *others = outlet.stores
    try:
        served = database.served(outlet.company, outlet.product.name)
        wanted = draft_of(outlet, live)
        loaded = served if served is not None and served.draft == wanted else _load(outlet, database, wanted)
        ready = [store for store in others if _prepared(outlet, store, database, live, loaded)]
        # To the one that is served already, too: what killed publishers left is removed by that.
        database.swap(loaded)
    except DamageError:
        raise
    except PlatformError as error:
        kind = UnavailableError if isinstance(error, UnavailableError) else StorageError
        raise kind(_lags(outlet, database, live, error)) from error
    return (database, *(store for store in ready if _swapped(outlet, store, live, loaded)))


def draft_of(outlet: Outlet, live: Publication) -> Served:
    """What customers should be served; the stores fill in what they loaded. Its times tell it from a version of the
    same number that another lake made."""
    return Served(
        company=outlet.company,
        product=outlet.product.name,
        version=live.version,
        as_of=live.as_of,
        generated_at=live.generated_at,
        published_at=live.published_at,
        life_days=outlet.life_days,
        layout=layout_of(outlet.product).name,
    )


def _load(outlet: Outlet, database: ServingStore, draft: Served) -> Served:
    with outlet.warehouse.read(outlet.live) as rows:
        return database.load(draft, lists_of(rows.read_all(), layout_of(outlet.product)))


def _prepared(outlet: Outlet, store: ServingStore, database: ServingStore, live: Publication, loaded: Served) -> bool:
    try:
        if store.served(outlet.company, outlet.product.name) != loaded:
            with database.lists(loaded) as chunks:
                received = store.load(loaded.draft, chunks)
            if received != loaded:
                raise StorageError(f"{received.customers} lists reached it, other than the {loaded.customers} sent")
    except PlatformError as error:
        warn(outlet, store, live, error)
        return False
    return True


def _swapped(outlet: Outlet, store: ServingStore, live: Publication, loaded: Served) -> bool:
    try:
        store.swap(loaded)
    except PlatformError as error:
        warn(outlet, store, live, error)
        return False
    return True


def warn(outlet: Outlet, store: ServingStore, live: Publication, error: PlatformError) -> None:
    """Tell of a store that does not serve what is live, where the platform database does."""
    _log.warning("%s", _lags(outlet, store, live, error, " The platform database answers meanwhile."))


def _lags(outlet: Outlet, store: ServingStore, live: Publication, error: PlatformError, meanwhile: str = "") -> str:
    return (
        f"{outlet.name}: version {live.version} is live in {outlet.live}, but is not what customers are served by "
        f"{store.name} ({str(error).rstrip('.')}).{meanwhile} Fix that, then bring it in line: "
        f"recs publications {outlet.company}{outlet.product.option}"
    )
