"""What is live of every company, as the service sees it: looked at every second, and proved by reading the list of one
real customer. The service is ready when every live publication was proved.

A publication that cannot be proved is no reason to answer nobody: requests are answered all the same. Not here: reading
(`serving_store/`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import orjson

from recs_platform.serving.companies import ServedCompanies
from recs_platform.serving.watch import Watch
from recs_platform.serving_store.protocol import EVERYBODY, Reader, Served

_LOOK_SECONDS = 1.0
_log = logging.getLogger(__name__)

Product = tuple[str, str]
"""A company, and the name of its product."""


@dataclass(frozen=True)
class Seen:
    served: Served | None
    """What is live; None where nothing was published yet, or nobody could say."""
    problem: str | None = None
    """Why it cannot be answered from."""


class Publications(Watch):
    def __init__(self, reader: Reader, companies: ServedCompanies, look_seconds: float = _LOOK_SECONDS) -> None:
        super().__init__(look_seconds)
        self._reader, self._companies = reader, companies
        self._seen: dict[Product, Seen] = {}

    @property
    def seen(self) -> Mapping[Product, Seen]:
        """By company and product."""
        return self._seen

    def not_ready(self) -> Collection[tuple[str, str]]:
        """Of which companies a publication was not proved, each with why."""
        waiting = []
        for name, company in self._companies.by_name.items():
            for product in company.products:
                seen = self._seen.get((name, product), Seen(None, "nobody has looked yet"))
                if seen.problem:
                    waiting.append((name, f"{product}: {seen.problem}"))
        return waiting

    async def look(self) -> None:
        companies = self._companies.by_name
        wanted = [(name, product) for name, company in companies.items() for product in company.products]
        seen = {product: await self._look_at(product) for product in wanted}
        self._seen = seen

    async def _look_at(self, product: Product) -> Seen:
        before = self._seen.get(product)
        try:
            served = await self._reader.served(*product)
            if served is None:
                return Seen(None)
            if before and before.served == served and before.problem is None:
                return before
            problem = await self._proved(product, served)
        except Exception as error:
            served, problem = before.served if before else None, f"it cannot be read ({type(error).__name__})"
        if problem is None:
            _log.info("live: %s %s, version %s", *product, served.version if served else None)
        elif before is None or before.problem != problem:
            _log.warning("not proved: %s %s: %s", *product, problem)
        return Seen(served, problem)

    async def _proved(self, product: Product, served: Served) -> str | None:
        """What is wrong with the list of a real customer of a version, or with that of everybody."""
        if served.customers == 0:
            return None
        examples = await self._reader.examples(*product, 1)
        answer = await self._reader.customer(*product, examples[0] if examples else EVERYBODY)
        if answer is None:
            return "the list of a customer is not there" if examples else "it has no list of any customer"
        if answer.served.version < served.version:
            return f"version {answer.served.version} is answered, and version {served.version} is live"
        return None if isinstance(orjson.loads(answer.content), list) else "the list of a customer is no list"
