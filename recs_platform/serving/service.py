"""Everything that routes need, in one record, and what goes on beside the requests.

Not here: making it from the settings (start.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from recs_platform.errors import PlatformError
from recs_platform.serving.access import Access
from recs_platform.serving.clock import Clock, now
from recs_platform.serving.companies import ServedCompanies
from recs_platform.serving.explorer.desk import Desk
from recs_platform.serving.limits import Limits
from recs_platform.serving.models.lookup import Lookup, ask_warehouse
from recs_platform.serving.models.protocol import ModelHolder, NoModels
from recs_platform.serving.protocols import AnswerLog, NoAnswerLog, NoMetrics, ServiceMetrics, Watcher
from recs_platform.serving.publications import Publications
from recs_platform.serving_store.protocol import Reader


@dataclass
class Service:
    companies: ServedCompanies
    reader: Reader
    publications: Publications
    access: Access
    models: ModelHolder = field(default_factory=NoModels)
    lookup: Lookup = field(default_factory=lambda: Lookup(ask_warehouse))
    answers: AnswerLog = field(default_factory=NoAnswerLog)
    metrics: ServiceMetrics = field(default_factory=NoMetrics)
    explorer: Desk = field(default_factory=Desk)
    also_watching: tuple[Watcher, ...] = ()
    """What else goes on beside the requests."""
    hosts: frozenset[str] | None = None
    """The names by which it may be asked; None: any, as it does not know by which names others reach it."""
    limits: Limits = field(default_factory=Limits)
    clock: Clock = now
    failed: PlatformError | None = None
    """Why it could not begin."""
    ending: bool = False
    """Whether it was told to end: it answers on, and is not ready."""

    @property
    def watchers(self) -> tuple[Watcher, ...]:
        """In the order in which they begin; they end in the other."""
        return (
            _Reading(self.reader),
            *self.also_watching,
            self.companies,
            self.publications,
            self.models,
            self.answers,
        )


@dataclass(frozen=True)
class _Reading:
    """The reader, which lets go of its connections in its own words."""

    reader: Reader

    async def start(self) -> None:
        await self.reader.start()

    async def stop(self) -> None:
        await self.reader.close()


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service
