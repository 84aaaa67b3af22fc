"""Making a version live, and bringing an earlier one back. No Dagster, no terminal.

In this order, so that a crash at any point leaves one whole version live: a row `publishing` in the inventory; one
commit of the live table that carries the row; the inventory brought in line with the live table's log; the serving
stores brought in line with the live table. Whatever comes next begins with bringing in line again.

Not here: whether a version should go live (proposal.py), the serving stores (serve.py), and how all is read back
(verify.py).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime

from recs_platform.errors import DamageError, PlatformError, StorageError, UserError
from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus
from recs_platform.publication import inventory
from recs_platform.publication.lock import only_publisher
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.serve import serve, warn
from recs_platform.publication.verify import Figures, figures, figures_of, verify, verify_served, verify_table
from recs_platform.warehouse.slices import Days

_log = logging.getLogger(__name__)


def publications(outlet: Outlet) -> Sequence[Publication]:
    """All versions of a company's product, the newest first."""
    reconcile(outlet)
    return _listed(outlet)


def reconcile(outlet: Outlet) -> Publication | None:
    """Bring the inventory and the serving stores in line with what is live, and return that."""
    with only_publisher(outlet.database, outlet.name):
        live = _settle(outlet)
        if live is not None:
            _serve_if_whole(outlet, live)
        return live


def _serve_if_whole(outlet: Outlet, live: Publication) -> None:
    """A live table that is damaged reaches no store. Customers are served what they were, and to publish or to roll
    back, which comes by here, is what mends it."""
    try:
        serve(outlet, live)
    except DamageError as error:
        _log.warning("%s: the serving stores keep what they serve: %s", outlet.name, error)


def comparison_id(outlet: Outlet, day: date, content: str, live: Publication | None) -> str:
    """Names a comparison: these rows of this day with that live version. It changes when either does."""
    pair = f"{outlet.name} {day} {content} {live.version if live else 0}"
    return hashlib.sha256(pair.encode()).hexdigest()[:12]


def publish(outlet: Outlet, day: date, compared: str, *, by: str, at: datetime, approved: bool = False) -> Publication:
    """Make a day's slice live, if it and what is live are still those that were compared; then read it back."""
    with only_publisher(outlet.database, outlet.name):
        live = _settle(outlet)
        # Before the rows are looked at: what is live then has these bytes, or somebody came between.
        checksum = _checksum(outlet, day)
        content = outlet.warehouse.fingerprint(outlet.source, day)
        if comparison_id(outlet, day, content, live) != compared:
            raise UserError(
                f"{outlet.name} {day}: {compared} is not the comparison of what would go live now: the "
                f"{outlet.product.content}, or what is live, have changed since. Nothing was published; look at the "
                "new one."
            )
        counted = figures(outlet.product, outlet.warehouse, outlet.source, Days.one(day))
        publication = _next(outlet, counted, PublicationKind.PUBLISH, by, at)
        publication.comparison_id, publication.approved, publication.checksum = compared, approved, checksum

        def commit() -> None:
            outlet.warehouse.publish(outlet.source, day, outlet.live, inventory.to_note(publication))

        return _carry_out(outlet, publication, commit)


def rollback(outlet: Outlet, version: int, *, by: str, at: datetime) -> Publication:
    """Make an earlier version live again, as a version of its own; then read it back."""
    with only_publisher(outlet.database, outlet.name):
        earlier = _restorable(outlet, version, _settle(outlet))
        made_by = inventory.commits(outlet.warehouse.versions(outlet.live)).get(version)
        if made_by is None:
            raise UserError(f"{outlet.name}: version {version} is lost: {outlet.live} has been re-created since.")
        publication = _next(outlet, figures_of(earlier), PublicationKind.ROLLBACK, by, at)
        publication.note = f"back to version {version}"
        publication.checksum = earlier.checksum

        def commit() -> None:
            if _is_source(outlet, earlier) and not _is_whole(outlet, made_by.version):
                outlet.warehouse.publish(outlet.source, earlier.as_of, outlet.live, inventory.to_note(publication))
                return
            _prove(outlet, earlier, made_by.version)
            try:
                outlet.warehouse.restore(outlet.live, made_by.version, inventory.to_note(publication))
            except StorageError as error:
                raise UserError(f"{outlet.name} cannot go back to version {version}: {error}") from error

        return _carry_out(outlet, publication, commit)


def _checksum(outlet: Outlet, day: date) -> str | None:
    """Of a day's slice; None of a day that was never made, which has nothing to publish."""
    days = Days.one(day)
    return outlet.warehouse.checksum(outlet.source, days) if outlet.warehouse.slice_ids(outlet.source, days) else None


def _is_source(outlet: Outlet, earlier: Publication) -> bool:
    """Whether the slice that an earlier version was copied from is still the same, byte by byte."""
    try:
        return earlier.checksum is not None and _checksum(outlet, earlier.as_of) == earlier.checksum
    except StorageError:
        return False


def _is_whole(outlet: Outlet, table_version: int) -> bool:
    try:
        outlet.warehouse.checksum(outlet.live, version=table_version)
    except DamageError:
        return False
    except StorageError:
        return True  # taken by the vacuum, as the retention says
    return True


def _prove(outlet: Outlet, earlier: Publication, table_version: int) -> None:
    """Raises a UserError unless an earlier version is stored as it was when it went live, before customers see it."""
    try:
        checksum = outlet.warehouse.checksum(outlet.live, version=table_version)
    except StorageError as error:
        raise UserError(f"{outlet.name} cannot go back to version {earlier.version}: {error}") from error
    if earlier.checksum not in (None, checksum):
        raise UserError(
            f"{outlet.name} cannot go back to version {earlier.version}: what is stored of it is not what went live. "
            "Go back to another one, or publish a day."
        )


def _listed(outlet: Outlet) -> Sequence[Publication]:
    return inventory.listed(outlet.database, outlet.company, outlet.product.name)


def _settle(outlet: Outlet) -> Publication | None:
    history = outlet.warehouse.versions(outlet.live)
    return inventory.settle(outlet.database, outlet.company, outlet.product.name, history)


def _next(outlet: Outlet, content: Figures, kind: PublicationKind, by: str, at: datetime) -> Publication:
    versions = [publication.version for publication in _listed(outlet)]
    return Publication(
        company=outlet.company,
        product=outlet.product.name,
        strategy=outlet.strategy,
        version=max(versions, default=0) + 1,
        as_of=content.as_of,
        customers=content.customers,
        rows=content.rows,
        generated_at=content.generated_at,
        status=PublicationStatus.PUBLISHING,
        kind=kind,
        published_at=at,
        published_by=by,
        approved=False,
        note="",
    )


def _carry_out(outlet: Outlet, publication: Publication, commit: Callable[[], None]) -> Publication:
    inventory.begin(outlet.database, publication)
    try:
        commit()
    finally:
        live = _settle(outlet)
    if live is None or live.version != publication.version:
        raise StorageError(f"{outlet.live}: version {publication.version} was committed, but is not live.")
    # Before anybody is served it.
    verify_table(outlet, live)
    database, *others = serve(outlet, live)
    verify_served(outlet, database, live)
    for store in others:
        try:
            verify_served(outlet, store, live)
        except PlatformError as error:
            warn(outlet, store, live, error)
    return live


def _restorable(outlet: Outlet, version: int, live: Publication | None) -> Publication:
    by_version = {publication.version: publication for publication in _listed(outlet)}
    backups = ", ".join(str(v) for v, p in sorted(by_version.items()) if p.status is PublicationStatus.BACKUP)
    if version not in by_version or by_version[version].status is PublicationStatus.ABANDONED:
        raise UserError(f"{outlet.name}: version {version} was never live; it can go back to {backups or 'none'}.")
    if live is not None and live.version == version and _is_intact(outlet, live):
        raise UserError(f"{outlet.name}: version {version} is live already.")
    return by_version[version]


def _is_intact(outlet: Outlet, live: Publication) -> bool:
    """Whether customers see the live version; if somebody changed its table, going back to it is what helps."""
    try:
        verify(outlet, live)
    except StorageError:
        return False
    return True
