"""Whom the explorer's routes ask for what blocks: the platform database and the warehouse, beside the requests.

Not here: how pages look, and what a request must show to see them (routes/explorer.py).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlalchemy import Engine

from recs_platform.companies.model import Company
from recs_platform.declarations.guardrails import Guardrail
from recs_platform.serving.companies import ServedCompany
from recs_platform.serving.explorer import reading
from recs_platform.serving.explorer.beside import Beside, NotNowError
from recs_platform.serving.explorer.facts import Given, Held, Live, ModelFacts, Unknown
from recs_platform.serving.explorer.why import UnknownCustomerError, Why, guardrails, why

_DATABASE_SECONDS, _WAREHOUSE_SECONDS = 5.0, 20.0
Found = TypeVar("Found")
_log = logging.getLogger(__name__)


class Desk:
    """Everything that it is asked, and cannot find out, is an `Unknown` with the reason: the page shows the rest."""

    def __init__(
        self,
        database: Engine | None = None,
        *,
        database_seconds: float = _DATABASE_SECONDS,
        warehouse_seconds: float = _WAREHOUSE_SECONDS,
    ) -> None:
        self._database = database
        self._of_database = Beside("database", at_once=2, waiting=16, seconds=database_seconds)
        # Few: what reads the warehouse uses the cores that answer everybody else.
        self._of_warehouse = Beside("warehouse", at_once=1, waiting=3, seconds=warehouse_seconds)

    async def published(self, company: str, live: Live) -> Live:
        found = await self._read(lambda database: reading.published(database, company, live), "Publications")
        return live if isinstance(found, Unknown) else found

    async def before(self, company: str, live: Live, customer: str) -> Given | Unknown | None:
        what = "Earlier lists"
        return await self._read(lambda database: reading.given_before(database, company, live, customer), what)

    async def models(self, company: Company, held: Mapping[str, Held]) -> Sequence[ModelFacts] | Unknown:
        return await self._read(lambda database: reading.models_of(database, company, held), "The models")

    async def why(self, company: ServedCompany, customer: str, item: str | None) -> Why | Unknown:
        """An UnknownCustomerError of somebody whom the day does not know."""
        return await or_unknown(self._of_warehouse.ask(lambda: why(company, customer, item)), "The reasons")

    async def judged(self, company: ServedCompany, live: Live) -> Live:
        """With how it stood to the guardrails."""
        database = self._database
        if database is None or live.brought_back:
            return live
        asked = self._of_warehouse.ask(lambda: guardrails(company, database, live.product, live.version))
        found: Sequence[Guardrail] | Unknown = await or_unknown(asked, "The guardrails")
        return replace(live, guardrails=found)

    async def _read(self, work: Callable[[Engine], Found], what: str) -> Found | Unknown:
        database = self._database
        if database is None:
            return Unknown(f"{what} are not available here.")
        return await or_unknown(self._of_database.ask(lambda: work(database)), what)


async def or_unknown(asked: Awaitable[Found | Unknown], what: str) -> Found | Unknown:
    """What was asked for, or that it is not available, and why."""
    try:
        return await asked
    except UnknownCustomerError:
        raise
    except NotNowError as error:
        return Unknown(f"{what} are not available now: {error}.")
    except Exception as error:
        # Its text may hold an id, so the log gets none of it (logs.py).
        _log.exception("the explorer could not find something out")
        return Unknown(f"{what} are not available now ({type(error).__name__}).")
