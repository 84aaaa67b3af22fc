"""Metrics from the lake: how much is stored of each company, and what the newest drift reports say.

Both can take long in a large lake, so each reading takes a bounded time and goes on where the last one stopped: what is
not known yet is not there.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from recs_platform.automation.metrics import families as of
from recs_platform.automation.metrics.families import Sample
from recs_platform.companies.known_companies import Companies
from recs_platform.strategies.catalogue import pipeline_of
from recs_platform.warehouse.environment import existing_warehouse, stored_sizes
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days, TableRef

_SECONDS = 2.0
"""Of each of the two in one reading; however slow the disk is, each reading gets on by one step."""
_VERDICTS = ("ok", "watch", "drifted")


class LakeBooks:
    def __init__(self) -> None:
        self._sizes = stored_sizes()
        self._reports: dict[str, tuple[tuple[date, datetime], Counter[str]]] = {}
        """By company: which report was read, and its verdicts."""
        self._next = ""
        """The company whose turn it is."""

    def read(self, companies: Companies) -> Iterator[Sample]:
        yield from self._bytes(companies)
        yield from self._drift(companies)

    def _bytes(self, companies: Companies) -> Iterator[Sample]:
        if self._sizes is None:
            return
        owners = {company.dataset: company for company in companies.values()}
        for dataset, size in self._sizes.measure(owners, _SECONDS).items():
            yield of.LAKE_BYTES.sample(size, owners[dataset].name, owners[dataset].strategy.name)

    def _drift(self, companies: Companies) -> Iterator[Sample]:
        deadline, warehouse = time.monotonic() + _SECONDS, existing_warehouse()
        tables = {
            name: pipeline_of(company).ref(company.strategy.model.drift, company)
            for name, company in companies.items()
            if company.strategy.model
        }
        for asked, name in enumerate(_from(self._next, list(tables))):
            self._next = name
            if asked and time.monotonic() > deadline:
                break
            self._look_at(name, tables[name], warehouse)
        for name in tables:
            if name in self._reports:
                for verdict in _VERDICTS:
                    count = self._reports[name][1][verdict]
                    yield of.DRIFT.sample(count, name, companies[name].strategy.name, verdict)

    def _look_at(self, company: str, table: TableRef, warehouse: Warehouse) -> None:
        """Read a company's newest report, unless it was read."""
        slices = warehouse.slices(table)
        if not slices:
            self._reports.pop(company, None)
            return
        newest = slices[-1].day, slices[-1].made_at
        if self._reports.get(company, (None,))[0] != newest:
            with warehouse.read(table, Days.one(slices[-1].day)) as reader:
                verdicts = map(str, reader.read_all()["verdict"].to_pylist())
                self._reports[company] = newest, Counter(verdicts)


def _from(name: str, names: Sequence[str]) -> Sequence[str]:
    """All of them, beginning with this one; with the first when it is none of them."""
    first = names.index(name) if name in names else 0
    return [*names[first:], *names[:first]]
