"""The service's metrics: what is counted of each request, and what is read of the service when somebody asks.

Counting is on the way of every request, so it is a handful of additions on the event loop's own thread, without locks.
Not here: which metrics there are (metric_families.py), and who may ask for them (routes/metrics.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from recs_platform import __version__
from recs_platform.serving import metric_families as of
from recs_platform.serving.asked import Asked
from recs_platform.serving.metric_families import BUCKETS, FAMILIES, Family

VERSIONS = 3
"""Of a product or model, the newest; older ones are no longer told."""
_BY_MODEL = "model"

Values = Mapping[tuple[str, ...], float]
"""By labels."""


Sightings: TypeAlias = Callable[[], Mapping[Family, Values]]
"""What is read of the service at a scrape (sightings.py)."""


class Counts:
    """What requests came to, since the start."""

    def __init__(self, companies: Callable[[], Collection[str]]) -> None:
        """`companies` are those that may be labels at the moment: the served ones."""
        self._companies = companies
        self.requests: dict[tuple[str, str, int], int] = {}
        self.buckets: dict[tuple[str, str], list[int]] = {}
        self.seconds: dict[tuple[str, str], float] = {}
        self.answers: dict[tuple[str, str, int, str], list[float]] = {}
        self._versions: dict[tuple[str, str], list[int]] = {}

    def answered(self, asked: Asked, status: int, seconds: float) -> None:
        # A key may be of a company that is served no longer.
        company = asked.company if asked.company in self._companies() else None
        key = asked.route, company or ""
        requests = *key, status
        self.requests[requests] = self.requests.get(requests, 0) + 1
        buckets = self.buckets.get(key)
        if buckets is None:
            buckets = self.buckets[key] = [0] * (len(BUCKETS) + 1)
        buckets[bisect_left(BUCKETS, seconds)] += 1
        self.seconds[key] = self.seconds.get(key, 0.0) + seconds
        if asked.version is not None and asked.product is not None and company is not None:
            self._answer((company, asked.product, asked.version, asked.source or _BY_MODEL), seconds)

    def _answer(self, key: tuple[str, str, int, str], seconds: float) -> None:
        found = self.answers.get(key)
        if found is None:
            self._forget_all_but_the_newest(*key[:3])
            found = self.answers[key] = [0.0, 0.0]
        found[0] += 1
        found[1] += seconds

    def _forget_all_but_the_newest(self, company: str, product: str, version: int) -> None:
        """The newest are those that answered last: after a rollback, older ones."""
        known = self._versions.setdefault((company, product), [])
        if version in known:
            return
        known.append(version)
        gone = {(company, product, old) for old in known[:-VERSIONS]}
        del known[:-VERSIONS]
        self.answers = {key: counted for key, counted in self.answers.items() if key[:3] not in gone}


class ServiceCollector(Collector):
    def __init__(self, counts: Counts, sightings: Sightings) -> None:
        self._counts, self._sightings = counts, sightings

    def describe(self) -> Iterable[Metric]:
        """Registering asks for names, and reads nothing."""
        return [_metric(family, {}) for family in FAMILIES if family.kind != "histogram"]

    def collect(self) -> Iterator[Metric]:
        counts = self._counts
        values: dict[Family, Values] = {
            of.BUILD: {(__version__,): 1.0},
            of.REQUESTS: {(route, company, str(status)): n for (route, company, status), n in counts.requests.items()},
            of.ANSWERS: {_texts(key): n for key, (n, _) in counts.answers.items()},
            of.ANSWER_SECONDS: {_texts(key): seconds for key, (_, seconds) in counts.answers.items()},
            **self._sightings(),
        }
        for family in FAMILIES:
            if family is of.REQUEST_SECONDS:
                yield _histogram(counts.buckets, counts.seconds)
            elif family in values:
                yield _metric(family, values[family])


class PrometheusMetrics:
    """What the service is handed: it counts, and tells."""

    def __init__(self, companies: Callable[[], Collection[str]], sightings: Sightings) -> None:
        self.counts = Counts(companies)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(ServiceCollector(self.counts, sightings))
        ProcessCollector(registry=self._registry)

    def answered(self, asked: Asked, status: int, seconds: float) -> None:
        self.counts.answered(asked, status, seconds)

    def text(self, company: str | None = None) -> bytes:
        """As Prometheus takes them: of all companies, or of one and of none."""
        if company is None:
            return generate_latest(self._registry)
        return generate_latest(_OfOne(self._registry, company))


class _OfOne:
    """What a registry collects, without the series of other companies."""

    def __init__(self, registry: CollectorRegistry, company: str) -> None:
        self._registry, self._seen = registry, (company, "")

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if sample.labels.get("company", "") in self._seen]
            yield metric


def _texts(key: Sequence[Any]) -> tuple[str, ...]:
    return tuple(map(str, key))


def _metric(family: Family, values: Values) -> Metric:
    kind: Any = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric: Metric = kind(family.name, family.meaning, labels=family.labels)
    for labels, value in values.items():
        metric.add_metric(labels, value)  # type: ignore[attr-defined]
    return metric


def _histogram(buckets: Mapping[tuple[str, str], Sequence[int]], seconds: Mapping[tuple[str, str], float]) -> Metric:
    family = of.REQUEST_SECONDS
    metric = HistogramMetricFamily(family.name, family.meaning, labels=family.labels)
    names = [*(f"{bound:g}" for bound in BUCKETS), "+Inf"]
    for labels, counted in buckets.items():
        metric.add_metric(labels, list(zip(names, accumulate(counted), strict=True)), seconds[labels])
    return metric
