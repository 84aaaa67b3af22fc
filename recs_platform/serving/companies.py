"""The companies that are served, read again when their files change. A file that becomes wrong takes its own company
away and no other's.

Not here: who may ask for which (access.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from recs_platform.companies.known_companies import Companies
from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.errors import PlatformError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.serving.watch import Watch
from recs_platform.settings import settings

_LOOK_SECONDS = 2.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServedCompany:
    company: Company

    @property
    def name(self) -> str:
        return self.company.name

    @property
    def products(self) -> tuple[str, ...]:
        """The names of what it publishes."""
        return self.company.strategy.publishes

    @property
    def recommends(self) -> bool:
        return RECOMMENDATIONS in self.products

    @cached_property
    def pipeline(self) -> Pipeline:
        """Loads and judges every query when it is first asked for: never on the way of a request."""
        from recs_platform.strategies.catalogue import pipeline_of

        return pipeline_of(self.company)


class ServedCompanies(Watch):
    """Those of sound files that do not say `serving: {enabled: false}`; and the names of those whose files are
    wrong."""

    def __init__(self, load: Callable[[], Companies], look_seconds: float = _LOOK_SECONDS) -> None:
        super().__init__(look_seconds)
        self._load = load
        self._seen = _fingerprint()
        self._take(load())

    @property
    def by_name(self) -> Mapping[str, ServedCompany]:
        return self._served

    @property
    def broken(self) -> frozenset[str]:
        return self._broken

    async def look(self) -> None:
        """Read the files again if one of them has changed."""
        seen = await asyncio.to_thread(_fingerprint)
        if seen == self._seen:
            return
        try:
            self._take(await asyncio.to_thread(self._load))
        except PlatformError:
            _log.exception("the company files cannot be read again; the companies stay as they were")
        self._seen = seen

    def _take(self, known: Companies) -> None:
        before: Mapping[str, ServedCompany] = getattr(self, "_served", {})
        # One that is as it was stays, with its pipeline.
        self._served: Mapping[str, ServedCompany] = {
            name: before[name] if name in before and before[name].company == company else ServedCompany(company)
            for name, company in known.items()
            if company.serving.enabled
        }
        self._broken = frozenset(company.name for company in known.broken)
        if self._broken:
            _log.warning("not served, because their files are wrong: %s", ", ".join(sorted(self._broken)))


def _fingerprint() -> tuple[tuple[str, int, int], ...]:
    """Of the files in the folder that a setting names: the built-in ones do not change."""
    folder = settings().companies_dir
    if folder is None:
        return ()
    seen = []
    for path in sorted(folder.glob("*.y*ml")):
        with suppress(OSError):
            found = path.stat()
            seen.append((path.name, found.st_mtime_ns, found.st_size))
    return tuple(seen)
