"""How a day of recommendations stands to what customers see: live, live and made again since, or not live.

Only looks: nothing is settled and no lock is taken. Not here: whether a day should go live (proposal.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus
from recs_platform.publication.inventory import listed
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.stage import outlet_of
from recs_platform.warehouse.protocol import Warehouse


@dataclass(frozen=True)
class DayPublication:
    words: str
    """In a sentence or two, without the last full stop."""
    made_again: bool
    """It is live, and the day's table holds other rows by now."""


class Published:
    """What was published of a company's recommendations."""

    def __init__(self, pipeline: Pipeline, company: Company, warehouse: Warehouse) -> None:
        self._outlet: Outlet | None = None
        self._versions: Sequence[Publication] = ()
        if RECOMMENDATIONS in pipeline.products:
            self._outlet = outlet_of(pipeline, RECOMMENDATIONS, company, warehouse, opened_database())
            self._versions = listed(self._outlet.database, company.name, RECOMMENDATIONS)
        self._live = next((v for v in self._versions if v.status is PublicationStatus.LIVE), None)

    @property
    def live_day(self) -> date | None:
        return self._live.as_of if self._live else None

    def of_day(self, day: date) -> DayPublication | None:
        """How the day stands to what customers see; None for a strategy that publishes no recommendations."""
        if self._outlet is None:
            return None
        if self._live is None:
            return DayPublication("not published", made_again=False)
        if self._live.as_of != day:
            now = f"customers see version {self._live.version}, of {self._live.as_of}"
            return DayPublication(f"not live: {self._before(day)}; {now}", made_again=False)
        live = f"live since {_time(self._live)} as version {self._live.version}"
        if not _made_again(self._outlet, self._live):
            return DayPublication(live, made_again=False)
        publish = f"recs publish {self._outlet.company} --date {day}"
        again = f"The day was made again since, and gives something else, which is not live. To publish it: {publish}"
        return DayPublication(f"{live}. {again}", made_again=True)

    def _before(self, day: date) -> str:
        """Whether a day that is not live was so before, and until when."""
        were_live = [v for v in self._versions if v.status in (PublicationStatus.LIVE, PublicationStatus.BACKUP)]
        for after, version in pairwise(were_live):
            if version.as_of == day:
                return f"it was, as version {version.version}, until {_time(after)}"
        return "it never was"


def _made_again(outlet: Outlet, live: Publication) -> bool:
    """Whether the day's table holds other rows than those that are live.

    They are read only where they may differ: a slice that is older than the publication is what was copied, unless an
    earlier version was brought back.
    """
    slices = [made for made in outlet.warehouse.slices(outlet.source) if made.day == live.as_of]
    if not slices or (slices[0].made_at <= live.published_at and live.kind is PublicationKind.PUBLISH):
        return False
    day = live.as_of
    return outlet.warehouse.fingerprint(outlet.source, day) != outlet.warehouse.fingerprint(outlet.live, day)


def _time(publication: Publication) -> str:
    return f"{publication.published_at:%Y-%m-%d %H:%M}"
