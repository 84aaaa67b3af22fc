"""Metrics from the lake: how much is stored of each company, and what the newest drift reports say.

Both can take long in a large lake, so each reading takes a bounded time and goes on where the last one stopped: what is
not known yet is not there.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from recs_platform.automation.metrics import families as of
from recs_platform.automation.metrics.families import Sample
from recs_platform.companies.known_companies import Companies
from recs_platform.strategies.catalogue import pipeline_of
from recs_platform.warehouse.environment import existing_warehouse, stored_sizes
from recs_platform.warehouse.slices import Days

_SECONDS = 2.0
"""Of each of the two in one reading; however slow the disk is, each reading gets on by one step."""
_VERDICTS = ("ok", "watch", "drifted")


class LakeBooks:
    def __init__(self) -> None:
        self._sizes = stored_sizes()
        self._reports: dict[str, tuple[tuple[date, datetime], Counter[str]]] = {}
        """By company: which report was read, and its verdicts."""

    def read(self, companies: Companies) -> Iterator[Sample]:
        yield from self._bytes(companies)
        yield from self._drift(companies)

    def _bytes(self, companies: Companies) -> Iterator[Sample]:
        owners = {company.dataset: company for company in companies.values()}
        for dataset, size in self._sizes.measure(owners, _SECONDS).items():
            yield of.LAKE_BYTES.sample(size, owners[dataset].name, owners[dataset].strategy.name)

    def _drift(self, companies: Companies) -> Iterator[Sample]:
        deadline, warehouse, reports_read = time.monotonic() + _SECONDS, existing_warehouse(), 0
        for name, company in companies.items():
            if company.strategy.model is None:
                continue
            table = pipeline_of(company).ref(company.strategy.model.drift, company)
            slices = warehouse.slices(table)
            if not slices:
                continue
            newest = slices[-1].day, slices[-1].made_at
            if self._reports.get(name, (None,))[0] != newest:
                if reports_read and time.monotonic() > deadline:
                    continue
                reports_read += 1
                with warehouse.read(table, Days.one(slices[-1].day)) as reader:
                    verdicts = map(str, reader.read_all()["verdict"].to_pylist())
                    self._reports[name] = newest, Counter(verdicts)
            for verdict in _VERDICTS:
                yield of.DRIFT.sample(self._reports[name][1][verdict], name, company.strategy.name, verdict)
