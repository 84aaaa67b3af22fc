"""The inventory of publications: a row per version of a product that a company's customers see, and which one is live.

The live table's own log is the truth: every commit of it carries the row that it belongs to, so the inventory can be
brought in line with it after a crash. Not here: changing the live table (publish.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session

from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.masking import mask_text
from recs_platform.platform_db.tables import MESSAGE_LENGTH, Publication, PublicationKind, PublicationStatus
from recs_platform.warehouse.protocol import Version

_VERSION = "publication"
_WHO_LENGTH = 200


def listed(database: Engine, company: str, product: str) -> Sequence[Publication]:
    """All versions of a company's product, the newest first."""
    query = _of(company, product).order_by(Publication.version.desc())
    with Session(database) as session:
        return session.scalars(query).all()


def begin(database: Engine, publication: Publication) -> None:
    """Write down what is about to be committed."""
    publication.published_by = mask_text(publication.published_by)[:_WHO_LENGTH]
    publication.note = mask_text(publication.note)[:MESSAGE_LENGTH]
    with Session(database, expire_on_commit=False) as session, session.begin():
        session.add(publication)


def changes(history: Sequence[Version]) -> Iterator[Version]:
    """The versions of a table that changed its rows, the newest first."""
    return (version for version in history if version.changed_rows)


def commits(history: Sequence[Version]) -> dict[int, Version]:
    """Version of a publication: the commit that made it live, the newest first."""
    return {version.note[_VERSION]: version for version in history if _VERSION in version.note}


def forgotten(history: Sequence[Version], publication: Publication) -> bool:
    """Whether a table's log no longer remembers the commit of a publication, and nothing says that it never was."""
    return bool(history) and publication.table_version is not None and publication.table_version < history[-1].version


def settle(database: Engine, company: str, product: str, history: Sequence[Version]) -> Publication | None:
    """Bring the inventory in line with the live table's log; returns what is live. The caller is the only publisher.

    A version stays live until the log tells of a newer one, however long ago it was committed: where the log begins
    later, the inventory itself is what is known.
    """
    committed = commits(history)
    with Session(database, expire_on_commit=False) as session, session.begin():
        rows = {row.version: row for row in session.scalars(_of(company, product).with_for_update())}
        committed |= _unnamed(rows.values(), history)
        for version, commit in committed.items():
            if version not in rows:
                rows[version] = _from_note(commit.note)
                session.add(rows[version])
            rows[version].table_version = commit.version
        newest = max(committed, key=lambda version: committed[version].version, default=None)
        newest = newest or _last_forgotten(rows.values(), history)
        for version, row in rows.items():
            if version != newest:
                was_live = version in committed or row.status in (PublicationStatus.LIVE, PublicationStatus.BACKUP)
                row.status = PublicationStatus.BACKUP if was_live else PublicationStatus.ABANDONED
        if newest is None:
            return None
        # The database allows one live row at any moment: the former one goes before the next one comes.
        session.flush()
        rows[newest].status = PublicationStatus.LIVE
        return rows[newest]


def _unnamed(rows: Iterable[Publication], history: Sequence[Version]) -> dict[int, Version]:
    """Version of a publication: its commit, where that does not name it any more and the inventory does."""
    silent = {change.version: change for change in changes(history) if _VERSION not in change.note}
    live = [row for row in rows if row.status is PublicationStatus.LIVE and row.table_version in silent]
    return {row.version: silent[row.table_version] for row in live if row.table_version is not None}


def _last_forgotten(rows: Iterable[Publication], history: Sequence[Version]) -> int | None:
    """The version that was committed last of those whose commits the log no longer remembers."""
    known = [row for row in rows if row.status is not PublicationStatus.ABANDONED and forgotten(history, row)]
    return max(known, key=lambda row: row.table_version or 0).version if known else None


def to_note(publication: Publication) -> dict[str, Any]:
    """A row as the commit carries it: whole, so that a lost database can be filled again."""
    return {
        _VERSION: publication.version,
        "company": publication.company,
        "product": publication.product,
        "strategy": publication.strategy,
        "as_of": publication.as_of.isoformat(),
        "customers": publication.customers,
        "rows": publication.rows,
        "generated_at": publication.generated_at.isoformat(),
        "kind": str(publication.kind),
        "published_at": publication.published_at.isoformat(),
        "published_by": publication.published_by,
        "comparison_id": publication.comparison_id,
        "approved": publication.approved,
        "note": publication.note,
        "checksum": publication.checksum,
    }


def _of(company: str, product: str) -> Select[Publication]:
    return select(Publication).where(Publication.company == company, Publication.product == product)


def _from_note(note: Mapping[str, Any]) -> Publication:
    return Publication(
        version=note[_VERSION],
        company=note["company"],
        # A commit that names no product is of the one that every strategy had.
        product=note.get("product", RECOMMENDATIONS),
        strategy=note["strategy"],
        as_of=date.fromisoformat(note["as_of"]),
        customers=note["customers"],
        rows=note["rows"],
        generated_at=datetime.fromisoformat(note["generated_at"]),
        status=PublicationStatus.BACKUP,
        kind=PublicationKind(note["kind"]),
        published_at=datetime.fromisoformat(note["published_at"]),
        published_by=note["published_by"],
        comparison_id=note["comparison_id"],
        approved=note["approved"],
        note=note["note"],
        checksum=note.get("checksum"),
    )
