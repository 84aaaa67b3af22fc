"""All metrics at the moment that somebody asks for them, as Prometheus takes them.

Each source answers for itself: one that is down leaves its metrics out and says so in `recs_source_up`, so that no
figure is older than it looks and a scrape never fails. Not here: serving them (endpoint.py).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Metric, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from recs_platform import __version__
from recs_platform.automation.instance import existing_instance
from recs_platform.automation.metrics import families as of
from recs_platform.automation.metrics.books import from_books, from_companies
from recs_platform.automation.metrics.dagster_books import FailureKinds, from_dagster
from recs_platform.automation.metrics.families import FAMILIES, Family, Sample
from recs_platform.automation.metrics.known import KnownCompanies
from recs_platform.automation.metrics.lake_books import LakeBooks
from recs_platform.automation.metrics.source import Source
from recs_platform.platform_db.engine import existing_database

PATIENCE_SECONDS = 5.0
"""For all sources together: half of what Prometheus waits by itself."""


class PlatformCollector(Collector):
    def __init__(self, sources: Sequence[Source], patience: float = PATIENCE_SECONDS) -> None:
        self._sources, self._patience = sources, patience

    def describe(self) -> Iterable[Metric]:
        """Registering asks for names, and reads nothing."""
        return [_metric(family, ()) for family in FAMILIES]

    def collect(self) -> Iterator[Metric]:
        deadline = time.monotonic() + self._patience
        for source in self._sources:
            source.begin()
        samples = [of.BUILD.sample(1, __version__)]
        for source in self._sources:
            answer = source.answer(deadline)
            samples += answer or ()
            samples += [
                of.SOURCE_UP.sample(answer is not None, source.name),
                of.SOURCE_SECONDS.sample(source.seconds, source.name),
                of.SOURCE_FAILURES.sample(source.failures, source.name),
            ]
        by_family: dict[Family, list[Sample]] = defaultdict(list)
        for one in samples:
            by_family[one.family].append(one)
        return (_metric(family, by_family[family]) for family in FAMILIES if family in by_family)


def platform_registry(patience: float = PATIENCE_SECONDS) -> CollectorRegistry:
    """The platform's metrics and those of this process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PlatformCollector(platform_sources(), patience))
    ProcessCollector(registry=registry)
    return registry


def platform_sources() -> tuple[Source, ...]:
    known, kinds = KnownCompanies(), FailureKinds()
    lake: list[LakeBooks] = []

    def database() -> Iterable[Sample]:
        return from_books(existing_database(), known(), datetime.now(UTC))

    def dagster() -> Iterator[Sample]:
        with existing_instance() as instance:
            yield from from_dagster(instance)
            yield from kinds.of_last_day(existing_database(), instance, datetime.now(UTC))

    def stored() -> Iterable[Sample]:
        existing_database()  # the ledger's
        if not lake:
            lake.append(LakeBooks())
        return lake[0].read(known())

    return (
        Source("companies", lambda: from_companies(known())),
        Source("database", database),
        Source("dagster", dagster),
        Source("lake", stored),
    )


def _metric(family: Family, samples: Iterable[Sample]) -> Metric:
    kind: Any = CounterMetricFamily if family.counter else GaugeMetricFamily
    metric: Metric = kind(family.name, family.meaning, labels=family.labels)
    for sample in samples:
        metric.add_metric(sample.labels, sample.value)  # type: ignore[attr-defined]
    return metric
