"""The look at publications: what was refused and is live by now, whoever approved it, is over.

Refusals themselves are told with the run that was refused (run_findings.py). A rollback approves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.alerts.finding import Kind, Observation
from recs_platform.automation.looks.look import LookContext
from recs_platform.automation.looks.open_troubles import LastTold, open_of_kind
from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus


@dataclass(frozen=True)
class Live:
    version: int
    as_of: date
    published_at: datetime

    def settles(self, refused: LastTold) -> bool:
        """Whether it is of the day that was refused, or of a later one, and newer than the refusal."""
        of_the_day = refused.days is None or self.as_of >= refused.days.last
        return of_the_day and self.published_at > refused.seen_at


def publications(context: LookContext) -> Iterator[Observation]:
    refused = open_of_kind(context.database, Kind.PUBLICATION)
    live = _live(context.database) if refused else {}
    for trouble in sorted(refused):
        published = live.get((trouble.company, trouble.subject))
        if published is not None and published.settles(refused[trouble]):
            name = f"publication {trouble.company} {trouble.subject} {published.version}"
            yield Observation(name, trouble.company, context.now, settled=frozenset({trouble}))


def _live(database: Engine) -> dict[tuple[str, str], Live]:
    query = select(Publication).where(
        Publication.status == PublicationStatus.LIVE, Publication.kind == PublicationKind.PUBLISH
    )
    with Session(database) as session:
        rows = session.scalars(query)
        return {(row.company, row.product): Live(row.version, row.as_of, row.published_at) for row in rows}
